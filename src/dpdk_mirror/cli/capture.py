# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror capture: ports of a running application into capture files, or into a pipe."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack, redirect_stderr, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ..errors import InvalidConfigError, MirrorError
from ..remote.ovs import source_in
from ..spec import LOST, PARAMETERS
from ..tap.capture import Capture, Limits, Recorder
from ..tap.conditions import FORMS, CounterRises, FilterMatches, KeyPressed, SignalComes, check_form
from ..tap.expression import resolve, resolved
from ..tap.reader import Reader
from ..tap.ringfiles import Files
from ..tap.session import MemoryTap, Tap
from ..tap.sinks import COMPRESSIONS, compression
from ..tap.store import SMALLEST, Store
from ..tap.writer import Rotation, Writer
from .common import (
    add_command,
    add_common_arguments,
    count,
    open_application,
    packets_text,
    print_json,
    remark,
    seconds,
)
from .options import add_parameter_arguments, spec_of
from .report import Heedless
from .signals import Signals, left_to_the_system

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..remote import Application, RemoteMirrorStats
    from ..tap.conditions import Condition

STDOUT = "-"
_NOT_HERE = {"name", "origin", "lease", "ends_with"}  # it ends with the command
_KEYS = [key for key, parameter in PARAMETERS.items() if not parameter.fixed and key not in _NOT_HERE]
_MEMORY, _MEMORY_BEFORE = 64_000_000, 256_000_000
_FILE_MIN = 10_000
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_LOOK_S = 0.5

_TEXTS = {
    "help": "capture from ports of a running application, into files or a pipe",
    "description": f"""\
Capture what passes PORTs of a running application, as pcapng, until Ctrl-C, --seconds or --packets. The mirrors end
with the command, within a second, however it ends. Every packet says its port, direction and queue.

Files are created with mode 0600, and can be read at any time. With --rotate-size, --rotate-seconds or --again there are
several: strftime(3) conversions in FILE give the time at which one begins, and files of the same name are numbered, as
in trace.pcapng, trace1.pcapng, trace2.pcapng. Each can be read alone.

With --before, only what comes last is kept, in memory. When a condition of --when is met, that is written, and what
follows until Ctrl-C, --seconds or --packets. Conditions:

{chr(10).join(f"  {form:14}  {meaning}" for form, meaning in FORMS.items())}
""",
    "epilog": """\
examples:
  dpdk-mirror capture 0000:03:00.0 -w dns.pcapng --filter 'port 53' --seconds 10
      ten seconds of DNS
  dpdk-mirror capture 0000:03:00.0 0000:03:00.1 -w - | wireshark -k -i -
      look at two ports at once
  dpdk-mirror capture 0000:03:00.0 -w day-%H%M.pcapng --rotate-seconds 600 --keep 144 --compress gzip
      keep the last day, in files of ten minutes
  dpdk-mirror capture 0000:03:00.0 -w drops.pcapng --before 5 --when counter:imissed --seconds 1
      what came just before the drops
""",
}


@dataclass(frozen=True)
class Before:
    """How much is kept before something happens: so many seconds, or bytes."""

    seconds: float | None
    size: int


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "capture", run, _TEXTS)
    parser.word_hint = "an expression is one word: --filter 'port 53'"
    parser.add_argument("ports", metavar="PORT", nargs="+", help="port to capture from: its name or id")
    parser.add_argument("-w", "--write", metavar="FILE", required=True, help="pcapng file to write; -: stdout")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist; default: refuse them")
    _add_limits(parser)
    _add_recorder(parser)
    add_parameter_arguments(parser, _KEYS)
    add_common_arguments(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", metavar="TIME", type=seconds, help="end after TIME: 90, 10m, 2h, 1d")
    parser.add_argument("--for", dest="seconds", type=seconds, help=argparse.SUPPRESS)  # its old name; add's is a lease
    parser.add_argument("--packets", metavar="N", type=count, help="end after N packets; 1M is 1000000")
    parser.add_argument(
        "--rotate-size", metavar="N", type=_file_size, help="start a new file before one exceeds N bytes"
    )
    parser.add_argument("--rotate-seconds", metavar="TIME", type=seconds, help="start a new file every TIME")
    parser.add_argument("--keep", metavar="N", type=count, help="keep the last N files of this capture; default: all")
    parser.add_argument("--compress", choices=COMPRESSIONS, help="compress the files, a second at a time")
    parser.add_argument(
        "--memory",
        metavar="N",
        type=_memory,
        help="bytes to hold back while FILE is slow (64M), or with --before (256M)",
    )


def _add_recorder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--before", metavar="S|N", type=_before,
        help="keep the last S seconds, within --memory; or, as in 64M, the last N bytes",
    )  # fmt: skip
    parser.add_argument(
        "--when", metavar="CONDITION", type=_condition, action="append", help="write what is kept; may be repeated"
    )
    parser.add_argument(
        "--again", action="store_true", help="wait for the conditions anew, after --seconds or --packets"
    )


