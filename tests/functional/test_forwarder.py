# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Forwarding loops on EAL's workers: whose frames go where, what is counted, and who may use a queue.

A net_ring port receives what it sends: these tests send on the source to give it frames, and receive from the sink.
"""

import errno
import gc
import itertools
import threading

import pytest

from dpdk_mirror.errors import ConflictError, InvalidConfigError
from dpdk_mirror.forwarder import Forwarder, ForwardMode
from dpdk_mirror.mirror import Mirror
from dpdk_mirror.spec import Direction

RING_ROOM = 1023  # packets that a net_ring queue holds


def total(frames):
    return sum(map(len, frames))


def test_frames_go_from_source_to_sink(dpdk_port, dpdk_frames, wait_until):
    """Each once, in order, as they are; packets and bytes are counted, of any number of segments."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    frames = dpdk_frames(257) + dpdk_frames(10, size=9000)
    source.send(frames)
    with Forwarder(source, sink) as forwarder:
        wait_until(lambda: forwarder.stats().forth.tx_packets == 267)
    assert sink.receive() == frames
    stats = forwarder.stats()
    assert (stats.forth.rx_packets, stats.forth.tx_packets, stats.forth.lost) == (267, 267, 0)
    assert stats.forth.rx_bytes == stats.forth.tx_bytes == total(frames)
    assert stats.back.rx_packets == 0
    assert (stats.workers, stats.running) == (1, False)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("source_queues", "sink_queues"), [(1, 1), (4, 4), (4, 2), (3, 1), (2, 4), (5, 3)])
def test_every_queue_is_served_however_few_workers(
    dpdk_port, dpdk_frames, wait_until, source_queues, sink_queues, workers
):
    """Queue by queue, as far as the sink has as many; the order within a queue stays where several meet in one."""
    source = dpdk_port("source", rx_queues=source_queues, tx_queues=source_queues)
    sink = dpdk_port("sink", rx_queues=sink_queues, tx_queues=sink_queues)
    frames = dpdk_frames(50 * source_queues)
    for queue in range(source_queues):
        source.send(frames[queue * 50 : queue * 50 + 50], queue=queue)
    with Forwarder(source, sink, workers=workers) as forwarder:
        assert forwarder.stats().workers == min(workers, source_queues, sink_queues)
        wait_until(lambda: forwarder.stats().forth.tx_packets == len(frames))
    got = [sink.receive(queue=queue) for queue in range(sink_queues)]
    for queue in range(source_queues):
        mine = frames[queue * 50 : queue * 50 + 50]
        assert [frame for frame in got[queue % sink_queues] if frame in mine] == mine
    assert sum(map(len, got)) == len(frames)


def test_a_tx_queue_has_one_worker(dpdk_port, wait_until):
    """Two on one net_ring queue would overwrite each other's packets: what is taken is what comes out."""
    source = dpdk_port("source", driver="net_null", rx_queues=4)
    sink, got = dpdk_port("sink", rx_queues=3, tx_queues=3), 0
    with Forwarder(source, sink, workers=2) as forwarder:
        while forwarder.stats().forth.tx_packets < 30_000:
            got += sum(len(sink.receive(limit=32, queue=queue)) for queue in range(3))
    got += sum(len(sink.receive(queue=queue)) for queue in range(3))
    assert got == forwarder.stats().forth.tx_packets


def test_both_ways_go_forth_and_back(dpdk_port, dpdk_frames, wait_until):
    """Each way has its counters. What goes forth comes back here, and circles until the end."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    frames = dpdk_frames(40)
    source.send(frames)
    with Forwarder(source, sink, both_ways=True) as forwarder:
        assert forwarder.stats().workers == 2
        wait_until(lambda: forwarder.stats().back.tx_packets > 1000)
    stats = forwarder.stats()
    waiting = source.receive(), sink.receive()
    assert sorted(waiting[0] + waiting[1]) == sorted(frames)
    assert stats.forth.rx_packets - 40 == stats.back.tx_packets - len(waiting[0])
    assert stats.back.rx_packets == stats.forth.tx_packets - len(waiting[1])


def test_macswap_exchanges_the_addresses(dpdk_port, dpdk_frames, wait_until):
    """And nothing else; a frame too short to have them stays as it is."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    frames = [*dpdk_frames(33), b"thirteen byte"]
    source.send(frames)
    with Forwarder(source, sink, mode=ForwardMode.MACSWAP) as forwarder:
        wait_until(lambda: forwarder.stats().forth.tx_packets == 34)
    assert sink.receive() == [*(frame[6:12] + frame[:6] + frame[12:] for frame in frames[:33]), b"thirteen byte"]


