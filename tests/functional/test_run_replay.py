# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Replays: every frame of a capture arrives, whole and in order, wherever the mirror leads."""

import os
import shlex
import struct
import subprocess
import time
from pathlib import Path

import pytest
from captures import ETHERNET, Capture, read_capture, some_frames, write_capture
from children import child
from runs import COMMAND, error_line, run, run_well

FOLDER = os.environ.get("DPDK_MIRROR_PCAPS")
CAPTURES = sorted(Path(FOLDER).glob("*.pcap")) if FOLDER else []

MODES = ["share", "split", "copy", "auto"]

# Around the ends of the mbufs (2048 bytes), and up to the longest that libpcap reads.
LENGTHS = [1, 2, 13, 14, 59, 60, 64, 1514, 2047, 2048, 2049, 4096, 9018, 16128, 16129, 65535, 65589, 131072, 262144]


def test_captures_to_replay_are_there_where_the_environment_names_them():
    assert CAPTURES or not FOLDER


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_real_captures_arrive_frame_by_frame(tmp_path, capture):
    """Frames, link type and original lengths are the input's in a pcapng and in a pcap, and the counters say so."""
    result = run_well(capture, "net_null0", "--to", tmp_path / "out.pcapng", "--to", tmp_path / "out.pcap")
    expected = read_capture(capture)
    assert read_capture(tmp_path / "out.pcapng") == expected
    assert read_capture(tmp_path / "out.pcap") == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pcap", "out.pcapng"]
    packets, octets = len(expected.frames), sum(len(data) for data, _ in expected.frames)
    source, sink, *targets = result["ports"]
    assert (source["rx_packets"], source["rx_bytes"]) == (packets, octets)
    assert all((port["tx_packets"], port["tx_bytes"]) == (packets, octets) for port in [sink, *targets])
    assert all(mirror["seen"] == mirror["packets"] == packets for mirror in result["mirrors"])
    assert result["lost"] == 0


@pytest.mark.parametrize("suffix", ["pcapng", "pcap"])
def test_frames_of_any_length_stay_whole(tmp_path, suffix):
    """Also where the input's header promises shorter ones, as that of scapy's writers may."""
    frames = [os.urandom(length) for length in [*LENGTHS, *reversed(LENGTHS), 0, 3]]
    expected = write_capture(tmp_path / "in.pcap", frames, snaplen=65535)
    run_well(tmp_path / "in.pcap", "net_null0", "--to", tmp_path / f"out.{suffix}")
    assert read_capture(tmp_path / f"out.{suffix}") == expected


def test_original_lengths_and_link_type_go_through_two_replays(tmp_path):
    """Cut frames keep the length they had, and frames behind them, in the same mbufs, their own."""
    cut = [(bytes([number % 256]) * (number % 90 + 1), 1500 + number % 7 * 1000) for number in range(500)]
    expected = write_capture(tmp_path / "in.pcap", [*cut, b"whole" * 20, *cut, b"whole again"], link_type=101)
    run_well(tmp_path / "in.pcap", "--to", tmp_path / "a.pcapng")
    run_well(tmp_path / "a.pcapng", "--to", tmp_path / "b.pcap")
    assert read_capture(tmp_path / "a.pcapng") == expected
    assert read_capture(tmp_path / "b.pcap") == expected