def _memory(text: str) -> int:
    if (size := count(text)) < SMALLEST:
        raise argparse.ArgumentTypeError(f"{text} bytes are too few: give {SMALLEST // 10**6}M or more")
    return size


def _file_size(text: str) -> int:
    """Of files of a few packets each there are more than a folder, or Ctrl-C, can take."""
    if (size := count(text)) < _FILE_MIN:
        raise argparse.ArgumentTypeError(f"{text} bytes are too few: give {_FILE_MIN // 1000}k or more, such as 10M")
    return size


def _before(text: str) -> Before:
    if text[-1:] in "kKMG":
        return Before(None, _memory(text))
    return Before(seconds(text), 0)


def _condition(text: str) -> str:
    try:
        check_form(text)
    except InvalidConfigError as error:
        raise argparse.ArgumentTypeError(f"{error.what}; {error.hint}") from None
    return text


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    with left_to_the_system():  # name servers
        spec = resolved(spec_of(arguments))
        asked = {text: _resolved_condition(text) for text in arguments.when or ()}
    compress = compression(arguments.compress) if arguments.compress else None
    many = bool(arguments.rotate_size or arguments.rotate_seconds or arguments.again)
    files = Files(arguments.write, many=many, keep=arguments.keep or 0, overwrite=arguments.overwrite)
    files.check()
    store = Store(_size(arguments))
    store.recording = arguments.before is not None
    writer = Writer(store, files, Rotation(arguments.rotate_size, arguments.rotate_seconds), compress)
    with redirect_stderr(Heedless(sys.stderr)), Signals().caught() as signals, ExitStack() as stack:
        app = stack.enter_context(open_application(arguments))
        sources = _sources(app, arguments.ports)
        tap = stack.enter_context(MemoryTap(app, sources, spec, "capture"))
        recorder = None
        if before := arguments.before:
            recorder = Recorder(_conditions(asked, tap, sources, stack), before.seconds, arguments.again)
        reader = stack.enter_context(Reader(tap.stream, store, before.seconds if before else None))
        capture = Capture(tap, reader, writer, Limits(arguments.seconds, arguments.packets))
        signals.begun = True
        return _Session(arguments, signals, tap, capture, writer, files).run(recorder)


def _sources(app: Application, ports: Iterable[str]) -> list[str]:
    """The application's names of ports, each once, by whatever names and ids they are given."""
    found = (source_in(app, port) for port in ports)
    return list(dict.fromkeys(app.port(source).name if source.isdecimal() else source for source in found))


def _check(arguments: argparse.Namespace) -> None:
    refuse = arguments.parser.refuse
    if arguments.write == STDOUT:
        if os.isatty(1):
            refuse("a capture cannot go to a terminal: pipe stdout, as in -w - | tcpdump -nr -")
        if arguments.json:
            refuse("argument --json: not allowed with -w -, which has stdout")
        if arguments.rotate_size or arguments.rotate_seconds or arguments.again:
            refuse("argument -w: stdout is not several files: name one, or leave out --rotate-* and --again")
    _check_name(arguments)
    if arguments.keep and not (arguments.rotate_size or arguments.rotate_seconds or arguments.again):
        refuse("argument --keep: it is for several files: give --rotate-size, --rotate-seconds or --again, too")
    if (arguments.before is None) != (not arguments.when):
        missing = "--when, too, as in --when counter:imissed" if arguments.before else "--before, too, as in --before 5"
        refuse(f"arguments --before and --when need each other: give {missing}")
    if arguments.again and not (arguments.before and (arguments.seconds or arguments.packets)):
        refuse("argument --again: it is for --before, with --seconds or --packets")
    if arguments.before and arguments.before.size and arguments.memory:
        refuse("argument --memory: --before says already how many bytes are kept")


def _check_name(arguments: argparse.Namespace) -> None:
    """What it is called is what it is."""
    name, refuse = arguments.write, arguments.parser.refuse
    if not name:
        refuse("argument -w: name a file; -: stdout")
    if name.endswith((".pcap", ".cap")):
        refuse(f"argument -w: what is written is pcapng: name it {name.rpartition('.')[0]}.pcapng")
    for end, how in _PACKED.items():
        if name.endswith(end) and arguments.compress != how:
            refuse(f"argument -w: what is called {end} is compressed: give --compress {how}, or another name")


