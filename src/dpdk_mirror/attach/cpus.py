# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The CPUs on which an application polls, and threads that keep off them."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from ..errors import MirrorError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .process import Process

__all__ = ["busy_cpus", "elsewhere"]

_SAMPLES, _SAMPLE_S = 4, 0.005


def busy_cpus(process: Process) -> dict[int, int]:
    """The CPUs on which a thread of the process runs all the time, and how many have been seen to want each at once."""
    looks = [_running(process)]
    for _ in range(_SAMPLES):
        time.sleep(_SAMPLE_S)
        looks.append(_running(process))
    always = set.intersection(*({*look.items()} for look in looks))
    return {cpu: max([*look.values()].count(cpu) for look in looks) for _, cpu in always}


def _running(process: Process) -> dict[int, int]:
    """The CPU of each thread that runs or is ready to."""
    found = {}
    for tid in process.tids():
        with contextlib.suppress(NotFoundError):
            fields = process.text(f"task/{tid}/stat").rpartition(")")[2].split()
            if fields and fields[0] == "R":
                found[tid] = int(fields[36])
    return found


@contextlib.contextmanager
def elsewhere(process: Process, tid: int, busy: Mapping[int, int]) -> Iterator[None]:
    """Have a thread, 0: this one, on no CPU for the while that the application polls, if there is another.

    Where threads of it fight for a CPU one more does no harm that they do not do each other.
    """
    own = _cpus_of(process, tid) if tid else os.sched_getaffinity(0)
    may_be = own | os.sched_getaffinity(0)
    spare = may_be - busy.keys() or {cpu for cpu in may_be if busy[cpu] > 1}
    if not spare or own <= spare:
        yield
        return
    try:
        _move(process, tid, spare)
        yield
    finally:
        _move(process, tid, own)


def _move(process: Process, tid: int, cpus: set[int]) -> None:
    """Of a thread that has ended the number may be another's; one that may not be moved costs time, no more."""
    with contextlib.suppress(MirrorError, OSError):
        if tid:
            process.check_thread(tid)
        os.sched_setaffinity(tid, cpus)


def _cpus_of(process: Process, tid: int) -> set[int]:
    """Where a thread of the process may run."""
    with contextlib.suppress(ProcessLookupError):
        return os.sched_getaffinity(tid)
    process.check_thread(tid)
    raise NotFoundError(errno.ESRCH, f"look at process {process.pid}: its thread {tid} ends", "try again")
