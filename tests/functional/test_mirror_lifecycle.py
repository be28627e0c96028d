# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""From first to last: ports that stop, go and come back, what they tell, and how they end."""

import gc

import pytest

from dpdk_mirror._binding import ffi, lib
from dpdk_mirror.errors import ClosedError, ConflictError
from dpdk_mirror.forwarder import Forwarder, ForwardMode
from dpdk_mirror.info import FilterEngine
from dpdk_mirror.mirror import Mirror, MirrorInfo, MirrorState
from dpdk_mirror.spec import Direction, Mode


def test_a_stopped_source_is_waited_for(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """The mirror says so, and goes on when the source is started again."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(10)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        source.stop()
        wait_until(lambda: mirror.info().state is MirrorState.WAITING)
        assert mirror.info().reason
        source.start(dpdk_pool)
        wait_until(lambda: mirror.info().state is MirrorState.RUNNING)
        assert mirror.info().reason == ""
        source.send(frames)
        assert source.receive() == frames
        assert target.receive() == frames


def test_queues_that_a_restart_brings_are_mirrored(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """Within a second."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(10)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        source.stop()
        source.start(dpdk_pool, rx_queues=3, tx_queues=3)
        wait_until(lambda: mirror.info().rx_queues == 3)
        for queue in range(3):
            source.send(frames, queue=queue)
            assert source.receive(queue=queue) == frames
        assert target.receive() == frames * 3


def close_behind_its_back(port):
    """Removes a port's device as other code in the process would."""
    lib.ffi_port_stop(port.id)
    lib.ffi_port_close(port.id)


def test_a_device_that_gets_the_sources_number_is_not_mirrored(dpdk_port, dpdk_frames, wait_until):
    """A mirror belongs to a device, not to a number; it ends with its device and says so within a second."""
    target, source = dpdk_port("target"), dpdk_port("source")
    with Mirror(source, target) as mirror:
        source.send(dpdk_frames(5))
        source.receive()
        close_behind_its_back(source)
        other = dpdk_port("other")
        assert other.id == source.id
        assert target.receive() == dpdk_frames(5) * 2
        other.send(dpdk_frames(20))
        assert other.receive() == dpdk_frames(20)
        assert target.receive() == []
        wait_until(lambda: mirror.info().state is MirrorState.STOPPED)
        assert mirror.info().reason
        assert mirror.stats().packets == 10
        source.close()
        assert other.send([b"still there"]) == 1
        with Mirror(other, target, direction=Direction.RX):
            assert other.receive() == target.receive() == [b"still there"]


def test_a_device_that_gets_the_targets_number_gets_nothing(dpdk_port, dpdk_frames, wait_until):
    """Not even when its application uses it."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target) as mirror:
        close_behind_its_back(target)
        other = dpdk_port("other")
        assert other.id == target.id
        source.send(dpdk_frames(20))
        assert source.receive() == dpdk_frames(20)
        assert other.receive() == []
        wait_until(lambda: mirror.info().state is MirrorState.STOPPED)


def test_info_tells_what_the_mirror_is(dpdk_port):
    source, target = dpdk_port("source", rx_queues=2), dpdk_port("target", tx_queues=4)
    options = {"mode": Mode.SPLIT, "snaplen": 500, "split_len": 100, "origin": True}
    with Mirror(source, target, direction=Direction.RX, name="tap of source", **options) as mirror:
        assert mirror.info() == MirrorInfo(
            id=mirror.id,
            name="tap of source",
            source_port=source.id,
            target_port=target.id,
            target_queue=0,
            nb_target_queues=4,
            rx_queues=2,
            tx_queues=0,
            directions=Direction.RX,
            mode=Mode.SPLIT,
            state=MirrorState.RUNNING,
            snaplen=500,
            split_len=100,
            origin=True,
            filter_engine=FilterEngine.NONE,
            reason="",
            mode_reason="it was asked for",
            warning="",
            sampled_cycles=0,
            sampled_packets=0,
            poller_cpu_us=0,
            drain_cpu_us=0,
            drain_yields=False,
        )


def test_counters_start_again_at_a_reset(dpdk_port, dpdk_frames):
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.TX) as mirror:
        source.send(dpdk_frames(5))
        mirror.reset()
        assert set(vars_of(mirror.stats())) == {0}
        source.send(dpdk_frames(3))
        assert (mirror.stats().seen, mirror.stats().packets) == (3, 3)
    target.receive()
    source.receive()


def vars_of(stats):
    return [getattr(stats, name) for name in stats.__slots__]


def test_a_closed_mirror_is_not_used(dpdk_port):
    """It is a named error before any C call, also when its port was closed under it; closing twice is fine."""
    source, target, other = dpdk_port("source"), dpdk_port("target"), dpdk_port("other")
    closed, orphan = Mirror(source, target), Mirror(other, target)
    closed.close()
    closed.close()
    other.close()
    for mirror in (closed, orphan):
        for use in (lambda m=mirror: m.id, mirror.stats, mirror.info, mirror.reset):
            with pytest.raises(ClosedError, match="it is closed"):
                use()
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0


def test_a_mirror_that_somebody_else_has_removed_closes(dpdk_port):
    source, target = dpdk_port("source"), dpdk_port("target")
    mirror = Mirror(source, target)
    assert lib.rte_mirror_unregister(source.id) == 0
    mirror.close()
    target.stop()


def test_a_mirror_that_is_forgotten_is_removed(dpdk_port):
    """Without close(), it ends when nobody holds the object."""
    source, target = dpdk_port("source"), dpdk_port("target")
    mirror = Mirror(source, target)
    assert lib.rte_mirror_list(ffi.NULL, 0) == 1
    del mirror
    gc.collect()
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0
    target.stop()


def test_the_targets_queues_are_the_mirrors(dpdk_port, dpdk_frames):
    """Nobody else sends there meanwhile: two writers on one queue would lose packets and buffers."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target):
        with pytest.raises(ConflictError, match=r"mirror net_ring_source -> net_ring_target \(both\) uses it"):
            target.send([b"frame"])
        with pytest.raises(ConflictError, match="uses it"):
            Forwarder(source, target, mode=ForwardMode.IO).start()
    assert target.send([b"frame"]) == 1
    assert target.receive() == [b"frame"]
