# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is said of seccomp filters is what the kernel does: by any program, which a child has for its filter."""

import ctypes
import errno
import os
import random
import re
import signal
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from dpdk_mirror import NotPermittedError, UnsupportedError
from dpdk_mirror.attach import load
from dpdk_mirror.attach.seccomp import forbidden, verdict
from dpdk_mirror.errors import error_for

ALLOW, KILL, TRAP, NOTIFY, ERRNO = 0x7FFF0000, 0x80000000, 0x00030000, 0x7FC00000, 0x00050000
NO_NEW_PRIVS, SET_SECCOMP, MODE_FILTER = 38, 22, 2
X86_64 = 0xC000003E
UNKNOWN = 1000
"""A system call that there is not: the kernel asks filters first."""

LOAD_WORD, LOAD, LOAD_LENGTH, LOAD_MEMORY = 0x20, 0x00, 0x80, 0x60
LOAD_X, LOAD_X_LENGTH, LOAD_X_MEMORY, STORE, STORE_X, TO_X, FROM_X = 0x01, 0x81, 0x61, 0x02, 0x03, 0x07, 0x87
ADD, SUBTRACT, MULTIPLY, DIVIDE, OR, AND, LEFT, RIGHT, NEGATE, XOR = *range(0x04, 0x94, 0x10), 0xA4
JUMP, EQUAL, GREATER, AT_LEAST, ANY_BIT, RETURN, RETURN_A = 0x05, 0x15, 0x25, 0x35, 0x45, 0x06, 0x16
FROM_OPERAND, BY_X = 0x00, 0x08
# Of struct seccomp_data, without where the program is.
WORDS = (0, 4, *range(16, 64, 4))
INTERESTING = (0, 1, 2, 31, 0xFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEAD = [(LOAD_WORD, 0, 0, 0), (EQUAL, 1, 0, UNKNOWN), (RETURN, 0, 0, ALLOW)]
# The accumulator becomes the number of an error.
TAIL = [(AND, 0, 0, 0x7FF), (OR, 0, 0, ERRNO), (RETURN_A, 0, 0, 0)]

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="filters are judged on x86-64")


def number(generator):
    return generator.choice([generator.choice(INTERESTING), generator.getrandbits(generator.randint(1, 32))])


def instruction(generator, ahead):
    """One that a filter may have; ``ahead`` of it there are so many more."""
    source, jumps = generator.choice([FROM_OPERAND, BY_X]), [generator.randint(0, min(255, ahead)) for _ in range(2)]
    code = generator.choice([ADD, SUBTRACT, MULTIPLY, DIVIDE, OR, AND, LEFT, RIGHT, XOR]) | source
    operand = number(generator)
    if code in {LEFT, RIGHT}:
        operand %= 32
    if code == DIVIDE:
        operand = operand or 1
    kinds = [
        (LOAD_WORD, 0, 0, generator.choice(WORDS)),
        (generator.choice([LOAD, LOAD_LENGTH, LOAD_X, LOAD_X_LENGTH, TO_X, FROM_X]), 0, 0, number(generator)),
        (generator.choice([STORE, STORE_X]), 0, 0, generator.randrange(16)),
        (code, 0, 0, operand),
        (NEGATE, 0, 0, 0),
        (JUMP, 0, 0, jumps[0]),
        (generator.choice([EQUAL, GREATER, AT_LEAST, ANY_BIT]) | source, *jumps, number(generator)),
    ]
    return generator.choice(kinds)


def program(generator):
    length = generator.randint(1, 30)
    # What is loaded must have been stored, whichever way it went: so first all of it is.
    stores = [each for slot in range(16) for each in ((LOAD, 0, 0, number(generator)), (STORE, 0, 0, slot))]
    body = [instruction(generator, length - at - 1) for at in range(length)]
    loads = [(generator.choice([LOAD_MEMORY, LOAD_X_MEMORY]), 0, 0, generator.randrange(16)), (XOR | BY_X, 0, 0, 0)]
    return [*HEAD, *stores, *body, *loads, *TAIL]


def packed(instructions):
    return b"".join(struct.pack("<HBBI", *each) for each in instructions)


