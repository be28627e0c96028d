# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets that an application has made, where that application sees them: in a container, say."""

from __future__ import annotations

import os
import re
import socket
import struct
from pathlib import Path

from ..attach import there

__all__ = ["below", "connect_to", "identities", "peer", "seen_by"]

_BELOW = re.compile(r"/proc/(\d+)/root(/.*)", re.DOTALL)


def below(pid: int, path: str) -> Path:
    """How to name here what process ``pid`` has at ``path``."""
    return Path(f"/proc/{pid}/root/{path.lstrip('/')}")


def seen_by(path: Path) -> tuple[int, str] | None:
    """The process and its own path, of what ``below()`` has made."""
    match = _BELOW.fullmatch(os.fspath(path))
    return (int(match[1]), match[2]) if match else None


def connect_to(connection: socket.socket, path: Path, timeout_s: float) -> None:
    """Connect to the socket at a path, maybe one of ``below()``. Raises OSError, and MirrorError of such."""
    where = seen_by(path)
    if where is None:
        connection.connect(os.fspath(path))
    else:
        there.connect(connection, *where, timeout_s)


def identities(paths: list[Path]) -> dict[Path, object]:
    """The same for the same file, whatever its name."""
    elsewhere = {path: where for path in paths if (where := seen_by(path)) is not None}
    found = there.identities(list(elsewhere.values()))
    return {path: found.get(elsewhere[path], path) if path in elsewhere else _here(path) for path in paths}


def _here(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def peer(connection: socket.socket) -> int:
    """The process that listens, or did when it began to; 0 if it is in no namespace that is seen from here."""
    pid: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return pid
