# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A file system with one file, ``file``, whose reader waits for ever: FUSE's protocol, with no answer to reads.

Or whoever looks for a file in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import stat
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

LOOKUP, READ = 1, 15
_GETATTR, _OPEN, _INIT, _FLUSH, _RELEASE = 3, 14, 26, 25, 18
_ENOSYS, _EIO = 38, 5
_MNT_DETACH = 2
_SIZE = 1 << 20


def _attributes(node: int) -> bytes:
    """C type: struct fuse_attr."""
    mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o644
    return struct.pack("<6Q10I", node, _SIZE, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


class StuckFileSystem:
    """Mounted on a folder: ``with StuckFileSystem(folder)``. Who waits gets an error at the end."""

    def __init__(self, folder: Path, stuck_at: int = READ) -> None:
        self._folder = folder
        self._stuck_at = stuck_at
        self._waiting: list[int] = []
        self._lets_go = False
        self._is_over = False
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self) -> Self:
        self._device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if self._libc.mount(b"stuck", os.fsencode(self._folder), b"fuse", 0, options) != 0:
            os.close(self._device)
            raise OSError(ctypes.get_errno(), "mount a file system of FUSE's")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._libc.umount2(os.fsencode(self._folder), _MNT_DETACH)
        self._is_over = True
        self._thread.join()
        os.close(self._device)  # and whoever still has a file open there gets an error

    def let_go(self) -> None:
        """Who waits gets an error, and who comes later: others look at all processes, too."""
        self._lets_go = True
        for unique in self._waiting:
            with contextlib.suppress(OSError):
                self._answer(unique, error=_EIO)

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # it is mounted no more
            while not self._is_over:
                if not select.select([self._device], [], [], 0.01)[0]:
                    continue
                request = os.read(self._device, 1 << 18)
                _, operation, unique, node = struct.unpack_from("<IIQQ", request)
                self._handle(operation, unique, node)

    def _handle(self, operation: int, unique: int, node: int) -> None:
        if operation == _INIT:
            self._answer(unique, struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8))
        elif operation == self._stuck_at:
            self._waiting.append(unique)
            if self._lets_go:
                self.let_go()
        elif operation == LOOKUP:
            self._answer(unique, struct.pack("<4Q2I", 2, 0, 3600, 3600, 0, 0) + _attributes(2))
        elif operation == _GETATTR:
            self._answer(unique, struct.pack("<Q2I", 3600, 0, 0) + _attributes(node))
        elif operation == _OPEN:
            self._answer(unique, struct.pack("<Q2I", 0, 0, 0))
        elif operation in {_FLUSH, _RELEASE}:
            self._answer(unique)
        elif operation not in {2, 36, 42}:  # FORGET and INTERRUPT want no answer
            self._answer(unique, error=_ENOSYS)

    def _answer(self, unique: int, data: bytes = b"", *, error: int = 0) -> None:
        os.write(self._device, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
