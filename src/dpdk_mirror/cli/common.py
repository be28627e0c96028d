# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the commands for live applications have in common: which application, what is printed."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import re
import signal
import sys
from dataclasses import asdict
from enum import Enum
from shlex import quote
from typing import TYPE_CHECKING, Any, TextIO

from ..errors import (
    BusyTimeoutError,
    ConflictError,
    InvalidConfigError,
    MirrorError,
    NoPluginError,
    NotFoundError,
    NotPermittedError,
)
from ..remote import TIMEOUT_S, Application, connect
from ..remote.discovery import PROBE_S, connect_to, find_process, scan
from ..remote.sockets import SUDO, closed_directories
from ..values import flag_text, to_scaled_number, to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FrameType

    from rich.console import Console
    from rich.table import Table

    from ..attach.load import Attachment

_VARIABLE = "DPDK_MIRROR_APP"
_LONG_S = 3.0
_ONE = "default: DPDK_MIRROR_APP, or the only one that has the library"
_APPS = "dpdk-mirror apps lists what runs, and dpdk-mirror attach loads the library into one"


def add_command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], texts: Mapping[str, str]) -> Any:
    """A sub-command; ``texts`` are argparse's help, description and epilog."""
    parser = commands.add_parser(name, formatter_class=argparse.RawDescriptionHelpFormatter, **texts)
    parser.set_defaults(run=run, parser=parser)
    return parser


def add_common_arguments(
    parser: argparse.ArgumentParser,
    *,
    app: str | None = _ONE,
) -> None:
    """``app`` says what the default of --app is; None: the command has no --app."""
    if app is not None:
        parser.add_argument(
            "--app", metavar="NAME",
            help=f"application: file prefix, program, process id or path of its socket; {app}",
        )  # fmt: skip
        if app == _ONE:
            parser.add_argument("--attach", action="store_true", help="load the library into it first, if it lacks it")
        add_host_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")


def add_host_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", metavar="[USER@]HOST", help="run the command on that host, by ssh; all names and paths are its own"
    )


def open_application(arguments: argparse.Namespace) -> Application:
    """The application that is named, else the only one with the plugin."""
    apps = open_applications(arguments)
    if len(apps) == 1:
        return apps[0]
    raise _choose(map(str, apps))


def named_application(arguments: argparse.Namespace) -> str | None:
    """What --app or the environment names."""
    return named(arguments.app)


def named(name: str | None) -> str | None:
    """What is named, or else what the environment names."""
    return name or os.environ.get(_VARIABLE) or None


def open_applications(arguments: argparse.Namespace) -> list[Application]:
    """The application that --app or the environment names, else all with the plugin, of which there is one at least."""
    named = named_application(arguments)
    if getattr(arguments, "attach", False):  # not every command offers it
        return [_attach(named)]
    if named:
        return [connect(named)]
    found = scan(timeout_s=PROBE_S)
    apps = [each for _, each in found if isinstance(each, Application)]
    errors = [each for _, each in found if isinstance(each, MirrorError)]
    able = [app for app in apps if _may_be_able(app)]
    # One that hangs may be the one that is meant.
    silent = [str(path) for path, each in found if isinstance(each, BusyTimeoutError)]
    if able and silent:
        raise _choose([*map(str, able), *silent])
    if not able:
        raise _why_none(apps, errors)
    for app in able:
        app.timeout_s = TIMEOUT_S
    return able


def application_name(done: Attachment) -> str:
    return f"{done.process.name} ({done.process.pid}, DPDK {done.process.dpdk or '?'})"


def attached(done: Attachment) -> list[str]:
    """What has been done to an application, in sentences."""
    said = []
    if done.loaded:
        said.append(f"loaded librte_mirror {done.version} into {application_name(done)}")
    if done.stops_s:
        times = f"{len(done.stops_s)} times" if len(done.stops_s) > 1 else "once"
        most = max(done.stops_s) * 1000
        said.append(f"its thread {done.thread} was stopped {times}, {most:.2f} ms at most; no other was")
    if done.socket:
        said.append(f"the library listens at {done.socket}")
    return said


