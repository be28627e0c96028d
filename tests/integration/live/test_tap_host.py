# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror tcpdump of a port of another host: what is shown here, and what is left there."""

import os
import signal
from pathlib import Path

import pytest
from captures import read_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.sshd import NAME, Elsewhere
from livekit.tapped import Tapped, is_running, wait_until_gone

COUNT = 5
SENT = udp_frames(COUNT)


@pytest.fixture
def tap(testpmd, telemetry):
    """``tap(*words)`` looks at net_tap0 from another host; ``telemetry`` sees that nothing is left."""
    with Elsewhere({"RUNTIME_DIRECTORY": str(testpmd.directory)}) as host:
        environment = [f"{key}={value}" for key, value in host.caller().items()]
        within = host.calling("env", *environment)
        yield lambda *words: Tapped(testpmd.telemetry_path, "net_tap0", *words, "--host", NAME, within=within)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def callees(socket):
    """The processes that run over there for that application."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except OSError:
            continue
        if "--caller" in words and str(socket) in words:
            found.append(int(path.parent.name))
    return found


def test_lines_come_when_packets_do_and_ctrl_c_ends_it_with_a_summary(tap, forward):
    """Though nobody over there has a terminal."""
    with tap("-n", "udp") as tapped:
        tapped.ready()
        forward(SENT)
        assert all(" UDP, length " in line for line in tapped.lines(COUNT))
        assert tapped.end() == 0
    for said in ("captured", "seen by the mirror"):
        assert f"\n{COUNT} packets {said}\n".encode() in tapped.said


@pytest.mark.parametrize("who", ["ssh", "command"])
def test_whoever_is_killed_nothing_is_left_there(tap, forward, testpmd, who):
    with tap("-n") as tapped:
        tapped.ready()
        forward(SENT)
        tapped.lines(1)
        there = callees(testpmd.telemetry_path)
        assert there
        os.kill(children(tapped.process.pid)[0] if who == "ssh" else tapped.process.pid, signal.SIGKILL)
        assert tapped.wait() != 0
        wait_until(lambda: not any(map(is_running, there)), "nobody runs over there")
        wait_until_gone(testpmd.telemetry_path)
    assert (b"ssh was ended by SIGKILL" in tapped.said) == (who == "ssh")


def test_a_file_is_one_of_that_host(tap, forward, tmp_path):
    """Which is said at once; here it is the same machine."""
    path = tmp_path / "there.pcap"
    with tap("-Z", "root", "-w", str(path), "-c", str(COUNT)) as tapped:
        tapped.ready()
        assert f"dpdk-mirror: {path} will be a file of {NAME}".encode() in tapped.said
        forward(SENT)
        assert tapped.wait() == 0
    assert [frame for frame, _ in read_capture(path).frames] == SENT
