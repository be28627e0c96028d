# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How much of its stack a thread has left, and where in that a call is out of its way."""

from __future__ import annotations

import errno
import mmap
import os
import struct
from typing import TYPE_CHECKING

from ..errors import NotPermittedError, UnsupportedError
from .frame import RED_ZONE

if TYPE_CHECKING:
    from .parked import Parked
    from .process import Process

__all__ = ["guard_below", "room_below"]

_STACK_MIN = 64 << 10
# How far below the end of its stack a thread is not while it sleeps, nor comes to be within a moment.
_DEPTH_MIN, _DEPTH_MAX = 256 << 10, 1 << 20
_STACK_MAX = 64 << 20  # that is looked through for a guard
_GUARD = 1 << 58  # of an entry of pagemap


def room_below(process: Process, parked: Parked) -> int:
    """How far below the end of its stack it is to call: far, if what is below the stack says where that ends."""
    stack, below = parked.stack, None
    for each in process.maps():
        if each.start <= stack <= each.end:
            is_bounded = below is not None and (below.end, below.perms) == (each.start, "---p")
            end = each.start if is_bounded else guard_below(process, each.start, stack)
            left = stack - (each.start if end is None else end)
            if "w" in each.perms and end is not None and left >= 2 * _DEPTH_MIN:
                return min(left // 2, _DEPTH_MAX)
            if "w" in each.perms and (left >= _STACK_MIN or each.path == "[stack]"):
                return RED_ZONE
            break
        below = each
    what = f"attach to process {process.pid}: its thread {parked.comm} has less than 64 KB of stack left"
    raise UnsupportedError(errno.ENOTSUP, what, "load the library when it starts, with EAL's -d")


def guard_below(process: Process, start: int, stack: int) -> int | None:
    """Where the guard ends that is next below an address, in a mapping that starts at another; None: none is known.

    From 2.42 on glibc has no mapping of its own for that: it is a region of the stack's, and threads' stacks may be one
    mapping. See MADV_GUARD_INSTALL in madvise(2); pagemap tells from Linux 6.15 on.
    """
    first, last = (address // mmap.PAGESIZE for address in (max(start, stack - _STACK_MAX), stack))
    try:
        descriptor = process.open("pagemap", os.O_RDONLY)
    except NotPermittedError:
        return None
    try:
        data = os.pread(descriptor, 8 * (last + 1 - first), 8 * first)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    entries = struct.unpack(f"<{len(data) // 8}Q", data[: len(data) & -8])
    guards = (at for at in reversed(range(len(entries))) if entries[at] & _GUARD)
    return next(((first + at + 1) * mmap.PAGESIZE for at in guards), None)
