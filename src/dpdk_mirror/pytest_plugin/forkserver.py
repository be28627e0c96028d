# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Children to run tests in: what each has begun and ended comes back, and how it has died if it has.

They are forked from a process that is forked itself before any test has run, and does nothing else: so they begin
without any fixture's state, threads, or DPDK of the tests that run in the session's own process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import traceback
import warnings
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Child", "ForkServer"]

_ROOM = 64


class ForkServer:
    """``serve(connection)`` is what each child runs."""

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = _fork()
        if self.pid == 0:
            self._ours.close()
            _run(theirs, serve)
        theirs.close()

    def fork(self) -> Child:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._ours, [b"fork"], [theirs.fileno()])
            pid = self._answer()
        return Child(pid, Connection(ours.detach()), self)

    def status(self, pid: int) -> int:
        """A child's exit code, negative for a signal, once it has ended."""
        self._ours.send(str(pid).encode())
        return self._answer()

    def close(self) -> None:
        """Children that still run are killed."""
        self._ours.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _answer(self) -> int:
        answer = self._ours.recv(_ROOM)
        if not answer:
            raise ConnectionError("the process that forks for tests has gone")
        return int(answer)


class Child:
    """One of them, while ``connection`` is open."""

    def __init__(self, pid: int, connection: Connection, server: ForkServer) -> None:
        self.pid = pid
        self.connection = connection
        self._server = server

    def kill(self) -> int:
        """End it at once; how it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """How it has ended, once it has."""
        self.connection.close()
        return self._server.status(self.pid)


def _fork() -> int:
    # What they have printed is not to be printed by both.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: pytest-xdist's, which no child uses
        return os.fork()


def _run(control: socket.socket, serve: Callable[[Connection], None]) -> NoReturn:
    """The server: forks, waits, and ends, with all children, when the session does, however that ends."""
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all
    pids: set[int] = set()
    try:
        while True:
            request, fds, *_ = socket.recv_fds(control, _ROOM, 1)
            if not request:
                break
            if not fds:
                pid = int(request)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                pids.discard(pid)
                control.send(str(code).encode())
            elif (pid := os.fork()) == 0:
                control.close()
                signal.signal(signal.SIGINT, interrupt)
                _serve(Connection(fds[0]), serve)
            else:
                os.close(fds[0])
                pids.add(pid)
                control.send(str(pid).encode())
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _serve(connection: Any, serve: Callable[[Connection], None]) -> NoReturn:
    """A child. It ends without what Python does at its exit, which is the session's."""
    code = 1
    try:
        serve(connection)
        code = 0
    except Exception:  # noqa: BLE001 - nobody else would tell of it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
