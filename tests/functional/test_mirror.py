# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors: each frame once, in order, whole; the application keeps its burst; every counter adds up.

A net_ring port receives what it sends: the application of these tests sends on the source, then receives from it.
"""

from dataclasses import astuple

import pytest

from dpdk_mirror.forwarder import Forwarder
from dpdk_mirror.mirror import Mirror
from dpdk_mirror.spec import Direction

RING_ROOM = 1023  # packets that a net_ring queue holds


def adds_up(stats):
    """Whether every packet seen is accounted for."""
    return stats.seen == sum(astuple(stats)) - stats.seen - stats.bytes


def total(frames):
    return sum(map(len, frames))


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 65, 257])
def test_rx_mirror_delivers_each_frame_once(dpdk_port, dpdk_frames, count):
    """The application keeps its burst; the target gets each frame once, in order."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(count)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        source.send(frames)
        assert source.receive(limit=count) == frames
        assert target.receive() == frames
        assert mirror.stats().seen == mirror.stats().packets == count
        assert mirror.stats().bytes == total(frames)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 65, 257])
def test_tx_mirror_delivers_each_frame_once(dpdk_port, dpdk_frames, count):
    """What is sent is mirrored as it is sent, before anybody receives it."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(count)
    with Mirror(source, target, direction=Direction.TX) as mirror:
        assert source.send(frames) == count
        assert target.receive() == frames
        assert source.receive() == frames
        assert mirror.stats().seen == mirror.stats().packets == count
        assert mirror.stats().bytes == total(frames)


def test_both_directions_are_seen_in_their_order(dpdk_port, dpdk_frames):
    """A frame that the source sends and receives is mirrored twice: sent, then received."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(50)
    with Mirror(source, target) as mirror:
        source.send(frames)
        source.receive()
        assert target.receive() == frames * 2
        assert mirror.stats().packets == 100


@pytest.mark.parametrize("size", [9018, 65535, 65536])
def test_frames_of_many_segments_arrive_whole(dpdk_port, dpdk_frames, size):
    """Chains are shared segment by segment."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(10, size=size)
    with Mirror(source, target) as mirror:
        source.send(frames)
        assert source.receive() == frames
        assert target.receive() == frames * 2
        assert mirror.stats().bytes == 20 * size


def test_sharing_takes_no_buffers(dpdk_port, dpdk_pool, dpdk_frames):
    """Zero copy: a frame that waits in the source and in the target is in one and the same buffers."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.TX):
        source.send(dpdk_frames(100, size=5000))
        assert dpdk_pool.in_use == 300
        target.receive()
        assert dpdk_pool.in_use == 300
        source.receive()
        assert dpdk_pool.in_use == 0


def test_nothing_is_mirrored_before_and_after(dpdk_port, dpdk_frames):
    """A mirror begins when it is made and ends when it is closed."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(9)
    source.send(frames[:3])
    with Mirror(source, target, direction=Direction.TX):
        source.send(frames[3:6])
    source.send(frames[6:])
    assert source.receive() == frames
    assert target.receive() == frames[3:6]


@pytest.mark.parametrize("target_queues", [1, 2, 4, 8])
def test_every_queue_of_the_source_is_mirrored(dpdk_port, dpdk_frames, target_queues):
    """Whether or not the target has a queue for each; the order within a queue stays."""
    source = dpdk_port("source", rx_queues=4, tx_queues=4)
    target = dpdk_port("target", rx_queues=target_queues, tx_queues=target_queues)
    frames = dpdk_frames(40)
    with Mirror(source, target) as mirror:
        for queue in range(4):
            source.send(frames[queue * 10 : queue * 10 + 10], queue=queue)
            assert source.receive(queue=queue) == frames[queue * 10 : queue * 10 + 10]
        got = [frame for queue in range(target_queues) for frame in target.receive(queue=queue)]
        assert sorted(got) == sorted(frames * 2)
        assert mirror.stats().packets == 80
        assert (mirror.info().rx_queues, mirror.info().tx_queues) == (4, 4)


def test_a_mirror_keeps_to_its_window_of_target_queues(dpdk_port, dpdk_frames):
    """Queues outside of it are the application's own."""
    source = dpdk_port("source", rx_queues=2, tx_queues=2)
    target = dpdk_port("target", rx_queues=4, tx_queues=4)
    frames = dpdk_frames(10)
    with Mirror(source, target, target_queue=1, nb_target_queues=2) as mirror:
        assert (mirror.info().target_queue, mirror.info().nb_target_queues) == (1, 2)
        for queue in range(2):
            source.send(frames, queue=queue)
            source.receive(queue=queue)
        target.send([b"own"], queue=0)
        target.send([b"own"], queue=3)
        assert target.receive(queue=0) == target.receive(queue=3) == [b"own"]
        assert sorted(target.receive(queue=1) + target.receive(queue=2)) == sorted(frames * 4)


