# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Two ports that are the ends of a wire."""

import pytest

from dpdk_mirror import Direction, Mirror
from dpdk_mirror.errors import ConflictError, InvalidConfigError, NotFoundError


@pytest.fixture
def pair(dpdk_eal, dpdk_pool):
    """``pair(name, ...)`` makes two, which are closed before the pool."""
    made = []

    def make(name, **options):
        made.extend(ports := dpdk_eal.pair(name, **options))
        return ports

    yield make
    for port in made:
        port.close()


def test_each_port_receives_what_the_other_sends(pair, dpdk_pool, dpdk_frames):
    """Queue by queue, and nothing of its own."""
    near, far = (port.start(dpdk_pool, rx_queues=3, tx_queues=3) for port in pair("p", queues=3))
    there, back = dpdk_frames(50), dpdk_frames(50, size=99)
    for queue in range(3):
        assert near.send(there, queue=queue) == far.send(back, queue=queue) == 50
        assert (far.receive(queue=queue), near.receive(queue=queue)) == (there, back)
    assert [port.receive(queue=queue) for port in (near, far) for queue in range(3)] == [[]] * 6


def test_a_queue_holds_so_many(pair, dpdk_pool, dpdk_frames):
    near, far = (port.start(dpdk_pool) for port in pair("p", size=7))
    assert near.send(dpdk_frames(9)) == 7
    assert far.receive() == dpdk_frames(7)


def test_packets_on_their_way_go_back_to_their_pool_with_the_last_port(pair, dpdk_pool, dpdk_frames):
    """Whichever is closed first; then its name is free, any number of times."""
    for number in range(40):
        near, far = (port.start(dpdk_pool) for port in pair("again"))
        near.send(dpdk_frames(5))
        far.send(dpdk_frames(3))
        ports = [near, far] if number % 2 else [far, near]
        ports[0].close()
        assert dpdk_pool.in_use == 8
        ports[1].close()
        assert dpdk_pool.in_use == 0


def test_it_is_mirrored_as_other_ports_are(pair, dpdk_port, dpdk_pool, dpdk_frames):
    near, far = (port.start(dpdk_pool) for port in pair("p"))
    target = dpdk_port("target")
    with Mirror(far, target, direction=Direction.RX):
        near.send(dpdk_frames(20))
        assert far.receive() == target.receive() == dpdk_frames(20)


@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [
        ("taken", {}, ConflictError),
        ("q", {"queues": 17}, InvalidConfigError),
        ("q", {"queues": 0}, InvalidConfigError),
        ("much too long a name for a ring", {}, InvalidConfigError),
    ],
)
def test_a_pair_that_cannot_be_leaves_no_port(pair, dpdk_eal, name, options, kind):
    pair("taken")
    for _ in range(2):
        with pytest.raises(kind, match=f"make crossed ports {name}a and {name}b: "):
            pair(name, **options)
    with pytest.raises(NotFoundError):
        dpdk_eal.port("qa")


def test_nothing_is_left_of_the_first_port_where_the_second_cannot_be(pair, dpdk_eal):
    blocking = dpdk_eal.plug("net_ring_hb")
    with pytest.raises((ConflictError, InvalidConfigError)):
        pair("h")
    with pytest.raises(NotFoundError):
        dpdk_eal.port("net_ring_ha")
    dpdk_eal.unplug(blocking)
    pair("h")
