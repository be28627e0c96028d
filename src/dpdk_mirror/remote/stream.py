# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets that an application has made, where that application sees them."""

from __future__ import annotations

import os
import secrets
import socket
import time
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..attach.process import Process
from ..deadsockets import is_dead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

__all__ = ["connect"]

# A process that is killed may close its connections before the socket that it listens at.
_DEATH_S = 0.1
_LOOK_S = 0.01
_MEMORY = "\0dpdk-mirror-memory"


class _Address:
    """Where a process has a socket; to be found when the process is dead, too, and its root directory with it."""

    def __init__(self, pid: int, path: PurePosixPath) -> None:
        with Process(pid) as process:
            folder = process.open_below_root(str(path.parent), os.O_PATH | os.O_DIRECTORY)
        weakref.finalize(self, os.close, folder)
        self.address = f"/proc/self/fd/{folder}/{path.name}"  # there is room for 107 bytes only

    def clear(self) -> None:
        """Remove the socket once nobody listens there: its process is dead, or dies just now."""
        end = time.monotonic() + _DEATH_S
        with suppress(OSError):
            while not is_dead(self.address):
                if time.monotonic() > end:
                    return
                time.sleep(_LOOK_S)
            Path(self.address).unlink()


class _Stream(socket.socket):
    """A connection; when it ends since the application has died, the socket that this has left goes, too."""

    def __init__(self, address: _Address) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._address = address

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        with self._watched():
            got = super().recv(bufsize, flags)
        if not got and bufsize:
            self._address.clear()
        return got

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        with self._watched():
            size = super().recv_into(buffer, nbytes, flags)
        if size == 0 and memoryview(buffer).nbytes:
            self._address.clear()
        return size

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except ConnectionResetError:  # it has died before it has taken the connection
            self._address.clear()
            raise


def connect(pid: int, path: str, *, memory: bool = False) -> socket.socket:
    """Connect to the UNIX stream socket that process ``pid`` has at ``path``, also in a container.

    ``memory``: ask for memory to read in place of bytes, by the name of this end.

    Raises OSError, and MirrorError if the process, or its folder, is not there.

    Reading its end removes what a dead process has left at the path.
    """
    address = _Address(pid, PurePosixPath(path))
    connection = _Stream(address)
    try:
        if memory:
            connection.bind(f"{_MEMORY}-{os.getpid()}-{secrets.token_hex(8)}")
        connection.connect(address.address)
    except BaseException:
        connection.close()
        raise
    return connection
