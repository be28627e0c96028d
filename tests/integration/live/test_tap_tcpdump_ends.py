# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ends of dpdk-mirror tcpdump that take an application, or a disk, with them; those under load."""

import os
import signal
from pathlib import Path

import pytest
from livekit.application import need_namespaces, wait_until
from livekit.tapped import Tapped, is_running, wait_until_gone
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.remote import Application


@pytest.fixture
def busy():
    """An application that forwards as fast as it can."""
    with Testpmd(TestpmdOptions(["net_null0", "net_null1"])) as testpmd:
        testpmd.start()
        yield testpmd


def stream_of(testpmd):
    with Application(testpmd.telemetry_path) as app:
        (mirror,) = app.mirrors()
        return Path(mirror.info().target.removeprefix("stream:"))


def test_when_the_application_dies_that_is_said_and_its_socket_goes(busy):
    with Tapped(busy.telemetry_path, "net_null0", "-n", "-w", "/dev/null") as tapped:
        tapped.ready()
        socket = stream_of(busy)
        tcpdump = tapped.tcpdump
        busy.kill()
        assert tapped.wait() == 1
        assert b": the application has ended [ECONNRESET]\n" in tapped.said
        assert b"Traceback" not in tapped.said
        assert not socket.exists()
        assert not is_running(tcpdump)


def test_an_application_that_hangs_holds_up_nobody(busy):
    """A debugger has stopped it, say. The mirror, which may be paused, goes when it runs on."""
    with Tapped(busy.telemetry_path, "net_null0", "-n", "-w", "/dev/null") as tapped:
        tapped.ready()
        os.kill(busy.pid, signal.SIGSTOP)
        try:
            assert tapped.end() == 1
        finally:
            os.kill(busy.pid, signal.SIGCONT)
    assert b"ETIMEDOUT" in tapped.said
    wait_until_gone(busy.telemetry_path)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_under_load_it_ends_at_once_and_counts(busy, how):
    """All that has been seen has been captured, dropped, or was still on its way to tcpdump."""
    with Tapped(busy.telemetry_path, "net_null0", "-n", "-w", "/dev/null") as tapped:
        tapped.ready()
        with Application(busy.telemetry_path) as app:
            wait_until(lambda: app.mirrors()[0].stats().packets > 100000, "packets")
        assert tapped.end(how) == 0
    words = [line.split() for line in tapped.said.decode().splitlines() if " packets " in line]
    captured, seen, dropped = (int(line[0]) for line in words[:3])
    assert captured > 0
    assert dropped > 0
    assert captured + dropped <= seen
    with Application(busy.telemetry_path) as app:
        assert app.mirrors() == []


def test_what_does_not_take_its_output_holds_up_tcpdump_alone(busy):
    """A pager that waits: Ctrl-C removes the mirror, and ends tcpdump."""
    read, write = os.pipe()
    with Tapped(busy.telemetry_path, "net_null0", "-n", stdout=write) as tapped:
        tapped.ready()
        with Application(busy.telemetry_path) as app:
            wait_until(lambda: app.mirrors()[0].stats().full > 10000, "packets that nobody takes")
        tapped.end()
    wait_until_gone(busy.telemetry_path)
    os.close(read)
    os.close(write)


def test_timeout_ends_it_well(busy):
    """It sends its signal to the command and, again, to its group."""
    with Tapped(
        busy.telemetry_path, "net_null0", "-n", "-w", "/dev/null", within=["timeout", "--preserve-status", "3"]
    ) as tapped:
        assert tapped.wait() == 0
    assert b" captured\n" in tapped.said
    with Application(busy.telemetry_path) as app:
        assert app.mirrors() == []


@pytest.mark.parametrize("words", [[], ["-w", "full.pcap"]], ids=["stdout", "file"])
def test_a_full_disk_ends_tcpdump_and_the_mirror(busy, tmp_path, words):
    """tcpdump does not look at whether what it writes to a file gets there."""
    need_namespaces()
    disk = f'mount -t tmpfs -o size=1m none {tmp_path} && cd {tmp_path} && exec "$@" > full'
    within = ["unshare", "-m", "--propagation", "private", "sh", "-c", disk, "sh"]
    with Tapped(busy.telemetry_path, "net_null0", "-n", *words, within=within) as tapped:
        assert tapped.wait() not in (0, 2)
    assert b"No space left on device" in tapped.said
    wait_until_gone(busy.telemetry_path)


@pytest.mark.parametrize("count", [5])
def test_killed_again_and_again_nothing_piles_up(busy, count):
    """The command and tcpdump, at any moment of theirs; the application goes on."""
    for number in range(count):
        with Tapped(busy.telemetry_path, "net_null0", "-n", "-w", "/dev/null") as tapped:
            if number:
                tapped.ready()
            os.killpg(tapped.process.pid, signal.SIGKILL)
            tapped.wait()
        wait_until_gone(busy.telemetry_path)
    assert busy.running
