# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""When a thread may be taken out of a call, by what the loader's memory says of its locks; which failure is told."""

import errno
import os
import struct
from types import SimpleNamespace

import pytest

from dpdk_mirror import BusyTimeoutError, UnsupportedError
from dpdk_mirror.attach import memfd
from dpdk_mirror.attach.inject import Injector
from dpdk_mirror.attach.parked import Parked
from dpdk_mirror.attach.ptrace import Registers
from dpdk_mirror.errors import error_for

LOADER, SIZE = 0x7F0000001000, 400
OWN, OTHER = 12, 11
FUTEX, EPOLL_WAIT = 202, 232
INTERRUPTED = (1 << 64) - 512
WAITED, ANOTHER = 80, 160
"""Where locks are in the loader's data."""


def mutex(owner, *, lock=2, count=1, kind=1):
    """C type: pthread_mutex_t."""
    return struct.pack("<IIiIi20x", lock, count, owner, int(owner > 0), kind)


def waits(parts, *, at=WAITED, result=INTERRUPTED, call=FUTEX):
    """Whether a thread is taken to wait for a lock of the loader's alone; ``parts`` of its data are not 0."""
    data = bytearray(SIZE)
    for offset, part in parts.items():
        data[offset : offset + len(part)] = part
    stack = SimpleNamespace(start=0x10000, end=0x50000, perms="rw-p", path="")
    process = SimpleNamespace(pid=1, maps=lambda: [stack], ns_tid=lambda _: OWN, read=lambda *_: bytes(data))
    process.open = lambda *_: os.open(os.devnull, os.O_RDONLY)  # no guard is known
    thread = SimpleNamespace(tid=4711, comm="dpdk-intr", stack=0x40000, can_be_issued_again=lambda _: True)
    injector = Injector(process, thread, SimpleNamespace(loader=(LOADER, LOADER + SIZE)))
    return injector._waits_for_loader(Registers(orig_rax=call, rax=result, rdi=LOADER + at))


def test_it_waits_for_a_lock_that_another_thread_has():
    assert waits({WAITED: mutex(OTHER)})
    assert waits({WAITED: mutex(OTHER, count=3)})


def test_once_it_has_been_woken_it_goes_on():
    """It was the one that was woken: others that wait for the lock never would be."""
    assert not waits({WAITED: mutex(OTHER)}, result=0)
    assert not waits({WAITED: mutex(OTHER)}, result=(1 << 64) - errno.EAGAIN)


def test_it_has_no_lock_of_the_loaders_itself():
    assert not waits({WAITED: mutex(OTHER), ANOTHER: mutex(OWN, lock=1)})
    assert not waits({WAITED: mutex(OTHER), ANOTHER: mutex(OWN)})
    assert waits({WAITED: mutex(OTHER), ANOTHER: mutex(0, lock=0, count=0)})


def test_a_number_that_is_no_locks_owner_does_not_count():
    """In a container its own number is a small one."""
    assert waits({WAITED: mutex(OTHER), 0: struct.pack("<I", OWN), 240: struct.pack("<II", OWN, OWN)})
    assert waits({WAITED: mutex(OTHER), 240: mutex(OWN, lock=0, count=0)})


@pytest.mark.parametrize(
    "lock", [mutex(OWN), mutex(0), mutex(0, lock=0, count=0), mutex(OTHER, lock=0, count=0), mutex(OTHER, kind=0)]
)
def test_anything_else_that_it_waits_for_is_not_the_loaders_lock(lock):
    assert not waits({WAITED: lock})


@pytest.mark.parametrize(
    "options",
    [{"call": EPOLL_WAIT}, {"at": -4}, {"at": SIZE}, {"at": SIZE - 4}, {"at": WAITED + 4}, {"at": WAITED + 1}],
)
def test_other_calls_and_other_places_are_not(options):
    assert not waits({WAITED: mutex(OTHER)}, **options)


def test_a_thread_that_cannot_be_put_back_to_its_call_is_refused():
    """That would be two bytes before where it goes on."""
    process = SimpleNamespace(pid=1, read=lambda address, size: b"\xcd\x80" if (address, size) == (0x4FFE, 2) else b"")
    with pytest.raises(UnsupportedError, match="its thread dpdk-intr makes its system call otherwise"):
        Injector(process, Parked(4711, "dpdk-intr", EPOLL_WAIT, 0x40000, 0x5000), SimpleNamespace())


def test_what_went_wrong_is_told_though_closing_goes_wrong_too(monkeypatch):
    def busy(*_, **__):
        raise BusyTimeoutError(errno.ETIMEDOUT, "close it")

    monkeypatch.setattr(memfd, "_make", lambda *_: 3)
    monkeypatch.setattr(memfd, "_fill", lambda *_: None)
    injector = SimpleNamespace(call=busy)
    with pytest.raises(UnsupportedError, match="load it"), memfd.memfd(None, injector, SimpleNamespace(close=0), b""):
        raise error_for(errno.ENOTSUP, "load it")
    with pytest.raises(BusyTimeoutError, match="close it"), memfd.memfd(None, injector, SimpleNamespace(close=0), b""):
        pass
