# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Work in short turns: whoever polls on this process's CPU waits for one of them, and for no slice of time.

A scheduler lets a process run on from one tick of its clock to another, which is 4 ms at 250 Hz, and for several of
them where it has slept before. Here each turn ends by itself, and whoever wants the CPU has it.
"""

from __future__ import annotations

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

__all__ = ["TURN_S", "held", "take"]

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
    """Take turns from now on. A process's main thread can, which has no other use of SIGALRM."""
    signal.signal(signal.SIGALRM, _end_one)
    # What waits in the kernel is not to wait anew: it has given up the CPU already.
    signal.siginterrupt(signal.SIGALRM, False)  # noqa: FBT003
    _state.taken = True
    gc.disable()  # collecting garbage would be one long turn
    _ask_for_short_slices()
    signal.setitimer(signal.ITIMER_REAL, TURN_S)


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
    if _state.held:
        return
    if _state.rests:
        _state.rests -= 1
        time.sleep(_REST_S)
    else:
        began = time.perf_counter()
        os.sched_yield()
        _state.rests = _RESTS if time.perf_counter() - began > _YIELD_S else 0
    signal.setitimer(signal.ITIMER_REAL, TURN_S)


def _ask_for_short_slices() -> None:
    """With which one gets a CPU the sooner, since Linux 6.12."""
    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is not None and os.sched_getscheduler(0) == os.SCHED_OTHER:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        ctypes.CDLL(None).syscall(number, 0, _ATTR.pack(_ATTR.size, os.SCHED_OTHER, 0, nice, 0, _SLICE_NS, 0, 0), 0)