def test_several_mirrors_on_one_source_all_get_all(dpdk_port, dpdk_pool, dpdk_frames):
    """Each has counters of its own; closing one leaves the others alone."""
    source = dpdk_port("source")
    targets = [dpdk_port(f"target{i}") for i in range(4)]
    frames = dpdk_frames(65, size=3000)
    mirrors = [Mirror(source, target, direction=Direction.RX) for target in targets]
    source.send(frames)
    assert source.receive() == frames
    assert [target.receive() for target in targets] == [frames] * 4
    mirrors[1].close()
    source.send(frames)
    source.receive()
    assert [target.receive() for target in targets] == [frames, [], frames, frames]
    assert [mirror.stats().packets for mirror in (mirrors[0], *mirrors[2:])] == [130] * 3
    for mirror in mirrors:
        mirror.close()
    assert dpdk_pool.in_use == 0


def test_several_sources_share_a_target_with_fewer_queues(dpdk_port, dpdk_frames):
    """Three sources, two queues each, both directions, onto two queues."""
    sources = [dpdk_port(f"source{i}", rx_queues=2, tx_queues=2) for i in range(3)]
    target = dpdk_port("target", rx_queues=2, tx_queues=2)
    frames = dpdk_frames(60)
    mirrors = [Mirror(source, target) for source in sources]
    for i, source in enumerate(sources):
        for queue in range(2):
            part = frames[i * 20 + queue * 10 : i * 20 + queue * 10 + 10]
            source.send(part, queue=queue)
            assert source.receive(queue=queue) == part
    assert sorted(target.receive(queue=0) + target.receive(queue=1)) == sorted(frames * 2)
    assert [mirror.stats().packets for mirror in mirrors] == [40, 40, 40]


def test_a_full_target_is_counted_and_the_application_loses_nothing(dpdk_port, dpdk_pool, dpdk_frames):
    """What the target refuses is given back; it keeps what came first."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(RING_ROOM + 500)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        for part in (frames[:800], frames[800:]):
            assert source.send(part) == len(part)
            assert source.receive() == part
        stats = mirror.stats()
        assert (stats.seen, stats.packets, stats.full) == (RING_ROOM + 500, RING_ROOM, 500)
        assert stats.bytes == total(frames[:RING_ROOM])
        assert dpdk_pool.in_use == RING_ROOM
        assert target.receive() == frames[:RING_ROOM]


def test_a_target_that_frees_at_once_leaves_the_applications_packets_alone(dpdk_port, dpdk_frames):
    """net_null drops its reference inside tx_burst."""
    source, target = dpdk_port("source"), dpdk_port("target", driver="net_null")
    frames = dpdk_frames(257)
    with Mirror(source, target) as mirror:
        source.send(frames)
        assert source.receive() == frames
        assert mirror.stats().packets == 514


def test_a_source_that_makes_its_own_packets_is_mirrored(dpdk_port):
    """net_null's frames come from rx_burst alone."""
    source, target = dpdk_port("source", driver="net_null", args="size=77"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX):
        assert source.receive(limit=33) == [bytes(77)] * 33
        assert target.receive() == [bytes(77)] * 33


def test_mirrors_may_come_and_go_under_traffic(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """The frames circle for ever through one worker while another drains the target: none is lost, none leaks."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(500)
    source.send(frames)
    with Forwarder(source, source, workers=1), Forwarder(target, workers=1) as drain:
        for number in range(200):
            with Mirror(source, target) as mirror:
                if number % 20 == 0:
                    wait_until(lambda mirror=mirror: mirror.stats().packets > 1000)
            assert mirror.closed
        wait_until(lambda: drain.stats().idle_s > 0.02)
        assert drain.stats().forth.rx_packets > 10_000
    assert sorted(source.receive()) == sorted(frames)
    assert dpdk_pool.in_use == 0


def test_every_packet_under_traffic_is_accounted_for(dpdk_port, dpdk_frames, wait_until):
    """What the mirror says that the target took is what the target gives."""
    source, target = dpdk_port("source", rx_queues=2, tx_queues=2), dpdk_port("target")
    for queue in range(2):
        source.send(dpdk_frames(300), queue=queue)
    with Mirror(source, target) as mirror:
        with Forwarder(source, source, workers=1), Forwarder(target, workers=1) as drain:
            wait_until(lambda: mirror.stats().packets > 100_000)
        stats = mirror.stats()
        left = target.receive()
        assert adds_up(stats)
        assert stats.packets == drain.stats().forth.rx_packets + len(left)
        assert stats.bytes == drain.stats().forth.rx_bytes + total(left)


def test_pollers_that_share_a_target_queue_take_turns(dpdk_port, dpdk_frames):
    """Two sources, each with a thread of its own, onto one queue: what it takes is what comes out."""
    sources = [dpdk_port(f"source{i}") for i in range(2)]
    target, got = dpdk_port("target"), 0
    for source in sources:
        source.send(dpdk_frames(200))
    with Mirror(sources[0], target) as first, Mirror(sources[1], target) as second:
        with Forwarder(sources[0], sources[0], workers=1), Forwarder(sources[1], sources[1], workers=1):
            while min(first.stats().packets, second.stats().packets) < 100_000:
                got += len(target.receive(limit=32))
        got += len(target.receive())
        assert got == first.stats().packets + second.stats().packets
    assert [sorted(source.receive()) for source in sources] == [sorted(dpdk_frames(200))] * 2
