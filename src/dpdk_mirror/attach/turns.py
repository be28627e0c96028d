# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Work in short turns: who polls on the CPU that this process is on waits for one of them, and for no slice of time.

A scheduler lets a process run on from one tick of its clock to another, which is 4 ms at 250 Hz, and for several of
them where it has slept before. Here each turn ends by itself, and who wants the CPU has it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import signal
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["TURN_S", "held", "leave", "take"]

TURN_S = 0.0005
"""How long one takes."""

_REST_S = 0.0001
# A yield that took so long has let somebody else run. Then so many turns end with a rest: one that yields waits for a
# whole slice of the other's, one that has slept goes before it.
_YIELD_S, _RESTS = 0.00002, 32
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
# C type: struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period.
_ATTR = struct.Struct("<IIQiIQQQ")
_SLICE_NS = 100_000


@dataclass(slots=True)
class _State:
    taken: bool = False
    held: bool = False
    rests: int = 0


_state = _State()


def take() -> None:
    """Take turns until ``leave()``. A process's main thread can, which has no other use of SIGALRM."""
    signal.signal(signal.SIGALRM, _end_one)
    # What waits in the kernel is not to wait anew: it has given up the CPU already.
    signal.siginterrupt(signal.SIGALRM, False)  # noqa: FBT003
    _state.taken = True
    gc.disable()  # collecting garbage would be one long turn
    _set_slice(_SLICE_NS)
    signal.setitimer(signal.ITIMER_REAL, TURN_S)
    atexit.register(leave)


def leave() -> None:
    """Work as any process again."""
    if _state.taken:
        _state.taken = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # after what is on its way
        _set_slice(0)
        gc.enable()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """A turn without an end, while somebody else waits for what is done in it."""
    _state.held = True
    try:
        yield
    finally:
        _state.held = False
        if _state.taken:
            signal.setitimer(signal.ITIMER_REAL, TURN_S)


def _end_one(_number: int, _frame: FrameType | None) -> None:
    if _state.held or not _state.taken:
        return
    if _state.rests:
        _state.rests -= 1
        time.sleep(_REST_S)
    else:
        began = time.perf_counter()
        os.sched_yield()
        _state.rests = _RESTS if time.perf_counter() - began > _YIELD_S else 0
    signal.setitimer(signal.ITIMER_REAL, TURN_S)


def _set_slice(slice_ns: int) -> None:
    """Ask for short slices of time, for which one gets a CPU the sooner, or for the system's: since Linux 6.12."""
    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is not None and os.sched_getscheduler(0) == os.SCHED_OTHER:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        ctypes.CDLL(None).syscall(number, 0, _ATTR.pack(_ATTR.size, os.SCHED_OTHER, 0, nice, 0, slice_ns, 0, 0), 0)