def _size(arguments: argparse.Namespace) -> int:
    if arguments.before is None:
        return int(arguments.memory or _MEMORY)
    return int(arguments.before.size or arguments.memory or _MEMORY_BEFORE)


def _resolved_condition(text: str) -> str:
    kind, _, value = text.partition(":")
    return f"{kind}:{resolve(value)}" if kind == "filter" else text


def _conditions(asked: dict[str, str], tap: Tap, sources: list[str], stack: ExitStack) -> dict[str, Condition]:
    """By their text; the other one is what it means."""
    conditions: dict[str, Condition] = {}
    for text, meaning in asked.items():
        kind, _, value = meaning.partition(":")
        if kind == "filter":
            made: Condition = FilterMatches(tap.app, sources, tap.directions, value)
        elif kind == "counter":
            made = CounterRises(tap, sources, value)
        else:
            made = SignalComes() if kind == "signal" else KeyPressed()
        stack.callback(made.close)
        conditions[text] = made
    return conditions


@dataclass
class _Session:
    """A capture, and what is said of it."""

    arguments: argparse.Namespace
    signals: Signals
    tap: Tap
    capture: Capture
    writer: Writer
    files: Files

    def run(self, recorder: Recorder | None) -> int:
        failure: MirrorError | OSError | None = None
        ports = ", ".join(dict.fromkeys(self.arguments.ports))
        remark(f"recording {ports} until {' or '.join(recorder.conditions)}" if recorder else f"capturing {ports}")
        with _Progress(self, recorder) as progress:
            try:
                self.capture.run(lambda: self.signals.ended, progress.tick, recorder)
                counted = self.capture.finish(progress.tick)
            except (MirrorError, OSError) as error:
                failure = error
                counted = self.capture.remove_mirrors()
                with suppress(OSError):
                    self.writer.finish()
        if isinstance(failure, BrokenPipeError):
            return 0  # whoever read it has had enough
        self._report(counted, recorder)
        if failure is not None:
            raise failure
        return 0

    def _report(self, counted: list[RemoteMirrorStats], recorder: Recorder | None) -> None:
        if self.arguments.json:
            print_json({
                "files": list(self.files.made),
                "packets": self.writer.packets,
                "bytes": self.writer.size,
                "seconds": round(self.capture.seconds, 6),
                "happened": recorder.happened if recorder else [],
                "mirrors": [stats.counts() for stats in counted],
            })  # fmt: skip
            return
        where = self.files.made[-1] if self.files.made else "stdout" if self.writer.size else "no file"
        said = f"{packets_text(self.writer.packets)} captured, in {where}"
        if counted:
            said += f"; {sum(stats.seen for stats in counted)} seen by the mirrors, {_dropped(counted)}"
        remark(said)


class _Progress:
    """A line on a terminal: what is written, how fast, and what is lost."""

    def __init__(self, session: _Session, recorder: Recorder | None) -> None:
        self._session, self._recorder = session, recorder
        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
        self._drawn_s, self._packets, self._size = time.monotonic(), 0, 0

    def __enter__(self) -> Self:
        if self._live.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._live.stop()

    def tick(self) -> None:
        self._session.signals.check()
        now = time.monotonic()
        if self._live.is_started and now - self._drawn_s >= _LOOK_S:
            self._live.update(Text(self._line(now - self._drawn_s)), refresh=True)
            self._drawn_s = now

    def _line(self, elapsed_s: float) -> str:
        writer = self._session.writer
        rate, bits = (writer.packets - self._packets) / elapsed_s, (writer.size - self._size) * 8 / elapsed_s
        self._packets, self._size = writer.packets, writer.size
        dropped = _dropped(self._session.tap.stats())
        if not writer.size:
            return f"waiting for {', '.join(self._recorder.conditions) if self._recorder else 'packets'}; {dropped}"
        return (
            f"{packets_text(writer.packets)}, {writer.size:,} bytes; {rate:,.0f}/s, {bits / 1e6:,.1f} Mbit/s; {dropped}"
        )


def _dropped(counted: list[RemoteMirrorStats]) -> str:
    """How many packets are lost, and why."""
    lost = {name: sum(stats.counts()[name] for stats in counted) for name in LOST}
    reasons = ", ".join(f"{name} {count}" for name, count in lost.items() if count)
    return f"{sum(lost.values())} dropped{f': {reasons}' if reasons else ''}"
