# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Work in turns: short ones, but for what others wait for; and what waits in the kernel is not disturbed by them."""

import json
import subprocess
import sys

from dpdk_mirror.attach import turns

# Works for 0.2 s of CPU time, and notes how much of that each turn had.
WORK = """
import json, os, signal, sys, time
from dpdk_mirror.attach import turns

lengths = []
end_one = turns._end_one

def noted(*arguments):
    global began
    lengths.append(time.process_time() - began)
    end_one(*arguments)
    began = time.process_time()

turns._end_one = noted
began = time.process_time()
turns.take()
{body}
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # a turn that ends just now begins another
json.dump(lengths, sys.stdout)
"""
SPIN = """
until = time.process_time() + {seconds}
while time.process_time() < until:
    pass
"""


def lengths(body):
    command = [sys.executable, "-c", WORK.format(body=body)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def test_work_is_done_in_short_turns():
    """Each has half a millisecond; the CPU may have it more slowly, but not a slice of time."""
    found = lengths(SPIN.format(seconds=0.2))
    assert len(found) > 50
    assert sorted(found)[len(found) // 2] < 0.001


def test_what_others_wait_for_is_done_in_one():
    """And there are turns again afterwards."""
    held = "with turns.held():" + SPIN.format(seconds=0.1).replace("\n", "\n    ")
    found = lengths(f"{held}\n{SPIN.format(seconds=0.1)}")
    assert max(found) > 0.09
    assert len(found) > 20


def test_what_waits_in_the_kernel_goes_on_waiting():
    """A call that is not Python's own is not told that it was interrupted."""
    read = """
import ctypes
ours, theirs = os.pipe()
if os.fork() == 0:
    time.sleep(0.05)
    os.write(theirs, b"x")
    os._exit(0)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.read(ours, ctypes.create_string_buffer(1), 1) == 1, ctypes.get_errno()
"""
    lengths(read)


def test_somebody_who_wants_the_cpu_is_let_go_first(monkeypatch):
    """A yield that takes long is followed by rests, which get the CPU back sooner."""
    rested = []
    monkeypatch.setattr(turns, "_state", turns._State(taken=True))
    monkeypatch.setattr(turns.signal, "setitimer", lambda *_: None)
    monkeypatch.setattr(turns.time, "sleep", rested.append)
    monkeypatch.setattr(turns.os, "sched_yield", lambda: None)
    times = iter([0.0, 0.001, 1.0, 1.0])
    monkeypatch.setattr(turns.time, "perf_counter", lambda: next(times))
    for _ in range(turns._RESTS + 2):
        turns._end_one(0, None)
    assert len(rested) == turns._RESTS
