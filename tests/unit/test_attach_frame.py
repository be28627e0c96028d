# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The frame that takes a call back, as the kernel reads it, and the seccomp filters that are asked before."""

import errno
import struct

import pytest

from dpdk_mirror import UnsupportedError
from dpdk_mirror.attach.frame import Call, Frame, State, resumed
from dpdk_mirror.attach.ptrace import Registers
from dpdk_mirror.attach.seccomp import forbidden

# C type: struct rt_sigframe of x86-64: what is at which offset.
RETURN, FLAGS, ALTSTACK_FLAGS, R8, RSP, RIP, FPSTATE, MASK, SIZE = 0, 8, 32, 48, 168, 176, 232, 304, 440
MINUS_1 = (1 << 64) - 1
ALLOW, ERRNO, KILL, LOG = 0x7FFF0000, 0x00050001, 0x80000000, 0x7FFC0000


def registers(**values):
    result = Registers()
    for index, (name, _) in enumerate(Registers._fields_):
        setattr(result, name, 0x0101010101010101 * (index + 1))
    for name, value in {
        "rsp": 0x7FFF00001238,
        "rip": 0x400002,
        "rax": (1 << 64) - 4,
        "orig_rax": 232,
        **values,
    }.items():
        setattr(result, name, value)
    return result


