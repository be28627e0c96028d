# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whose a mirror is: who adds it, and the process that it ends with."""

from __future__ import annotations

import os
import pwd
import socket

from ..attach.process import Process

__all__ = ["myself", "process_text", "user_name"]

_SIZE = 127
"""Bytes that the library takes."""


def user_name(uid: int) -> str:
    """What a user is called here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def myself() -> str:
    """This user, machine and process, as /mirror/add is told."""
    user = user_name(os.getuid())
    if (behind := os.environ.get("SUDO_USER")) and behind != user:
        user = f"{user} (sudo {behind})"
    text = f"{user}@{socket.gethostname()}, process {os.getpid()}"
    return text.encode(errors="replace")[:_SIZE].decode(errors="ignore")


def process_text(pid: int) -> str:
    """A process, so that no other of its number is taken for it: also in the application, if that sees the same ones.

    NotFoundError: there is none.
    """
    with Process(pid) as process:
        return f"{pid}:{process.start_time}"
