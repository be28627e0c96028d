# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a replay keeps of a capture beside its frames: times to the nanosecond, and what its header says of frames."""

import os
import struct
import subprocess

import pytest
from captures import read_capture, some_frames, write_capture, write_pcapng, write_records
from runs import run, run_well

MODES = ["share", "split", "copy", "auto"]
# None equal, some earlier than those before, up to the ends of what a pcap can say.
TIMES = [0, 1, 999_999_999, 1_700_000_000_123_456_789, 1_699_999_999_000_000_001, (1 << 31) * 10**9 + 7]
TIMES += [((1 << 32) - 1) * 10**9 + 999_999_999]
TIMES += [1_700_000_001_000_000_000 + number * 1_000_003 for number in range(300)]


def records():
    """Frames of each time, a third of them cut, some longer than an mbuf."""
    frames = some_frames(len(TIMES), longest=4000)
    return [
        (time_ns, frame, len(frame) + number % 3 * 100)
        for number, (time_ns, frame) in enumerate(zip(TIMES, frames, strict=True))
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [[], ["--snaplen", 80], ["--sample", 3], ["--filter", "ether[3] & 1 = 1"]])
def test_a_replay_keeps_times(tmp_path, mode, options):
    """Those of the packets that each target got, in a pcap and a pcapng, in the sink and the targets."""
    capture = write_records(tmp_path / "in.pcap", records())
    outputs = [tmp_path / name for name in ("sink.pcap", "a.pcapng", "b.pcap")]
    run_well(tmp_path / "in.pcap", outputs[0], "--to", outputs[1], "--to", outputs[2], "--mode", mode, *options)
    sink, *targets = map(read_capture, outputs)
    assert (sink.frames, sink.times_ns) == (capture.frames, capture.times_ns)
    whole = [(time_ns, frame, length) for time_ns, (frame, length) in zip(TIMES, capture.frames, strict=True)]
    if "--sample" in options:
        whole = whole[::3] if len(targets[0].frames) == len(whole[::3]) else whole[2::3]
    if "--filter" in options:
        whole = [record for record in whole if record[1][3] & 1]
    limit = 80 if "--snaplen" in options else None
    for target in targets:
        assert target.times_ns == [time_ns for time_ns, _, _ in whole]
        assert target.frames == [(frame[:limit], length) for _, frame, length in whole]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mode", ["share", "copy"])
def test_units_and_offsets_of_a_pcapngs_interfaces_are_honoured(tmp_path, mode, order):
    """Of each interface its own: microseconds where it says nothing, nanoseconds, powers of two; and an offset."""
    interfaces = [{}, {9: b"\x09"}, {9: b"\x8a"}, {9: b"\x06", 14: struct.pack(f"{order}q", 1_000_000_000)}]
    packets = [(0, 1_700_000_000_000_001, b"a" * 60), (1, 1_700_000_000_000_000_003, b"b" * 60)]
    packets += [(2, 1_700_000_000 * 1024 + 512, b"c" * 60), (3, 700_000_000_000_005, b"d" * 60)]
    write_pcapng(tmp_path / "in.pcapng", interfaces, packets, order=order)
    run_well("in.pcapng", "--to", "out.pcapng", "--to", "out.pcap", "--mode", mode, cwd=tmp_path)
    seconds = 1_700_000_000 * 10**9
    for name in ("out.pcapng", "out.pcap"):
        capture = read_capture(tmp_path / name)
        assert capture.times_ns == [seconds + 1000, seconds + 3, seconds + 500_000_000, seconds + 5000]
        assert [data for data, _ in capture.frames] == [data for _, _, data in packets]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("length", [0, 2, 4])
