# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A stack ends where its guard does, which may be a region of the same mapping."""

import ctypes
import mmap
import os

import pytest

from dpdk_mirror.attach.process import Process
from dpdk_mirror.attach.stack import guard_below

MADV_GUARD_INSTALL = 102
MB = 1 << 20


@pytest.fixture
def stacks():
    """The address of four megabytes, of which two have a guard of a page at their start."""
    with mmap.mmap(-1, 4 * MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        buffer = ctypes.c_char.from_buffer(memory)
        start = ctypes.addressof(buffer)
        libc = ctypes.CDLL(None, use_errno=True)
        for guarded in (start, start + 2 * MB):
            if libc.madvise(ctypes.c_void_p(guarded), ctypes.c_size_t(mmap.PAGESIZE), MADV_GUARD_INSTALL) != 0:
                pytest.skip(f"this kernel has no guard regions: {os.strerror(ctypes.get_errno())}")
        yield start
        del buffer


@pytest.mark.parametrize(("stack", "guard"), [(1 * MB, 0), (2 * MB - 1, 0), (3 * MB, 2 * MB), (4 * MB - 1, 2 * MB)])
def test_the_next_guard_below_counts(stacks, stack, guard):
    with Process(os.getpid()) as process:
        found = guard_below(process, stacks, stacks + stack)
    if found is None and tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15):
        pytest.skip("this kernel does not tell where guards are")
    assert found == stacks + guard + mmap.PAGESIZE


def test_without_a_guard_none_is_known():
    with mmap.mmap(-1, MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory, Process(os.getpid()) as process:
        buffer = ctypes.c_char.from_buffer(memory)
        start = ctypes.addressof(buffer)
        assert guard_below(process, start, start + MB - 1) is None
        del buffer
