# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Who may call C: no forked child, and, while DPDK ends, only the thread that ends it."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from .errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["INHERITED", "INHERITED_HINT", "gate"]

INHERITED = "it belongs to the process that this one was forked from"
INHERITED_HINT = "fork before it is made, or start processes anew, as multiprocessing's spawn does"

_NOBODY = 0  # no thread's number
_LEAVE_S = 5.0
_PAUSE_S = 0.001


class Gate:
    """What every call of C goes through."""

    def __init__(self) -> None:
        self._pid = 0  # the process that has DPDK; 0: none yet
        self._only: int | None = None  # the thread that may come in; None: any
        self._exiting = False
        self._inside: list[int] = []  # the thread of each call that is in C
        os.register_at_fork(after_in_child=self._forget)

    @property
    def is_inherited(self) -> bool:
        """Whether DPDK is that of a process that this one was forked from."""
        return self._pid not in (0, os.getpid())

    def take(self) -> None:
        """Notes that this process is about to start DPDK."""
        self._pid = os.getpid()

    def check(self) -> None:
        """Raises ClosedError where C must not be called."""
        if self.is_inherited:
            raise ClosedError(errno.EBADF, f"use DPDK: {INHERITED}", INHERITED_HINT)
        if self._only in (None, threading.get_ident()):
            return
        if self._exiting and threading.current_thread() is not threading.main_thread():
            raise SystemExit  # a daemon thread's end, without a word
        raise ClosedError(errno.EBADF, "use DPDK: EAL is closed, or about to be")

    def guard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of C that is called only where it may be."""

        def call(*args: Any) -> Any:
            inside, me = self._inside, threading.get_ident()
            inside += (me,)  # no call: no signal's handler comes between this and what takes it back
            try:
                self.check()
                return function(*args)
            finally:
                inside.remove(me)

        return call

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Keeps all other threads out of C, and gives whether they have left it: one may be stuck."""
        before, self._only = self._only, threading.get_ident()
        try:
            yield self._wait()
        finally:
            self._only = _NOBODY if self._exiting else before

    def exit(self) -> contextlib.AbstractContextManager[bool]:
        """As alone(), at the interpreter's end: nobody comes in any more afterwards."""
        self._exiting = True
        return self.alone()

    def _wait(self) -> bool:
        deadline = time.monotonic() + _LEAVE_S
        while any(thread != self._only for thread in list(self._inside)):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S)
        return True

    def _forget(self) -> None:
        """In a child there are no other threads. This one may be inside, and takes itself off the old list."""
        self._inside = []
        self._only = None


gate = Gate()