def test_the_length_of_the_check_sequence_goes_through(tmp_path, order, length):
    """From a pcapng to both formats, and from these to both again; filters work as on frames without."""
    options = {2: b"eth0", 13: bytes([length])} if length else {2: b"eth0"}
    write_pcapng(tmp_path / "in.pcapng", [options], [(0, 1, b"\xff" * 64)], order=order)
    for source in ("in.pcapng", "a.pcap", "a.pcapng"):
        names = ["a.pcap", "a.pcapng"] if source == "in.pcapng" else [f"{source}.b.pcap", f"{source}.b.pcapng"]
        run_well(source, "--to", names[0], "--to", names[1], "--filter", "ether broadcast", cwd=tmp_path)
        for name in names:
            capture = read_capture(tmp_path / name)
            assert (capture.link_type, capture.fcs_length, len(capture.frames)) == (1, length, 1)


def _show(path):
    """What tcpdump says of each frame, or that it takes the file for broken."""
    done = subprocess.run(["tcpdump", "-enr", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("mode", ["share", "copy"])
def test_frames_beyond_the_usual_limit_can_be_read_by_tcpdump_and_again(tmp_path, mode):
    """In a pcapng they are whole, and its header says so; in a pcap, where they cannot be, they are cut."""
    frames = [bytes(60), bytes(262_144), os.urandom(300_000), bytes(60)]
    packets = [(0, number, frame) for number, frame in enumerate(frames)]
    write_pcapng(tmp_path / "in.pcapng", [{}], packets, snaplen=300_000)
    run_well("in.pcapng", "--to", "a.pcapng", "--to", "a.pcap", "--mode", mode, cwd=tmp_path)
    run_well("a.pcapng", "--to", "b.pcapng", cwd=tmp_path)
    run_well("a.pcap", "--to", "c.pcapng", cwd=tmp_path)
    for name in ("a.pcapng", "b.pcapng"):
        assert read_capture(tmp_path / name).frames == [(frame, len(frame)) for frame in frames]
        assert read_capture(tmp_path / name).snaplen == 300_000
    for name in ("a.pcap", "c.pcapng"):
        assert read_capture(tmp_path / name).frames == [(frame[:262_144], len(frame)) for frame in frames]
        assert len(_show(tmp_path / name)) >= 4
    assert len(_show(tmp_path / "a.pcapng")) >= 4


def test_a_pcap_of_a_kind_with_longer_frames_promises_them(tmp_path):
    """USB: libpcap would cut what is longer than its header says."""
    expected = write_capture(tmp_path / "in.pcap", [bytes(60), bytes(1_000_000)], link_type=249)
    run_well("in.pcap", "--to", "out.pcap", cwd=tmp_path)
    assert read_capture(tmp_path / "out.pcap") == expected
    assert read_capture(tmp_path / "out.pcap").snaplen >= 1_000_000


def test_a_stream_in_a_file_of_other_things_leaves_these_alone(tmp_path):
    """The header that is corrected is where the stream began; what is appended to is not corrected at all."""
    write_pcapng(tmp_path / "in.pcapng", [{}], [(0, 1, bytes(300_000))], snaplen=300_000)
    for mode in ("r+b", "ab"):
        (tmp_path / "out").write_bytes(b"before" * 20)
        with (tmp_path / "out").open(mode) as file:
            file.seek(0, os.SEEK_END)
            assert run("in.pcapng", "--to", "-", cwd=tmp_path, capture_output=False, stdout=file).returncode == 0
        data = (tmp_path / "out").read_bytes()
        assert data[:120] == b"before" * 20
        (tmp_path / "out.pcapng").write_bytes(data[120:])
        assert read_capture(tmp_path / "out.pcapng").snaplen == (300_000 if mode == "r+b" else 262_144)


def test_a_live_source_has_the_times_of_mirroring_anyway(tmp_path):
    done = run("net_null0", "--packets", 3, "--to", tmp_path / "out.pcapng", "--stamp")
    assert done.returncode == 0
    assert b"--stamp is for replays" in done.stderr


def test_a_filter_that_is_wrong_is_told_with_the_users_names(tmp_path):
    write_capture(tmp_path / "in.pcap", some_frames(3))
    done = run("in.pcap", "--to", "out.pcapng", "--filter", "udp prt 53", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(b'dpdk-mirror: register mirror in.pcap -> out.pcapng (both): filter "udp prt 53": ')
