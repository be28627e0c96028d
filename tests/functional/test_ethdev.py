# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ports: set-up, frames in and out, and what is refused. A net_ring port receives what it sends, queue by queue."""

import errno
import logging
import threading

import pytest

from dpdk_mirror.errors import (
    ClosedError,
    ConflictError,
    InvalidConfigError,
    NotFoundError,
    OutOfMemoryError,
    UnsupportedError,
)
from dpdk_mirror.forwarder import Forwarder
from dpdk_mirror.mirror import Mirror

RING_ROOM = 1023  # packets that a net_ring queue holds


class Wrapped:
    """A frame as packet libraries have them."""

    def __init__(self, data):
        self.data = data

    def __bytes__(self):
        return self.data


def test_a_port_tells_what_it_is(dpdk_port):
    """Driver, MAC, limits, capabilities and link are the driver's own."""
    port = dpdk_port("what")
    assert port.driver == "net_ring"
    assert port.mac == "00:00:00:00:00:00"
    assert (port.max_rx_queues, port.max_tx_queues) == (16, 16)
    assert port.rx_capabilities == {"SCATTER"}
    assert port.tx_capabilities == {"MULTI_SEGS"}
    assert (port.link.up, port.link.speed_mbps, port.link.full_duplex) == (True, 10000, True)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 65, 257, RING_ROOM])
def test_a_burst_of_any_size_comes_back_in_order(dpdk_port, dpdk_frames, count):
    """One send is one burst, and so is one receive with a limit."""
    port, frames = dpdk_port("bursts"), dpdk_frames(count)
    assert port.send(frames) == count
    assert port.receive(limit=count) == frames
    assert port.receive(limit=1) == []


@pytest.mark.parametrize("size", [1, 13, 2048, 2049, 4096, 9018, 65535, 65536, 200_001])
def test_a_frame_of_any_length_comes_back_whole(dpdk_port, dpdk_frames, size):
    """Frames longer than a buffer are chains of buffers."""
    port, frames = dpdk_port("lengths"), dpdk_frames(3, size=size)
    assert {len(frame) for frame in frames} == {size}
    assert port.send(frames) == 3
    assert port.receive() == frames


def test_receive_takes_no_more_than_its_limit(dpdk_port, dpdk_frames):
    port, frames = dpdk_port("limit"), dpdk_frames(100)
    port.send(frames)
    assert port.receive(limit=7) == frames[:7]
    assert port.receive() == frames[7:]


def test_frames_may_be_anything_with_bytes(dpdk_port):
    """bytes, bytearray, memoryview and objects with __bytes__ are frames; an iterator of them is a burst."""
    port = dpdk_port("kinds")
    kinds = (b"bytes", bytearray(b"bytearray"), memoryview(b"--memory--")[2:8], Wrapped(b"wrapped"))
    assert port.send(iter(kinds)) == 4
    assert port.receive() == [b"bytes", b"bytearray", b"memory", b"wrapped"]


@pytest.mark.parametrize("frames", [b"frame", [5], ["text"], [None], 7])
def test_what_is_no_frame_is_a_type_error(dpdk_port, frames):
    """A bare bytes object is a series of ints, no burst."""
    port = dpdk_port("types")
    with pytest.raises(TypeError):
        port.send(frames)
    assert port.receive() == []


def test_what_the_port_does_not_take_is_freed_and_reported(dpdk_port, dpdk_pool, dpdk_frames):
    """send() returns how many were taken: the first ones."""
    port, frames = dpdk_port("room"), dpdk_frames(RING_ROOM + 77)
    assert port.send(frames) == RING_ROOM
    assert dpdk_pool.in_use == RING_ROOM
    assert port.receive() == frames[:RING_ROOM]


def test_a_burst_of_nothing_is_nothing(dpdk_port):
    assert dpdk_port("nothing").send([]) == 0


