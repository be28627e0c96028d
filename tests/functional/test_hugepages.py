# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes that start at once, as pytest-xdist's workers do, on a machine with few hugepages."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from children import child
from livekit.application import Hugepages, free_hugepages

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


@pytest.fixture
def least():
    """So many hugepages are free at the start, at least."""
    with Hugepages(LEAST_FREE_MB) as memory:
        memory.release()
        yield


def how_many_get_some():
    """Of processes that start at once, and each want two thirds of what is free; None: somebody else has taken some."""
    free = free_hugepages()
    command = [sys.executable, "-c", SCRIPT, str(2 * free * 2 // 3)]
    with contextlib.ExitStack() as stack:
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        processes = [stack.enter_context(child(command, **options)) for _ in range(PROCESSES)]
        said = [process.stdout.readline() for process in processes]
        for process in processes:
            process.communicate("", timeout=60)
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert set(said) <= {"True\n", "False\n"}
    return said.count("True\n") if free_hugepages() == free else None


@pytest.mark.usefixtures("least")
def test_of_processes_that_start_at_once_those_use_hugepages_that_get_some():
    """One finds enough; the others have to do without, and do."""
    tries = (how_many_get_some() for _ in range(10))
    assert next(count for count in tries if count is not None) == 1
