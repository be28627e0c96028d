# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes that start at once, as pytest-xdist's workers do, on a machine with few hugepages."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

NR_HUGEPAGES = Path("/proc/sys/vm/nr_hugepages")
PROCESSES = 4
# More than half of what is free: enough for one.
LEAST_FREE_MB = 128
SCRIPT = """\
import sys
from dpdk_mirror import Eal

with Eal(memory_mb=int(sys.argv[1])) as eal:
    eal.mempool("packets", size=16383)
    print(eal.hugepages, flush=True)
    sys.stdin.read()
"""


def free_mb():
    (line,) = [line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("HugePages_Free")]
    return int(line.split()[1]) * 2


@pytest.fixture
def free():
    """How many MB of hugepages are free: some. Afterwards there are as many as before."""
    before = int(NR_HUGEPAGES.read_text())
    try:
        if free_mb() < LEAST_FREE_MB:
            with contextlib.suppress(OSError):
                NR_HUGEPAGES.write_text(str(before + LEAST_FREE_MB // 2))
        if free_mb() < LEAST_FREE_MB:
            pytest.skip(f"{LEAST_FREE_MB} MB of hugepages are not to be had")
        yield free_mb()
    finally:
        if int(NR_HUGEPAGES.read_text()) != before:
            NR_HUGEPAGES.write_text(str(before))


def test_of_processes_that_start_at_once_those_use_hugepages_that_get_some(free):
    """One finds enough; the others have to do without, and do."""
    command = [sys.executable, "-c", SCRIPT, str(free * 2 // 3)]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(PROCESSES)
        ]
        said = [process.stdout.readline() for process in processes]
        assert sorted(said) == ["False\n"] * (PROCESSES - 1) + ["True\n"]
    assert [process.returncode for process in processes] == [0] * PROCESSES
