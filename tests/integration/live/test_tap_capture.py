# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror capture, of a real application under traffic."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from captures import read_capture
from children import child
from livekit.application import need_namespaces, wait_until
from livekit.frames import udp_frames
from livekit.testpmd import Testpmd, TestpmdOptions, forwarding
from stress.captures import PORTS, kill_many

from dpdk_mirror.remote import Application
from dpdk_mirror.spec import MirrorSpec, Mode
from dpdk_mirror.tap.session import Tap

COMMAND = [sys.executable, "-m", "dpdk_mirror"]
SIZE = 200


@pytest.fixture(scope="module")
def busy():
    with forwarding([f"{port},size={SIZE}" for port in PORTS]) as testpmd:
        yield testpmd


@pytest.fixture
def app(busy):
    """What it still does is seen when the test has ended, and that nothing is left in it."""
    with Application(busy.telemetry_path) as app:
        yield app
        wait_until(lambda: not app.mirrors(), "the mirrors' end")
        forwarded = app.port_stats(PORTS[0]).ipackets
        wait_until(lambda: app.port_stats(PORTS[0]).ipackets > forwarded, "an application that goes on")


@contextmanager
def capturing(busy, *arguments, **options):
    command = [*COMMAND, "capture", "--app", busy.telemetry_path, *map(str, arguments)]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        yield process


def capture(busy, *arguments, **options):
    """A capture that ends by itself, and well: what it says, as JSON if that was asked for."""
    with capturing(busy, *arguments, **options) as process:
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr.decode()
        return json.loads(stdout) if "--json" in arguments else (stdout, stderr.decode())


