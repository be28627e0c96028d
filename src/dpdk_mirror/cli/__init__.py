# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command dpdk-mirror: one file per group of sub-commands, each with add_parsers()."""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from ..errors import MirrorError
from . import apply, apps, attach, changes, doctor, drivers, mirrors, plugin, run, tcpdump
from .parser import Parser
from .signals import ctrl_c_raises

if TYPE_CHECKING:
    from collections.abc import Sequence

# Commands that do nothing but show: a reader that has had enough is a good end.
_SHOW = {"apps", "ports", "list", "info", "stats", "drivers", "plugin-path", "completion"}

_EPILOG = """\
examples:
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
    arguments, unknown = make_parser().parse_known_args(argv)
    if unknown:
        arguments.parser.refuse_unknown(unknown)
    if arguments.debug:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
    try:
        with ctrl_c_raises():
            code = int(arguments.run(arguments))
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
        print(f"dpdk-mirror: {_sentence(error)}", file=sys.stderr)
        return 1
    return code


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="dpdk-mirror",
        description="Zero-copy traffic mirroring of DPDK ports.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in (apps, attach, tcpdump, mirrors, changes, apply, doctor, plugin, run, drivers):
        group.add_parsers(commands)
    return parser


def _version() -> str:
    try:
        return importlib.metadata.version("dpdk-mirror")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"  # a build makes the manual page from this parser


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, MirrorError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    else:
        text = str(error)
    return " ".join(text.split())