def test_a_capture_of_the_other_byte_order_with_nanoseconds_is_read(tmp_path):
    frame = b"\x01\x02\x03" * 30
    header = struct.pack(">IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 147)
    (tmp_path / "in.cap").write_bytes(header + struct.pack(">IIII", 1, 2, len(frame), 99) + frame)
    run_well(tmp_path / "in.cap", "--to", tmp_path / "out.pcapng")
    assert read_capture(tmp_path / "out.pcapng") == Capture(147, [(frame, 99)])


@pytest.mark.parametrize("mode", MODES)
def test_more_frames_than_the_rings_hold_are_not_lost(tmp_path, mode):
    """One sink and two targets, all files, get every one of 60000 frames in order, in every mode."""
    frames = [number.to_bytes(60, "big") for number in range(60_000)]
    expected = write_capture(tmp_path / "in.pcap", frames)
    outputs = [tmp_path / name for name in ("sink.pcapng", "one.pcapng", "two.pcap")]
    result = run_well(tmp_path / "in.pcap", outputs[0], "--to", outputs[1], "--to", outputs[2], "--mode", mode)
    assert [read_capture(output) == expected for output in outputs] == [True, True, True]
    assert result["lost"] == 0
    assert [(mirror["full"], mirror["nombuf"]) for mirror in result["mirrors"]] == [(0, 0), (0, 0)]


@pytest.mark.parametrize("mode", MODES)
def test_more_bytes_than_the_pool_holds_are_not_lost(tmp_path, mode):
    frames = [bytes([number]) * 262144 for number in range(256)]
    expected = write_capture(tmp_path / "in.pcap", frames)
    result = run_well(tmp_path / "in.pcap", "net_null0", "--to", tmp_path / "out.pcapng", "--mode", mode)
    assert read_capture(tmp_path / "out.pcapng") == expected
    assert result["mirrors"][0]["mode"] == ("split" if mode == "auto" else mode)


@pytest.mark.parametrize("mode", ["share", "split", "copy", "auto", None])
@pytest.mark.parametrize("suffix", ["pcapng", "pcap"])
def test_snaplen_cuts_frames_and_keeps_their_original_lengths(tmp_path, mode, suffix):
    """Also of those that the input has cut already; without a mode it is auto."""
    cut = [(bytes([number]) * 90, 5000 + number) for number in range(40)]
    frames = [(frame, len(frame)) for frame in [*some_frames(400), *(os.urandom(length) for length in LENGTHS)]]
    write_capture(tmp_path / "in.pcap", frames + cut)
    options = ["--snaplen", 80, *(["--mode", mode] if mode else [])]
    result = run_well(tmp_path / "in.pcap", "net_null0", "--to", tmp_path / f"out.{suffix}", *options)
    expected = [(data[:80], length) for data, length in frames + cut]
    assert read_capture(tmp_path / f"out.{suffix}").frames == expected
    (mirror,) = result["mirrors"]
    assert mirror["mode"] == (mode if mode not in (None, "auto") else "split")
    assert (mirror["packets"], mirror["bytes"]) == (len(expected), sum(len(data) for data, _ in expected))
    assert result["ports"][1]["tx_bytes"] == sum(len(data) for data, _ in frames + cut)


@pytest.mark.parametrize(("mode", "direction"), [("share", ""), ("split", "rx"), ("copy", "rx"), ("auto", "rx")])
def test_a_pcapng_tells_the_direction_unless_packets_are_shared(tmp_path, mode, direction):
    """A shared packet has no room for it."""
    write_capture(tmp_path / "in.pcap", some_frames(100))
    run_well(tmp_path / "in.pcap", "--to", tmp_path / "out.pcapng", "--mode", mode)
    assert read_capture(tmp_path / "out.pcapng").directions == [direction] * 100


def test_a_capture_without_packets_gives_a_whole_empty_one(tmp_path):
    write_capture(tmp_path / "in.pcap", [], link_type=113)
    result = run_well(tmp_path / "in.pcap", "net_null0", "--to", tmp_path / "o.pcapng", "--to", tmp_path / "o.pcap")
    assert read_capture(tmp_path / "o.pcapng") == read_capture(tmp_path / "o.pcap") == Capture(113, [])
    assert result["ports"][0]["rx_packets"] == 0


@pytest.mark.parametrize("mode", MODES)
def test_stamped_times_are_those_of_mirroring_in_order(tmp_path, mode):
    write_capture(tmp_path / "in.pcap", some_frames(500))
    before = time.time_ns()
    outputs = ["--to", tmp_path / "out.pcapng", "--to", tmp_path / "out.pcap"]
    run_well(tmp_path / "in.pcap", *outputs, "--mode", mode, "--stamp")
    after = time.time_ns()
    for name in ("out.pcapng", "out.pcap"):
        times = read_capture(tmp_path / name).times_ns
        assert times == sorted(times)
        assert before < times[0] <= times[-1] < after
        assert any(time_ns % 1000 for time_ns in times)


def test_a_pcapng_names_the_source(tmp_path):
    write_capture(tmp_path / "in.pcap", some_frames(1))
    run_well("in.pcap", "--to", "out.pcapng", cwd=tmp_path)
    assert read_capture(tmp_path / "out.pcapng").interface == "in.pcap"


def test_packets_ends_a_replay_after_exactly_so_many(tmp_path):
    frames = some_frames(1000)
    write_capture(tmp_path / "in.pcap", frames)
    out, sink = tmp_path / "out.pcapng", tmp_path / "sink.pcap"
    result = run_well(tmp_path / "in.pcap", sink, "--to", out, "--packets", 333)
    assert [data for data, _ in read_capture(out).frames] == frames[:333]
    assert [data for data, _ in read_capture(sink).frames] == frames[:333]
    assert result["ports"][0]["rx_packets"] == 333


def test_the_mirror_sees_only_its_direction(tmp_path):
    """Nothing is sent on a source that is replayed: a tx mirror stays empty."""
    frames = some_frames(40)
    write_capture(tmp_path / "in.pcap", frames)
    result = run_well(tmp_path / "in.pcap", "net_null0", "--to", tmp_path / "tx.pcapng", "--direction", "tx")
    assert read_capture(tmp_path / "tx.pcapng") == Capture(ETHERNET, [])
    assert result["mirrors"][0]["directions"] == "tx"
    assert result["mirrors"][0]["seen"] == 0
    run_well(tmp_path / "in.pcap", "net_null0", "--mirror-to", tmp_path / "rx.pcapng", "--direction", "rx")
    assert [data for data, _ in read_capture(tmp_path / "rx.pcapng").frames] == frames


def test_streams_go_in_and_out(tmp_path):
    """What comes on stdin goes to stdout: it is a pcapng of the same frames, with the table on stderr."""
    expected = write_capture(tmp_path / "in.pcap", some_frames(2000))
    done = run("-", "--to", "-", input=(tmp_path / "in.pcap").read_bytes())
    assert done.returncode == 0, done.stderr.decode()
    (tmp_path / "out.pcapng").write_bytes(done.stdout)
    assert read_capture(tmp_path / "out.pcapng") == expected
    assert b"lost 0 packets" in done.stderr


def test_tcpdump_reads_the_stream(tmp_path):
    write_capture(tmp_path / "in.pcap", [b"\xff" * 12 + b"\x88\xb5" + b"hello" * 20] * 7)
    command = f"{shlex.join(COMMAND)} in.pcap --to - | tcpdump -nr - 2>/dev/null"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert done.stdout.count(b"ethertype Unknown (0x88b5), length 114") == 7


def test_the_examples_of_the_help_work(tmp_path):
    write_capture(tmp_path / "in.pcap", some_frames(5))
    examples = [line.strip() for line in run("--help").stdout.decode().splitlines() if "  dpdk-mirror run " in line]
    assert len(examples) == 4
    environment = {**os.environ, "PATH": f"{Path(COMMAND[0]).parent}:{os.environ['PATH']}:/usr/sbin"}
    for example in examples:
        script = f"set -o pipefail; {example}"
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    assert len(read_capture(tmp_path / "out.pcapng").frames) == 5
    assert len(done.stdout.splitlines()) >= 1000


def test_outputs_that_are_no_files_are_written_in_place(tmp_path):
    expected = write_capture(tmp_path / "in.pcap", some_frames(300))
    os.mkfifo(tmp_path / "fifo.pcap")
    with child(["sh", "-c", "exec cat fifo.pcap > out.pcap"], cwd=tmp_path) as cat:
        run_well("in.pcap", "/dev/null", "--to", "fifo.pcap", "--to", "/dev/null", cwd=tmp_path)
        assert cat.wait(30) == 0
    assert read_capture(tmp_path / "out.pcap") == expected
    assert Path("/dev/null").is_char_device()
    assert not list(tmp_path.glob("*.part"))


def test_a_link_is_followed_to_the_file_that_it_stands_for(tmp_path):
    expected = write_capture(tmp_path / "in.pcap", some_frames(3))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.pcapng").symlink_to("folder/real.pcapng")
    run_well(tmp_path / "in.pcap", "--to", tmp_path / "link.pcapng")
    assert (tmp_path / "link.pcapng").is_symlink()
    assert read_capture(tmp_path / "folder" / "real.pcapng") == expected


def test_any_file_name_will_do(tmp_path):
    """One with blanks, brackets, umlauts and bytes that are no UTF-8, and one that is long."""
    name, long = os.fsdecode("in [b]ü\n\xff.pcap".encode("latin-1")), "x" * 200 + ".pcapng"
    expected = write_capture(tmp_path / name, some_frames(2))
    result = run_well(f"./{name}", "net_null0", "--to", long, cwd=tmp_path)
    assert read_capture(tmp_path / long) == expected
    assert [port["name"] for port in result["ports"]] == [f"./{name}", "net_null0", long]
    assert run(f"./{name}", "--to", f"./{name}.cap", cwd=tmp_path).returncode == 0
    assert read_capture(tmp_path / f"{name}.cap") == expected


def test_a_stream_whose_reader_leaves_does_not_cut_the_other_captures(tmp_path):
    frames = [bytes([n % 256]) * 60 for n in range(60000)]
    write_capture(tmp_path / "in.pcap", frames)
    command = [*COMMAND, "in.pcap", "--to", "-", "--to", "out.pcapng"]
    with child(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(60) == 0, process.stderr.read()
    assert len(read_capture(tmp_path / "out.pcapng").frames) == len(frames)


def test_a_sink_that_takes_nothing_costs_a_replay_one_wait_in_all(tmp_path):
    """Not one for each burst."""
    frames = [bytes([n % 256]) * 60 for n in range(3000)]
    write_capture(tmp_path / "in.pcap", frames)
    result = run_well("in.pcap", "net_ring0", "--to", "out.pcapng", cwd=tmp_path)
    assert 0 < result["lost"] < len(frames)
    assert result["ports"][1]["tx_packets"] == len(frames) - result["lost"]
    assert result["seconds"] < 10
    assert len(read_capture(tmp_path / "out.pcapng").frames) == len(frames)


def test_a_replay_whose_buffers_nobody_gives_back_says_so(tmp_path):
    write_capture(tmp_path / "in.pcap", [bytes(65535)] * 1500)
    line = error_line(run("in.pcap", "--to", "net_ring0", cwd=tmp_path))
    assert "stuck after" in line
    assert "hold all packet buffers" in line