def fields(path, *names, check=True):
    """What tshark reads in a file: a tuple for each packet."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", *(part for name in names for part in ("-e", name))]
    done = subprocess.run(command, capture_output=True, text=True, check=check)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def test_ports_and_directions_come_in_one_file_in_order(busy, app, tmp_path):
    """One that is named twice, by its id, too, is one."""
    path = tmp_path / "a.pcapng"
    told = capture(busy, *PORTS, 0, "-w", path, "--rate", "2k", "--seconds", 1, "--json")
    assert len(told["mirrors"]) == len(PORTS)
    found = fields(path, "frame.interface_name", "frame.packet_flags_direction", "frame.time_epoch", "frame.len")
    assert len(found) == told["packets"] > 100
    assert {row[0] for row in found} == set(PORTS)
    times = [float(row[2]) for row in found]
    assert times == sorted(times)
    assert {row[3] for row in found} == {str(SIZE)}
    assert told["packets"] <= sum(mirror["packets"] for mirror in told["mirrors"])
    assert [mirror["full"] for mirror in told["mirrors"]] == [0, 0]
    assert path.stat().st_mode & 0o777 == 0o600
    assert told["files"] == [str(path)]


def test_what_is_chosen_is_captured_and_cut(busy, app, tmp_path):
    path = tmp_path / "a.pcapng"
    capture(
        busy, PORTS[0], "-w", path, "--snaplen", 60, "--directions", "rx", "--filter", "len == 200", "--packets", 500
    )
    assert set(fields(path, "frame.cap_len", "frame.len")) == {("60", str(SIZE))}
    assert len(fields(path, "frame.len")) == 500
    assert read_capture(path).statistics[-1].received >= 500
    told = capture(busy, PORTS[0], "-w", tmp_path / "b.pcapng", "--filter", "len == 201", "--seconds", 1, "--json")
    assert told["packets"] == 0
    assert fields(tmp_path / "b.pcapng", "frame.len") == []


def test_names_in_filters_are_resolved_here(busy, app, tmp_path):
    """Not in the application, which would wait for name servers, and may have others."""
    names = ("--filter", "udp port domain", "--before", 1, "--when", "filter:tcp port http")
    with capturing(busy, PORTS[0], "-w", tmp_path / "a.pcapng", *names) as process:
        assert process.stderr.readline() == b"dpdk-mirror: recording net_null0 until filter:tcp port http\n"
        assert {mirror.spec.select.filter for mirror in app.mirrors()} == {"udp port 53", "tcp port 80"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_capture_well(busy, app, tmp_path, number):
    """Also when it comes twice, as timeout(1) sends it."""
    path = tmp_path / "a.pcapng"
    with capturing(busy, PORTS[0], "-w", path, "--rate", "1k", "--json") as process:
        wait_until(lambda: path.exists() and path.stat().st_size > 20_000, "packets")
        assert "memfd:dpdk-mirror-stream" in Path(f"/proc/{process.pid}/maps").read_text()
        process.send_signal(number)
        process.send_signal(number)
        told = json.loads(process.communicate(timeout=30)[0])
        assert process.returncode == 0
    assert len(fields(path, "frame.len")) == told["packets"] > 0
    assert told["packets"] == told["mirrors"][0]["packets"]


def test_killed_captures_leave_nothing_and_can_be_read(busy, app):
    """At any moment, whatever they were doing; a seed that fails is in the message."""
    seed = random.SystemRandom().randrange(1 << 32)
    try:
        kill_many(busy, 5, seed)
    except AssertionError as error:
        raise AssertionError(f"make stress's tests/stress/captures.py --count 5 --seed {seed}: {error}") from error
    with Tap(app, PORTS[:1], MirrorSpec(mode=Mode.AUTO), "test"):
        assert len(app.mirrors()) == 1


def test_whoever_reads_a_pipe_may_have_had_enough(busy, app):
    with capturing(busy, PORTS[0], "-w", "-") as process:
        assert process.stdout.read(4) == b"\x0a\x0d\x0d\x0a"
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b"dpdk-mirror: capturing net_null0\n"


def test_a_pipe_that_is_closed_while_nothing_comes_ends_a_capture(busy, app):
    with capturing(busy, PORTS[0], "-w", "-", "--filter", "len == 1") as process:
        assert process.stdout.read(4) == b"\x0a\x0d\x0d\x0a"
        process.stdout.close()
        assert process.wait(30) == 0


def test_a_second_signal_gives_up_on_a_reader_that_does_not_read(busy, app):
    with capturing(busy, PORTS[0], "-w", "-") as process:
        wait_until(app.mirrors, "a mirror")
        process.stdout.read(4)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: not app.mirrors(), "the mirror's end")
        # What comes at once after the first is the same wish.
        wait_until(lambda: process.send_signal(signal.SIGINT) or process.poll() is not None, "its end")
        assert process.returncode == 130


@pytest.mark.parametrize("compress", ["gzip", "zstd"])
def test_files_are_rotated_kept_and_compressed(busy, app, tmp_path, compress):
    path = tmp_path / "a.pcapng.x"
    told = capture(
        busy,
        PORTS[0],
        "-w",
        path,
        "--packets",
        20_000,
        "--rotate-size",
        "1M",
        "--keep",
        3,
        "--compress",
        compress,
        "--json",
    )
    assert len(told["files"]) == 3
    assert sorted(str(each) for each in tmp_path.iterdir()) == sorted(told["files"])
    assert sum(len(fields(each, "frame.len")) for each in told["files"]) > 6000
    assert told["packets"] == 20_000


def test_a_disk_that_is_full_ends_a_capture_with_a_whole_file(busy, app, tmp_path):
    need_namespaces()
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], check=True)
    try:
        with capturing(busy, PORTS[0], "-w", disk / "a.pcapng") as process:
            stderr = process.communicate(timeout=60)[1].decode()
            assert process.returncode == 1
        assert stderr.splitlines()[-1] == f"dpdk-mirror: {disk}/a.pcapng: No space left on device"
        assert len(fields(disk / "a.pcapng", "frame.len")) > 5000
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_an_application_that_ends_ends_a_capture(tmp_path):
    path = tmp_path / "a.pcapng"
    with Testpmd(TestpmdOptions(["net_null0"])) as testpmd:
        testpmd.start()
        with capturing(testpmd, "net_null0", "-w", path, "--rate", "1k") as process:
            wait_until(lambda: path.exists() and path.stat().st_size > 20_000, "packets")
            testpmd.end(signal.SIGKILL)
            stderr = process.communicate(timeout=60)[1].decode()
            assert process.returncode == 1
    assert ": the application has ended [ECONNRESET]" in stderr
    assert len(fields(path, "frame.len")) > 100


def test_an_application_that_hangs_holds_up_nobody(busy, app, tmp_path):
    """A debugger has stopped it, say. The mirrors go when it runs on; nothing else than an answer is missing."""
    path = tmp_path / "a.pcapng"
    with capturing(busy, *PORTS, "-w", path, "--rate", "1k") as process:
        wait_until(lambda: path.exists() and path.stat().st_size > 20_000, "packets")
        os.kill(busy.pid, signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            stderr = process.communicate(timeout=60)[1].decode()
        finally:
            os.kill(busy.pid, signal.SIGCONT)
        assert process.returncode == 1
    assert [f"packets captured, in {path}\n" in stderr, "[ETIMEDOUT]" in stderr] == [True, True], stderr
    assert len(fields(path, "frame.len")) > 50


def test_who_removes_the_mirrors_ends_a_capture(busy, app, tmp_path):
    path = tmp_path / "a.pcapng"
    with capturing(busy, PORTS[0], "-w", path, "--rate", "1k") as process:
        wait_until(lambda: path.exists() and path.stat().st_size > 20_000, "packets")
        app.remove_all()
        stderr = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 1
    assert "somebody has removed the mirrors" in stderr


def test_what_exists_is_refused_and_no_mirror_comes_of_it(busy, app, tmp_path):
    path = tmp_path / "a.pcapng"
    path.write_text("precious")
    with capturing(busy, PORTS[0], "-w", path) as process:
        stderr = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 1
    assert "it exists" in stderr
    assert path.read_text() == "precious"
    assert capture(busy, PORTS[0], "-w", path, "--overwrite", "--packets", 3, "--json")["packets"] == 3


def test_a_recorder_writes_what_came_before_a_signal(busy, app, tmp_path):
    """A second of it, and a second of what follows."""
    path = tmp_path / "a.pcapng"
    arguments = (PORTS[0], "-w", path, "--rate", "1k", "--before", 1, "--when", "signal", "--seconds", 1, "--json")
    with capturing(busy, *arguments) as process:
        assert process.stderr.readline() == b"dpdk-mirror: recording net_null0 until signal\n"
        recorded_until = time.monotonic() + 3
        wait_until(lambda: time.monotonic() > recorded_until, "some seconds that are recorded")
        assert not path.exists()
        at = time.time()
        process.send_signal(signal.SIGUSR1)
        told = json.loads(process.communicate(timeout=60)[0])
    times = [float(row[0]) for row in fields(path, "frame.time_epoch")]
    assert told["happened"] == ["signal"]
    assert at - 1.5 < times[0] < at - 0.5
    assert times[-1] > at + 0.5
    assert told["packets"] == len(times)


def test_memory_of_a_recorder_is_what_was_asked_for(busy, app, tmp_path):
    """Of much more that comes, the last so many bytes are written."""
    path = tmp_path / "a.pcapng"
    near, far = os.pipe()
    arguments = (PORTS[0], "-w", path, "--before", "32M", "--when", "key", "--packets", 1, "--json")
    with capturing(busy, *arguments, stdin=near) as process:
        wait_until(app.mirrors, "a mirror")
        wait_until(lambda: (app.mirrors()[0].stats().bytes) > 300_000_000, "much more", timeout_s=60)
        os.write(far, b"\n")
        peak = peak_kb(process.pid)
        told = json.loads(process.communicate(timeout=60)[0])
    assert 29_000_000 < told["bytes"] < 33_000_000
    assert peak < 32_000 + 80_000
    os.close(near)
    os.close(far)


def peak_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.parametrize("condition", ["filter:udp", "counter:ipackets"])
def test_a_recorder_waits_for_packets_and_counters(testpmd, forward, tmp_path, condition):
    """What makes it happen is in the file, and what came before."""
    path = tmp_path / "a.pcapng"
    quiet = [bytes(12) + b"\x88\xb5" + bytes([number]) * 50 for number in range(10)]
    arguments = (
        "net_tap0",
        "-w",
        path,
        "--directions",
        "rx",
        "--before",
        60,
        "--when",
        condition,
        "--seconds",
        1,
        "--json",
    )
    with capturing(testpmd, *arguments) as process, Application(testpmd.telemetry_path) as app:
        assert process.stderr.readline().startswith(b"dpdk-mirror: recording net_tap0 until")
        if "filter" in condition:
            forward(quiet)
            assert process.poll() is None
        loud = udp_frames(20)
        forward(loud)
        told = json.loads(process.communicate(timeout=60)[0])
        assert not app.mirrors()
    assert told["happened"] == [condition]
    assert told["packets"] == len(fields(path, "frame.len")) == (30 if "filter" in condition else 20)


def test_two_may_capture_the_same_port(busy, app, tmp_path):
    with capturing(busy, PORTS[0], "-w", tmp_path / "a.pcapng", "--packets", 5000, "--json") as one:
        assert capture(busy, PORTS[0], "-w", tmp_path / "b.pcapng", "--packets", 5000, "--json")["packets"] == 5000
        assert json.loads(one.communicate(timeout=60)[0])["packets"] == 5000
