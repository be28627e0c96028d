# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""confined.py CALL ACTION COMMAND...: run a command under a seccomp filter that forbids a system call."""

import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBERS = {"memfd_create": 319, "listen": 50, "ptrace": 101}
MFD_ALLOW_SEALING = 2


def instructions(call: str, action: int) -> list[tuple[int, int, int, int]]:
    """Some only with arguments that the application itself does not give: files that can be sealed, descriptor 3."""
    test = {
        "memfd_create": [(LOAD, 0, 0, 16 + 8 * 1), (ANY_BIT, 0, 1, MFD_ALLOW_SEALING)],
        "listen": [(LOAD, 0, 0, 16), (EQUAL, 0, 1, 3)],
        "ptrace": [(LOAD, 0, 0, 0), (EQUAL, 0, 1, NUMBERS[call])],
    }[call]
    return [(LOAD, 0, 0, 0), (EQUAL, 0, 3, NUMBERS[call]), *test, (RETURN, 0, 0, action), (RETURN, 0, 0, ALLOW)]


def confine(call: str, action: int) -> None:
    program = b"".join(struct.pack("<HBBI", *each) for each in instructions(call, action))
    code = ctypes.create_string_buffer(program)
    filter_program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program):
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    confine(sys.argv[1], {"errno": ERRNO, "kill": KILL}[sys.argv[2]])
    os.execvp(sys.argv[3], sys.argv[3:])
