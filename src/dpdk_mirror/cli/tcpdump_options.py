# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""tcpdump's options, those of 4.99: which it is given, which are said to the mirror, and which mean nothing here."""

from __future__ import annotations

import argparse
import re
from typing import Any

from ..spec import LEN_MIN, Direction

__all__ = ["add_options", "directions"]

_SNAPLEN = 262144
"""tcpdump's most, and what it takes for 0."""

_PASSED: dict[tuple[str, ...], tuple[str | None, str]] = {
    ("-A",): (None, "print packets in ASCII"),
    ("-a",): (None, "nothing: older releases have it"),
    ("-b",): (None, "print BGP's AS numbers in ASDOT notation"),
    ("-C",): ("SIZE", "begin a new file after so many million bytes"),
    ("-e",): (None, "print link-level headers"),
    ("-E",): ("SECRET", "decrypt IPsec ESP"),
    ("-g",): (None, "do not break lines behind IP headers"),
    ("-G",): ("SECONDS", "begin a new file after so long"),
    ("-H",): (None, "look for 802.11s mesh headers"),
    ("-K", "--dont-verify-checksums"): (None, "do not check checksums"),
    ("-l",): (None, "print each line at once"),
    ("-m",): ("MODULE", "load definitions of SNMP's MIBs"),
    ("-M",): ("SECRET", "check TCP's MD5 signatures"),
    ("-n",): (None, "print numbers, not names"),
    ("-N",): (None, "print names of hosts without their domain"),
    ("-O", "--no-optimize"): (None, "do not optimize the filter's code"),
    ("-q",): (None, "print less"),
    ("-S", "--absolute-tcp-sequence-numbers"): (None, "print absolute sequence numbers"),
    ("-t",): (None, "print no times; -tt to -ttttt: print them in other forms"),
    ("-T",): ("TYPE", "take packets for those of a protocol"),
    ("-u",): (None, "print NFS handles as they are"),
    ("-U", "--packet-buffered"): (None, "write each packet at once"),
    ("-v",): (None, "print more; -vv and -vvv: more yet"),
    ("-w",): ("FILE", "write a capture; -: to stdout"),
    ("-W",): ("COUNT", "keep so many files"),
    ("-x",): (None, "print packets in hexadecimal"),
    ("-X",): (None, "print packets in hexadecimal and ASCII"),
    ("-Y", "--debug-filter-parser"): (None, "show how the expression is read, where libpcap can"),
    ("-z",): ("COMMAND", "run on each file that is complete"),
    ("-Z", "--relinquish-privileges"): ("USER", "change from root to this user; default: mostly to user tcpdump"),
    ("-#", "--number"): (None, "print packet numbers"),
    ("--count",): (None, "print the number of packets alone"),
    ("--print",): (None, "print packets that -w writes, too"),
    ("--micro",): (None, "print times in microseconds"),
    ("--nano",): (None, "print times in nanoseconds"),
    ("--time-stamp-precision",): ("PRECISION", "micro or nano"),
}
"""The options that tcpdump is given as they are: what their value is called, what they do."""

_FILES = "tcpdump alone reads files"
_REFUSED: dict[tuple[str, ...], tuple[str | None, str]] = {
    ("-B", "--buffer-size"): ("SIZE", "no buffer of the kernel's is in use: leave it out"),
    ("-f",): (None, "what is foreign is told by an interface's address, and a DPDK port has none: give -n"),
    ("-i", "--interface"): ("PORT", "give the port without it: dpdk-mirror tcpdump PORT"),
    ("-I", "--monitor-mode"): (None, "a DPDK port has no monitor mode: leave it out"),
    ("-j", "--time-stamp-type"): ("TYPE", "times are those at which a poller has had the packets: leave it out"),
    ("-J", "--list-time-stamp-types"): (None, "there is one: when a poller has had the packet"),
    ("-L", "--list-data-link-types"): (None, "there is one: EN10MB (Ethernet)"),
    ("-p", "--no-promiscuous-mode"): (None, "the application sets its ports' mode: leave it out"),
    ("-r",): ("FILE", f"{_FILES}: tcpdump -r FILE"),
    ("-V",): ("FILE", f"{_FILES}: tcpdump -V FILE"),
    ("--list-remote-interfaces",): ("HOST", "list ports with -D"),
}
"""Options that mean nothing on a DPDK port, or that tcpdump would not heed: the same, and what to do instead."""


