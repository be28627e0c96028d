# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which hugepages are free, and that one process at a time counts on them."""

import fcntl
import logging
import os
import subprocess
import sys
import threading

import pytest

from dpdk_mirror import hugepages

IS_FREE = """\
import fcntl, os, sys
try:
    fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(1)
"""


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Stands in for the kernel's."""
    monkeypatch.setattr(hugepages, "_FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def somebody_elses(folder):
    """It is another's turn; until ``somebody_elses()`` is called."""
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield lambda: fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def test_free_are_those_that_are_not_reserved_and_can_be_mapped(monkeypatch, folder):
    """Read from a machine's own files, and asked of its kernel."""
    sizes = {"hugepages-2048kB": (100, 30), "hugepages-1048576kB": (3, 0)}
    for name, (free, reserved) in sizes.items():
        (folder / name).mkdir()
        (folder / name / "free_hugepages").write_text(f"{free}\n")
        (folder / name / "resv_hugepages").write_text(f"{reserved}\n")
    monkeypatch.setattr(hugepages, "_may_map", lambda length, page_size: True)
    assert hugepages.free_mb(1 << 20) == 70 * 2 + 3 * 1024
    assert hugepages.free_mb(64) == 64 + 1024, "no more of a size than is needed"
    monkeypatch.setattr(hugepages, "_may_map", lambda length, page_size: page_size == 2 << 20)
    assert hugepages.free_mb(1 << 20) == 70 * 2


def test_pages_that_the_kernel_does_not_have_cannot_be_mapped():
    assert not hugepages._may_map(1 << 50, 2 << 20)


def test_a_turn_keeps_other_processes_out_until_it_ends(folder):
    def is_free():
        return subprocess.run([sys.executable, "-c", IS_FREE, folder], check=False, timeout=30).returncode == 0

    with hugepages.turn():
        assert not is_free()
    assert is_free()
    with pytest.raises(KeyError), hugepages.turn():
        raise KeyError
    assert is_free(), "however it ends"


def test_a_turn_comes_when_another_process_has_had_its_own(somebody_elses, caplog):
    had = threading.Event()

    def wait():
        with hugepages.turn():
            had.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not had.wait(0.1)
    somebody_elses()
    assert had.wait(30)
    thread.join()
    assert not caplog.records


def test_whoever_keeps_the_turn_does_not_keep_others_for_ever(somebody_elses, caplog):
    with caplog.at_level(logging.WARNING, "dpdk_mirror"), hugepages.turn(timeout_s=0.05):
        assert "another process takes hugepages" in caplog.text


def test_a_kernel_without_hugepages_needs_no_turns(folder):
    folder.rmdir()
    with hugepages.turn():
        assert hugepages.free_mb(1) == 0
