# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ctrl-C, SIGTERM and SIGHUP at any moment of a start: it ends at once, and as if it had not been."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from captures import some_frames, write_capture
from interruptions import interrupt, prepare
from runs import COMMAND

HUGEPAGES = "/sys/kernel/mm/hugepages"


@pytest.mark.parametrize("group", range(5))
def test_a_start_can_be_interrupted_at_any_moment(tmp_path, group):
    """130, 143 or 129, or 0 once it runs; not a word, and nothing is left, here or among the temporary files."""
    prepare(tmp_path)
    assert [wrong for number in range(10) if (wrong := interrupt(tmp_path, group * 10 + number))] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("arguments", "waits"),
    [
        (["in.pcap", "--to", "fifo.pcap"], "a pipe that nobody reads"),
        (["in.pcap", "fifo.pcap", "--to", "out.pcap"], "a sink that nobody reads"),
        (["net_null0", "--to", "out.pcap"], "its turn to take hugepages"),
    ],
)
def test_a_start_that_waits_can_be_interrupted(tmp_path, wait_until, number, arguments, waits):
    write_capture(tmp_path / "in.pcap", some_frames(3))
    os.mkfifo(tmp_path / "fifo.pcap")
    before = sorted(tmp_path.iterdir())
    turn = os.open(HUGEPAGES, os.O_RDONLY)
    if "hugepages" in waits:
        fcntl.flock(turn, fcntl.LOCK_EX)
    with subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        opened = HUGEPAGES if "hugepages" in waits else "fifo.pcap"
        wait_until(lambda: _has_open(process.pid, opened), timeout_s=60)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert process.stderr.read() == b""
    os.close(turn)
    assert sorted(tmp_path.iterdir()) == before


def _has_open(pid, name):
    """Whether a process has a file open, while it opens and closes others."""
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if str(fd.readlink()).endswith(name):
                return True
    return False


def test_a_source_that_nobody_writes_to_yet_ends_well_at_ctrl_c(tmp_path):
    """A run from a pipe is on before anything comes, as from stdin."""
    os.mkfifo(tmp_path / "fifo.pcap")
    with subprocess.Popen(
        [*COMMAND, "fifo.pcap", "--to", "out.pcap"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert (tmp_path / "out.pcap").stat().st_size == 24


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_of_a_shells_background_hears_signals(tmp_path, number):
    """A shell has its jobs there ignore Ctrl-C."""
    script = "trap '' INT TERM; exec \"$@\""
    command = ["sh", "-c", script, "sh", *COMMAND, "net_null0", "--to", "out.pcapng"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(60) == 0


START = """
import contextlib, gc, os, tempfile
from pathlib import Path
tempfile.gettempdir()  # tries the folder with a file, which a signal just then would leave
from dpdk_mirror import Direction, Eal, Forwarder, Mirror, Vdev
from dpdk_mirror._binding import lib
from dpdk_mirror.capture import CaptureReader, CaptureWriter

def use(stack):
    enter = stack.enter_context
    reader = enter(CaptureReader("in.pcap"))
    writer = enter(CaptureWriter("out.pcapng"))
    eal = enter(Eal(vdevs=[Vdev.ring("a"), Vdev.ring("b")], hugepages=False))
    pool = eal.mempool("packets", size=1023)
    a, b = eal.port("a").start(pool), eal.port("b").start(pool)
    source, target = reader.open_port(eal, pool), writer.open_port(eal, pool, size=63)
    enter(Mirror(a, b, direction=Direction.RX))
    enter(Mirror(source, target))
    writer.start()
    reader.start(pool)
    enter(Forwarder(source))
"""


def start(tmp_path, script):
    write_capture(tmp_path / "in.pcap", some_frames(300))
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-c", START + textwrap.dedent(script)]
    return subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    "function",
    [
        "ffi_reader_open", "ffi_eal_init", "ffi_eal_plug", "ffi_pool_create", "ffi_ringport_create", "ffi_port_start",
        "rte_mirror_add", "ffi_writer_start", "ffi_reader_feed", "ffi_forward_start",
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 2])
def test_what_c_has_made_when_ctrl_c_comes_is_ended(tmp_path, function, times):
    """Whatever it is: no thread of it runs on, and EAL is down."""
    script = f"""
        function, times = lib.{function}, {times}
        def interrupted(*arguments):
            global times
            result = function(*arguments)
            times -= 1
            if times == 0:
                raise KeyboardInterrupt
            return result
        lib.{function} = interrupted
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
            use(stack)
        gc.collect()
        names = {{path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")}}
        print(lib.ffi_eal_is_up(), sorted(names & {{"mirror-reader", "mirror-writer"}}))
    """
    with start(tmp_path, script) as process:
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (0, "False []\n", "")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_program_can_be_interrupted_at_any_moment(tmp_path, seed, wait_until):
    """One of a user's own, with Python's own handler: it ends, by the signal, and nothing is left."""
    script = """
        print("begin", flush=True)
        with contextlib.ExitStack() as stack:
            use(stack)
    """
    with start(tmp_path, script) as process:
        assert process.stdout.readline() == "begin\n"
        waited = [0]

        def has_waited():
            waited[0] += 1
            return waited[0] > seed * 6

        wait_until(has_waited)  # another moment for each seed
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 0), stderr
    assert list((tmp_path / "tmp").iterdir()) == []