@pytest.mark.parametrize(
    ("frames", "error", "number", "reason"),
    [
        ([b"good", b""], InvalidConfigError, errno.EINVAL, "frame 1 is empty"),
        ([b"good", bytes(9_000_000)], InvalidConfigError, errno.ERANGE, "one of 9000000 bytes is more than 4095"),
        ([b"x"] * 65536, InvalidConfigError, errno.ERANGE, "a burst has at most 65535"),
        ([bytes(60)] * 5000, OutOfMemoryError, errno.ENOMEM, "too few free buffers"),
        ([b"good", bytes(2048 * 4095)], OutOfMemoryError, errno.ENOMEM, "too few free buffers"),
    ],
)
def test_a_burst_that_cannot_be_made_is_refused_whole(dpdk_port, dpdk_pool, frames, error, number, reason):
    """The error says why, nothing is sent and no buffer is lost."""
    port = dpdk_port("whole")
    with pytest.raises(error, match=reason) as caught:
        port.send(frames)
    assert caught.value.errno == number
    assert "port net_ring_whole" in str(caught.value)
    assert port.receive() == []
    assert dpdk_pool.in_use == 0


def test_without_multi_segs_a_frame_must_fit_one_buffer(dpdk_port):
    """A driver that was not told of chains may cut them."""
    port = dpdk_port("single", multi_segs=False)
    assert port.send([bytes(2048)]) == 1
    with pytest.raises(UnsupportedError, match="MULTI_SEGS is off") as caught:
        port.send([bytes(2049)])
    assert caught.value.errno == errno.ENOTSUP
    assert port.receive() == [bytes(2048)]


def test_each_queue_is_its_own(dpdk_port):
    """What is sent on a tx queue of a net_ring comes on the rx queue of that number alone."""
    port = dpdk_port("queues", rx_queues=4, tx_queues=4)
    for queue in range(4):
        port.send([bytes([queue])] * (queue + 1), queue=queue)
    for queue in range(4):
        assert port.receive(queue=queue) == [bytes([queue])] * (queue + 1)


@pytest.mark.parametrize("queue", [-1, 2, 65536])
def test_a_queue_that_is_not_there_is_refused(dpdk_port, queue):
    port = dpdk_port("two", rx_queues=2, tx_queues=2)
    for use in (lambda: port.send([b"frame"], queue=queue), lambda: port.receive(queue=queue)):
        with pytest.raises(InvalidConfigError, match="of port net_ring_two: it has 2") as caught:
            use()
        assert caught.value.errno == errno.ERANGE


@pytest.mark.parametrize("limit", [0, -1, 65536])
def test_a_limit_that_is_no_burst_is_refused(dpdk_port, limit):
    with pytest.raises(InvalidConfigError, match="not within 1 to 65535"):
        dpdk_port("limits").receive(limit=limit)


def test_a_port_that_is_not_started_neither_sends_nor_receives(dpdk_port):
    port = dpdk_port("idle", start=False)
    for use in (lambda: port.send([b"frame"]), port.receive):
        with pytest.raises(ConflictError, match="port net_ring_idle: it is not started") as caught:
            use()
        assert caught.value.errno == errno.ENETDOWN


def test_threads_may_send_on_one_queue_at_once(dpdk_port, dpdk_frames):
    """The port keeps them apart: as many frames come back as were taken."""
    port, frames, taken = dpdk_port("threads"), dpdk_frames(10), []

    def send():
        taken.extend(port.send(frames) for _ in range(20))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received = port.receive()
    assert sum(taken) == len(received) == 800
    assert sorted(received) == sorted(frames * 80)


def test_counters_are_the_drivers(dpdk_port, dpdk_frames):
    """stats() has ethdev's common counters, xstats() the driver's by name."""
    port = dpdk_port("counters")
    port.send(dpdk_frames(33))
    port.receive(limit=32)
    assert (port.stats().tx_packets, port.stats().rx_packets) == (33, 32)
    assert (port.xstats()["tx_good_packets"], port.xstats()["rx_good_packets"]) == (33, 32)


