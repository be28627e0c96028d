# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Children that a mirrored application forks: they have nothing of the library's, and take nothing from it."""

import os
import re
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest
from captures import read_capture
from livekit.application import wait_until
from livekit.ends import TARGETS, start
from livekit.forwarder import build_forwarder
from livekit.telemetry import Telemetry
from livekit.wire import run_in


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")


@pytest.fixture
def path():
    """In a directory that only this user may write to, all the way up to the root or to one that is sticky."""
    directory = Path(tempfile.mkdtemp())
    yield directory / "s"
    shutil.rmtree(directory)


def fork(forwarder, how):
    """Has the application fork a child; its number."""
    known = re.findall(r"^forked (\d+)$", forwarder.output(), flags=re.MULTILINE)
    os.kill(forwarder.pid, how)
    (child,) = wait_until(
        lambda: re.findall(r"^forked (\d+)$", forwarder.output(), flags=re.MULTILINE)[len(known) :], "a child"
    )
    return int(child)


def target_is_there(forwarder, kind):
    if kind == "tap":
        return "end0" in run_in(forwarder.pid, "ip", "-br", "link", "show", "up")
    if kind == "vhost":
        return (forwarder.directory / "end.vhost").is_socket()
    return True


@pytest.mark.parametrize("kind", TARGETS)
def test_a_child_that_exits_takes_nothing_with_it(program, path, kind):
    """The socket stays and answers, the target is there, and packets are mirrored to it."""
    with start(program, kind, socket=path) as forwarder, Telemetry(path) as telemetry:
        for _ in range(3):
            fork(forwarder, signal.SIGUSR1)
            assert path.is_socket()
            assert target_is_there(forwarder, kind)
            seen = telemetry.call("stats", mirror="end")["seen"]
            wait_until(lambda: telemetry.call("stats", mirror="end")["seen"] > seen + 1000, "packets")  # noqa: B023
            with Telemetry(path) as another:
                assert another.call("info", mirror="end")["state"] == "running"
        assert telemetry.call("remove", mirror="end") == {"removed": 1}
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0
        if kind == "pcap":
            assert {frame for frame, _ in read_capture(forwarder.directory / "end.pcap").frames} == {bytes(64)}


def test_a_child_that_stays_holds_on_to_no_socket(program, path):
    """Clients see the parent hang up, and its successor gets its place."""
    with (
        start(program, "ring", socket=path) as forwarder,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client,
    ):
        client.settimeout(20)
        client.connect(str(path))
        assert client.recv(1024)
        child = fork(forwarder, signal.SIGUSR2)
        try:
            forwarder.end(signal.SIGKILL)
            assert client.recv(1024) == b""
            assert path.is_socket()
            with start(program, "ring", socket=path) as successor, Telemetry(path) as telemetry:
                assert telemetry.greeting["pid"] == successor.pid
                assert successor.end() == 0
        finally:
            os.kill(child, signal.SIGKILL)
