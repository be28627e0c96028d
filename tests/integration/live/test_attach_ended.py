# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that end while they are attached to, at any step: who attaches is told so, and nothing else."""

import contextlib
import os
import signal
import threading
from pathlib import Path

import pytest
from livekit.application import wait_until
from livekit.forwarder import Forwarder, ForwarderOptions, build_forwarder

from dpdk_mirror import MirrorError
from dpdk_mirror.attach.load import Options
from dpdk_mirror.remote.attaching import load_into

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")

# Functions of the package's, and which call of them: the application is killed just before.
STEPS = [
    ("busy_cpus", 1), ("_running", 1), ("_running", 2), ("identify", 1), ("link_map", 1), ("find_libc", 1),
    ("find_parked", 1), ("room_below", 1), ("_sees", 1), ("_ptrace", 1), ("stop", 1), ("is_at", 1),
    ("xstate", 1), ("set_registers", 1), ("detach", 1), ("is_back", 1), ("_write", 1), ("stop", 2),
    ("set_registers", 3), ("set_mask", 1), ("detach", 2), ("is_back", 2), ("_find", 1), ("_fill", 1), ("_new_name", 1),
    ("detach", 3), ("is_back", 3), ("_check_works", 1), ("choose_socket", 1), ("detach", 4),
    ("_listen", 1), ("detach", 5),
]  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")


class Killer:
    """A profile function, by which Python says which function is about to run."""

    def __init__(self, pid, name, number):
        self.pid, self.name, self.left = pid, name, number

    def __call__(self, frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_name == self.name and "/dpdk_mirror/" in code.co_filename:
            self.left -= 1
            if self.left == 0:
                os.kill(self.pid, signal.SIGKILL)
                wait_until(lambda: _states(self.pid) <= {"Z", "X"}, "its end")


def _states(pid):
    """Of all threads: a traced one is there until its tracer has seen its end."""
    found = set()
    for path in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.add((path / "stat").read_text().rpartition(")")[2].split()[0])
    return found


@pytest.mark.parametrize(("name", "number"), STEPS)
def test_an_application_may_end_at_any_step(program, name, number):
    """It polls where its threads are, so one is moved; and has no telemetry, so it gets a socket."""
    options = ForwarderOptions(plugins=(), eal=("--no-telemetry",))
    with Forwarder(program, options) as forwarder:
        killer = Killer(forwarder.pid, name, number)
        threading.setprofile(killer)
        try:
            with pytest.raises(MirrorError) as refused:
                load_into(forwarder.pid, Options(timeout_s=5))
        finally:
            threading.setprofile(None)
        assert killer.left <= 0
    assert "has ended" in str(refused.value) or "its memory has gone" in str(refused.value)
