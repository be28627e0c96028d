# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the target is given in each mode, when it reads late: the application has edited or freed its packets by then.

The application is a forwarder that swaps the MAC addresses of what it receives, in place. The target is a net_ring
port, which is read at the end.
"""

from dataclasses import astuple

import pytest

from dpdk_mirror.errors import ConflictError
from dpdk_mirror.forwarder import Forwarder, ForwardMode
from dpdk_mirror.mirror import Mirror
from dpdk_mirror.spec import Direction, Mode

TX_IP_CKSUM = 1 << 54
TX_VLAN = 1 << 57
RX_VLAN = 1 << 0
RX_VLAN_STRIPPED = 1 << 6

# Short ones, those around what split copies whole, and those of several segments (2048 bytes).
SIZES = [60, 191, 192, 193, 512, 513, 1514, 2048, 2049, 9018]
COPIES = [Mode.SPLIT, Mode.COPY]


def swapped(frames):
    return [frame[6:12] + frame[:6] + frame[12:] for frame in frames]


def total(frames):
    return sum(map(len, frames))


def adds_up(stats):
    return stats.seen == sum(astuple(stats)) - stats.seen - stats.bytes


@pytest.fixture
def frames(dpdk_frames):
    """Frames of SIZES, each different from all others."""
    return [frame for size in SIZES for frame in dpdk_frames(3, size=size)]


@pytest.fixture
def forward(wait_until):
    """``forward(source, sink, frames)``: the application receives them from a loop, swaps addresses, and sends them."""

    def run(source, sink, frames):
        assert source.send(frames) == len(frames)
        with Forwarder(source, sink, mode=ForwardMode.MACSWAP) as forwarder:
            wait_until(lambda: forwarder.stats().forth.tx_packets == len(frames))
        assert forwarder.stats().forth.lost == 0

    return run


@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES])
def test_what_the_application_edits_in_place_shows_in_shared_packets_alone(dpdk_port, forward, frames, mode):
    source, sink, target = dpdk_port("source"), dpdk_port("sink"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, mode=mode) as mirror:
        forward(source, sink, frames)
        assert sink.receive() == swapped(frames)
        assert target.receive() == (swapped(frames) if mode is Mode.SHARE else frames)
        assert mirror.stats().packets == len(frames)
        assert mirror.stats().bytes == total(frames)
        assert mirror.info().mode is mode


@pytest.mark.parametrize(("mode", "held"), [(Mode.SHARE, 50), (Mode.SPLIT, 50), (Mode.COPY, 0)])
def test_only_a_copy_holds_nothing_of_the_sources_pool(dpdk_port, dpdk_pool, dpdk_frames, mode, held):
    """The application is done with its packets, and the target has not read them yet."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(50, size=1514)
    with Mirror(source, target, direction=Direction.RX, mode=mode):
        source.send(frames)
        assert source.receive() == frames
        assert dpdk_pool.in_use == held
        assert target.receive() == frames
        assert dpdk_pool.in_use == 0


def test_short_packets_are_not_split_but_copied(dpdk_port, dpdk_pool, dpdk_frames):
    """To refer to a short rest costs more than to copy it."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, mode=Mode.SPLIT):
        source.send(dpdk_frames(50, size=300))
        source.receive()
        assert dpdk_pool.in_use == 0
        assert target.receive() == dpdk_frames(50, size=300)


@pytest.mark.parametrize("direction", [Direction.RX, Direction.TX])
@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES, Mode.AUTO])
@pytest.mark.parametrize("snaplen", [14, 100, 192, 600, 2048, 2100, 9017])
def test_snaplen_cuts_what_the_target_gets_and_nothing_else(dpdk_port, frames, direction, mode, snaplen):
    """The application's packets stay whole; the counter has the bytes that the target was given."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=direction, mode=mode, snaplen=snaplen) as mirror:
        source.send(frames)
        assert source.receive() == frames
        cut = [frame[:snaplen] for frame in frames]
        assert target.receive() == cut
        assert (mirror.stats().packets, mirror.stats().bytes) == (len(frames), total(cut))
        assert (mirror.info().snaplen, source.receive()) == (snaplen, [])