def test_drain_frees_what_it_receives(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """Without a sink; counted as received, neither sent nor lost."""
    source = dpdk_port("source", rx_queues=3, tx_queues=3)
    frames = dpdk_frames(200, size=3000)
    for queue in range(3):
        source.send(frames, queue=queue)
    with Forwarder(source) as forwarder:
        wait_until(lambda: forwarder.stats().forth.rx_packets == 600)
    assert dpdk_pool.in_use == 0
    assert forwarder.stats().forth.rx_bytes == 3 * total(frames)
    assert (forwarder.stats().forth.tx_packets, forwarder.stats().forth.lost) == (0, 0)


@pytest.mark.parametrize("packets", [1, 31, 33, 100, 500])
@pytest.mark.parametrize("workers", [1, 2])
def test_exactly_so_many_packets_are_received(dpdk_port, dpdk_frames, wait_until, packets, workers):
    """In all, whatever the queues and workers; the rest stays in the source."""
    source = dpdk_port("source", rx_queues=4, tx_queues=4)
    sink = dpdk_port("sink", rx_queues=4, tx_queues=4)
    for queue in range(4):
        source.send(dpdk_frames(150), queue=queue)
    with Forwarder(source, sink, packets=packets, workers=workers) as forwarder:
        wait_until(lambda: forwarder.stats().forth.tx_packets >= packets)
        wait_until(lambda: forwarder.stats().idle_s > 0.01)
    assert forwarder.stats().forth.rx_packets == packets
    assert sum(len(sink.receive(queue=queue)) for queue in range(4)) == packets
    assert sum(len(source.receive(queue=queue)) for queue in range(4)) == 600 - packets


def test_packets_may_be_few_at_a_time(dpdk_port, dpdk_frames, wait_until):
    """Shares of the number that found no packet are given back, also on sources that give for ever."""
    source = dpdk_port("source", driver="net_null", rx_queues=4)
    with Forwarder(source, packets=100_003) as forwarder:
        wait_until(lambda: forwarder.stats().forth.rx_packets == 100_003)
        wait_until(lambda: forwarder.stats().idle_s > 0.01)
    assert forwarder.stats().forth.rx_packets == 100_003


def test_what_the_sink_refuses_is_lost_and_counted(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """And freed; bytes are those of what was taken."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    frames = dpdk_frames(RING_ROOM + 200)
    with Forwarder(source, sink) as forwarder:
        source.send(frames[:1000])
        wait_until(lambda: forwarder.stats().forth.rx_packets == 1000)
        source.send(frames[1000:])
        wait_until(lambda: forwarder.stats().forth.lost == 200)
    stats = forwarder.stats().forth
    assert (stats.rx_packets, stats.tx_packets) == (RING_ROOM + 200, RING_ROOM)
    assert (stats.rx_bytes, stats.tx_bytes) == (total(frames), total(frames[:RING_ROOM]))
    assert dpdk_pool.in_use == RING_ROOM
    assert sink.receive() == frames[:RING_ROOM]


def test_with_retry_a_slow_sink_gets_everything(dpdk_port, dpdk_frames, wait_until):
    """What it refuses is offered again until it has room."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    frames, sent, got = dpdk_frames(3000), 0, []

    def all_arrived():
        nonlocal sent
        sent += source.send(frames[sent : sent + 500])
        got.extend(sink.receive(limit=50))
        return len(got) == 3000

    with Forwarder(source, sink, retry_s=30) as forwarder:
        wait_until(all_arrived)
    assert got == frames
    assert forwarder.stats().forth.lost == 0


def test_retry_ends_when_there_is_no_progress(dpdk_port, dpdk_frames, wait_until):
    """A sink that takes nothing for so long makes packets lost after all."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    sink.send([b"stuffing"] * RING_ROOM)
    source.send(dpdk_frames(5))
    with Forwarder(source, sink, retry_s=0.05) as forwarder:
        wait_until(lambda: forwarder.stats().forth.lost == 5)
    assert sink.receive() == [b"stuffing"] * RING_ROOM


def test_stop_ends_a_retry(dpdk_port, dpdk_frames, wait_until):
    """However long it would have gone on."""
    source, sink = dpdk_port("source"), dpdk_port("sink")
    sink.send([b"stuffing"] * RING_ROOM)
    source.send(dpdk_frames(5))
    with Forwarder(source, sink, retry_s=3600) as forwarder:
        wait_until(lambda: forwarder.stats().forth.rx_packets == 5)
        assert forwarder.stats().forth.lost == 0
    assert forwarder.stats().forth.lost == 5


def test_idle_time_is_since_the_sources_last_packet(dpdk_port, dpdk_frames, wait_until):
    """It grows while nothing comes, and starts again with the next packet."""
    source = dpdk_port("source")
    with Forwarder(source) as forwarder:
        wait_until(lambda: forwarder.stats().idle_s > 0.2)
        source.send(dpdk_frames(1))
        wait_until(lambda: forwarder.stats().forth.rx_packets == 1)
        wait_until(lambda: forwarder.stats().idle_s < 0.2)
        wait_until(lambda: forwarder.stats().idle_s > 0.2)


def test_python_goes_on_meanwhile(dpdk_port):
    """Neither the loops nor a stop that waits for them hold the interpreter's lock."""
    ticks = itertools.count()
    ended = threading.Event()

    def tick():
        while not ended.is_set():
            next(ticks)

    thread = threading.Thread(target=tick)
    with Forwarder(dpdk_port("source", driver="net_null"), packets=10_000_000):
        thread.start()
        first = next(ticks)
        while next(ticks) < first + 1000:
            pass
    ended.set()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_counters_start_again_with_the_next_start(dpdk_port, dpdk_frames, wait_until):
    """They stay readable after a stop; a second stop does nothing; before a start there are none."""
    source = dpdk_port("source")
    forwarder = Forwarder(source)
    with pytest.raises(ConflictError, match="drain net_ring_source: it has not been started"):
        forwarder.stats()
    for count in (5, 3):
        source.send(dpdk_frames(count))
        forwarder.start()
        with pytest.raises(ConflictError, match="it is running"):
            forwarder.start()
        wait_until(lambda count=count: forwarder.stats().forth.rx_packets == count)
        forwarder.stop()
        forwarder.stop()
        assert forwarder.stats().forth.rx_packets == count
    forwarder.close()
    forwarder.close()
    with pytest.raises(ConflictError, match="not been started"):
        forwarder.stats()


def test_workers_are_shared_out_and_given_back(dpdk_port):
    """A forwarder takes no more than its queues employ; with none free the next is refused."""
    a, b = dpdk_port("a", rx_queues=2, tx_queues=2), dpdk_port("b")
    with Forwarder(a, workers=1) as first, Forwarder(b) as second:
        assert (first.stats().workers, second.stats().workers) == (1, 1)
        with pytest.raises(ConflictError, match="not even one of EAL's workers is free") as caught:
            Forwarder(dpdk_port("c")).start()
        assert caught.value.errno == errno.EBUSY
    with Forwarder(a) as both:
        assert both.stats().workers == 2
    with Forwarder(a, workers=16) as capped:
        assert capped.stats().workers == 2
    many = dpdk_port("many", rx_queues=8, tx_queues=8)
    with pytest.raises(ConflictError, match="not even 8 of EAL's workers are free"):
        Forwarder(many, workers=8).start()


def test_queues_have_one_user(dpdk_port):
    """Two forwarders on one port, or Python beside one, would corrupt its queues."""
    source, sink, other = dpdk_port("source"), dpdk_port("sink"), dpdk_port("other")
    with Forwarder(source, sink, workers=1):
        for use in (source.receive, lambda: sink.send([b"frame"])):
            with pytest.raises(ConflictError, match="forward net_ring_source -> net_ring_sink uses it"):
                use()
        for second in (Forwarder(source), Forwarder(other, sink)):
            with pytest.raises(ConflictError, match="uses it") as caught:
                second.start()
            assert caught.value.errno == errno.EBUSY
        with pytest.raises(ConflictError, match="uses it"):
            Mirror(other, sink, direction=Direction.RX)
        source.send([b"frame"])
        sink.receive()
        other.send([b"frame"])
    source.receive()
    with Forwarder(other, sink):
        pass


def test_a_port_that_is_not_started_is_refused(dpdk_port):
    """As source and as sink; nothing is taken then."""
    source, sink = dpdk_port("source"), dpdk_port("sink", start=False)
    for forwarder in (Forwarder(source, sink), Forwarder(sink, source)):
        with pytest.raises(ConflictError, match="port net_ring_sink is not started") as caught:
            forwarder.start()
        assert caught.value.errno == errno.ENETDOWN
    source.stop()


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"mode": ForwardMode.DRAIN}, InvalidConfigError, "drain takes no sink"),
        ({"workers": 0}, InvalidConfigError, "workers=0"),
        ({"packets": 0}, InvalidConfigError, "packets=0"),
        ({"packets": 2**64}, InvalidConfigError, "packets="),
        ({"retry_s": -1}, InvalidConfigError, "retry_s=-1"),
        ({"retry_s": float("nan")}, InvalidConfigError, "retry_s=nan"),
        ({"mode": "io"}, TypeError, "mode must be a ForwardMode"),
        ({"workers": "2"}, TypeError, "workers must be an int"),
        ({"threads": 2}, TypeError, "threads"),
    ],
)
def test_what_cannot_be_is_refused(dpdk_port, options, error, reason):
    with pytest.raises(error, match=reason):
        Forwarder(dpdk_port("source"), dpdk_port("sink"), **options)


