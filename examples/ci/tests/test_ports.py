# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ports in the test's own process. Each test fails, too, if it leaks a packet buffer."""

import pytest

from dpdk_mirror import Direction, Forwarder, ForwardMode, Mode


@pytest.mark.parametrize("count", [1, 31, 32, 33, 257])
def test_a_wire_delivers_each_frame_once(dpdk_pair, dpdk_frames, count):
    near, far = dpdk_pair
    frames = dpdk_frames(count)
    assert near.send(frames) == count
    assert far.receive() == frames


def test_a_loop_in_c_swaps_addresses(dpdk_pair, dpdk_frames):
    near, far = dpdk_pair
    frames = dpdk_frames(100, of=["tcp", "udp6", "vlan"])
    near.send(frames)
    with Forwarder(far, far, mode=ForwardMode.MACSWAP) as forwarder:
        while forwarder.stats().forth.tx_packets < 100:
            pass
    assert near.receive() == [frame[6:12] + frame[:6] + frame[12:] for frame in frames]


@pytest.mark.parametrize("mode", [Mode.SHARE, Mode.COPY])
def test_a_mirror_shows_what_a_port_receives(dpdk_port, dpdk_mirror, dpdk_frames, mode):
    source, target = dpdk_port("source"), dpdk_port("target")
    mirror = dpdk_mirror(source, target, direction=Direction.RX, mode=mode)
    source.send(dpdk_frames(64))
    assert source.receive() == target.receive() == dpdk_frames(64)
    assert mirror.stats().packets == 64


@pytest.mark.dpdk_hugepages
def test_with_hugepages_packets_have_physical_addresses(dpdk_eal):
    """Skipped without --dpdk-hugepages."""
    assert dpdk_eal.hugepages
