# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a thread's seccomp filters say of system calls that it is to be made to do: classic BPF, interpreted.

Source: linux/seccomp.h, linux/filter.h; kernel/seccomp.c says what of BPF such filters may use. x86-64.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CALLS", "TRIED", "forbidden", "verdict"]

# The names of the system calls that loading a library, starting a thread and listening are made of, and arguments
# that a filter may look at.
_PROT_READ_EXEC, _PROT_READ_WRITE = 5, 3
_PRIVATE, _PRIVATE_FIXED, _ANONYMOUS = 0x2, 0x12, 0x22
_AF_UNIX, _SEQPACKET = 1, 5 | 0x80000 | 0x800
CALLS: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    ("rt_sigreturn", 15, ()),
    ("memfd_create", 319, (0, 3)),
    ("openat", 257, (2**64 - 100, 0, 0x80000)),
    ("read", 0, (3, 0, 832)),
    ("pread64", 17, (3, 0, 64)),
    ("newfstatat", 262, (3, 0, 0, 0x1000)),
    ("mmap", 9, (0, 65536, 1, _PRIVATE, 3)),
    ("mmap of code", 9, (0, 65536, _PROT_READ_EXEC, _PRIVATE_FIXED, 3)),
    ("mmap of memory", 9, (0, 65536, _PROT_READ_WRITE, _ANONYMOUS, 2**64 - 1)),
    ("mprotect", 10, (0, 4096, 1)),
    ("munmap", 11, (0, 4096)),
    ("close", 3, (3,)),
    ("brk", 12, ()),
    ("futex", 202, (0, 0x80)),
    ("rt_sigprocmask", 14, (2, 0, 0, 8)),
    ("sched_setaffinity", 203, (0, 128)),
    ("clone", 56, (0x3D0F00,)),
    ("clock_nanosleep", 230, (1, 0)),
    ("socket", 41, (_AF_UNIX, _SEQPACKET, 0)),
    ("bind", 49, (3,)),
    ("listen", 50, (3, 10)),
    # EAL's thread does these when an alarm is set, and ends the application where it may not.
    ("epoll_create", 213, (1,)),
    ("epoll_ctl", 233, (3, 1, 4)),
)
# Those that may fail, but must not kill: libc, EAL and the library do without.
TRIED: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    ("memfd_create", 319, (0, 11)),  # with MFD_NOEXEC_SEAL
    ("clone3", 435, (0, 88)),
    ("rseq", 334, (0, 32, 0, 0x53053053)),
    ("set_robust_list", 273, (0, 24)),
    ("madvise", 28, (0, 4096, 4)),
    ("prctl", 157, (15,)),
    ("sched_getaffinity", 204, (0, 128)),
    ("fstat", 5, (3,)),
    ("fcntl", 72, (3, 3)),
    ("write", 1, (2,)),
    ("readlink", 89, ()),
    ("access", 21, ()),
    ("faccessat2", 439, (2**64 - 100, 0, 3, 0x200)),
    ("getpid", 39, ()),
    ("gettid", 186, ()),
    ("geteuid", 107, ()),
    ("getdents64", 217, (3, 0, 32768)),
    ("connect", 42, (3,)),
    ("unlink", 87, ()),
    ("unlinkat", 263, (3,)),
    ("flock", 73, (3, 6)),
    ("lseek", 8, (3, 0, 1)),
    ("timerfd_settime", 286, (3,)),
    ("accept4", 288, (3, 0, 0, 0x80800)),
    ("getsockopt", 55, (3, 1)),
    ("getsockname", 51, (3,)),
    ("recvfrom", 45, (3, 0, 1024, 0x60)),
    ("sendto", 44, (3, 0, 1024, 0x4040)),
    ("poll", 7, (0, 1, 100)),
    ("fchmod", 91, (3, 0o600)),
    ("renameat", 264, (3, 0, 3)),
    ("getrandom", 318, (0, 8, 1)),
    ("mremap", 25, (0, 4096, 8192, 1)),
    ("exit", 60, ()),
)
_ALLOW, _LOG, _ERRNO = 0x7FFF0000, 0x7FFC0000, 0x00050000
_ACTION, _KILL = 0xFFFF0000, 0x80000000
_AUDIT_ARCH_X86_64 = 0xC000003E
_DATA = struct.Struct("<iIQ6Q")
_WORD = 0xFFFFFFFF

_ALU: dict[int, Callable[[int, int], int]] = {
    0x00: lambda a, b: a + b,
    0x10: lambda a, b: a - b,
    0x20: lambda a, b: a * b,
    0x30: lambda a, b: a // b,
    0x40: lambda a, b: a | b,
    0x50: lambda a, b: a & b,
    0x60: lambda a, b: a << (b & 31),
    0x70: lambda a, b: a >> (b & 31),
    0x80: lambda a, _: -a,
    0xA0: lambda a, b: a ^ b,
}
_JUMPS: dict[int, Callable[[int, int], bool]] = {
    0x10: lambda a, b: a == b,
    0x20: lambda a, b: a > b,
    0x30: lambda a, b: a >= b,
    0x40: lambda a, b: bool(a & b),
}


def forbidden(filters: list[bytes]) -> list[str]:
    """The system calls that not all filters let through, or kill for where they may well fail."""
    programs = [list(struct.iter_unpack("<HBBI", each)) for each in filters]
    found = {}  # in their order, each once
    for calls, good in ((CALLS, {_ALLOW, _LOG}), (TRIED, {_ALLOW, _LOG, _ERRNO})):
        for name, number, arguments in calls:
            data = _DATA.pack(number, _AUDIT_ARCH_X86_64, 0, *arguments, *(0 for _ in range(6 - len(arguments))))
            if any(verdict(program, data) & _ACTION not in good for program in programs):
                found[name] = True
    return list(found)


def verdict(program: list[tuple[int, int, int, int]], data: bytes) -> int:
    """What a filter, as a list of instructions, says of a struct seccomp_data; it kills where it makes no sense."""
    a = x = pc = 0
    memory = [0] * 16
    while pc < len(program):
        code, if_true, if_false, k = program[pc]
        pc += 1
        kind, operand = code & 7, x if code & 8 else k
        if kind in {0, 1}:  # LD, LDX
            value = _loaded(code, k, data, memory)
            a, x = (value, x) if kind == 0 else (a, value)
        elif kind in {2, 3}:  # ST, STX
            memory[k & 15] = a if kind == 2 else x
        elif kind == 4 and code & 0xF0 == 0x30 and operand == 0:
            return 0  # so does the kernel
        elif kind == 4:
            a = _ALU[code & 0xF0](a, operand) & _WORD
        elif kind == 5 and code & 0xF0 == 0:
            pc += k
        elif kind == 5:
            pc += if_true if _JUMPS[code & 0xF0](a, operand) else if_false
        elif kind == 6:
            return a if code & 0x18 == 0x10 else k
        else:  # MISC: TAX, TXA
            a, x = (a, a) if code & 0xF8 == 0 else (x, x)
    return _KILL


def _loaded(code: int, k: int, data: bytes, memory: list[int]) -> int:
    mode = code & 0xE0
    if mode == 0x20:  # ABS
        return int.from_bytes(data[k : k + 4], "little")
    if mode == 0x60:  # MEM
        return memory[k & 15]
    return len(data) if mode == 0x80 else k  # LEN, IMM
