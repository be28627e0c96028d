# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The thread that may be made to do something: one of EAL's own, asleep in the kernel where it holds no lock."""

from __future__ import annotations

import contextlib
import errno
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BusyTimeoutError, ConflictError, MirrorError, NotFoundError, UnsupportedError
from . import outside
from .identify import EAL_THREADS

if TYPE_CHECKING:
    from .process import Process, Task
    from .ptrace import Registers

__all__ = ["Parked", "check_free", "find_parked"]

_ACCEPT, _RECVMSG, _EPOLL_WAIT, _EPOLL_PWAIT, _ACCEPT4, _EPOLL_PWAIT2 = 43, 47, 232, 281, 288, 441
_EPOLLS = frozenset({_EPOLL_WAIT, _EPOLL_PWAIT, _EPOLL_PWAIT2})
# By the names that DPDK has given them until 23.07, and since; in order of preference.
_THREADS: tuple[tuple[frozenset[str], frozenset[int]], ...] = (
    (EAL_THREADS, _EPOLLS),
    (frozenset({"telemetry-v2", "dpdk-telemet-v2", "dpdk-tele-v2"}), frozenset({_ACCEPT, _ACCEPT4})),
    (frozenset({"rte_mp_handle", "dpdk-mp-msg"}), frozenset({_RECVMSG})),
)
# Of /proc/PID/task/TID/syscall: number, six arguments, stack pointer, program counter.
_SYSCALL = re.compile(r"(\d+)((?: 0x[0-9a-f]+){8})")

_SYSCALL_CODE = b"\x0f\x05"
_FREE_S, _LOOK_S = 1.0, 0.001


@dataclass(frozen=True, slots=True)
class Parked:
    """A thread in a system call: which one, and where in the program."""

    tid: int
    comm: str
    number: int
    stack: int
    pc: int

    def is_at(self, registers: Registers) -> bool:
        """Whether a stopped thread's registers are those of its leaving that call."""
        return (registers.orig_rax, registers.rip) == (self.number, self.pc)

    def can_be_issued_again(self, process: Process) -> bool:
        """Whether the call is an instruction, to which the thread can be put back."""
        return process.read(self.pc - len(_SYSCALL_CODE), len(_SYSCALL_CODE)) == _SYSCALL_CODE

    def is_back(self, process: Process) -> bool:
        """Whether it is in that call now."""
        return self.stack_in(process) is not None

    def stack_in(self, process: Process) -> int | None:
        """The end of its stack, if it is in that call now: that depends on how many descriptors EAL waits for."""
        now = _parse(self.tid, self.comm, process.text(f"task/{self.tid}/syscall"))
        return now.stack if now is not None and (now.number, now.pc) == (self.number, self.pc) else None


def find_parked(process: Process, timeout_s: float = 2.0) -> Parked:
    """The first of EAL's threads that sleeps as expected; waits for it, since it may just be at work."""
    deadline = time.monotonic() + timeout_s
    while True:
        tasks = process.tasks()
        for names, numbers in _THREADS:
            for task in tasks:
                found = _parse(task.tid, task.comm, task.syscall) if task.comm in names else None
                if found is not None and found.number in numbers and _has_file(process, task, found.number):
                    return found
        if time.monotonic() > deadline:
            raise _none(process, tasks)
        time.sleep(_LOOK_S)


def check_free(process: Process, parked: Parked) -> None:
    """That the thread may be traced: nobody does for longer than others of ours do, and its process is not stopped."""
    deadline = time.monotonic() + _FREE_S
    doing = f"attach to process {process.pid}"
    while tracer := outside.status(process, "TracerPid", parked.tid):
        if time.monotonic() > deadline:
            what = f"{doing}: process {tracer} traces its thread {parked.comm}"
            raise ConflictError(errno.EBUSY, what, "end that first")
        time.sleep(_LOOK_S)
    if outside.is_stopped(process, parked.tid):
        hint = f"continue it: kill -CONT {process.pid}"
        raise ConflictError(errno.EBUSY, f"{doing}: it is stopped, by a signal", hint)


def _has_file(process: Process, task: Task, number: int) -> bool:
    """Whether what its call waits for is open yet: woken, it would fail at one that the application has closed."""
    kind = "anon_inode:[eventpoll]" if number in _EPOLLS else "socket:["
    with contextlib.suppress(MirrorError):
        return process.link(f"task/{task.tid}/fd/{int(task.syscall.split()[1], 16)}").startswith(kind)
    return False


def _parse(tid: int, comm: str, text: str) -> Parked | None:
    match = _SYSCALL.fullmatch(text.strip())
    if match is None:
        return None
    words = [int(word, 16) for word in match[2].split()]
    return Parked(tid, comm, int(match[1]), words[6], words[7])


def _none(process: Process, tasks: list[Task]) -> MirrorError:
    what = f"attach to process {process.pid}"
    known = {name: numbers for names, numbers in _THREADS for name in names}
    if busy := [task for task in tasks if task.comm in known]:
        each = ", ".join(f"{task.comm} ({task.tid})" for task in busy)
        parked = [(task, _parse(task.tid, task.comm, task.syscall)) for task in busy]
        if any(found is not None and found.number in known[task.comm] for task, found in parked):
            what = f"{what}: it has closed what EAL's threads wait for: {each}"
            return UnsupportedError(errno.ENOTSUP, what, "load the library when it starts, with EAL's -d")
        return BusyTimeoutError(
            errno.ETIMEDOUT, f"{what}: none of EAL's threads sleeps where it may: {each}", "try again"
        )
    return NotFoundError(errno.ENOENT, f"{what}: it has none of EAL's threads", "attach once EAL has started there")
