# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The process that has run this command: a shell, most often."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from ..errors import UnsupportedError

__all__ = ["name_of", "shell"]

_BETWEEN = {"doas", "runuser", "setpriv", "strace", "su", "sudo", "time", "timeout", "uv"}
"""Programs that run a command, and end with it."""


def shell() -> int:
    """The nearest process above this one that does not end with it.

    UnsupportedError: it is in another namespace, as after docker exec, or cannot be looked at.
    """
    pid = os.getppid()
    while pid:
        name, above = _look_at(pid)
        if name not in _BETWEEN:
            return pid
        pid = above
    what = "find the shell: no process that has run this command is seen from here"
    raise UnsupportedError(errno.ENOTSUP, what, "give a time: --for")


def name_of(pid: int) -> str:
    """What a process is called, if that can be told."""
    try:
        return _look_at(pid)[0]
    except UnsupportedError:
        return "?"


def _look_at(pid: int) -> tuple[str, int]:
    """What a process is called, and its parent."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        what = f"find the shell: process {pid} cannot be looked at: {error.strerror}"
        raise UnsupportedError(errno.ENOTSUP, what, "give a time: --for") from None
    match = re.fullmatch(r"\d+ \((.*)\) \S (\d+) .*", text, re.DOTALL)
    return (match[1], int(match[2])) if match else ("", 0)
