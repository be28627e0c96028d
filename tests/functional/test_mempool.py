# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mempools: what they hold, and when they may go."""

import errno
import gc

import pytest

from dpdk_mirror.errors import ClosedError, ConflictError, InvalidConfigError


def test_all_buffers_of_a_new_pool_are_free(dpdk_eal):
    """What is available and what is in use add up to the size."""
    with dpdk_eal.mempool("fresh", size=511) as pool:
        assert (pool.size, pool.available, pool.in_use) == (511, 511, 0)


@pytest.mark.parametrize(("length", "buffers"), [(1, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)])
def test_data_room_is_what_one_buffer_holds_of_a_packet(dpdk_eal, dpdk_port, length, buffers):
    """The headroom comes on top of data_room: a frame of exactly that size takes one buffer, one more byte another."""
    port = dpdk_port("rooms", start=False)
    pool = dpdk_eal.mempool("rooms", size=63, data_room=500)
    port.start(pool)
    port.send([bytes(length)])
    assert pool.in_use == buffers
    assert port.receive() == [bytes(length)]
    port.stop()
    pool.close()


@pytest.mark.parametrize("data_room", [0, 0xFFFF])
def test_a_data_room_that_no_buffer_has_is_refused(dpdk_eal, data_room):
    with pytest.raises(InvalidConfigError, match="create mempool bad") as caught:
        dpdk_eal.mempool("bad", size=63, data_room=data_room)
    assert caught.value.errno == errno.ERANGE


def test_a_name_is_taken_until_its_pool_is_closed(dpdk_eal):
    with dpdk_eal.mempool("twice", size=63):
        with pytest.raises(ConflictError, match="create mempool twice") as caught:
            dpdk_eal.mempool("twice", size=63)
        assert caught.value.errno == errno.EEXIST
    dpdk_eal.mempool("twice", size=63).close()


def test_close_is_refused_while_a_started_port_receives_into_the_pool(dpdk_eal, dpdk_port):
    """The driver would take buffers from freed memory."""
    port = dpdk_port("user", start=False)
    pool = dpdk_eal.mempool("used", size=63)
    port.start(pool)
    with pytest.raises(ConflictError, match="port net_ring_user uses it"):
        pool.close()
    port.stop()
    pool.close()


def test_close_is_refused_while_buffers_are_in_use(dpdk_eal, dpdk_port):
    """Packets that wait in a stopped port would be freed under it."""
    port = dpdk_port("holder", start=False)
    pool = dpdk_eal.mempool("held", size=63)
    port.start(pool).send([b"waits"])
    port.stop()
    with pytest.raises(ConflictError, match="1 of its buffers are in use"):
        pool.close()
    assert pool.in_use == 1
    port.close()
    pool.close()
    pool.close()
    assert pool.closed


def test_a_closed_pool_is_not_used(dpdk_eal, dpdk_port):
    """It is a named error, not a crash."""
    pool = dpdk_eal.mempool("gone", size=63)
    pool.close()
    port = dpdk_port("poolless", start=False)
    for use in (lambda: pool.available, lambda: pool.in_use, lambda: pool.c, lambda: port.start(pool)):
        with pytest.raises(ClosedError, match="mempool gone"):
            use()


def test_a_pool_that_is_forgotten_is_freed(dpdk_eal):
    """Without close(), its name is free again once nobody holds the object."""
    pool = dpdk_eal.mempool("forgotten", size=63)
    del pool
    gc.collect()
    dpdk_eal.mempool("forgotten", size=63).close()
