# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets that an application has made, where that application sees them: in a container, say."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ..attach.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["below", "connect_to", "identity", "peer", "seen_by"]

_BELOW = re.compile(r"/proc/(\d+)/root(/.*)", re.DOTALL)


def below(pid: int, path: str) -> Path:
    """How to name here what process ``pid`` has at ``path``."""
    return Path(f"/proc/{pid}/root/{path.lstrip('/')}")


def seen_by(path: Path) -> tuple[int, str] | None:
    """The process and its own path, of what ``below()`` has made."""
    match = _BELOW.fullmatch(os.fspath(path))
    return (int(match[1]), match[2]) if match else None


def connect_to(connection: socket.socket, path: Path) -> None:
    """Connect to the socket at a path, maybe one of ``below()``. Raises OSError, and MirrorError of such."""
    with _address(path) as address:
        connection.connect(address)


def identity(path: Path) -> tuple[int, int]:
    """The same number for the same file, whatever its name. Raises OSError, and MirrorError."""
    with _address(path) as address:
        found = Path(address).stat()
        return found.st_dev, found.st_ino


def peer(connection: socket.socket) -> int:
    """The process that listens, or did when it began to; 0 if it is in no namespace that is seen from here."""
    pid: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return pid


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Of a socket below another root, a descriptor: the way there may lead outside, and an address has little room."""
    where = seen_by(path)
    if where is None:
        yield os.fspath(path)
        return
    pid, inside = where
    with Process(pid) as process:
        found = process.open_below_root(inside, os.O_PATH)
    try:
        yield f"/proc/self/fd/{found}"
    finally:
        os.close(found)
