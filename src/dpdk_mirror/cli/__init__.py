# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command dpdk-mirror: one file per group of sub-commands, each with add_parsers()."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from ..errors import MirrorError, NoPluginError
from .parser import Parser
from .signals import ctrl_c_raises
from .version import version

if TYPE_CHECKING:
    from collections.abc import Sequence

# Which module has which commands: that of the command which runs is imported, and no other.
_COMMANDS = {
    "apps": ("apps", "ports"),
    "attach": ("attach",),
    "tcpdump": ("tcpdump",),
    "capture": ("capture",),
    "mirrors": ("list", "info", "stats"),
    "top": ("top",),
    "changes": ("add", "update", "pause", "resume", "reset", "remove"),
    "apply": ("apply",),
    "doctor": ("doctor",),
    "extcap": ("extcap",),
    "plugin": ("plugin", "plugin-path", "completion"),
    "run": ("run",),
    "drivers": ("drivers",),
    "verify": ("verify",),
}
# Commands that do nothing but show: a reader that has had enough is a good end.
_SHOW = {"apps", "ports", "list", "info", "stats", "top", "drivers", "plugin-path", "completion"}

_EPILOG = """\
examples:
  dpdk-mirror tcpdump 0000:03:00.0 --attach -n tcp port 443
      show what passes a port of a running application
  dpdk-mirror add 0000:03:00.0 --to tap:m0
      mirror a port of a running application to a network interface
  dpdk-mirror run in.pcap --to out.pcapng
      replay a capture, and write what is mirrored

Run dpdk-mirror COMMAND --help for more.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. 0: done, 1: failed, with one line on stderr, 2: wrong usage, 130: Ctrl-C, 143: SIGTERM."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of ports and files may be in any script
    words = sys.argv[1:] if argv is None else argv
    arguments = _parse(words)
    if arguments.debug:
        _log_all()
    try:
        with ctrl_c_raises():
            code = _run(arguments, words)
        if sys.stdout is not None:  # it may be closed
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has had enough; Python shall not try again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0 if arguments.command in _SHOW else 1
    except KeyboardInterrupt as interruption:
        return 128 + getattr(interruption, "number", signal.SIGINT)
    except (MirrorError, OSError) as error:
        if arguments.debug:
            raise
        _tell(error, arguments)
        return 1
    return code


def _parse(words: Sequence[str]) -> argparse.Namespace:
    arguments, unknown = make_parser(*words[:1]).parse_known_args(words)
    if unknown:
        arguments.parser.refuse_unknown(unknown)
    return arguments


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands, or of one and those beside it."""
    parser = Parser(
        prog="dpdk-mirror",
        description="Zero-copy traffic mirroring of DPDK ports.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.add_argument("--caller", metavar="VERSION", help=argparse.SUPPRESS)  # from another host, by its --host
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules = [module for module, names in _COMMANDS.items() if command in names]
    for module in modules or _COMMANDS:
        importlib.import_module(f".{module}", __package__).add_parsers(commands)
    return parser


class _Version(argparse.Action):
    """argparse's own wants the version before anybody has asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"{parser.prog} {version()}")
        parser.exit()


def _log_all() -> None:
    import logging  # noqa: PLC0415  few need it

    logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")


def _run(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    is_there = getattr(arguments, "host", None) is not None
    if is_there or arguments.caller is not None:
        from .host import heed_caller, run_there  # noqa: PLC0415  few need it

        if arguments.caller is not None:
            heed_caller(arguments.caller)
        if is_there:
            return run_there(arguments, words)
    return int(arguments.run(arguments))


def _tell(error: MirrorError | OSError, arguments: argparse.Namespace) -> None:
    from .common import remark  # noqa: PLC0415  which commands have imported by now

    # Whoever is told to attach may do so in passing.
    also = ", or add --attach to this command" if _wants_attach(error) and "attach" in arguments else ""
    remark(f"{_sentence(error)}{also}")


def _wants_attach(error: Exception) -> bool:
    return isinstance(error, NoPluginError) and error.hint.startswith("attach ")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, MirrorError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    else:
        text = str(error)
    return " ".join(text.split())
