# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror tcpdump: tcpdump on a port of a running application."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError, MirrorError
from ..programs import signal_name
from ..remote.ovs import source_in
from ..selection import Select
from ..spec import LOST, MirrorSpec, Mode
from ..tap.expression import resolve, without_comments
from ..tap.session import Tap
from ..tap.tcpdump import Tcpdump, ask
from .common import add_command, add_common_arguments, open_application, packets_text, remark
from .signals import Interrupted, each_raises, left_to_the_system
from .tcpdump_options import add_options, directions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ..remote import Application, RemoteMirrorStats

_TCPDUMP = {
    "help": "show what passes a port, by tcpdump",
    "description": """\
Show what passes PORT of a running application, by tcpdump, with tcpdump's options and expression.

A mirror feeds tcpdump, and goes when tcpdump or this command does, however that ends. Packets that the expression does
not choose stay in the application.
""",
    "epilog": """\
examples:
  dpdk-mirror tcpdump 0000:03:00.0 -n -c 10 tcp port 443
      show the next ten packets of HTTPS
  dpdk-mirror tcpdump 0000:03:00.0 -Q in -w web.pcap -G 10 -W 1 port 53
      write ten seconds of the DNS that the port receives
""",
}

_PROGRAM = "tcpdump"
_DIRECTION = "a direction is given with -Q in, or -Q out"
_REST_S = 0.5
"""How long tcpdump may take, after Ctrl-C, for what has come before."""


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "tcpdump", run_tcpdump, _TCPDUMP)
    parser.is_getopts = True
    parser.add_argument("port", metavar="PORT", nargs="?", help="port: its name or id, as -D lists them")
    parser.add_argument("words", metavar="EXPRESSION", nargs="*", help="packets to show, as in pcap-filter(7)")
    add_options(parser)
    add_common_arguments(parser)


def run_tcpdump(arguments: argparse.Namespace) -> int:
    if arguments.list_interfaces:
        from .apps import run_ports  # noqa: PLC0415  what is not needed costs time before the first packet

        return run_ports(arguments)
    if arguments.port is None:
        arguments.parser.refuse("give a PORT to look at: dpdk-mirror tcpdump -D lists them")
    if arguments.json:
        arguments.parser.refuse("argument --json: it is for -D; -w - writes packets to stdout, as a capture")
    with left_to_the_system():  # name servers
        expression = resolve(_expression(arguments))
    if arguments.caller is not None:
        arguments.passed.append("-l")  # whoever looks is not to wait for more
    if arguments.code:
        return _print_code([*arguments.code, *arguments.passed], expression)
    with each_raises() as heed, open_application(arguments) as app:
        source = source_in(app, arguments.port)
        spec = MirrorSpec(mode=Mode.AUTO, directions=directions(arguments.direction), snaplen=arguments.snapshot_length)
        tap, is_chosen = _open(app, source, spec, expression)
        with tap:
            # What is cut off may be what the expression looks at.
            words = [] if is_chosen and spec.snaplen else [expression]
            with Tcpdump([*arguments.passed, "--", *words], arguments.write) as tcpdump:
                return _show(tap, tcpdump, arguments.passed, heed)


def _expression(arguments: argparse.Namespace) -> str:
    if arguments.file is None:
        return " ".join(arguments.words)
    return without_comments(Path(arguments.file).read_text(encoding="utf-8", errors="surrogateescape"))


def _open(app: Application, source: str, spec: MirrorSpec, expression: str) -> tuple[Tap, bool]:
    """A tap, and whether it has only what the expression chooses."""
    if not expression.strip():
        return Tap(app, [source], spec, _PROGRAM), True
    try:
        return Tap(app, [source], spec.changed(select=Select(filter=expression)), _PROGRAM), True
    except MirrorError as error:
        _check(expression)
        tap = Tap(app, [source], spec, _PROGRAM)
        remark(f"the mirror cannot filter, so tcpdump alone does: {error}")
        return tap, False


def _check(expression: str) -> None:
    """A slip of the pen shall not mirror all that there is."""
    from ..tap.pcapfilter import why_refused  # noqa: PLC0415  few need it, and it takes long

    with left_to_the_system():  # name servers
        why = why_refused(expression)
    if why:
        hint = _DIRECTION if "inbound" in why else "see pcap-filter(7)"
        raise InvalidConfigError(errno.EINVAL, f"tcpdump {expression}: {why}", hint) from None


def _print_code(options: list[str], expression: str) -> int:
    """Have tcpdump say what it makes of an expression; its exit code."""
    done = ask([*options, "--", expression])
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    if done.returncode and "inbound" in done.stderr:
        remark(_DIRECTION)
    return done.returncode


def _show(tap: Tap, tcpdump: Tcpdump, options: list[str], heed: Callable[[], None]) -> int:
    """Until tcpdump ends, or it is to; its exit code."""
    ended: MirrorError | None = None
    is_interrupted = False
    try:
        if tcpdump.feed(tap.stream):
            ended = tap.why_ended()
            tcpdump.wait()
    except Interrupted:
        is_interrupted = True
    finishing = tap.finishing()
    if is_interrupted and sys.stderr.isatty():
        sys.stderr.write("\n")  # behind ^C
    if is_interrupted and not tcpdump.take_rest(tap.stream, _REST_S):
        tcpdump.terminate()
    heed()
    code = tcpdump.wait()
    unread = tcpdump.unread(tap.stream, finishing.is_alive)
    counted = finishing.result()
    if code <= 0 or ended is not None:  # else it has said what went wrong, and not how many it has taken
        for stats in counted:
            _print_summary(stats, stats.packets - unread, options)
    if code < 0:
        remark(f"tcpdump was ended by {signal_name(-code)}")
    if ended is not None:
        raise ended
    return 128 - code if code < 0 else code


def _print_summary(stats: RemoteMirrorStats, captured: int, options: list[str]) -> None:
    """As tcpdump does of a live capture. It may have read more than it was to."""
    if "-c" in options:
        captured = min(captured, int(options[len(options) - options[::-1].index("-c")]))
    lines = [f"{packets_text(captured)} captured", f"{packets_text(stats.seen)} seen by the mirror"]
    for name, reason in reversed(LOST.items()):
        count = getattr(stats, name)
        if count or name == "full":
            lines.append(f"{packets_text(count)} dropped: {reason}")
    print(*lines, sep="\n", file=sys.stderr, flush=True)
