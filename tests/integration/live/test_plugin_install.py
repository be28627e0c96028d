# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library where DPDK loads its drivers: applications have it from their start. In a mount namespace of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from livekit.application import need_namespaces, wait_until
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.pmdinfo import driver_directory
from dpdk_mirror.remote import connect

COMMAND = Path(sys.executable).with_name("dpdk-mirror")
NULL = ["net_null0", "net_null1"]
# A copy in the folder's place, which nobody else sees.
PRIVATE = ("unshare", "-m", "--propagation", "private", "sh", "-c",
    'cp -a "$0/." "$1" && chmod 755 "$1" && mount --bind "$1" "$0" && echo ready && exec sleep 3600')  # fmt: skip


class Place:
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
def place():
    need_namespaces()
    with tempfile.TemporaryDirectory() as copy:
        command = [*PRIVATE, driver_directory(), copy]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            try:
                assert holder.stdout.readline() == "ready\n"
                yield Place(holder.pid, Path(copy))
            finally:
                holder.kill()


def is_mirrored(testpmd):
    testpmd.start()
    with connect(str(testpmd.pid)) as app, app.mirror("net_null0", to="null:n") as made:
        wait_until(lambda: made.stats().packets > 1000, "packets")
    testpmd.stop()


def test_an_application_has_it_from_its_start(place):
    """Without an argument, and as long as it runs."""
    assert "installed librte_mirror" in place.mirror("plugin", "install")
    with place.testpmd(plugin=False) as testpmd:
        is_mirrored(testpmd)
        assert f"{driver_directory()}/librte_mirror.so" in Path(f"/proc/{testpmd.pid}/maps").read_text()
        assert "applications have it from their start" in place.mirror("doctor", "--app", testpmd.pid)
        assert "removed librte_mirror" in place.mirror("plugin", "install", "--remove")
        is_mirrored(testpmd)
        assert testpmd.quit() == 0
    assert not (driver_directory() / "librte_mirror.so").exists()
    with place.testpmd(plugin=False) as testpmd:
        with connect(str(testpmd.pid)) as app:
            assert not app.has_plugin
        assert testpmd.quit() == 0


def test_one_that_is_given_it_as_well_has_one_that_works(place):
    place.mirror("plugin", "install")
    with place.testpmd() as testpmd:
        is_mirrored(testpmd)
        assert testpmd.quit() == 0


def test_it_is_replaced_under_an_application_that_runs(place):
    """That keeps the file that it has."""
    place.mirror("plugin", "install")
    path = place.copy / "librte_mirror.so"
    before = path.stat().st_ino
    with place.testpmd(plugin=False) as testpmd:
        path.with_suffix(".x").write_bytes(path.read_bytes() + b"\0")
        path.with_suffix(".x").rename(path)
        assert "another build" in place.mirror("doctor", "--app", testpmd.pid)
        (row,) = json.loads(place.mirror("plugin", "install", "--json"))
        assert (row["path"], row["changed"]) == (f"{driver_directory()}/librte_mirror.so", True)
        assert row["before"] == row["version"]
        assert path.stat().st_ino != before
        is_mirrored(testpmd)
        assert testpmd.quit() == 0
    (row,) = json.loads(place.mirror("plugin", "install", "--json"))
    assert not row["changed"]
    assert "is there already" in place.mirror("plugin", "install")
    assert [each.name for each in place.copy.iterdir() if "mirror" in each.name] == ["librte_mirror.so"]


def test_what_is_not_ours_stays(place):
    (place.copy / "librte_mirror.so").write_text("x")
    for arguments in ((), ("--remove",)):
        assert "it is left alone" in place.mirror("plugin", "install", *arguments, code=1)
    assert (place.copy / "librte_mirror.so").read_text() == "x"


def test_python_with_dpdk_starts_with_it_installed(place):
    """Its own copy is the one that works."""
    place.mirror("plugin", "install")
    code = "from dpdk_mirror import Eal\nwith Eal(hugepages=False, memory_mb=64): print('started')"
    done = subprocess.run([*place.within, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "started\n", done.stderr
