# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Captures as ports, in process."""

import errno
import textwrap
import time

import pytest
from captures import ETHERNET, Capture, read_capture, some_frames, write_capture

import dpdk_mirror
from dpdk_mirror.capture import CaptureFormat, CaptureInterface, CaptureReader, CaptureWriter, RingPort
from dpdk_mirror.errors import ClosedError, ConflictError, MirrorError
from dpdk_mirror.forwarder import Forwarder
from dpdk_mirror.mirror import Mirror
from dpdk_mirror.spec import Direction, Mode

SMALL = 63  # mbufs
LATE_NS = 20_000_000
SLACK_NS = 1_000_000  # by which two clocks may differ


@pytest.fixture
def small_pool(dpdk_eal):
    """So small that a replay has to wait for it all the time; nothing of it may be left behind."""
    with dpdk_eal.mempool("small", size=SMALL) as pool:
        yield pool
        assert pool.available == SMALL


def test_a_format_goes_by_the_path_s_ending():
    assert [CaptureFormat.of(path) for path in ("x.pcap", "x.CAP", "x.pcapng", "/dev/null")] == [1, 1, 0, 0]


def test_the_writers_own_example_writes_a_capture(dpdk_eal, dpdk_port, dpdk_pool, dpdk_frames, tmp_path, monkeypatch):
    """With nothing but what the package itself offers."""
    source, frames = dpdk_port("source"), dpdk_frames(33)
    example = textwrap.dedent(CaptureWriter.__doc__.partition("::\n")[2]).replace("...  #", "flow()  #")
    monkeypatch.chdir(tmp_path)

    def flow():
        source.send(frames)
        assert source.receive() == frames

    names = {"source": source, "eal": dpdk_eal, "pool": dpdk_pool, "flow": flow}
    exec(example, {name: getattr(dpdk_mirror, name) for name in dpdk_mirror.__all__} | names)
    capture = read_capture(tmp_path / "out.pcapng")
    # What was received and what was sent, each mirrored once.
    assert sorted(frame for frame, *_ in capture.frames) == sorted(frames * 2)
    assert [(each.received, each.accepted) for each in capture.statistics] == [(66, 66)]


@pytest.mark.parametrize(("direction", "said"), [(Direction.TX, "tx"), (Direction.BOTH, ""), (None, "")])
def test_frames_that_do_not_say_their_direction_have_their_interfaces(dpdk_eal, small_pool, tmp_path, direction, said):
    """And a name of any length and characters."""
    interface = CaptureInterface("\N{DUCK}" * 100, "a\0b", direction)
    writer = CaptureWriter(tmp_path / "out.pcapng", interface=interface)
    with writer, writer.open_port(dpdk_eal, small_pool, size=SMALL) as port:
        writer.start()
        assert port.send([b"one"]) == 1
        writer.finish()
        writer.commit()
    capture = read_capture(tmp_path / "out.pcapng")
    assert (capture.interface, capture.description) == ("\N{DUCK}" * 63, "a b")
    assert capture.directions == [said]


def test_a_replay_waits_for_its_pool(dpdk_eal, small_pool, tmp_path, wait_until):
    """3000 frames of up to 12 mbufs each pass 63 mbufs, into a sink and a target, and none is lost."""
    frames = [frame * (number % 17 + 1) for number, frame in enumerate(some_frames(3000, longest=1400))]
    expected = write_capture(tmp_path / "in.pcap", frames)
    reader, sink = CaptureReader(tmp_path / "in.pcap"), CaptureWriter(tmp_path / "a.pcap")
    with reader, sink, CaptureWriter(tmp_path / "b.pcapng") as target:
        ports = [reader.open_port(dpdk_eal, small_pool)]
        ports += [writer.open_port(dpdk_eal, small_pool, size=SMALL) for writer in (sink, target)]
        with Mirror(ports[0], ports[2]) as mirror, Forwarder(*ports[:2]) as forwarder:
            for writer in (sink, target):
                writer.start(reader.link_type)
            reader.start(small_pool)
            wait_until(lambda: reader.ended and forwarder.stats().forth.tx_packets == reader.stats.frames, timeout_s=60)
            forwarder.stop()
            assert mirror.stats().packets == forwarder.stats().forth.tx_packets == 3000
        for writer in (sink, target):
            writer.finish()
            writer.commit()
            assert writer.stats == reader.stats
        for port in ports:
            port.close()
    assert read_capture(tmp_path / "a.pcap") == read_capture(tmp_path / "b.pcapng") == expected


