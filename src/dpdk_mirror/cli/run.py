# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror run: forwards packets, or replays a capture, and mirrors them meanwhile."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
from contextlib import contextmanager, nullcontext, redirect_stderr
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console
from rich.live import Live

from ..eal import Eal
from ..errors import BusyTimeoutError, HugepagesTakenError, MirrorError
from ..spec import PARAMETERS, Direction, MirrorSpec, Mode
from .circuit import Circuit, Files, Plan
from .common import count, print_json, seconds
from .ends import Ends, FileEnd, parse_end
from .options import add_parameter_arguments, spec_of, texts_of
from .report import Heedless, live_line, print_tables, report
from .signals import Signals

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE_S = 0.01
_PATIENCE_S = 3.0
_LINES_PER_S = 4
_NO_HUGE = "--no-huge"
# Targets are of its own making: it names them, and lets them use all their queues.
_KEYS = [
    key
    for key, parameter in PARAMETERS.items()
    if not parameter.fixed and not parameter.live and key not in {"name", "origin"}
]
_LENGTHS = ("snaplen", "split_len")

_DESCRIPTION = """\
Forward packets from SOURCE to SINK, and mirror what passes SOURCE to each TARGET. Without --mode, the mode is share,
which copies nothing; with --snaplen or --split-len it is auto.

             forwarded
   SOURCE  <----------->  SINK
      |
      |   mirrored
      +-------------->  TARGET
      +-------------->  TARGET ...

Each is a device in EAL's form (net_tap0,iface=t0 or 0000:03:00.0), or a capture: a path with a slash, a name that
ends in .pcap, .pcapng or .cap, file:PATH, or - for pcapng on stdin or stdout. A capture as SOURCE is replayed once, as
fast as possible and without loss; its packets keep their times. Without SINK, packets are discarded.

A capture is NAME.part until the run ends normally. A SINK or TARGET that exists is refused unless --overwrite is given.
After "ready", Ctrl-C, SIGTERM and SIGHUP (except under nohup) end a run normally. Before "ready", or the second time,
the exit status is 130, 143 or 129; before "ready" nothing is left behind. If SOURCE is a truncated capture, its whole
records are mirrored, and the exit status is 1.
"""

_EPILOG = """\
examples:
  dpdk-mirror run in.pcap --to out.pcapng
      replay a capture, and write what is mirrored
  dpdk-mirror run in.pcap --to short.pcapng --snaplen 96
      write the first 96 bytes of each packet, and its original length
  dpdk-mirror run in.pcap --to dns.pcapng --filter 'port 53'
      write only DNS
  dpdk-mirror run net_null0 --packets 1000 --to - | tcpdump -nr -
      look at the first 1000 packets of a port
"""


