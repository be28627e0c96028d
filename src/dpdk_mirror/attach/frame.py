# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A call that a stopped thread is made to do, and what takes it back: the frame of a signal that never came. x86-64.

The function returns into rt_sigreturn(), which restores every register, vectors too, and the signal mask from the
frame. So nothing that happens after the thread has been let go depends on whoever made it call.

Source: arch/x86/kernel/signal_64.c and fpu/signal.c of Linux (struct rt_sigframe, struct _fpx_sw_bytes).
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UnsupportedError

if TYPE_CHECKING:
    from .ptrace import Registers

__all__ = ["RED_ZONE", "Call", "Frame", "State", "is_interrupted", "resumed"]

RED_ZONE = 128
"""Bytes below the end of its stack that a function may use."""

# uc_flags: vectors are in XSAVE's form; ss is there; and is to be taken as it is.
_UC_FLAGS = 1 | 2 | 4
# Of sigaltstack(): no mode is so, and what is refused leaves the thread's own as it is.
_NO_ALTSTACK = 0x7FFFFFFF
_FRAME = struct.Struct("<Q QQ QiiQ 18Q HHHH QQQQ Q 64x Q 128x")  # pretcode, ucontext, siginfo

_XFEATURES, _XSTATE_BV, _XSAVE_MIN = 464, 512, 576
_MAGIC1, _MAGIC2 = 0x46505853, 0x46505845
# The tiles of AMX, which a thread's frames have room for only once it has asked for them.
_XTILE_DATA, _XTILE_SIZE = 1 << 18, 8192

_FLAGS_CLEARED = 0x100 | 0x400 | 0x40000  # TF, DF, AC
# How a system call says that it is to be issued again; epoll_wait(), that something came in between.
_RESTARTS = {-512, -513, -514, -516, -errno.EINTR}


@dataclass(frozen=True, slots=True)
class Call:
    """A function of libc's, say, with up to three arguments; a text among them is put on the stack."""

    function: int
    arguments: tuple[int | bytes, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What a stopped thread has: registers, XSAVE's image of its vectors, and the signals that it blocks."""

    registers: Registers
    xstate: bytes
    mask: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What is to be written below the thread's stack, and the registers that the thread is to run on with."""

    address: int
    data: bytes
    registers: Registers

    @classmethod
    def of(cls, call: Call, state: State, returns: tuple[int, ...], depth: int = RED_ZONE) -> Frame:
        """``returns`` is where the function returns to, and what does afterwards; the last one is rt_sigreturn().

        ``depth`` is how far it is below the stack's end.
        """
        at = state.registers
        texts, arguments, top = b"", [], at.rsp - depth
        for each in call.arguments:
            if isinstance(each, bytes):
                texts += each + b"\0"
        address = (top - len(texts)) & -64
        data_end = address
        for each in call.arguments:
            arguments.append(address if isinstance(each, bytes) else each)
            address += len(each) + 1 if isinstance(each, bytes) else 0
        fpstate = _fpstate(state.xstate)
        vectors = (data_end - len(fpstate)) & -64
        # The last return address is the frame's first word. Calls expect the stack 8 bytes off a multiple of 16.
        before = b"".join(struct.pack("<Q", each) for each in returns[:-1])
        stack = ((vectors - _FRAME.size - len(before)) & -16) - 8
        signal = _signal_frame(resumed(at), state.mask, vectors, returns[-1])
        data = (before + signal).ljust(vectors - stack, b"\0") + fpstate
        data = data.ljust(data_end - stack, b"\0") + texts
        registers = at.copy()
        registers.rip, registers.rsp, registers.rax = call.function, stack, 0
        registers.eflags &= ~_FLAGS_CLEARED
        # The kernel is to restart nothing here: the frame does.
        registers.orig_rax = (1 << 64) - 1
        for name, value in zip(("rdi", "rsi", "rdx"), arguments, strict=False):
            setattr(registers, name, value)
        return cls(stack, data, registers)


def is_interrupted(at: Registers) -> bool:
    """Whether a thread has left a system call unfinished, to issue it again; nothing has come of it then."""
    result = at.rax - (1 << 64) if at.rax >> 63 else at.rax
    return result in _RESTARTS and at.orig_rax >> 63 == 0


def resumed(at: Registers) -> Registers:
    """The registers with which a thread goes on that was stopped in a system call, as if it had not been."""
    registers = at.copy()
    if is_interrupted(at):
        registers.rax = at.orig_rax
        registers.rip = at.rip - 2
    registers.orig_rax = (1 << 64) - 1
    return registers


def _signal_frame(at: Registers, mask: int, vectors: int, restorer: int) -> bytes:
    return _FRAME.pack(
        restorer,
        _UC_FLAGS, 0,
        0, _NO_ALTSTACK, 0, 0,
        at.r8, at.r9, at.r10, at.r11, at.r12, at.r13, at.r14, at.r15, at.rdi, at.rsi, at.rbp, at.rbx, at.rdx, at.rax,
        at.rcx, at.rsp, at.rip, at.eflags,
        at.cs & 0xFFFF, 0, 0, at.ss & 0xFFFF,
        0, 0, mask, 0,
        vectors,
        mask,
    )  # fmt: skip


def _fpstate(xstate: bytes) -> bytes:
    """XSAVE's image, with the two marks by which the kernel takes all of it."""
    if len(xstate) < _XSAVE_MIN:
        raise UnsupportedError(errno.ENOTSUP, "save a thread's registers: this CPU, or its kernel, has no XSAVE")
    (features,) = struct.unpack_from("<Q", xstate, _XFEATURES)
    (used,) = struct.unpack_from("<Q", xstate, _XSTATE_BV)
    size = len(xstate)
    if features & _XTILE_DATA and not used & _XTILE_DATA:
        size -= _XTILE_SIZE
        features &= ~_XTILE_DATA
    marks = struct.pack("<IIQI28x", _MAGIC1, size + 4, features, size)
    return xstate[:_XFEATURES] + marks + xstate[_XSTATE_BV:size] + struct.pack("<I", _MAGIC2)
