# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library where DPDK loads its drivers: applications have it from their start. In a mount namespace of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from commands import COMMAND
from livekit.application import need_namespaces, wait_until
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.pmdinfo import driver_directory
from dpdk_mirror.remote import connect

NULL = ["net_null0", "net_null1"]
# A copy instead of the folder, which nobody else sees.
PRIVATE = ("unshare", "-m", "--propagation", "private", "sh", "-c",
    'cp -a "$0/." "$1" && chmod 755 "$1" && mount --bind "$1" "$0" && echo ready && exec sleep 3600')  # fmt: skip


class Machine:
    """The folder of drivers as those see it who run ``within``."""

    def __init__(self, pid, copy):
        self.within = ("nsenter", f"--target={pid}", "--mount", "--")
        self.copy = copy

    def mirror(self, *arguments, code=0):
        command = [*self.within, COMMAND, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def testpmd(self, **options):
        return Testpmd(TestpmdOptions(NULL, within=self.within, **options))


@pytest.fixture
def machine():
    need_namespaces()
    with tempfile.TemporaryDirectory() as copy:
        command = [*PRIVATE, driver_directory(), copy]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            try:
                assert holder.stdout.readline() == "ready\n"
                yield Machine(holder.pid, Path(copy))
            finally:
                holder.kill()


def is_mirrored(testpmd):
    testpmd.start()
    with connect(str(testpmd.pid)) as app, app.mirror("net_null0", to="null:n") as made:
        wait_until(lambda: made.stats().packets > 1000, "packets")
    testpmd.stop()


def test_an_application_has_it_from_its_start(machine):
    """Without an argument, and as long as it runs."""
    assert "installed librte_mirror" in machine.mirror("plugin", "install")
    with machine.testpmd(plugin=False) as testpmd:
        is_mirrored(testpmd)
        assert f"{driver_directory()}/librte_mirror.so" in Path(f"/proc/{testpmd.pid}/maps").read_text()
        assert "applications have it from their start" in machine.mirror("doctor", "--app", testpmd.pid)
        assert "removed librte_mirror" in machine.mirror("plugin", "install", "--remove")
        is_mirrored(testpmd)
        assert testpmd.quit() == 0
    assert not (driver_directory() / "librte_mirror.so").exists()
    with machine.testpmd(plugin=False) as testpmd:
        with connect(str(testpmd.pid)) as app:
            assert not app.has_plugin
        assert testpmd.quit() == 0


def test_one_that_is_given_it_as_well_has_one_that_works(machine):
    machine.mirror("plugin", "install")
    with machine.testpmd() as testpmd:
        is_mirrored(testpmd)
        assert testpmd.quit() == 0


def test_it_is_replaced_under_an_application_that_runs(machine):
    """That keeps the file that it has."""
    machine.mirror("plugin", "install")
    path = machine.copy / "librte_mirror.so"
    before = path.stat().st_ino
    with machine.testpmd(plugin=False) as testpmd:
        path.with_suffix(".x").write_bytes(path.read_bytes() + b"\0")
        path.with_suffix(".x").rename(path)
        assert "another build" in machine.mirror("doctor", "--app", testpmd.pid)
        (row,) = json.loads(machine.mirror("plugin", "install", "--json"))
        assert (row["path"], row["changed"]) == (f"{driver_directory()}/librte_mirror.so", True)
        assert row["before"] == row["version"]
        assert path.stat().st_ino != before
        is_mirrored(testpmd)
        assert testpmd.quit() == 0
    (row,) = json.loads(machine.mirror("plugin", "install", "--json"))
    assert not row["changed"]
    assert "is there already" in machine.mirror("plugin", "install")
    assert [each.name for each in machine.copy.iterdir() if "mirror" in each.name] == ["librte_mirror.so"]


def test_what_is_not_ours_stays(machine):
    (machine.copy / "librte_mirror.so").write_text("x")
    for arguments in ((), ("--remove",)):
        assert "it is left alone" in machine.mirror("plugin", "install", *arguments, code=1)
    assert (machine.copy / "librte_mirror.so").read_text() == "x"


def test_python_with_dpdk_starts_with_it_installed(machine):
    """Its own copy is the one that works."""
    machine.mirror("plugin", "install")
    code = "from dpdk_mirror import Eal\nwith Eal(hugepages=False, memory_mb=64): print('started')"
    done = subprocess.run([*machine.within, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "started\n", done.stderr