class _Pass(argparse.Action):
    """Remembers the option as it is to be given to tcpdump."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, *_: object) -> None:
        name = self.option_strings[0]
        namespace.passed = [*namespace.passed, name, *([values] if self.nargs is None else [])]
        if name == "-w":
            namespace.write = values


class _Refuse(argparse.Action):
    """Says what to do instead."""

    def __call__(self, _parser: object, _namespace: object, _values: Any, option: str | None = None) -> None:
        raise argparse.ArgumentError(None, f"argument {option}: {self.const}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """``passed`` will be what tcpdump is given, and ``write`` the file in it."""
    parser.set_defaults(passed=[], write=None)
    group = parser.add_argument_group("options of tcpdump that are said to the mirror, too")
    group.add_argument(
        "-Q", "--direction", choices=["in", "out", "inout"], type=str.lower, default="inout",
        help="packets that the port receives (in), that are sent on it (out), or both",
    )  # fmt: skip
    group.add_argument(
        "-s", "--snapshot-length", metavar="LENGTH", type=_snaplen, default=0,
        help="mirror the first LENGTH bytes of each packet, 14 at least; 0: all",
    )  # fmt: skip
    group.add_argument("-F", dest="file", metavar="FILE", help="read the expression from a file")
    group.add_argument("-D", "--list-interfaces", action="store_true", help="list the application's ports")
    group.add_argument("-d", dest="code", action="append_const", const="-d", help="print the expression's code alone")
    group.add_argument("-y", "--linktype", metavar="TYPE", type=_link_type, help="EN10MB: there is no other")
    group.add_argument("--immediate-mode", action="store_true", help="packets are always shown at once")
    group = parser.add_argument_group("tcpdump's own options")
    group.add_argument(
        "-c", metavar="COUNT", action=_Pass, type=_count, dest=argparse.SUPPRESS, help="end after so many packets"
    )
    _add(group, _PASSED, _Pass)
    group = parser.add_argument_group("options of tcpdump that are refused")
    _add(group, _REFUSED, _Refuse)


def directions(word: str) -> Direction:
    """What -Q says, as tcpdump has it: seen from the port."""
    return {"in": Direction.RX, "out": Direction.TX, "inout": Direction.BOTH}[word]


def _add(group: Any, options: dict[tuple[str, ...], tuple[str | None, str]], action: type[argparse.Action]) -> None:
    for names, (value, meaning) in options.items():
        more: dict[str, Any] = {"nargs": 0} if value is None else {"metavar": value}
        group.add_argument(*names, action=action, const=meaning, dest=argparse.SUPPRESS, help=meaning, **more)


def _count(text: str) -> str:
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 999999999")
    return text


def _snaplen(text: str) -> int:
    """As C reads it: octal with a 0 before it, hexadecimal with 0x."""
    value = -1
    if re.fullmatch("0[0-7]*", text):
        value = int(text, 8)
    elif re.fullmatch("0[xX][0-9A-Fa-f]+|[1-9][0-9]*", text):
        value = int(text, 0)
    if not 0 <= value <= _SNAPLEN:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {_SNAPLEN}")
    return value % _SNAPLEN and max(value, LEN_MIN)


def _link_type(text: str) -> str:
    if text.upper() != "EN10MB":
        raise argparse.ArgumentTypeError(f"{text}: DPDK ports have EN10MB (Ethernet) alone: leave it out")
    return text
