# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""One thread of another process, stopped for moments: ptrace(2), by ctypes. x86-64."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import time
from typing import TYPE_CHECKING, Self

from ..errors import BusyTimeoutError, ConflictError, MirrorError, NotFoundError, error_for

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Registers", "Tracee"]

_SEIZE, _INTERRUPT, _CONT, _DETACH, _SYSCALL = 0x4206, 0x4207, 7, 17, 24
_GETREGSET, _SETREGSET, _SETOPTIONS = 0x4204, 0x4205, 0x4200
_GETSIGMASK, _SETSIGMASK, _SECCOMP_GET_FILTER = 0x420A, 0x420B, 0x420C
_O_TRACESYSGOOD = 1
_EVENT_STOP = 128
_NT_PRSTATUS, _NT_X86_XSTATE = 1, 0x202
_WALL = 0x40000000
_XSTATE_MAX = 1 << 16
_FILTER_MAX = 4096  # BPF_MAXINSNS
_LOOK_S = 0.00005
_END_S = 1.0


_REGISTERS = """
r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs
"""


class Registers(ctypes.Structure):
    """C type: struct user_regs_struct."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in _REGISTERS.split())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Registers) and bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Registers:
        return Registers.from_buffer_copy(self)


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class Tracee:
    """A thread, seized: it runs on until stop(), and again from detach() on, whatever becomes of this process.

    ``stops_s`` takes how long it was stopped, each time.
    """

    def __init__(self, tid: int, stops_s: list[float] | None = None) -> None:
        self.tid = tid
        self._stops_s = stops_s if stops_s is not None else []
        self.is_stopped = self._is_seized = False
        self._signal = 0
        # Not CDLL: while such a function is called other threads of Python's may run, and keep this one waiting.
        self._libc = ctypes.PyDLL(None, use_errno=True)
        self._libc.ptrace.restype = ctypes.c_long
        self._libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        self._ptrace(_SEIZE)
        self._is_seized = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._is_seized:
                return
            if not self.is_stopped:
                self.stop()
            self.detach()
        except MirrorError:
            with contextlib.suppress(MirrorError):
                self._let_go()

    # Stops.

    def stop(self, timeout_s: float = 1.0) -> None:
        """Stop it at the end of its system call, which it leaves for that, or where it is."""
        self._stopped_since = time.monotonic()
        self._ptrace(_INTERRUPT)
        self._wait_for_stop(time.monotonic() + timeout_s)

    def detach(self) -> None:
        """Have it run on, with a signal that came for it meanwhile."""
        self._ptrace(_DETACH, data=self._signal)
        self._stops_s.append(time.monotonic() - self._stopped_since)
        self.is_stopped = self._is_seized = False

    def next_syscall(self, timeout_s: float) -> None:
        """Have it run on until it enters a system call, or leaves it."""
        self._ptrace(_SETOPTIONS, data=_O_TRACESYSGOOD)
        self._ptrace(_SYSCALL, data=self._signal)
        self._stops_s.append(time.monotonic() - self._stopped_since)
        self.is_stopped = False
        self._wait_for_stop(time.monotonic() + timeout_s, at_syscall=True)

    # What it has while it is stopped.

    def registers(self) -> Registers:
        registers = Registers()
        self._regset(_GETREGSET, _NT_PRSTATUS, registers)
        return registers

    def set_registers(self, registers: Registers) -> None:
        self._regset(_SETREGSET, _NT_PRSTATUS, registers)

    def xstate(self) -> bytes:
        """x87, SSE and vector registers, as XSAVE writes them."""
        buffer = ctypes.create_string_buffer(_XSTATE_MAX)
        size = self._regset(_GETREGSET, _NT_X86_XSTATE, buffer)
        return buffer.raw[:size]

    def set_xstate(self, xstate: bytes) -> None:
        self._regset(_SETREGSET, _NT_X86_XSTATE, ctypes.create_string_buffer(xstate, len(xstate)))

    def mask(self) -> int:
        """The signals that it blocks: bit N - 1 is signal N."""
        mask = ctypes.c_uint64()
        self._ptrace(_GETSIGMASK, 8, ctypes.addressof(mask))
        return mask.value

    def set_mask(self, mask: int) -> None:
        """Any, those of libc's own too."""
        value = ctypes.c_uint64(mask)
        self._ptrace(_SETSIGMASK, 8, ctypes.addressof(value))

    def seccomp_filters(self) -> list[bytes]:
        """The programs that each of its system calls has to pass, latest first. Requires CAP_SYS_ADMIN."""
        found: list[bytes] = []
        while True:
            try:
                count = self._ptrace(_SECCOMP_GET_FILTER, len(found))
            except MirrorError as error:
                if error.errno == errno.ENOENT:
                    return found
                raise
            if count > _FILTER_MAX:
                raise error_for(errno.E2BIG, f"read the seccomp filters of thread {self.tid}")
            buffer = ctypes.create_string_buffer(8 * count)
            self._ptrace(_SECCOMP_GET_FILTER, len(found), ctypes.addressof(buffer))
            found.append(buffer.raw)

    # The inside.

    def _let_go(self) -> None:
        """Of a thread that cannot be stopped: it may stop late, or end, which its process waits for.

        If neither comes soon, it is let go when this process ends.
        """
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline:
            if self._poll() is not None:
                self.detach()
                return
            time.sleep(_LOOK_S)

    def _wait_for_stop(self, deadline: float, *, at_syscall: bool = False) -> None:
        while True:
            asked = time.monotonic()
            status = self._poll()
            if status is None:
                self._stopped_since = asked
                if asked > deadline:
                    what = f"stop thread {self.tid}: it does not leave the kernel"
                    raise BusyTimeoutError(errno.ETIMEDOUT, what, f"look at /proc/{self.tid}/stack, and try again")
                # No spinning: it may need this very CPU to get there.
                time.sleep(_LOOK_S)
                continue
            stopped_by, event = status >> 8 & 0xFF, status >> 16
            if event == _EVENT_STOP and stopped_by != signal.SIGTRAP:
                self.is_stopped = True
                what = f"stop thread {self.tid}: its process is stopped already, by a signal"
                raise ConflictError(errno.EBUSY, what, f"continue it: kill -CONT {self.tid}")
            if event == _EVENT_STOP or (at_syscall and stopped_by == signal.SIGTRAP | 0x80):
                self.is_stopped = True
                self._signal = 0
                return
            # A signal is about to be delivered: so it is, and the stop comes afterwards.
            self._ptrace(_SYSCALL if at_syscall else _CONT, data=stopped_by)

    def _poll(self) -> int | None:
        try:
            tid, status = os.waitpid(self.tid, _WALL | os.WNOHANG)
        except ChildProcessError:
            raise self._ended() from None
        if tid == 0:
            return None
        if not os.WIFSTOPPED(status):
            raise self._ended()
        return status

    def _regset(self, request: int, kind: int, what: ctypes.Array[ctypes.c_char] | Registers) -> int:
        iovec = _Iovec(ctypes.addressof(what), ctypes.sizeof(what))
        self._ptrace(request, kind, ctypes.addressof(iovec))
        return int(iovec.size)

    def _ptrace(self, request: int, address: int = 0, data: int = 0) -> int:
        result: int = self._libc.ptrace(request, self.tid, address, data)
        if result >= 0:
            return result
        code = ctypes.get_errno()
        if code == errno.ESRCH:
            raise self._ended()
        hint = "be root, or the user that it runs as; see Yama's ptrace_scope and container settings"
        raise error_for(code, f"trace thread {self.tid}", hint if code == errno.EPERM else "")

    def _ended(self) -> NotFoundError:
        return NotFoundError(errno.ESRCH, f"trace thread {self.tid}: it has ended", "dpdk-mirror apps lists what runs")
