# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Children to run tests in: what each has begun and ended comes back, and how it has died if it has.

They are forked from a process that is forked itself before any test has run, and does nothing else: so they begin
without any fixture's state, threads, or DPDK of the tests that run in the session's own process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import traceback
import warnings
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Child", "ForkServer"]

_ROOM = 64
_END_S = 5.0
_LOOK_S = 0.02
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class ForkServer:
    """``serve(connection)`` is what each child runs. Its last act is to remove the session's folder."""

    def __init__(self, serve: Callable[[Connection], None], folder: Path) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = _fork()
        if self.pid == 0:
            self._ours.close()
            _run(theirs, serve, folder)
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
        self._death = os.pidfd_open(pid)

    def receive(self, timeout_s: float | None = None) -> Any:
        """What it says next.

        Raises EOFError if it has died, also where a process that it has forked lives on and holds its end of the
        connection; TimeoutError if it says nothing for so long.
        """
        ready = wait([self.connection, self._death], timeout_s)
        if not ready:
            raise TimeoutError
        if self.connection not in ready:
            raise EOFError
        return self.connection.recv()

    def kill(self) -> int:
        """End it at once; how it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """How it has ended, once it has."""
        self.connection.close()
        code = self._server.status(self.pid)
        os.close(self._death)
        return code


def _fork() -> int:
    # What they have printed is not to be printed by both.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: pytest-xdist's, which no child uses
        return os.fork()


def _run(control: socket.socket, serve: Callable[[Connection], None], folder: Path) -> NoReturn:
    """The server: forks, waits, and ends, with all children, when the session does, however that ends."""
    # A terminal, or who ends a job, sends them to all.
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in _ENDING}
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
                for each, handler in handlers.items():
                    signal.signal(each, handler)
                _serve(Connection(fds[0]), serve)
            else:
                os.close(fds[0])
                pids.add(pid)
                control.send(str(pid).encode())
    finally:
        _end(pids)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _end(pids: set[int]) -> None:
    """Has those that still run tear down, as at Ctrl-C, and kills what takes long."""
    for pid in pids:
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _END_S
    while pids and time.monotonic() < deadline:
        pids -= {pid for pid in pids if os.waitpid(pid, os.WNOHANG)[0]}
        time.sleep(_LOOK_S)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


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
