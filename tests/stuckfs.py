# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A file system with one file, ``file``, whose reader waits for ever: FUSE's protocol, with no answer to reads.

Or whoever looks for a file in it. A process of its own serves it: so whoever is stuck in it gets an error, and can be
killed, when the test's process is.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import signal
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Self

LOOKUP, READ = 1, 15
_GETATTR, _OPEN, _INIT, _FLUSH, _RELEASE = 3, 14, 26, 25, 18
_ENOSYS, _EIO = 38, 5
_MNT_DETACH = 2
_SIZE = 1 << 20
_LOOK_S = 0.2
_WAITS, _GO, _GONE = b"w", b"g", b"h"


def _attributes(node: int) -> bytes:
    """C type: struct fuse_attr."""
    mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o644
    return struct.pack("<6Q10I", node, _SIZE, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


class StuckFileSystem:
    """Mounted on a folder: ``with StuckFileSystem(folder)``. Who waits gets an error at the end."""

    def __init__(self, folder: Path, stuck_at: int = READ) -> None:
        self._folder = folder
        self._stuck_at = stuck_at
        self._heard = b""
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self) -> Self:
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        try:
            if self._libc.mount(b"stuck", os.fsencode(self._folder), b"fuse", 0, options) != 0:
                raise OSError(ctypes.get_errno(), "mount a file system of FUSE's")
            command = [sys.executable, __file__, str(device), str(self._stuck_at)]
            pipe = subprocess.PIPE
            self._server = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0, pass_fds=[device])
        finally:
            os.close(device)
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._libc.umount2(os.fsencode(self._folder), _MNT_DETACH)
        self._server.communicate()  # and whoever still has a file open there gets an error

    def let_go(self) -> None:
        """Who waits gets an error, and who comes later: others look at all processes, too."""
        assert self._server.stdin is not None
        self._server.stdin.write(_GO)
        gone = self._heard.count(_GONE)
        while self._heard.count(_GONE) == gone:
            self._hear()

    @property
    def has_waiting(self) -> bool:
        assert self._server.stdout is not None
        while select.select([self._server.stdout], [], [], 0)[0]:
            self._hear()
        return _WAITS in self._heard

    def _hear(self) -> None:
        assert self._server.stdout is not None
        more = os.read(self._server.stdout.fileno(), 64)
        assert more, "its server has ended"
        self._heard += more


def _is_killed(pid: int) -> bool:
    """Whether a process has been, though it waits in the kernel for an answer of ours."""
    status = Path(f"/proc/{pid}/status").read_text()
    return any(int(pending, 16) & 1 << signal.SIGKILL - 1 for pending in re.findall(r"Pnd:\t(\w+)", status))


class _Server:
    """Until its stdin ends, or the test's process is killed."""

    def __init__(self, device: int, stuck_at: int) -> None:
        self._device, self._stuck_at = device, stuck_at
        self._waiting: list[int] = []
        self._lets_go = False

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # it is mounted no more
            while True:
                ready = select.select([self._device, 0], [], [], _LOOK_S)[0]
                if _is_killed(os.getppid()):
                    return
                if 0 in ready:
                    if not os.read(0, 1):
                        return
                    self._let_go()
                    os.write(1, _GONE)
                if self._device in ready:
                    request = os.read(self._device, 1 << 18)
                    _, operation, unique, node = struct.unpack_from("<IIQQ", request)
                    self._handle(operation, unique, node)

    def _let_go(self) -> None:
        self._lets_go = True
        for unique in self._waiting:
            with contextlib.suppress(OSError):
                self._answer(unique, error=_EIO)
        self._waiting.clear()

    def _handle(self, operation: int, unique: int, node: int) -> None:
        if operation == _INIT:
            self._answer(unique, struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8))
        elif operation == self._stuck_at:
            self._waiting.append(unique)
            os.write(1, _WAITS)
            if self._lets_go:
                self._let_go()
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


if __name__ == "__main__":
    _Server(int(sys.argv[1]), int(sys.argv[2])).serve()
