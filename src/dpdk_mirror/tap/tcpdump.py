# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""tcpdump, fed with a stream of packets."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..closeable import Closeable
from ..errors import NotFoundError
from ..programs import find_program
from ..waiting import ENDING
from .pcapng import BEGINNING, packets_at_end

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

__all__ = ["Tcpdump", "ask"]

_STDOUT = 1
_PART = 1 << 20
_LOOK_S, _ROOM_S = 0.1, 0.4
_END = signal.SIGPIPE
"""What ends tcpdump as well, and is not held."""


class Tcpdump(Closeable):
    """A tcpdump that reads a pipe, which ends with this process, however that ends. ``close()`` kills it.

    ``written`` is what -w says.
    """

    def __init__(self, arguments: Sequence[str], written: str | None = None) -> None:
        self._disk = None if written is None or written == "-" else _Disk(written)
        self._has_reader = self._disk is None
        # Both ends: what tcpdump has not taken is looked at afterwards.
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        self._files = [self._read, self._write]
        command = [*_ends_with_its_parent(), _program(), "-r", "-", *arguments]
        # To all of a group, say: tcpdump would take it for an error of what it reads. It ends when that does.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            self._process = subprocess.Popen(command, stdin=self._read)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.write(self._write, BEGINNING)
        self._end = os.pidfd_open(self._process.pid)
        self._files.append(self._end)

    def feed(self, stream: socket.socket, timeout_s: float | None = None) -> bool:
        """Pass on what comes; whether it has come to its end, before tcpdump or the time has.

        OSError: the disk that it writes to is full. tcpdump, which does not look, would go on.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while self._wait(stream.fileno(), select.POLLIN, end) and self._wait(self._write, select.POLLOUT, end):
            try:
                if not os.splice(stream.fileno(), self._write, _PART, flags=os.SPLICE_F_NONBLOCK):
                    self._close(self._write)
                    return True
                if self._disk is not None:
                    self._disk.check(self._process.pid)
            except BlockingIOError:
                continue
            except ConnectionResetError:  # the application has died before it has taken the connection
                self._close(self._write)
                return True
        return False

    def take_rest(self, stream: socket.socket, timeout_s: float) -> bool:
        """Pass on what comes before the end; whether tcpdump has ended in time."""
        end = time.monotonic() + timeout_s
        self.feed(stream, timeout_s)
        self._wait(None, 0, end)
        return self._process.poll() is not None

    def wait(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal's number."""
        return self._process.wait()

    def terminate(self) -> None:
        """Ask it to end, whatever there is to be read."""
        self._process.send_signal(_END)

    def unread(self, stream: socket.socket, may_come: Callable[[], bool]) -> int:
        """How many packets it has left, when it has ended, of a stream that comes to its end, or to nothing more."""
        self._close(self._write)
        parts = []
        while part := os.read(self._read, _PART):
            parts.append(part)
        with suppress(ConnectionResetError):  # the application has died
            while (is_there := select.select([stream], [], [], _LOOK_S)[0]) or may_come():
                if is_there:
                    if not (part := stream.recv(_PART)):
                        break
                    parts.append(part)
        return packets_at_end(b"".join(parts))

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for file in [*self._files]:
            self._close(file)

    def _close(self, file: int) -> None:
        if file in self._files:
            self._files.remove(file)
            os.close(file)

    def _wait(self, file: int | None, event: int, end: float | None) -> bool:
        """Whether that can be read, or written to, before tcpdump or the time comes to its end."""
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        if file is not None:
            poll.register(file, event)
        if self._has_reader:
            poll.register(_STDOUT, 0)  # but for its reader's end, which tcpdump notices when it next prints
        ready = dict(poll.poll(None if end is None else max(0, end - time.monotonic()) * 1000))
        if (seen := ready.get(_STDOUT)) is not None:
            self._has_reader = False
            if seen & (select.POLLERR | select.POLLHUP):
                self.terminate()
            return self._wait(file, event, end)
        return bool(ready) and self._end not in ready


class _Disk:
    """Whether there is room where tcpdump writes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = Path(path).parent if not Path(path).exists() or Path(path).is_file() else None
        self._next_s, self._was_full = 0.0, False

    def check(self, writer: int) -> None:
        """OSError: at two looks in turn there was none, for the user that this process is now. Files come and go."""
        if self._folder is None or (now := time.monotonic()) < self._next_s:
            return
        self._next_s = now + _ROOM_S
        try:
            room = os.statvfs(self._folder)
        except OSError:  # tcpdump says so, and ends
            return
        # A file system that does not say how large it is does not say how full it is either.
        is_full = room.f_blocks > 0 and not (room.f_bfree if _is_root(writer) else room.f_bavail)
        if is_full and self._was_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._path)
        self._was_full = is_full


def _is_root(pid: int) -> bool:
    """By its effective user; what changes users, as tcpdump does, is root's in /proc."""
    return b"\nUid:\t0\t0\t" in Path(f"/proc/{pid}/status").read_bytes()


def ask(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What tcpdump says of Ethernet without packets, with these arguments."""
    command = [_program(), "-r", "-", *arguments]
    done = subprocess.run(command, input=BEGINNING, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    said = "".join(line for line in said.splitlines(keepends=True) if not line.startswith("reading from file -,"))
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(errors="replace"), said)


def _ends_with_its_parent() -> list[str]:
    """A command to run tcpdump by. It ends with what it reads: unless it is stuck with what it writes.

    The kernel forgets of it when tcpdump, started by root, becomes another user.
    """
    return [found, "--pdeathsig", _END.name.removeprefix("SIG"), "--"] if (found := find_program("setpriv")) else []


def _program() -> str:
    if (found := find_program("tcpdump")) is None:
        raise NotFoundError(errno.ENOENT, "run tcpdump: it is not installed", "install it: apt-get install tcpdump")
    return found