def add_parsers(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="forward packets or replay a capture, and mirror it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", type=parse_end, help="where packets come from")
    parser.add_argument("sink", metavar="SINK", type=parse_end, nargs="?", help="where they go; default: nowhere")
    parser.add_argument(
        "--to", "--mirror-to", metavar="TARGET", type=parse_end, action="append", required=True, dest="targets",
        help="where to mirror packets to; may be repeated",
    )  # fmt: skip
    add_parameter_arguments(parser, _KEYS)
    parser.add_argument("--nb-queues", metavar="N", type=count, default=1, help="rx and tx queues of each port (1)")
    parser.add_argument(
        "--one-way", action="store_true", help="forward from SOURCE to SINK only, as with captures and net_null"
    )
    parser.add_argument(
        "--stamp", action="store_true",
        help="write the time of mirroring instead of the time in the replayed capture",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace captures that exist; default: refuse them")
    _add_end_arguments(parser)
    _add_other_arguments(parser)
    parser.set_defaults(run=run, parser=parser)
    parser.word_hint = "a run has one SOURCE and one SINK"


def _add_other_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(_NO_HUGE, action="store_true", help="use no hugepages; default: use them if enough are free")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--debug", action="store_true", help="show EAL's log and tracebacks")


def _add_end_arguments(parser: argparse.ArgumentParser) -> None:
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--seconds", metavar="S", type=seconds, help="end after S seconds")
    ends.add_argument(
        "--packets", metavar="N", type=count, help="end after exactly N packets from SOURCE; 1M is 1000000"
    )
    ends.add_argument("--until-idle", metavar="S", type=seconds, help="end after S seconds without packets from SOURCE")


@contextmanager
def own_stdout() -> Iterator[int]:
    """Stdout for the capture or the report alone: what C code prints, now or at its exit, goes to stderr."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "stdout is closed; redirect it to /dev/null instead")
    stdout = os.dup(1)
    sys.stdout.flush()
    os.dup2(2, 1)
    try:
        yield stdout
    finally:
        os.close(stdout)


def run(arguments: argparse.Namespace) -> int:
    ends = Ends(arguments.source, arguments.sink, arguments.targets)
    if arguments.json and ends.writes_stdout:
        arguments.parser.refuse("argument --json: not allowed with an end that writes to stdout")
    if ends.writes_stdout and os.isatty(1):
        arguments.parser.refuse("a capture cannot go to a terminal: pipe stdout, as in --to - | tcpdump -nr -")
    spec = _spec(arguments)
    ends.check()
    plan = Plan(
        ends, spec, arguments.nb_queues, arguments.one_way, arguments.packets, arguments.stamp, arguments.overwrite
    )
    for remark in _remarks(plan):
        print(f"dpdk-mirror: {remark}", file=sys.stderr)
    with own_stdout() as stdout, redirect_stderr(Heedless(sys.stderr)):
        with Signals().caught() as signals:
            try:
                result, broken = _captured(plan, arguments, signals, stdout)
            except HugepagesTakenError:
                _go_on_without_hugepages(signals, stdout)
            except MirrorError:
                signals.check()  # it may be why
                raise
        _print(plan, arguments, result, stdout)
    if broken is not None:
        raise broken
    return 0


def _print(plan: Plan, arguments: argparse.Namespace, result: dict[str, Any], stdout: int) -> None:
    where = os.dup(2 if plan.ends.writes_stdout else stdout)
    with os.fdopen(where, "w", errors="backslashreplace") as file:
        if arguments.json:
            print_json(result, file, indent=None)
        else:
            print_tables(result, file, with_reasons=plan.spec.mode is Mode.AUTO)


def _captured(
    plan: Plan, arguments: argparse.Namespace, signals: Signals, stdout: int
) -> tuple[dict[str, Any], MirrorError | None]:
    """The run itself: its report, and what a replay broke off for."""
    with Files(plan, stdout) as files:
        signals.check()
        with Eal(
            devices=plan.devices, workers=plan.workers, buffers=plan.pool_size, targets=plan.target_pools,
            hugepages=False if arguments.no_huge else None,
        ) as eal:  # fmt: skip
            signals.check()
            result = _run(Circuit(eal, plan, files), arguments, signals)
            _finish(files, signals)
            return result, _broken(files, plan, signals)


def _broken(files: Files, plan: Plan, signals: Signals) -> MirrorError | None:
    """What a replay broke off for. Of a stream, Ctrl-C ends whoever writes it, too, in the middle of a frame."""
    error = files.reader.error if files.reader is not None else None
    source = plan.ends.source
    is_cut = error is not None and error.errno == errno.EBADMSG
    return None if is_cut and signals.ended and isinstance(source, FileEnd) and source.is_stream else error


def _go_on_without_hugepages(signals: Signals, stdout: int) -> NoReturn:
    """Starts the command anew: in one process DPDK can be started once, whether or not that succeeds."""
    print(f"dpdk-mirror: others have just taken the hugepages: going on with {_NO_HUGE}", file=sys.stderr, flush=True)
    os.dup2(stdout, 1)
    signals.hold()
    first = len(sys.orig_argv) - len(sys.argv) + 2  # behind "run"
    arguments = [*sys.orig_argv[1:first], _NO_HUGE, *sys.orig_argv[first:]]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606  # as it was started


def _spec(arguments: argparse.Namespace) -> MirrorSpec:
    texts = texts_of(arguments)
    lengths = {key: int(texts[key]) for key in _LENGTHS if key in texts}
    for key, length in lengths.items():
        if length == 0:
            arguments.parser.refuse(f"argument --{key.replace('_', '-')}: 0 is the default: leave it out")
    return spec_of(arguments, mode="auto" if lengths else "share")


def _remarks(plan: Plan) -> Iterator[str]:
    """What may not be meant so."""
    if plan.spec.directions is Direction.TX and not plan.both_ways:
        yield "nothing is sent on SOURCE in this run, so a mirror of tx gets nothing"
    if plan.stamp and not plan.is_replay:
        yield "--stamp is for replays: captures of a live SOURCE always say when packets were mirrored"


def _run(circuit: Circuit, arguments: argparse.Namespace, signals: Signals) -> dict[str, Any]:
    signals.check()
    circuit.start()
    signals.begun = True
    print("ready", file=sys.stderr, flush=True)
    begin = time.monotonic()
    _watch(circuit, arguments, signals, begin)
    circuit.stop()
    result = report(circuit, time.monotonic() - begin)
    for mirror in circuit.mirrors:
        mirror.close()
    return result


def _finish(files: Files, signals: Signals) -> None:
    """Waits for whoever reads what is written, unless told to end."""
    told = False
    while True:
        try:
            return files.finish(_PATIENCE_S)
        except BusyTimeoutError as error:
            if signals.ended:
                raise
            if not told:
                print(f"dpdk-mirror: {error.what}; waiting, Ctrl-C gives up", file=sys.stderr, flush=True)
            told = True


def _watch(circuit: Circuit, arguments: argparse.Namespace, signals: Signals, begin: float) -> None:
    """Returns when the run has come to its end; raises what ends it badly."""
    line = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
    is_terminal, drawn = line.console.is_terminal, begin
    with line if is_terminal else nullcontext():
        while not (signals.ended or circuit.has_ended or _is_time(circuit, arguments, begin)):
            try:
                circuit.feed()
            except MirrorError:
                if not signals.ended:  # with it, a stream may have come to its end before it began
                    raise
            circuit.check()
            if is_terminal and time.monotonic() - drawn > 1 / _LINES_PER_S:
                line.update(live_line(circuit), refresh=True)
                drawn = time.monotonic()
            time.sleep(_PAUSE_S)


def _is_time(circuit: Circuit, arguments: argparse.Namespace, begin: float) -> bool:
    elapsed = time.monotonic() - begin
    if arguments.seconds is not None:
        return bool(elapsed >= arguments.seconds)
    # What the source did not give before the run began does not count.
    return arguments.until_idle is not None and bool(min(circuit.stats().idle_s, elapsed) >= arguments.until_idle)