@contextlib.contextmanager
def patience() -> Iterator[None]:
    """Tell whoever attaches to what is busy that it goes on."""

    def tell(_number: int, _frame: FrameType | None) -> None:
        remark("attaching takes long: the application is busy, or this machine; Ctrl-C gives up")

    handler, timer = signal.signal(signal.SIGALRM, tell), signal.setitimer(signal.ITIMER_REAL, _LONG_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def _attach(named: str | None) -> Application:
    # What few commands need, and takes long to import.
    from ..attach.load import Options  # noqa: PLC0415
    from ..remote.attaching import load_apart  # noqa: PLC0415

    with patience():
        done = load_apart(find_process(named).pid, Options())
    if done.loaded:
        for line in attached(done):
            remark(line)
    return connect_to(done.process)


def _choose(names: Iterable[str]) -> MirrorError:
    what = f"choose an application: there are several: {', '.join(names)}"
    return ConflictError(errno.EEXIST, what, f"name one with --app, or in {_VARIABLE}")


def _may_be_able(app: Application) -> bool:
    try:
        return app.has_plugin
    except BusyTimeoutError:
        return True
    except MirrorError:
        return False  # what ails it is said when it is named
    finally:
        app.hang_up()


def _why_none(apps: list[Application], errors: list[MirrorError]) -> MirrorError:
    what = "choose an application"
    if apps:
        names = ", ".join(str(app) for app in apps)
        first = f"attach one first: dpdk-mirror attach {quote(str(apps[0])) if len(apps) == 1 else 'NAME'}"
        return NoPluginError(errno.ENOTSUP, f"{what}: without librte_mirror, or with an inert one: {names}", first)
    if errors:
        return errors[0]
    if closed := closed_directories():
        folders = ", ".join(map(str, closed))
        return NotPermittedError(errno.EACCES, f"{what}: no permission to read {folders}", SUDO)
    return NotFoundError(errno.ENOENT, f"{what}: no DPDK application with a telemetry socket is found", _APPS)


def record(value: Any) -> dict[str, Any]:
    """A dataclass's fields as JSON has them."""
    return {key: str(each) if isinstance(each, Enum) else each for key, each in asdict(value).items()}


def print_json(value: object, file: TextIO | None = None, *, indent: int | None = 2) -> None:
    print(json.dumps(value, indent=indent), file=file, flush=True)


def seconds(text: str) -> float:
    """An option's type: a time."""
    try:
        value = to_seconds("", text) if text[-1:] in {"m", "h", "d"} else float(text.removesuffix("s"))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time above 0: give seconds, or as in 10m, 2h, 1d")
    return value


def count(text: str) -> int:
    """An option's type: how many, from 1 on; 10k, 1M and 1G, too."""
    try:
        value = to_scaled_number("", re.sub("K$", "k", text))
    except InvalidConfigError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on, such as 500, 10k or 1M")
    return value


def packets_text(count: int) -> str:
    return f"{count} packet{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    r"""``text`` as it may go to a terminal: what is not printable is written \xHH or \uHHHH."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def say(text: str) -> None:
    """A line for people."""
    print(printable(text), flush=True)


def remark(text: str) -> None:
    """A line that is not the command's output."""
    print(f"dpdk-mirror: {printable(text)}", file=sys.stderr, flush=True)


def shown(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return flag_text(value)
    return "-" if value in {"", None} else str(value)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], **headings: str) -> Table:
    """A table of these columns, some with a heading that is not their name; numbers are flushed right."""
    from rich.table import Table  # noqa: PLC0415  not every command has tables
    from rich.text import Text  # noqa: PLC0415

    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        numeric = column.endswith("_per_s") or any(type(row[column]) in {int, float} for row in rows)
        heading = headings.get(column, column.replace("_", " "))
        result.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text(printable(shown(row[column]))) for column in columns))
    return result


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    console().print(table(columns, rows))


def console(file: TextIO | None = None, width: int = 1000) -> Console:
    """Stdout, or a file; what is no terminal has room, so that each row is on one line."""
    from rich.console import Console  # noqa: PLC0415  not every command has tables

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            """Leaves it to main(), instead of an exit."""
            raise  # noqa: PLE0704  it is called where it was caught

    result = _Console(file=file)
    if not result.is_terminal:
        result.width = width
    return result
