# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes that start at once, as pytest-xdist's workers do, on a machine with few hugepages."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import pytest
from captures import read_capture, some_frames, write_capture
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
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes = [stack.enter_context(child(command, **options)) for _ in range(PROCESSES)]
        said = [process.stdout.readline() for process in processes]
        errors = [process.communicate("", timeout=60)[1] for process in processes]
    if any("others have taken them" in error for error in errors):
        return None
    assert [process.returncode for process in processes] == [0] * PROCESSES, errors
    assert set(said) <= {"True\n", "False\n"}
    return said.count("True\n") if free_hugepages() == free else None


@pytest.mark.usefixtures("least")
def test_of_processes_that_start_at_once_those_use_hugepages_that_get_some():
    """One finds enough; the others have to do without, and do."""
    tries = (how_many_get_some() for _ in range(10))
    assert next(count for count in tries if count is not None) == 1


# What dpdk-mirror does, but for what it believes to be free the first time that it looks: others take them then.
LATE = """\
import sys
from dpdk_mirror import hugepages
from dpdk_mirror.cli import main

if "--no-huge" not in sys.argv:
    hugepages.free_mb = lambda needed_mb: needed_mb
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def taken():
    """A command's beginning, with which it finds no hugepages."""
    script = 'mount -t tmpfs tmpfs /sys/kernel/mm/hugepages && exec "$@"'
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    command = [*unshare, "sh", "-c", script, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mounts of one's own here")
    return command


@pytest.mark.parametrize("source", ["in.pcap", "-", "fifo.pcap"])
def test_a_run_whose_hugepages_others_take_goes_on_without(tmp_path, taken, source):
    """It says so in a line, and loses nothing of what can be read once only."""
    expected = write_capture(tmp_path / "in.pcap", some_frames(50))
    os.mkfifo(tmp_path / "fifo.pcap")
    command = [*taken, sys.executable, "-c", LATE, "run", source, "--to", "out.pcapng", "--json"]
    with (
        (tmp_path / "in.pcap").open("rb") as stdin,
        subprocess.Popen("exec cat in.pcap > fifo.pcap", shell=True, cwd=tmp_path) as cat,
    ):
        done = subprocess.run(command, cwd=tmp_path, stdin=stdin, capture_output=True, timeout=100, check=False)
        cat.kill()
    assert done.returncode == 0, done.stderr
    said = b"dpdk-mirror: others have just taken the hugepages: going on with --no-huge\n"
    assert done.stderr == said + b"ready\n"
    assert json.loads(done.stdout)["ports"][0]["rx_packets"] == 50
    assert read_capture(tmp_path / "out.pcapng") == expected


def test_an_eal_whose_hugepages_others_take_says_what_to_do(taken):
    script = """\
from dpdk_mirror import Eal, HugepagesTakenError, hugepages
hugepages.free_mb = lambda needed_mb: needed_mb
try:
    Eal()
except HugepagesTakenError as error:
    print(error.hint)
"""
    command = [*taken, sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "others have taken them; hugepages=False does without\n")