@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES])
def test_packets_that_were_cut_are_protected_as_the_mode_says(dpdk_port, forward, frames, mode):
    source, sink, target = dpdk_port("source"), dpdk_port("sink"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, mode=mode, snaplen=600):
        forward(source, sink, frames)
        assert sink.receive() == swapped(frames)
        seen = swapped(frames) if mode is Mode.SHARE else frames
        assert target.receive() == [frame[:600] for frame in seen]


@pytest.mark.parametrize("split_len", [0, 14, 64, 600, 2048])
def test_split_protects_split_len_bytes(dpdk_port, forward, frames, split_len):
    """0 is the library's default, which info() tells."""
    source, sink, target = dpdk_port("source"), dpdk_port("sink"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, mode=Mode.SPLIT, split_len=split_len) as mirror:
        forward(source, sink, frames)
        assert sink.receive() == swapped(frames)
        assert target.receive() == frames
        assert mirror.info().split_len == (split_len or 192)


def test_auto_splits_for_a_ring_and_says_why(dpdk_port, forward, frames):
    """A ring's reader comes later, so nothing is shared."""
    source, sink, target = dpdk_port("source"), dpdk_port("sink"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, mode=Mode.AUTO) as mirror:
        forward(source, sink, frames)
        assert sink.receive() == swapped(frames)
        assert target.receive() == frames
        assert mirror.info().mode is Mode.SPLIT
        assert "net_ring" in mirror.info().mode_reason
        assert mirror.spec.mode is Mode.AUTO


def test_several_mirrors_of_all_modes_on_one_source_do_not_disturb_each_other(dpdk_port, forward, frames):
    source, sink = dpdk_port("source"), dpdk_port("sink")
    modes = [Mode.COPY, Mode.SHARE, Mode.SPLIT, Mode.SHARE]
    targets = [dpdk_port(f"target{number}") for number in range(4)]
    mirrors = [
        Mirror(source, target, direction=Direction.RX, mode=mode) for target, mode in zip(targets, modes, strict=True)
    ]
    forward(source, sink, frames)
    assert sink.receive() == swapped(frames)
    for target, mirror in zip(targets, mirrors, strict=True):
        assert target.receive() == (swapped(frames) if mirror.info().mode is Mode.SHARE else frames)
        assert mirror.stats().packets == len(frames)
        mirror.close()


@pytest.mark.parametrize("mode", [Mode.SHARE, Mode.COPY, Mode.AUTO])
def test_a_target_that_takes_no_chains_gets_them_in_one_segment(dpdk_port, frames, mode):
    """Up to the 9216 bytes that a buffer then has; what is longer is counted."""
    source, target = dpdk_port("source"), dpdk_port("target", multi_segs=False)
    with Mirror(source, target, direction=Direction.RX, mode=mode) as mirror:
        source.send([*frames, bytes(9216), bytes(9217)])
        assert source.receive() == [*frames, bytes(9216), bytes(9217)]
        assert target.receive() == [*frames, bytes(9216)]
        assert (mirror.stats().packets, mirror.stats().unsupported) == (len(frames) + 1, 1)
        assert adds_up(mirror.stats())


# Pools of the user's own