def test_a_frame_that_the_pool_cannot_hold_ends_the_replay(dpdk_eal, small_pool, tmp_path, wait_until):
    """Rather than to wait for ever."""
    write_capture(tmp_path / "in.pcap", [b"fits" * 20, bytes(2048 * (SMALL // 4 + 1))])
    with CaptureReader(tmp_path / "in.pcap") as reader:
        port = reader.open_port(dpdk_eal, small_pool)
        reader.start(small_pool)
        wait_until(lambda: reader.ended)
        assert reader.error.errno == errno.EMSGSIZE
        assert "after 1 frames: a frame of 32768 bytes takes 16 of the pool's 63 mbufs" in str(reader.error)
        assert port.receive() == [b"fits" * 20]
        port.close()


def test_frames_of_a_driver_do_not_inherit_a_replay_s_original_lengths(dpdk_eal, small_pool, tmp_path, wait_until):
    """The mbufs are the same: those of cut frames are used again for whole ones."""
    write_capture(tmp_path / "in.pcap", [(b"cut off", 1000)] * SMALL)
    with CaptureReader(tmp_path / "in.pcap") as reader, reader.open_port(dpdk_eal, small_pool) as port:
        reader.start(small_pool)
        wait_until(lambda: port.waiting == SMALL)
        assert port.receive() == [b"cut off"] * SMALL
    with CaptureWriter(tmp_path / "out.pcap") as writer, writer.open_port(dpdk_eal, small_pool, size=SMALL) as port:
        writer.start()
        assert port.send([b"whole"] * SMALL) == SMALL
        writer.finish()
        writer.commit()
    assert read_capture(tmp_path / "out.pcap") == Capture(ETHERNET, [(b"whole", 5)] * SMALL)


@pytest.fixture
def captured(dpdk_eal, dpdk_port, tmp_path, wait_until):
    """``captured(suffix, frames, **mirror options)``: what a writer that begins 20 ms late has of them, and when."""

    def run(suffix, frames, **options):
        pool = dpdk_eal.mempool("late", size=4095)
        source = dpdk_port("source")
        writer = CaptureWriter(tmp_path / f"out.{suffix}")
        with writer, writer.open_port(dpdk_eal, pool, size=4095) as port, Mirror(source, port, **options):
            before = time.time_ns()
            source.send(frames)
            assert source.receive() == frames
            after = time.time_ns()
            wait_until(lambda: time.time_ns() > after + LATE_NS)
            writer.start()
            writer.finish()
            writer.commit()
        pool.close()
        return read_capture(tmp_path / f"out.{suffix}"), before, after

    return run


@pytest.mark.parametrize("mode", [Mode.SPLIT, Mode.COPY])
@pytest.mark.parametrize("suffix", ["pcapng", "pcap"])
def test_packets_that_say_where_they_come_from_are_written_with_that(captured, dpdk_frames, suffix, mode):
    """When they were mirrored, how long they were, and in a pcapng which way they went: sent, then received."""
    frames = [*dpdk_frames(100), *dpdk_frames(3, size=9000)]
    capture, before, after = captured(suffix, frames, mode=mode, snaplen=70, origin=True)
    assert capture.frames == [(frame[:70], len(frame)) for frame in frames] * 2
    assert capture.directions == (["tx"] * 103 + ["rx"] * 103 if suffix == "pcapng" else [])
    assert capture.times_ns == sorted(capture.times_ns)
    assert before - SLACK_NS < capture.times_ns[0] <= capture.times_ns[-1] < after + SLACK_NS


@pytest.mark.parametrize("mode", [Mode.SHARE, Mode.COPY])
def test_packets_that_do_not_say_have_the_time_of_writing(captured, dpdk_frames, mode):
    """And the length that they have, and no direction."""
    capture, _, after = captured("pcapng", dpdk_frames(50), mode=mode, snaplen=60)
    assert capture.frames == [(frame[:60], 60) for frame in dpdk_frames(50)] * 2
    assert capture.directions == [""] * 100
    assert capture.times_ns[0] > after + LATE_NS


def test_times_do_not_go_back_where_mirrors_take_turns(
    dpdk_eal, dpdk_port, dpdk_pool, dpdk_frames, tmp_path, wait_until
):
    """Of two sources, the one that was mirrored first may come second from the ring."""
    sources, frames = [dpdk_port("one"), dpdk_port("two")], dpdk_frames(10)
    writer, options = CaptureWriter(tmp_path / "out.pcapng"), {"direction": Direction.TX, "mode": Mode.COPY}
    with (
        writer,
        RingPort(dpdk_eal, 64).start(dpdk_pool) as late,
        writer.open_port(dpdk_eal, dpdk_pool, size=64) as port,
    ):
        with Mirror(sources[0], late, **options, origin=True), Mirror(sources[1], port, **options, origin=True):
            sources[0].send(frames)
            sources[1].send(frames)
        with Forwarder(late, port) as forwarder:
            wait_until(lambda: forwarder.stats().forth.tx_packets == 10)
        writer.start()
        writer.finish()
        writer.commit()
    for source in sources:
        assert source.receive() == frames
    times = read_capture(tmp_path / "out.pcapng").times_ns
    assert times[10:] == [times[9]] * 10
    assert times == sorted(times)


def test_closing_gives_back_what_is_under_way(dpdk_eal, small_pool, tmp_path):
    """A reader that waits for mbufs and packets that nobody has taken: small_pool's teardown counts."""
    write_capture(tmp_path / "in.pcap", some_frames(500))
    with CaptureReader(tmp_path / "in.pcap") as reader:
        port = reader.open_port(dpdk_eal, small_pool)
        reader.start(small_pool)
        port.close()
        assert port.closed
        with pytest.raises(ClosedError):
            reader.start(small_pool)


def test_a_ring_port_refuses_what_it_has_no_room_for(dpdk_eal, small_pool):
    with RingPort(dpdk_eal, 16, tx_queues=2) as port:
        port.start(small_pool, tx_queues=2)
        assert port.send([b"one"] * 10, queue=1) == 10
        assert port.send([b"two"] * 10, queue=0) == 6
        assert port.waiting == 16
        assert port.receive() == [b"one"] * 10 + [b"two"] * 6


def test_a_discarded_capture_leaves_nothing_and_a_closed_one_its_part(tmp_path):
    for action, left in (("discard", []), ("close", ["x.pcap.part"])):
        with CaptureWriter(tmp_path / "x.pcap") as writer:
            getattr(writer, action)()
        assert [path.name for path in tmp_path.iterdir()] == left


def test_a_capture_has_one_port_and_needs_it(dpdk_eal, small_pool, tmp_path):
    with CaptureWriter(tmp_path / "x.pcap") as writer:
        with pytest.raises(ConflictError, match="has no port"):
            writer.start()
        port = writer.open_port(dpdk_eal, small_pool, size=SMALL)
        with pytest.raises(ConflictError, match="it has one"):
            writer.open_port(dpdk_eal, small_pool, size=SMALL)
        port.close()
    with pytest.raises(MirrorError, match="No such file"):
        CaptureReader(tmp_path / "nix.pcap")
