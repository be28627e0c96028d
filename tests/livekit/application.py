# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes that tests start and end: each with a directory and, where it needs any, network interfaces of its own."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import mmap
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pytest

from dpdk_mirror.testing import Program

_T = TypeVar("_T")
_A = TypeVar("_A", bound="Application")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PLUGIN = "librte_mirror.so"
"""What ``-d`` is given: a bare name, found by LD_LIBRARY_PATH, since EAL refuses paths with world-writable parents."""

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/openvswitch-switch-dpdk"
_NR_HUGEPAGES = Path("/proc/sys/vm/nr_hugepages")
_PAGE = 2 << 20
# Of <linux/mman.h>, which Python does not have.
_MAP_HUGETLB, _MAP_HUGE_2MB = 0x40000, 21 << 26
_NO_MEMORY = "Not enough memory available|Cannot init memory|Cannot allocate memory"
ATTEMPTS = 5
"""How often something is started whose hugepages others may take."""


def wait_until(condition: Callable[[], _T], what: str, *, timeout_s: float = 30) -> _T:
    """The first result of ``condition()`` that is true; fails when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)
    return result


def find_program(name: str) -> str:
    """Where a program is. Its package is one of .ci/packages.build and .ci/packages.test."""
    path = shutil.which(name, path=_PATH)
    if path is None:
        pytest.skip(f"{name} is not installed: its package is in .ci/packages.build or .ci/packages.test")
    return path


def need_namespaces() -> None:
    """For what runs with network interfaces of its own, which the tests enter."""
    if os.geteuid() != 0:
        pytest.skip("only root has network namespaces that the tests can enter")


def innermost(pid: int) -> int:
    """The application itself, where another process keeps its namespaces."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return innermost(int(children[0])) if children else pid


def free_hugepages() -> int:
    """How many pages of 2 MB nobody has, and nobody has reserved."""
    sizes = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines() if "HugePages_" in line)
    return int(sizes["HugePages_Free"]) - int(sizes["HugePages_Rsvd"])


def _add_hugepages(number: int) -> int:
    """How many more there are then, which may be fewer."""
    before = int(_NR_HUGEPAGES.read_text())
    with contextlib.suppress(OSError):
        _NR_HUGEPAGES.write_text(str(max(0, before + number)))
    return int(_NR_HUGEPAGES.read_text()) - before


class Hugepages:
    """So much memory in pages of 2 MB: ``with Hugepages(320) as memory``, then ``memory.hold()`` until it is taken.

    Others take pages, too, at any time: what is needed must be free, not just there. Those that have been added go
    afterwards. Else what starts later would take them for its own, and its neighbour, too.
    """

    def __init__(self, megabytes: int) -> None:
        self._pages = megabytes // 2
        self._added = 0
        self._held: mmap.mmap | None = None

    def __enter__(self) -> Self:
        self.hold()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        if self._added > 0:
            _add_hugepages(-self._added)
            self._added = 0

    def hold(self, *, attempts: int = 20) -> None:
        """Has so many, which are nobody else's until ``release()``."""
        for _ in range(attempts):
            if self._held is not None:
                return
            if (missing := self._pages - free_hugepages()) > 0:
                self._added += max(0, _add_hugepages(missing))
            with contextlib.suppress(OSError):  # somebody has been faster
                self._held = mmap.mmap(
                    -1, self._pages * _PAGE, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | _MAP_HUGETLB | _MAP_HUGE_2MB
                )
        if self._held is None:
            pytest.skip(f"{self._pages} hugepages of 2 MB are needed, of which {free_hugepages()} can be had")

    def release(self) -> None:
        """For who is to take them now. If others are faster it is to be tried again."""
        if self._held is not None:
            self._held.close()
            self._held = None


@contextlib.contextmanager
def with_hugepages(megabytes: int, start: Callable[[], _A]) -> Iterator[_A]:
    """An application that starts with so much; again if somebody takes what it is to have."""
    with Hugepages(megabytes) as memory:
        for attempt in range(ATTEMPTS):
            memory.hold()
            memory.release()
            try:
                started = start()
            except AssertionError as error:
                if attempt == ATTEMPTS - 1 or not lacks_memory(str(error)):
                    raise
            else:
                break
        with started as application:
            yield application


def lacks_memory(log: str) -> bool:
    """Whether EAL says so."""
    return re.search(_NO_MEMORY, log) is not None


def plugin_directory() -> Path:
    """Where the installed package has the library."""
    spec = importlib.util.find_spec("dpdk_mirror")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (found,) = Path(spec.submodule_search_locations[0]).rglob(PLUGIN)
    return found.parent


class Application(Program):
    """A program that finds the library; what it has printed is shown when the block fails."""

    niceness = 0

    def spawn(self, command: Sequence[object], **options: Any) -> None:
        nice = ["nice", "-n", str(self.niceness)] if self.niceness else []
        super().spawn([*nice, *command], **options)

    @functools.cached_property
    def libraries(self) -> list[Path]:
        """Where the loader looks, and so ``-d`` with a bare name."""
        return [plugin_directory()]

    def __exit__(self, *exception: object) -> None:
        try:
            if exception[0] is not None:
                sys.stderr.write(f"{self.output()}\n{self.state()}\n")
        finally:
            super().__exit__(*exception)

    @property
    def environment(self) -> dict[str, str]:
        """Its directory, and where EAL finds plugins."""
        return {
            "PATH": _PATH,
            "RUNTIME_DIRECTORY": str(self.directory),
            "LD_LIBRARY_PATH": ":".join(filter(None, [*map(str, self.libraries), os.environ.get("LD_LIBRARY_PATH")])),
            "TERM": "dumb",
            **self._environment,
        }