def install(instructions):
    raw = packed(instructions)
    code = ctypes.create_string_buffer(raw)
    filtered = ctypes.create_string_buffer(struct.pack("<H6xQ", len(instructions), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None).prctl
    assert prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert prctl(SET_SECCOMP, MODE_FILTER, filtered) == 0


def errors_under(instructions, calls):
    """What system calls come to in a child with that filter; None: it has been killed for one."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            syscall = ctypes.CDLL(None, use_errno=True).syscall
            install(instructions)
            for each in calls:
                result = syscall(*map(ctypes.c_uint64, (UNKNOWN, *each)))
                os.write(writable, struct.pack("<i", ctypes.get_errno() if result else 0))
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as stream:
        found = list(struct.unpack(f"<{len(raw) // 4}i", raw)) if (raw := stream.read()) else []
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in {0, -signal.SIGSYS}
    return found + [None] * (len(found) < len(calls))


def expected(instructions, calls):
    found = []
    unpacked = list(struct.iter_unpack("<HBBI", packed(instructions)))
    for each in calls:
        said = verdict(unpacked, struct.pack("<iIQ6Q", UNKNOWN, X86_64, 0, *each))
        if said & 0xFFFF0000 != ERRNO:
            return [*found, None]
        found.append(said & 0xFFFF)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_any_program_says_what_the_kernel_says(seed):
    """All instructions that filters may have, in any order."""
    generator = random.Random(seed)
    for _ in range(60):
        instructions = program(generator)
        calls = [[number(generator) << generator.choice([0, 32]) for _ in range(6)] for _ in range(5)]
        assert expected(instructions, calls) == errors_under(instructions, calls), instructions


@pytest.mark.parametrize("divisor", [0, 3])
def test_a_filter_that_divides_by_nothing_kills(divisor):
    divides = [*HEAD, (LOAD_X, 0, 0, divisor), (LOAD, 0, 0, 7), (DIVIDE | BY_X, 0, 0, 0), *TAIL]
    for judge in (expected, errors_under):
        assert judge(divides, [(0,) * 6]) == [None if divisor == 0 else 2]


def answers(number, action):
    return packed([(LOAD_WORD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, action), (RETURN, 0, 0, ALLOW)])


def test_not_all_of_what_is_forbidden_is_told():
    lacks = forbidden([packed([(RETURN, 0, 0, KILL)])])
    assert len(lacks) > 40
    target = SimpleNamespace(process=SimpleNamespace(pid=1))
    with pytest.raises(UnsupportedError, match=rf"do not allow rt_sigreturn, .* and {len(lacks) - 6} more ") as refused:
        load._path_for(target, None, lacks)
    assert len(str(refused.value)) < 240


@pytest.mark.parametrize(("name", "call"), [("clone3", 435), ("rseq", 334), ("accept4", 288)])
def test_what_may_fail_must_not_kill(name, call):
    """Docker refuses clone3(), and libc takes another; what kills or tells a tracer is another thing."""
    assert forbidden([answers(call, ERRNO | 38)]) == []
    for action in (KILL, 0, TRAP, NOTIFY):
        assert forbidden([answers(call, action)]) == [name]


def test_each_form_of_a_call_that_is_tried_is_asked_about():
    """The file in memory is asked for with a flag first that older kernels, and filters, do not know."""
    flag = [(LOAD_WORD, 0, 0, 0), (EQUAL, 0, 3, 319), (LOAD_WORD, 0, 0, 24), (ANY_BIT, 0, 1, 8)]
    for action, lacks in ((KILL, ["memfd_create"]), (ERRNO | 22, [])):
        assert forbidden([packed([*flag, (RETURN, 0, 0, action), (RETURN, 0, 0, ALLOW)])]) == lacks


def test_advice_names_the_command_that_has_the_option():
    """Others attach in passing, and --force of add means another thing."""

    def unreadable():
        raise error_for(errno.EACCES, "read them")

    injector = SimpleNamespace(seccomp_filters=unreadable)
    target = SimpleNamespace(is_filtered=True, process=SimpleNamespace(pid=1), injector=injector)
    with pytest.raises(NotPermittedError, match=r"cannot be read: .*; or dpdk-mirror attach --force, if "):
        load._forbidden(target, force=False)
    sources = [path.read_text() for path in Path(load.__file__).parent.glob("*.py")]
    options = {word for text in sources for word in re.findall(r'"[^"\n]*?([\w-]*) --(?:force|library|socket)\b', text)}
    assert options == {"attach"}