def xsave(size=832, features=7, used=7):
    image = bytearray(bytes(range(256)) * (size // 256 + 1))[:size]
    image[464:512] = bytes(48)
    struct.pack_into("<Q", image, 464, features)
    struct.pack_into("<Q", image, 512, used)
    return bytes(image)


def frame(call=None, returns=(0x5000,), image=None, **values):
    state = State(registers(**values), image or xsave(), 0x1234)
    return Frame.of(call or Call(0x6000, ()), state, returns)


def word(made, offset):
    return struct.unpack_from("<Q", made.data, offset)[0]


def test_a_frame_is_where_a_function_may_use_the_stack():
    """Below the red zone, 8 off a multiple of 16 as after a call; vectors at a multiple of 64."""
    for rsp in range(0x7FFF00001200, 0x7FFF00001280, 8):
        for text in (b"", b"/proc/self/fd/7", b"x" * 63, b"x" * 64):
            made = frame(Call(0x6000, (text, 2)), rsp=rsp)
            assert made.address % 16 == 8
            assert made.registers.rsp == made.address
            assert made.address + len(made.data) <= rsp - 128
            assert word(made, FPSTATE) % 64 == 0
            offset = made.registers.rdi - made.address
            assert made.data[offset : offset + len(text) + 1] == text + b"\0"
            assert made.registers.rsi == 2


def test_a_frame_has_what_the_thread_had():
    made = frame()
    at = registers()
    assert word(made, RETURN) == 0x5000
    assert word(made, FLAGS) == 7
    assert word(made, MASK) == 0x1234
    assert [word(made, R8 + 8 * index) for index in range(8)] == [getattr(at, f"r{n}") for n in range(8, 16)]
    assert word(made, RSP) == at.rsp
    # No mode of sigaltstack()'s: the kernel refuses it, and leaves the thread's own.
    assert struct.unpack_from("<I", made.data, ALTSTACK_FLAGS)[0] == 0x7FFFFFFF


def test_vectors_are_marked_so_that_the_kernel_takes_all_of_them():
    made = frame()
    offset = word(made, FPSTATE) - made.address
    saved = made.data[offset:]
    image = xsave()
    assert saved[:464] == image[:464]
    assert saved[512 : len(image)] == image[512:]
    assert struct.unpack_from("<IIQI", saved, 464) == (0x46505853, len(image) + 4, 7, len(image))
    assert struct.unpack_from("<I", saved, len(image)) == (0x46505845,)


@pytest.mark.parametrize(("used", "size"), [(7, 2816), (7 | 1 << 18, 11008)])
def test_tiles_are_left_out_unless_they_are_used(used, size):
    """A thread that has asked for none has no room for them in its frames."""
    made = frame(image=xsave(11008, 7 | 1 << 17 | 1 << 18, used))
    offset = word(made, FPSTATE) - made.address
    magic, _, features, saved = struct.unpack_from("<IIQI", made.data, offset + 464)
    assert (magic, saved, features >> 18) == (0x46505853, size, int(size == 11008))


def test_without_xsave_it_is_refused():
    with pytest.raises(UnsupportedError, match="no XSAVE"):
        frame(image=bytes(512))


@pytest.mark.parametrize("result", [-512, -513, -514, -516, -errno.EINTR])
def test_an_interrupted_call_is_issued_again(result):
    after = resumed(registers(rax=result + (1 << 64)))
    assert (after.rax, after.rip, after.orig_rax) == (232, 0x400000, MINUS_1)


@pytest.mark.parametrize(("result", "call"), [(1, 232), (0, 232), (-errno.EBADF, 232), (-errno.EINTR, -1)])
def test_any_other_result_is_kept(result, call):
    after = resumed(registers(rax=result % (1 << 64), orig_rax=call % (1 << 64)))
    assert (after.rax, after.rip) == (result % (1 << 64), 0x400002)


def test_a_function_begins_as_the_abi_says():
    """No direction, no step by step; and the kernel has nothing to restart."""
    made = frame(Call(0x6000, (1, 2, 3)), eflags=0x40747)
    at = made.registers
    assert (at.rip, at.rdi, at.rsi, at.rdx, at.rax) == (0x6000, 1, 2, 3, 0)
    assert at.eflags == 0x247
    assert at.orig_rax == MINUS_1


def test_a_second_return_address_comes_first():
    made = frame(returns=(0x7000, 0x5000))
    assert (made.address % 16, word(made, 0), word(made, 8)) == (8, 0x7000, 0x5000)


# Filters, hand-made: (code, jump if true, jump if false, operand).


def program(*instructions):
    return b"".join(struct.pack("<HBBI", *each) for each in instructions)


NUMBER, ARCH, RET = (0x20, 0, 0, 0), (0x20, 0, 0, 4), 0x06


def denies(number, action):
    return program(NUMBER, (0x15, 0, 1, number), (RET, 0, 0, action), (RET, 0, 0, ALLOW))


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        ([], ""),
        ([program((RET, 0, 0, ALLOW))], ""),
        ([program((RET, 0, 0, LOG))], ""),
        ([program((RET, 0, 0, KILL))], "rt_sigreturn"),
        ([denies(319, ERRNO)], "memfd_create"),
        ([denies(319, KILL)], "memfd_create"),
        ([denies(101, KILL)], ""),
        ([denies(101, KILL), denies(10, ERRNO)], "mprotect"),
        # Only the architecture that it knows.
        ([program(ARCH, (0x15, 1, 0, 0xC000003E), (RET, 0, 0, KILL), (RET, 0, 0, ALLOW))], ""),
        # A jump over, arithmetic, memory, X, and an accumulator that is returned: not mmap of code.
        (
            [
                program(
                    NUMBER, (0x02, 0, 0, 3), (0x60, 0, 0, 3), (0x14, 0, 0, 9), (0x15, 0, 5, 0), (0x20, 0, 0, 32),
                    (0x45, 0, 3, 4), (0x00, 0, 0, ERRNO), (0x05, 0, 0, 0), (0x16, 0, 0, 0), (RET, 0, 0, ALLOW),
                )
            ],
            "mmap of code",
        ),
        ([program((0x80, 0, 0, 0), (0x15, 0, 1, 64), (RET, 0, 0, ALLOW), (RET, 0, 0, KILL))], ""),
        (
            [
                program(
                    NUMBER, (0x07, 0, 0, 0), (0x87, 0, 0, 0), (0x35, 0, 1, 256), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW),
                )
            ],
            "memfd_create",
        ),
        ([program((0x01, 0, 0, 319), NUMBER, (0x1D, 0, 1, 0), (RET, 0, 0, ERRNO), (RET, 0, 0, ALLOW))], "memfd_create"),
        # It has no end: nothing is let through.
        ([program(NUMBER)], "rt_sigreturn"),
    ],
)  # fmt: skip
def test_the_first_call_that_filters_forbid_is_found(filters, name):
    assert next(iter(forbidden(filters)), "") == name
