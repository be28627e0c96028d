# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How many hugepages may be had, and whose turn it is to take them."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .logger import logger
from .waiting import nap

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["free_mb", "turn"]

_FOLDER = Path("/sys/kernel/mm/hugepages")
_MB = 1 << 20
# Linux's MAP_HUGETLB with the page size's logarithm in the bits above, as of <linux/mman.h>.
_MAP_HUGETLB, _MAP_HUGE_SHIFT = 0x40000, 26
_TURN_S = 60.0
_LOOK_S = 0.01


def free_mb(needed_mb: int) -> int:
    """Free hugepages that this user may use; all sizes together, since EAL takes all. Not counted beyond the need."""
    free = 0
    for directory in _FOLDER.glob("hugepages-*kB"):
        size = int(directory.name.removeprefix("hugepages-").removesuffix("kB")) << 10
        count = int((directory / "free_hugepages").read_text()) - int((directory / "resv_hugepages").read_text())
        count = min(count, -(-needed_mb * _MB // size))
        if count > 0 and _may_map(count * size, size):
            free += count * size // _MB
    return free


@contextlib.contextmanager
def turn(timeout_s: float = _TURN_S) -> Iterator[None]:
    """To look how many are free and take them, one process after the other: else several count on the same ones.

    Whoever waits for too long goes on without. The kernel's folder serves as the lock: everybody may open it, nobody
    has to make or remove it, and a process that ends has had its turn.
    """
    try:
        folder = os.open(_FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # a kernel without hugepages
        yield
        return
    try:
        _lock(folder, time.monotonic() + timeout_s)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, deadline: float) -> None:
    while not _try_lock(folder):
        if time.monotonic() >= deadline:
            logger.warning("another process takes hugepages for too long: going on beside it")
            return
        nap(_LOOK_S)


def _try_lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _may_map(length: int, page_size: int) -> bool:
    """Whether the kernel would reserve hugepages for this process: it counts limits that no file tells."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_HUGETLB | (page_size.bit_length() - 1) << _MAP_HUGE_SHIFT
    try:
        mmap.mmap(-1, length, flags=flags).close()
    except OSError:
        return False
    return True
