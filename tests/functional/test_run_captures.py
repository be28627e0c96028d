# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What captures of a run say beside the frames, and to whom."""

import json
import os
import platform
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from captures import read_capture, some_frames, write_capture
from runs import run_well, running


@pytest.mark.parametrize("mode", ["share", "copy"])
def test_a_pcapng_says_what_its_frames_were_seen_on(tmp_path, mode):
    """And what it was made with."""
    write_capture(tmp_path / "in.pcap", some_frames(100))
    run_well("in.pcap", "sink.pcapng", "--to", "out.pcapng", "--mode", mode, cwd=tmp_path)
    capture = read_capture(tmp_path / "out.pcapng")
    assert (capture.interface, capture.description) == ("in.pcap", "dpdk-mirror run, both")
    assert (capture.snaplen, capture.made_with["application"][:12]) == (262144, "dpdk-mirror ")
    assert capture.made_with["os"] == f"{platform.system()} {platform.release()}"
    assert capture.made_with["hardware"] != ""
    assert read_capture(tmp_path / "sink.pcapng").description == "dpdk-mirror run, forwarded"


@pytest.mark.parametrize(
    ("options", "direction", "queue"),
    [
        (["--mode", "copy"], "rx", 0),
        (["--snaplen", 60], "rx", 0),
        (["--mode", "share"], "", None),
        (["--mode", "share", "--directions", "rx"], "rx", None),
    ],
)
def test_frames_say_their_direction_and_queue_where_these_are_known(tmp_path, options, direction, queue):
    """In share a frame says nothing itself; of a mirror of one direction it is known anyway."""
    write_capture(tmp_path / "in.pcap", some_frames(100))
    run_well("in.pcap", "--to", "out.pcapng", *options, cwd=tmp_path)
    capture = read_capture(tmp_path / "out.pcapng")
    assert capture.directions == [direction] * 100
    assert capture.queues == [queue] * 100
    assert capture.ids == list(range(1, 101))


def test_statistics_are_the_mirrors_counters(tmp_path):
    """The last ones, with the end, of what was chosen and what was not."""
    before = time.time_ns()
    write_capture(tmp_path / "in.pcap", some_frames(1000))
    result = run_well("in.pcap", "--to", "out.pcapng", "--sample", 3, cwd=tmp_path)
    (mirror,) = result["mirrors"]
    capture = read_capture(tmp_path / "out.pcapng")
    last = capture.statistics[-1]
    assert (last.received, last.accepted, last.dropped, last.full) == (1000, mirror["packets"], 0, 0)
    assert len(capture.frames) == mirror["packets"] == 1000 - mirror["unsampled"]
    assert before < last.start_ns <= last.end_ns == last.time_ns < time.time_ns()
    assert [each.end_ns for each in capture.statistics[:-1]] == [None] * (len(capture.statistics) - 1)


def test_what_is_lost_is_told_where_it_is_missing(tmp_path):
    """No FIFO takes as much as net_null gives: what is refused is in frames' numbers, before each, and in the end."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    with (
        running("net_null0", "--to", tmp_path / "fifo", "--json", "--seconds", 0.5) as process,
        os.fdopen(reader, "rb") as fifo,
    ):
        os.set_blocking(reader, True)
        (tmp_path / "out.pcapng").write_bytes(fifo.read())
        (mirror,) = json.loads(process.stdout.read())["mirrors"]
    capture = read_capture(tmp_path / "out.pcapng")
    last = capture.statistics[-1]
    assert (last.received, last.accepted) == (mirror["seen"], mirror["packets"] + mirror["full"])
    assert last.full == mirror["full"] > 0
    assert len(capture.frames) == mirror["packets"]
    assert 0 < sum(capture.dropped) <= last.full
    numbers = [1]
    for dropped in capture.dropped[1:]:
        numbers.append(numbers[-1] + dropped + 1)
    assert capture.ids == [number + capture.dropped[0] for number in numbers]


def test_a_capture_that_is_being_written_can_be_read_at_any_moment(tmp_path, wait_until):
    """All blocks are whole whenever the run is stopped; after five seconds there are statistics, before the end."""
    part, now = tmp_path / "out.pcapng.part", tmp_path / "now.pcapng"
    with running("net_null0", "--to", tmp_path / "out.pcapng", "--sample", 100000) as process:
        wait_until(lambda: part.stat().st_size > 0, timeout_s=60)
        statistics = []
        deadline = time.monotonic() + 60
        while not statistics and time.monotonic() < deadline:
            process.send_signal(signal.SIGSTOP)
            wait_until(lambda: _has_stopped(process), timeout_s=60)
            now.write_bytes(part.read_bytes())
            process.send_signal(signal.SIGCONT)
            statistics = read_capture(now).statistics
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert [each.end_ns for each in statistics] == [None]
    assert read_capture(tmp_path / "out.pcapng").statistics[-1].end_ns is not None


def _has_stopped(process):
    """Whether none of its threads runs, nor is in the kernel."""
    stats = [(task / "stat").read_text() for task in Path(f"/proc/{process.pid}/task").iterdir()]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def shown(*command):
    """What a program says, or a skip where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def captured(tmp_path):
    """A capture of 100 frames that say all there is to say."""
    write_capture(tmp_path / "in.pcap", some_frames(100))
    run_well("in.pcap", "--to", "out.pcapng", "--snaplen", 60, cwd=tmp_path)
    return tmp_path / "out.pcapng"


def test_tcpdump_reads_all_of_it(captured):
    assert len(shown("tcpdump", "-ttnr", captured).splitlines()) >= 100


def test_capinfos_tells_interface_and_statistics(captured):
    said = shown("capinfos", captured)
    for text in ("= in.pcap", "= dpdk-mirror run, both", "= 262144", "nanoseconds (9)", "entries = 1", "packets = 100"):
        assert text in said
    assert "Capture application: dpdk-mirror " in said


def test_tshark_tells_all_that_a_frame_says(captured):
    fields = ["packet_id", "interface_queue", "packet_flags_direction", "interface_name", "len", "cap_len"]
    said = shown("tshark", "-r", captured, "-T", "fields", *(f"-eframe.{field}" for field in fields))
    lengths = [len(frame) for frame in some_frames(100)]
    rows = [line.split("\t") for line in said.splitlines()]
    assert [(row[0], int(row[2], 16), row[4]) for row in rows] == [
        (str(number + 1), 1, str(length)) for number, length in enumerate(lengths)
    ]
    assert {(row[1], row[3], row[5]) for row in rows} == {("0", "in.pcap", "60")}