def test_ways_that_cannot_be_are_refused(dpdk_port):
    """No sink to forward to; the two ways of one port; queues with nowhere to go."""
    source, deaf = dpdk_port("source"), dpdk_port("deaf", rx_queues=0)
    mute = dpdk_port("mute", tx_queues=0)
    with pytest.raises(InvalidConfigError, match="takes no sink; all other modes require one"):
        Forwarder(source, mode=ForwardMode.IO)
    with pytest.raises(InvalidConfigError, match="both_ways requires two ports"):
        Forwarder(source, source, both_ways=True)
    for forwarder in (Forwarder(deaf, source), Forwarder(source, mute), Forwarder(deaf)):
        with pytest.raises(InvalidConfigError, match="queue"):
            forwarder.start()
    source.stop()


def test_a_forwarder_that_is_forgotten_stops(dpdk_port):
    """Its workers are free again when nobody holds the object."""
    source = dpdk_port("source", rx_queues=2)
    forwarder = Forwarder(source).start()
    assert forwarder.stats().workers == 2
    del forwarder
    gc.collect()
    with Forwarder(source, workers=2):
        pass


def test_a_mirror_sees_what_a_forwarder_moves(dpdk_port, dpdk_frames, wait_until):
    """On all queues: what the source gives, and what the sink is offered."""
    source = dpdk_port("source", rx_queues=4, tx_queues=4)
    sink = dpdk_port("sink", rx_queues=2, tx_queues=2)
    rx_target, tx_target = dpdk_port("rxtarget"), dpdk_port("txtarget")
    frames = dpdk_frames(200)
    with (
        Mirror(source, rx_target, direction=Direction.RX),
        Mirror(sink, tx_target, direction=Direction.TX),
        Forwarder(source, sink) as forwarder,
    ):
        for queue in range(4):
            with pytest.raises(ConflictError, match="uses it"):
                source.receive(queue=queue)
            source.send(frames[queue * 50 : queue * 50 + 50], queue=queue)
        wait_until(lambda: forwarder.stats().forth.tx_packets == 200)
    assert sorted(rx_target.receive()) == sorted(frames)
    assert sorted(tx_target.receive()) == sorted(frames)
    assert sorted(sink.receive(queue=0) + sink.receive(queue=1)) == sorted(frames)
