# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Calls of functions in a running process, by its parked thread, which stops for a moment for each."""

from __future__ import annotations

import contextlib
import errno
import gc
import math
import os
import struct
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BusyTimeoutError, NotPermittedError, UnsupportedError
from . import turns
from .frame import RED_ZONE, Call, Frame, State, is_interrupted, resumed
from .parked import check_free
from .ptrace import Tracee
from .stack import room_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .libc import Libc
    from .parked import Parked
    from .process import Process
    from .ptrace import Registers

__all__ = ["Injector", "hurry"]

_ALL_SIGNALS = (1 << 64) - 1
_LOOKS = 5
_FUTEX = 202
_LOOK_S = 0.0005
_SEIZE_S = 1.0
_HURRY_S = 0.2
_SWITCH_S = 0.00001
_TEXT_MAX = 4096
# C type: pthread_mutex_t, in words: whether it is taken, how often, by which thread; whether it is recursive.
_LOCK, _DEPTH, _OWNER, _KIND, _MUTEX_WORDS = 0, 1, 2, 4, 10
_RECURSIVE = 1


@dataclass(slots=True)
class _Hurry:
    until: float = math.inf


_hurry = _Hurry()


def hurry() -> None:
    """Wait for calls only a moment from now on: whoever asked for them has gone."""
    _hurry.until = time.monotonic() + _HURRY_S


