# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Network interfaces as the other end of an application's ports, in the application's network namespace."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_ETH_P_ALL = 0x0003
_SOL_PACKET, _PACKET_IGNORE_OUTGOING, _PACKET_AUXDATA = 263, 23, 8
_LONGEST = 65536
_VLAN_VALID, _AUX = 0x10, 20
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _open_in(pid: int) -> socket.socket:
    """A packet socket of another process's network namespace: entered by a thread, which ends."""
    opened: list[socket.socket] = []

    def open_there() -> None:
        with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
            if _libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        opened.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))

    thread = threading.Thread(target=open_there)
    thread.start()
    thread.join()
    (one,) = opened
    return one


def run_in(pid: int, *command: str) -> str:
    """A command in a process's network namespace; what it prints."""
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", *command], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Wire:
    """An interface's packet socket: what is sent goes out there, what is received came in there."""

    def __init__(self, pid: int, interface: str) -> None:
        self._socket = _open_in(pid)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self._socket.bind((interface, _ETH_P_ALL))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self._socket.send(frame)

    def _receive_one(self, timeout_s: float) -> bytes:
        self._socket.settimeout(timeout_s)
        frame, control, _, _ = self._socket.recvmsg(_LONGEST, 256)
        for level, kind, data in control:
            # The kernel takes the outer tag out of the frame.
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                status = int.from_bytes(data[:4], "little")
                tci, protocol = data[16:18], data[18:20]
                if status & _VLAN_VALID:
                    frame = frame[:12] + protocol[::-1] + tci[::-1] + frame[12:]
        return frame

    def receive(self, count: int, *, timeout_s: float = 20) -> list[bytes]:
        """The next ``count`` frames, or as many as come in time."""
        frames: list[bytes] = []
        deadline = time.monotonic() + timeout_s
        while len(frames) < count:
            try:
                frames.append(self._receive_one(max(0.01, deadline - time.monotonic())))
            except TimeoutError:
                break
        return frames

    def receive_rest(self) -> list[bytes]:
        """What has arrived already."""
        frames: list[bytes] = []
        while more := self.receive(1, timeout_s=0.01):
            frames += more
        return frames
