# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""--host: a command that is run on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tap.caller import end_with_stdio
from ..tap.hosts import find_host
from ..tap.ssh import run_on
from .common import remark
from .version import version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_OPTION = "--host"
_USAGE = 2


def run_there(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    """The command of these words, which ``arguments`` are, without its --host."""
    rest = _without_host(words)
    if len(rest) == len(words):
        arguments.parser.refuse(f"argument {_OPTION}: give it by its full name")
    if (written := getattr(arguments, "write", None)) and written != "-":
        remark(f"{written} will be a file of {arguments.host}; -w - > FILE writes it here")
    return call(arguments.host, rest)


def call(name: str, words: Sequence[str], stdout: int = 1) -> int:
    """A command on that host, to its end; its exit code."""
    host = find_host(name)
    code = run_on(host, ["--caller", version(), *words], stdout)
    if code == _USAGE:
        remark(f"{host.name} refuses what is right here: see whether it has dpdk-mirror {version()}, too")
    return code


def heed_caller(theirs: str) -> None:
    """For a command that another host has had run here."""
    end_with_stdio()
    if theirs != version():
        remark(f"this is dpdk-mirror {version()}, and {theirs} has called it: let both be the same if it goes wrong")


def _without_host(words: Sequence[str]) -> list[str]:
    rest: list[str] = []
    ahead = iter(words)
    for word in ahead:
        if word == "--":
            return [*rest, word, *ahead]
        if word == _OPTION:
            next(ahead)
        elif not word.startswith(f"{_OPTION}="):
            rest.append(word)
    return rest