def test_a_port_can_be_started_again_otherwise(dpdk_port, dpdk_pool, dpdk_frames):
    """stop() and start() change the queues; a stop of a stopped port does nothing."""
    port, frames = dpdk_port("again"), dpdk_frames(5)
    with pytest.raises(ConflictError, match="it is started"):
        port.start(dpdk_pool)
    port.stop()
    port.stop()
    assert not port.started
    port.start(dpdk_pool, rx_queues=8, tx_queues=8)
    assert (port.started, port.rx_queues, port.tx_queues) == (True, 8, 8)
    port.send(frames, queue=7)
    assert port.receive(queue=7) == frames


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"rx_queues": 0, "tx_queues": 0}, InvalidConfigError, "no queue"),
        ({"rx_queues": -1}, InvalidConfigError, "rx_queues=-1"),
        ({"rx_queues": 17}, InvalidConfigError, "start port net_ring_odd with 17 rx and 1 tx queues"),
        ({"tx_offloads": ("NO_SUCH",)}, UnsupportedError, "tx offload NO_SUCH: .* it has MULTI_SEGS"),
        ({"rx_offloads": ("VLAN_STRIP",)}, UnsupportedError, "rx offload VLAN_STRIP: .* it has SCATTER"),
        ({"rx_queues": "2"}, TypeError, "rx_queues must be an int, not str"),
        ({"queues": 2}, TypeError, "queues"),
    ],
)
def test_a_set_up_that_cannot_be_is_refused(dpdk_port, dpdk_pool, options, error, reason):
    """The port stays stopped and can be started properly."""
    port = dpdk_port("odd", start=False)
    with pytest.raises(error, match=reason):
        port.start(dpdk_pool, **options)
    assert not port.started
    port.start(dpdk_pool).send([b"frame"])
    assert port.receive() == [b"frame"]


def test_a_port_without_rx_queues_sends(dpdk_port, dpdk_pool):
    """Targets need none. Close frees what waits where nobody can receive it."""
    port = dpdk_port("deaf", rx_queues=0, tx_queues=3)
    assert port.send([b"frame"] * 9, queue=2) == 9
    assert dpdk_pool.in_use == 9
    port.close()
    assert dpdk_pool.in_use == 0


def test_net_null_gives_frames_for_ever(dpdk_port):
    """So receive() has a limit there."""
    port = dpdk_port("null", driver="net_null", args="size=100")
    assert port.receive(limit=33) == [bytes(100)] * 33
    assert port.send([b"frame"] * 5) == 5


def test_a_closed_port_is_not_used(dpdk_port, dpdk_pool):
    """It is a named error before any C call; closing twice is fine."""
    port = dpdk_port("closed")
    port.close()
    port.close()
    assert port.closed
    uses = [
        lambda: port.id,
        lambda: port.driver,
        lambda: port.mac,
        lambda: port.link,
        lambda: port.max_rx_queues,
        lambda: port.tx_capabilities,
        lambda: port.start(dpdk_pool),
        port.stop,
        port.stats,
        port.xstats,
        port.receive,
        lambda: port.send([b"frame"]),
    ]
    for use in uses:
        with pytest.raises(ClosedError, match="port net_ring_closed: it is closed"):
            use()


def test_a_port_that_does_not_exist_is_not_found(dpdk_eal):
    with pytest.raises(NotFoundError, match="nowhere"):
        dpdk_eal.port("nowhere")


def test_a_net_ring_can_be_made_again_under_its_name(dpdk_eal, dpdk_pool, caplog):
    """The driver would leave the rings of unused queues behind, and what waits on them, and stumble over them later."""
    dpdk_eal.drain_log()
    caplog.clear()
    for _ in range(3):
        port = dpdk_eal.plug("net_ring_phoenix").start(dpdk_pool, rx_queues=1, tx_queues=2)
        assert port.receive() == []
        port.send([b"frame"] * 3)
        port.send([b"frame"] * 4, queue=1)
        dpdk_eal.unplug(port)
        assert dpdk_pool.in_use == 0
    dpdk_eal.drain_log()
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_stop_is_refused_while_c_threads_use_the_port(dpdk_port):
    """A poller inside a port that stops crashes: forwarders, and mirrors that send there, go first."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target), pytest.raises(ConflictError, match="mirror net_ring_source -> net_ring_target"):
        target.stop()
    with Forwarder(source, target):
        for port in (source, target):
            with pytest.raises(ConflictError, match="forward net_ring_source -> net_ring_target"):
                port.stop()
    target.stop()
    source.stop()


def test_close_ends_what_uses_the_port(dpdk_port):
    """Mirrors on it, mirrors to it, and forwarders."""
    a, b, c = dpdk_port("a"), dpdk_port("b"), dpdk_port("c")
    to_b, from_b, forwarder = Mirror(a, b), Mirror(b, c), Forwarder(b, a).start()
    b.close()
    assert to_b.closed
    assert from_b.closed
    assert not forwarder.running
    a.stop()
    c.stop()
