# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Live runs: how they end, and what they count."""

import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from captures import ETHERNET, Capture, read_capture, some_frames, write_capture
from children import Terminal, child
from runs import COMMAND, run, run_well, running

from dpdk_mirror.spec import COUNTERS

PORT_KEYS = ["name", "role", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes"]
MIRROR_KEYS = ["id", "name", "source", "target", "directions", "mode", "mode_reason", "filter_engine"]
MIRROR_KEYS += COUNTERS


def test_json_is_one_object_of_the_promised_shape(tmp_path):
    out = str(tmp_path / "out.pcapng")
    result = run_well("net_null0", "net_null1", "--to", out, "--to", "net_null2", "--packets", 100)
    assert list(result) == ["ports", "mirrors", "lost", "seconds"]
    roles = [("net_null0", "source"), ("net_null1", "sink"), (out, "target"), ("net_null2", "target")]
    assert [(port["name"], port["role"]) for port in result["ports"]] == roles
    assert [list(port) for port in result["ports"]] == [PORT_KEYS] * 4
    assert [list(mirror) for mirror in result["mirrors"]] == [MIRROR_KEYS] * 2
    for mirror, target in zip(result["mirrors"], (out, "net_null2"), strict=True):
        wanted = {"source": "net_null0", "target": target, "directions": "both", "mode": "share"}
        wanted["mode_reason"] = "it was asked for"
        assert {key: mirror[key] for key in wanted} == wanted
    assert result["seconds"] > 0


@pytest.mark.parametrize("count", [1, 31, 257, 5000])
def test_packets_is_exact_and_each_is_accounted_for(tmp_path, count):
    """N are received, forwarded and seen of a port that never pauses; the capture has those that it did not refuse."""
    result = run_well("net_null0,size=100", "net_null1", "--to", tmp_path / "out.pcap", "--packets", count)
    source, sink, target = result["ports"]
    (mirror,) = result["mirrors"]
    assert (source["rx_packets"], source["rx_bytes"]) == (count, count * 100)
    assert (sink["tx_packets"], sink["tx_bytes"]) == (count, count * 100)
    assert (source["tx_packets"], sink["rx_packets"], result["lost"]) == (0, 0, 0)
    assert mirror["seen"] == mirror["packets"] + mirror["full"] == count
    assert target["tx_packets"] == mirror["packets"] == len(read_capture(tmp_path / "out.pcap").frames)
    assert target["tx_bytes"] == mirror["bytes"] == mirror["packets"] * 100


def test_a_target_that_does_not_keep_up_costs_the_forwarding_nothing(tmp_path, wait_until):
    """Nobody reads the FIFO: the mirror counts what its ring refuses, and the sink gets all."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    arguments = ("net_null0", "net_null1", "--to", tmp_path / "fifo", "--json", "--seconds", 0.5)
    with running(*arguments) as process, os.fdopen(reader, "rb") as fifo:
        wait_until(lambda: _has_stopped_forwarding(process), timeout_s=60)
        os.set_blocking(reader, True)
        (tmp_path / "out.pcapng").write_bytes(fifo.read())
        result = json.loads(process.stdout.read())
    (mirror,) = result["mirrors"]
    assert result["lost"] == 0
    assert mirror["full"] > 0
    assert mirror["seen"] == mirror["packets"] + mirror["full"] == result["ports"][1]["tx_packets"]
    assert len(read_capture(tmp_path / "out.pcapng").frames) == mirror["packets"]


def _has_stopped_forwarding(process):
    """Whether the thread that polls has gone to sleep."""
    stats = [(task / "stat").read_text() for task in Path(f"/proc/{process.pid}/task").iterdir()]
    return all(stat.rpartition(")")[2].split()[0] != "R" for stat in stats)


def _is_full(writing):
    """Whether who writes to a pipe has to wait for its reader."""
    return not select.select([], [writing], [], 0)[1]


@pytest.fixture
def unread():
    """The end of a pipe that is written to, and that nobody reads."""
    reading, writing = os.pipe()
    yield writing
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_good_end(tmp_path, number, wait_until):
    """Exit 0, the object on stdout, the capture whole and under its name."""
    with running("net_null0", "--to", tmp_path / "out.pcapng", "--json") as process:
        wait_until(lambda: (tmp_path / "out.pcapng.part").stat().st_size > 100_000, timeout_s=60)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    frames = read_capture(tmp_path / "out.pcapng").frames
    assert len(frames) == json.loads(stdout)["mirrors"][0]["packets"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.pcapng"]


def test_a_run_that_loses_its_terminal_ends_well(tmp_path, wait_until):
    """Nothing can be drawn there any more, nor said."""
    screen, terminal = os.openpty()
    command = [*COMMAND, "net_null0", "--to", "out.pcapng", "--json"]
    options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": terminal, "env": {**os.environ, "TERM": "xterm"}}
    with child(command, **options) as process:
        os.close(terminal)
        drawn = b""
        while b"ready" not in drawn:
            drawn += os.read(screen, 1000)
        wait_until(lambda: (tmp_path / "out.pcapng.part").stat().st_size > 100_000, timeout_s=60)
        os.close(screen)
        process.send_signal(signal.SIGHUP)
        stdout, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(read_capture(tmp_path / "out.pcapng").frames) == json.loads(stdout)["mirrors"][0]["packets"] > 0


def test_a_run_under_nohup_goes_on(tmp_path, wait_until):
    command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *COMMAND, "net_null0", "--to", "out.pcapng"]
    with child(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        before = (tmp_path / "out.pcapng.part").stat().st_size
        wait_until(lambda: (tmp_path / "out.pcapng.part").stat().st_size > before + 1_000_000, timeout_s=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_seconds_ends_a_run():
    assert 0.3 <= run_well("net_null0", "--to", "/dev/null", "--seconds", 0.3)["seconds"] < 10


def test_until_idle_ends_a_run_whose_source_gives_nothing():
    assert 0.3 <= run_well("net_ring0", "--to", "net_ring1", "--until-idle", 0.3)["seconds"] < 10


@pytest.mark.parametrize("size", [0, 10])
def test_a_stream_without_a_header_yet_ends_well_at_ctrl_c(tmp_path, size):
    """Nothing has come, so nothing is in the capture."""
    header = write_and_read(tmp_path / "in.pcap", 0)[:size]
    with running("-", "net_null0", "--to", "out.pcapng", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.stdin.write(header)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert read_capture(tmp_path / "out.pcapng") == Capture(ETHERNET, [])


@pytest.mark.parametrize("cut", [0, 50])
def test_a_stream_that_stays_open_ends_well_at_ctrl_c(tmp_path, cut, wait_until):
    """What has come is in the capture, but for a frame of which a part is missing."""
    stream = write_and_read(tmp_path / "in.pcap", 9)
    with running("-", "--to", "out.pcapng", "--json", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.stdin.write(stream[: len(stream) - cut])
        process.stdin.flush()
        expected = read_capture(tmp_path / "in.pcap").frames[: 9 if cut == 0 else 8]
        whole = sum(len(data) for data, _ in expected)
        wait_until(lambda: (tmp_path / "out.pcapng.part").stat().st_size > whole, timeout_s=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert json.loads(process.stdout.read())["ports"][0]["rx_packets"] == len(expected)
    assert read_capture(tmp_path / "out.pcapng").frames == expected


@pytest.mark.parametrize("size", [0, 10, 30])
def test_a_stream_that_ctrl_c_ends_at_its_writer_too_ends_well(tmp_path, size):
    """A shell's Ctrl-C is for all of a pipeline: the end of the stream comes with it, wherever that is."""
    for _ in range(5):
        out = ["--to", "out.pcapng", "--overwrite"]
        with running("-", "net_null0", *out, cwd=tmp_path, stdin=subprocess.PIPE) as process:
            process.stdin.write(write_and_read(tmp_path / "in.pcap", 1)[:size])
            process.stdin.flush()
            process.send_signal(signal.SIGINT)
            process.stdin.close()
            assert process.wait(30) == 0, process.stderr.read()


def test_a_stream_that_stays_open_ends_when_idle(tmp_path):
    stream = write_and_read(tmp_path / "in.pcap", 9)
    with running("-", "--to", "out.pcap", "--until-idle", 0.5, cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.stdin.write(stream)
        process.stdin.flush()
        assert process.wait(30) == 0
    assert read_capture(tmp_path / "out.pcap") == read_capture(tmp_path / "in.pcap")


def test_what_was_captured_streams_out_at_once(tmp_path):
    """The frames can be read before the run has ended."""
    stream = write_and_read(tmp_path / "in.pcap", 3)
    with running("-", "--to", "-", cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.stdin.write(stream)
        process.stdin.flush()
        size = 28 + 36 + sum(32 + len(data) + -len(data) % 4 for data, _ in read_capture(tmp_path / "in.pcap").frames)
        head = process.stdout.read(size)
        process.stdin.close()
        (tmp_path / "out.pcapng").write_bytes(head + process.stdout.read())
        assert process.wait(30) == 0
    assert read_capture(tmp_path / "out.pcapng") == read_capture(tmp_path / "in.pcap")


def test_a_reader_that_goes_away_is_a_good_end():
    """As in | head: nobody wants more."""
    with running("net_null0", "--to", "-") as process:
        process.stdout.read(1000)
        process.stdout.close()
        assert process.wait(30) == 0
        assert b"lost" in process.stderr.read()


def test_a_second_ctrl_c_gives_up_on_a_reader_that_does_not_read(unread, wait_until):
    with running("net_null0", "--to", "-", stdout=unread) as process:
        wait_until(lambda: _is_full(unread), timeout_s=60)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: _has_stopped_forwarding(process), timeout_s=60)
        time.sleep(0.3)  # at once it would be the same Ctrl-C
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_a_terminal_gets_a_live_line():
    with Terminal() as terminal:
        command = [*COMMAND, "net_null0", "--to", "net_null1", "--json"]
        options = {"stdout": subprocess.PIPE, "stderr": terminal.theirs, "env": terminal.environment}
        with child(command, **options) as process:
            terminal.started()
            shown = terminal.read(b"source net_null0: ")
            process.send_signal(signal.SIGTERM)
            assert len(process.stdout.read().splitlines()) == 1
            assert process.wait(30) == 0
    assert shown.startswith(b"ready")


def test_tables_name_ports_mirrors_and_losses():
    done = run("net_null0", "net_null1", "--to", "net_null2", "--packets", 10)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert ["net_null0", "source", "10", "640", "0", "0"] in lines
    assert ["net_null2", "net_null0", "net_null2", "both", "share", "10", "10", "640"] in lines
    assert lines[-1][:6] == ["lost", "0", "packets", "before", "the", "sink,"]
    assert done.stderr == b"ready\n"


def test_a_table_tells_which_mode_was_chosen_and_why():
    """Where it was left to the library; the object has the same."""
    arguments = ("net_null0", "--to", "net_null1", "--to", "net_ring0", "--mode", "auto", "--packets", 10)
    done = run(*arguments)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert ["net_null1", "net_null0", "net_null1", "both", "share", "10", "10", "640"] in [
        line.split() for line in lines
    ]
    mirrors = run_well(*arguments)["mirrors"]
    assert [mirror["mode"] for mirror in mirrors] == ["share", "split"]
    for mirror in mirrors:
        assert mirror["target"].rstrip("01") in mirror["mode_reason"]
        assert f"{mirror['name']}: {mirror['mode']}, since {mirror['mode_reason']}" in lines
    assert not any("since" in line for line in run(*arguments[:-4], "--packets", 1).stdout.decode().splitlines())


@pytest.mark.parametrize("mode", ["split", "copy", "auto", None])
@pytest.mark.parametrize("suffix", ["pcapng", "pcap"])
def test_a_live_capture_that_is_cut_tells_lengths_and_directions(tmp_path, mode, suffix):
    out = tmp_path / f"out.{suffix}"
    options = ["--snaplen", 96, *(["--mode", mode] if mode else [])]
    before = time.time_ns()
    result = run_well("net_null0,size=1000", "net_null1", "--to", out, "--packets", 500, *options)
    (mirror,), capture = result["mirrors"], read_capture(out)
    assert mirror["packets"] == len(capture.frames) > 0
    assert mirror["seen"] == mirror["packets"] + mirror["full"] + mirror["nombuf"] == 500
    assert capture.frames == [(bytes(96), 1000)] * len(capture.frames)
    assert capture.directions == (["rx"] * len(capture.frames) if suffix == "pcapng" else [])
    assert capture.times_ns == sorted(capture.times_ns)
    assert before < capture.times_ns[0] <= capture.times_ns[-1] < time.time_ns()
    assert result["ports"][1]["tx_bytes"] == 500_000


def test_several_queues_are_forwarded_and_mirrored(tmp_path):
    out = tmp_path / "out.pcap"
    result = run_well("net_null0", "net_null1", "--to", out, "--nb-queues", 3, "--packets", 3000)
    (mirror,) = result["mirrors"]
    assert mirror["seen"] == mirror["packets"] + mirror["full"] == result["ports"][1]["tx_packets"] == 3000
    assert len(read_capture(out).frames) == mirror["packets"]


def write_and_read(path, count):
    write_capture(path, some_frames(count))
    return path.read_bytes()


def test_a_reader_that_stalls_does_not_hold_up_the_end(unread, wait_until):
    """Told to end, a run does not wait for a reader who takes nothing: it says so, and fails."""
    with running("net_null0", "--to", "-", stdout=unread) as process:
        wait_until(lambda: _is_full(unread), timeout_s=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 1
        assert b"its reader has taken nothing" in process.stderr.read()


def test_a_mirror_of_tx_that_can_get_nothing_is_pointed_out():
    done = run("net_null0", "--packets", 1, "--direction", "tx", "--to", "net_null1")
    assert done.returncode == 0
    assert b"nothing is sent on SOURCE" in done.stderr