@pytest.mark.parametrize("count", [31, 32, 257])
def test_a_pool_that_runs_dry_costs_the_mirror_alone(dpdk_eal, dpdk_port, dpdk_frames, count):
    """What finds no buffer is counted, no more and no less; the application loses nothing, and later it goes on."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(count, size=100)
    pool = dpdk_eal.mempool("small", size=31)
    with Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, pool=pool) as mirror:
        for mirrored in (frames[:31], frames[:31]):
            source.send(frames)
            assert source.receive(limit=count) == frames
            assert pool.available == 0
            assert target.receive() == mirrored
        stats = mirror.stats()
        assert (stats.seen, stats.packets, stats.nombuf) == (2 * count, 62, 2 * count - 62)
        assert adds_up(stats)
    pool.close()


def test_copies_come_from_the_pool_that_was_given(dpdk_eal, dpdk_port, dpdk_frames):
    """In as many segments as that needs."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(10, size=1000)
    with dpdk_eal.mempool("own", size=63, data_room=256) as pool:
        with Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, pool=pool):
            source.send(frames)
            assert source.receive() == frames
            assert pool.in_use == 40
            assert target.receive() == frames
        assert pool.in_use == 0


def test_a_pool_is_not_closed_while_a_mirror_uses_it(dpdk_eal, dpdk_port, dpdk_frames):
    """Nor while the target still has packets of it."""
    source, target = dpdk_port("source"), dpdk_port("target")
    pool = dpdk_eal.mempool("used", size=63)
    mirror = Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, pool=pool)
    with pytest.raises(ConflictError, match=r"mirror net_ring_source -> net_ring_target \(rx\) uses it"):
        pool.close()
    source.send(dpdk_frames(5))
    source.receive()
    mirror.close()
    with pytest.raises(ConflictError, match="5 of its buffers are in use"):
        pool.close()
    assert target.receive() == dpdk_frames(5)
    pool.close()


def test_a_mirror_that_was_refused_does_not_hold_its_pool(dpdk_eal, dpdk_port):
    source = dpdk_port("source")
    with dpdk_eal.mempool("free", size=63) as pool:
        with pytest.raises(ConflictError):
            Mirror(source, source, mode=Mode.COPY, pool=pool)
        pool.close()


# Packets that are not yet, or no longer, what is on the wire


@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES])
def test_a_tag_that_the_nic_is_to_insert_is_in_the_mirrors_copy(dpdk_port, dpdk_frames, mode):
    """The application's packets keep their request, and stay as they are."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(20)
    with Mirror(source, target, direction=Direction.TX, mode=mode) as mirror:
        source.send(frames[:10])
        source.send_raw(frames[10:], ol_flags=TX_VLAN, vlan_tci=0x2005)
        assert source.receive() == frames
        tagged = [frame[:12] + b"\x81\x00\x20\x05" + frame[12:] for frame in frames[10:]]
        assert target.receive() == frames[:10] + tagged
        assert mirror.stats().bytes == total(frames) + 40


@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES])
def test_a_tag_that_the_nic_took_is_back_in_the_mirrors_copy(dpdk_port, dpdk_frames, mode):
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(20)
    source.send_raw(frames[:10], ol_flags=RX_VLAN | RX_VLAN_STRIPPED, vlan_tci=42)
    source.send(frames[10:])
    with Mirror(source, target, direction=Direction.RX, mode=mode) as mirror:
        assert source.receive() == frames
        tagged = [frame[:12] + b"\x81\x00\x00\x2a" + frame[12:] for frame in frames[:10]]
        assert target.receive() == tagged + frames[10:]
        assert (mirror.stats().packets, mirror.stats().unsupported) == (20, 0)


@pytest.mark.parametrize("mode", [Mode.SHARE, *COPIES])
def test_packets_whose_checksum_cannot_be_finished_are_unsupported(dpdk_port, dpdk_frames, mode):
    """These are no IP packets, and do not say where their headers are; the application keeps them."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(30)
    with Mirror(source, target, direction=Direction.TX, mode=mode) as mirror:
        source.send(frames[:10])
        source.send_raw(frames[10:20], ol_flags=TX_IP_CKSUM)
        source.send(frames[20:])
        assert source.receive() == frames
        assert target.receive() == frames[:10] + frames[20:]
        stats = mirror.stats()
        assert (stats.packets, stats.unsupported, adds_up(stats)) == (20, 10, True)
