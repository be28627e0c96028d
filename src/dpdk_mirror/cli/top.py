# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror top: what all applications, their ports and their mirrors do, live."""

from __future__ import annotations

import errno
import importlib.util
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import UnsupportedError
from ..remote import connect
from ..remote.discovery import PROBE_S
from ..tap.rows import records, rows
from ..tap.watch import Watch
from .common import add_command, add_common_arguments, named_application, print_json, print_table, remark, seconds

if TYPE_CHECKING:
    import argparse

    from ..tap.rows import Row

_TOP = {
    "help": "watch applications, ports and mirrors",
    "description": """\
Show what applications, their ports and their mirrors do, until q is pressed: packets, bits and drops in a second, why
packets were dropped, the CPU time of the library's threads, and the last minute. h shows the keys: sort, pause and
resume a mirror, look at its queues, remove it.

This needs textual: pip install 'dpdk-mirror[top]'. --once and --json do without.
""",
    "epilog": """\
examples:
  dpdk-mirror top --once
      print all that runs, once
  dpdk-mirror top --once --json --app ovs
      one application as JSON; without --once, a line each second until Ctrl-C
""",
}
_COLUMNS = ("name", "packets_per_s", "bits_per_s", "drops_per_s", "why", "cpu_percent")
_INTERVAL_S = 1.0


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "top", run, _TOP)
    parser.add_argument("--once", action="store_true", help="print one table, with the rates of one interval, and end")
    parser.add_argument(
        "--interval", metavar="S", type=seconds, default=_INTERVAL_S, help="time between looks, in seconds (1)"
    )
    add_common_arguments(parser, app="default: DPDK_MIRROR_APP, or all")


def run(arguments: argparse.Namespace) -> int:
    if not (arguments.once or arguments.json):
        _check_view()
    named = named_application(arguments)
    paths = None
    if named is not None:
        with connect(named, timeout_s=PROBE_S) as app:
            paths = [app.path]
    with Watch(paths, interval_s=arguments.interval) as watch:
        if arguments.once:
            watch.settle()
            _print(watch, arguments)
        elif arguments.json:
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(arguments.interval)
                    print_json(records(watch.views()), indent=None)
        else:
            from .top_view import TopView  # noqa: PLC0415  textual is an extra

            view = TopView(watch)
            view.run()
            return view.return_code or 0
    return 0


def _check_view() -> None:
    """Before anything is looked at."""
    if importlib.util.find_spec("textual") is None:
        how = "pip install 'dpdk-mirror[top]', or use --once or --json"
        raise UnsupportedError(errno.ENOTSUP, "show top: textual is not installed", how)
    if sys.stdin is None or sys.stdout is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UnsupportedError(errno.ENOTSUP, "show top: this is no terminal", "use --once or --json")


def _print(watch: Watch, arguments: argparse.Namespace) -> None:
    views = watch.views()
    if arguments.json:
        print_json(records(views))
        return
    lines = rows(views)
    if lines:
        print_table(_COLUMNS, [_shown(line) for line in lines])
    else:
        remark("no DPDK application is found")
    for view in views:
        if view.error is not None:
            remark(str(view.error))


def _shown(line: Row) -> dict[str, Any]:
    """Whole numbers: less is not to be seen in a second."""
    numbers = {column: getattr(line, column) for column in _COLUMNS if column not in {"name", "why"}}
    whole = {column: None if value is None else round(value) for column, value in numbers.items()}
    return {"name": "  " * line.depth + line.name, "why": line.why, **whole}