class Injector:
    """``stops_s`` is how long the thread was stopped, each time."""

    def __init__(self, process: Process, parked: Parked, libc: Libc, timeout_s: float = 10.0) -> None:
        self.stops_s: list[float] = []
        self._process = process
        self._parked = parked
        self._libc = libc
        self._timeout_s = timeout_s
        self._before: State | None = None
        self._check_code()
        self._depth = room_below(process, parked)

    def call(
        self,
        function: int,
        *arguments: int | bytes,
        timeout_s: float | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Have the thread call a function, and wait until it is back; what that returns is not known.

        ``check()``, which may raise, is called once nobody else can have it call something any more.
        BusyTimeoutError: it was late, and was taken out of it again, or is still inside.
        """
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        deadline = time.monotonic() + timeout_s
        with self._called(deadline, Call(function, arguments), self._libc.restorer, check=check):
            pass
        while not self._parked.is_back(self._process):
            self._process.check()
            if time.monotonic() > min(deadline, _hurry.until) and self._give_up(timeout_s):
                return
            time.sleep(_LOOK_S)

    def seccomp_filters(self, timeout_s: float = 1.0) -> list[bytes]:
        """What the thread's system calls have to pass."""
        with self._stopped(time.monotonic() + timeout_s) as (tracee, _):
            self._look(tracee)
            return tracee.seccomp_filters()

    def text_of(self, function: int, timeout_s: float = 1.0) -> str:
        """The text that a function without arguments returns, "" if none.

        It returns to a system call, of the number that is the text's address: there the thread is stopped, and does not
        issue it. Without this process it would, in vain: there is no such system call.
        """
        deadline = time.monotonic() + timeout_s
        gadget = self._libc.syscall_ret
        with self._called(deadline, Call(function, ()), gadget, self._libc.restorer) as tracee:
            while True:
                tracee.next_syscall(max(0.0, deadline - time.monotonic()))
                registers = tracee.registers()
                if registers.rip == gadget + 2:
                    break
            address = registers.orig_rax
            registers.orig_rax = _ALL_SIGNALS  # no number: nothing is issued
            tracee.set_registers(registers)
        return self._process.string(address, _TEXT_MAX) if address else ""

    # The inside.

    @contextlib.contextmanager
    def _stopped(
        self, deadline: float, ahead: Callable[[], Frame | None] = lambda: None
    ) -> Iterator[tuple[Tracee, Frame | None]]:
        """The thread, stopped where it parks, and what ``ahead`` did before. It is left alone while it is elsewhere."""
        while True:
            if self._parked.is_back(self._process):
                with self._traced() as tracee:
                    frame = ahead()
                    with _urgent():
                        if is_at := self._stops(tracee, deadline):
                            yield tracee, frame
                        if tracee.is_stopped:
                            tracee.detach()
                    if is_at:
                        return
            self._process.check_thread(self._parked.tid)
            if time.monotonic() > deadline:
                what = f"attach to process {self._process.pid}: its thread {self._parked.comm} is always at work"
                raise BusyTimeoutError(errno.ETIMEDOUT, what, "try again")
            time.sleep(_LOOK_S)

    def _stops(self, tracee: Tracee, deadline: float) -> bool:
        """Whether it has been stopped where it parks. On a busy machine it may take long to get there."""
        try:
            tracee.stop()
        except BusyTimeoutError:
            if time.monotonic() > deadline:
                raise
            return False
        return self._parked.is_at(tracee.registers())

    @contextlib.contextmanager
    def _traced(self) -> Iterator[Tracee]:
        with self._seized() as tracee:
            # From here on the number is its own until it is let go.
            self._process.check_thread(self._parked.tid)
            yield tracee

    def _seized(self) -> Tracee:
        """Another of ours may be at it, and goes soon."""
        deadline = time.monotonic() + _SEIZE_S
        while True:
            try:
                return Tracee(self._parked.tid, self.stops_s)
            except NotPermittedError:
                if time.monotonic() > deadline:
                    raise
            check_free(self._process, self._parked)
            time.sleep(_LOOK_S)

    @contextlib.contextmanager
    def _called(
        self, deadline: float, call: Call, *returns: int, check: Callable[[], None] = lambda: None
    ) -> Iterator[Tracee]:
        """The thread, which calls when it runs on."""

        def ahead() -> Frame | None:
            check()
            return self._write_ahead(call, returns)

        for left in reversed(range(_LOOKS)):
            with self._stopped(deadline, ahead) as (tracee, written):
                before, state = self._before, self._look(tracee)
                if written is not None and state == before:
                    frame = written
                elif left and self._depth > RED_ZONE:
                    continue
                else:
                    frame = self._write(call, returns, state)
                tracee.set_registers(frame.registers)
                # After the registers, which have the frame that takes it back.
                tracee.set_mask(_ALL_SIGNALS)
                yield tracee
                return

    def _look(self, tracee: Tracee) -> State:
        """What it has now. It goes on as if it had not been stopped."""
        self._before = State(resumed(tracee.registers()), tracee.xstate(), tracee.mask())
        tracee.set_registers(self._before.registers)
        return self._before

    def _write_ahead(self, call: Call, returns: tuple[int, ...]) -> Frame | None:
        """Write its frame, if it sleeps as it did when it was looked at; it is traced, so nobody else has it call.

        Writing may wait for threads that map memory. If it wakes meanwhile, it does not come to where the frame is.
        """
        stack = self._parked.stack_in(self._process)
        if self._before is None or self._depth <= RED_ZONE or self._before.registers.rsp != stack:
            return None
        return self._write(call, returns, self._before)

    def _write(self, call: Call, returns: tuple[int, ...], state: State) -> Frame:
        frame = Frame.of(call, state, returns, self._depth)
        self._process.write(frame.address, frame.data)
        return frame

    def _give_up(self, timeout_s: float) -> bool:
        """Whether the thread has just come back. It may be taken out if it waits for the loader's lock alone."""
        pid = self._process.pid
        with self._traced() as tracee:
            tracee.stop()
            registers = tracee.registers()
            if self._parked.is_at(registers):
                tracee.set_registers(resumed(registers))
                return True
            if self._waits_for_loader(registers) and self._before is not None:
                # The registers last: until then it goes on inside, and well, if this process ends.
                tracee.set_mask(self._before.mask)
                tracee.set_xstate(self._before.xstate)
                tracee.set_registers(resumed(self._before.registers))
                what = f"attach to process {pid}: another thread of it has been loading a library for {timeout_s:g} s"
                raise BusyTimeoutError(errno.ETIMEDOUT, what, "nothing has been changed: try again")
        what = f"attach to process {pid}: its thread {self._parked.comm} is still at it after {timeout_s:g} s"
        raise BusyTimeoutError(errno.ETIMEDOUT, what, "it goes on by itself: look again with dpdk-mirror apps")

    def _waits_for_loader(self, registers: Registers) -> bool:
        """Whether it waits for a lock of the loader's that another thread has, and has none of the loader's itself.

        Once it has been woken it must go on: no other thread will be for that.
        """
        start, end = self._libc.loader
        if registers.orig_rax != _FUTEX or not is_interrupted(registers) or not start <= registers.rdi < end:
            return False
        data = self._process.read(start, (end - start) & -4)
        words = struct.unpack(f"<{len(data) // 4}I", data)
        owners = {4 * at + start: words[at + _OWNER] for at in range(len(words) - _MUTEX_WORDS) if _is_taken(words, at)}
        own = self._process.ns_tid(self._parked.tid)
        return owners.get(registers.rdi, own) != own and own not in owners.values()

    def _check_code(self) -> None:
        """Here, since reading may wait for others that map memory there: not while the thread is stopped."""
        if not self._parked.can_be_issued_again(self._process):
            what = (
                f"attach to process {self._process.pid}: its thread {self._parked.comm} makes its system call otherwise"
            )
            raise UnsupportedError(errno.ENOTSUP, what, "load the library when it starts, with EAL's -d")


def _is_taken(words: tuple[int, ...], at: int) -> bool:
    """Whether there is a lock, of the loader's kind, that a thread has."""
    is_lock = words[at + _KIND] == _RECURSIVE and words[at + _LOCK] in {1, 2}
    return is_lock and words[at + _DEPTH] > 0 and words[at + _OWNER] > 0


@contextlib.contextmanager
def _urgent() -> Iterator[None]:
    """While another's thread is stopped: no pause of this process's own nor, as far as it may, for others.

    Other threads of Python's let this one run as soon as it can.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    collects = gc.isenabled()
    gc.disable()
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    try:
        with turns.held():
            yield
    finally:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, *before)
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()
