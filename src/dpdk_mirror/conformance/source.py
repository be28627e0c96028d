# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The port as what is mirrored: what a mirror of it gets, and what becomes of its packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MirrorError, UnsupportedError
from ..info import MirrorState
from ..packets import Packets
from ..spec import Direction
from .counted import all_mirrored
from .frames import BURST, gather, is_ours, make, same, same_in_any_order
from .held import packets_are_whole
from .properties import Failed, Finding, Needs, NotApplicable, verifies
from .testbed import MODES, Testbed
from .wire import bursts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..mirror import Mirror
    from .wire import Wire

_SMALL_ROOM = 256
_TX_VLAN = 1 << 57  # RTE_MBUF_F_TX_VLAN
_TAG = 100


@verifies("source", Needs.FRAMES)
def rx(testbed: Testbed) -> None:
    """A mirror of what it receives gets each packet once, whole and in order, and the application keeps its own."""
    frames = testbed.frames(2 * BURST)
    for mode in MODES:
        wire, (target, sink) = testbed.wire(), testbed.pair()
        mirror = testbed.mirror(wire.port, target, direction=Direction.RX, mode=mode)
        got = wire.bring(frames)
        all_mirrored(mirror, len(got))
        same(gather(sink, 0), got, f"mirrored by {mode}")
        testbed.clear()


@verifies("source", Needs.PORT)
def tx(testbed: Testbed) -> None:
    """A mirror of what is sent on it gets each packet once, whole and in order, and the port sends what it would."""
    frames = testbed.frames(2 * BURST)
    for mode in MODES:
        wire, (target, sink) = testbed.wire(), testbed.pair()
        mirror = testbed.mirror(wire.port, target, direction=Direction.TX, mode=mode)
        arrived = []
        for burst in bursts(frames):
            _offer_once(wire, burst)
            arrived += wire.arrived(len(burst)) if testbed.plan.shows else []
        if testbed.plan.shows:
            same(arrived, frames, f"sent while mirrored by {mode}")
        all_mirrored(mirror, len(frames))
        same(gather(sink, 0), frames, f"mirrored by {mode}")
        testbed.clear()


def _offer_once(wire: Wire, frames: Sequence[bytes]) -> None:
    """A tx mirror sees what is offered, so nothing may be offered twice."""
    if (sent := wire.port.send(frames)) != len(frames):
        raise Failed(f"it takes {sent} of {len(frames)} frames, though nothing else has been sent on it")


@verifies("source", Needs.FRAMES)
def both(testbed: Testbed) -> None:
    """A mirror of both directions gets each packet once for each."""
    frames = testbed.frames(BURST)
    wire, (target, sink) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(wire.port, target, direction=Direction.BOTH)
    if testbed.plan.name != "loopback":
        got = wire.bring(frames)
        _offer_once(wire, frames)
    else:
        _offer_once(wire, frames)
        got = gather(wire.port, len(frames))
    all_mirrored(mirror, len(frames) + len(got))
    same_in_any_order(gather(sink, 0), [*frames, *got], "mirrored both ways")


@verifies("source", Needs.PORT)
def tx_references(testbed: Testbed) -> Finding:
    """Of a packet that a mirror shares it gives back its own reference alone, once."""
    frames, pool = testbed.frames(BURST), testbed.pool()
    wire, (target, sink) = testbed.wire(), testbed.pair(pool=pool)
    packets = testbed.hold(Packets.make(pool, frames))
    testbed.mirror(wire.port, target, direction=Direction.TX)
    if (sent := packets.share(wire.port)) != len(frames):
        raise Failed(f"it takes {sent} of {len(frames)} packets, though nothing else has been sent on it")
    at_once = packets.references == 2  # this test's, and the mirror's
    same(gather(sink, 0), frames, "mirrored")
    wire.close()
    packets_are_whole(packets, frames, pool)
    return Finding("it gives it back when tx burst returns" if at_once else "it gives it back later")


@verifies("source", Needs.FRAMES)
def segments(testbed: Testbed) -> str:
    """Frames that take several buffers are mirrored whole."""
    frames = testbed.frames(BURST, 1000)
    try:
        wire = testbed.wire(pool=testbed.pool(data_room=_SMALL_ROOM))
    except MirrorError as error:
        raise NotApplicable(f"it refuses buffers of {_SMALL_ROOM} bytes: {error}") from None
    target, sink = testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    with _first(wire, frames) as packets:
        most = max((packet.segments for packet in packets.look()), default=0)
        got = packets.frames()
    if wire.shows:
        got += gather(wire.port, len(frames) - len(got), timeout_s=0.5)
    same(gather(sink, 0), got, "mirrored")
    if not any(len(frame) > _SMALL_ROOM for frame in got):
        raise NotApplicable(f"frames longer than a buffer of {_SMALL_ROOM} bytes do not come")
    _as_sent(wire, got, frames)
    return f"a frame of {len(frames[0])} bytes came in {most} segments"


def _as_sent(wire: Wire, got: Sequence[bytes], frames: Sequence[bytes]) -> None:
    """Of those that have come none has changed."""
    if wire.shows:
        mine = _ours(got)
        same(mine, [frame for frame in frames if frame[:12] in {each[:12] for each in mine}], "received")


def _first(wire: Wire, frames: Sequence[bytes]) -> Packets:
    """What comes first of frames that are longer than a buffer."""
    try:
        return wire.receive_and_hold(frames)
    except Failed:
        if "SCATTER" in wire.port.rx_capabilities:
            raise
        raise NotApplicable("its driver does not have SCATTER, and loses frames longer than a buffer") from None


@verifies("source", Needs.FRAMES)
def queues(testbed: Testbed) -> str:
    """On several queues, all that each receives and sends is mirrored."""
    nb, frames = testbed.queues(), testbed.frames(BURST)
    wire, (target, sink) = testbed.queues_wire(nb), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    got = [frame for queue in range(nb) for frame in wire.bring(frames[queue::nb], by=queue)]
    if not testbed.plan.shows:
        got += [frame for queue in range(1, nb) for frame in wire.port.receive(BURST, queue)]
    same_in_any_order(gather(sink, 0), got, "mirrored of rx")
    testbed.mirror(wire.port, target, direction=Direction.TX)
    for queue in range(nb):
        wire.port.send(frames[queue::nb], queue)
    same_in_any_order(gather(sink, 0), frames, "mirrored of tx")
    return f"with {nb} queues"


@verifies("source", Needs.FRAMES, destructive=True)
def stop_start(testbed: Testbed) -> None:
    """When the port has been stopped and started, its mirror goes on."""
    frames = testbed.frames(BURST)
    wire, (target, sink) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(wire.port, target, direction=Direction.RX)
    wire.bring(frames)
    gather(sink, 0)
    wire.restart()
    _becomes(mirror, MirrorState.RUNNING)
    gather(sink, 0)
    got = wire.bring(frames)
    same(gather(sink, 0), got, "mirrored after the restart")


def _becomes(mirror: Mirror, state: MirrorState) -> None:
    """Within the time that the library takes to look at ports again."""
    Testbed.until(lambda: mirror.info().state is state, lambda: f"the mirror is {mirror.info().state}, not {state}")


@verifies("source", Needs.PORT, destructive=True)
def reset(testbed: Testbed) -> None:
    """When the port has been reset and started, its mirror goes on."""
    frames = testbed.frames(BURST)
    wire, (target, sink) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(wire.port, target, direction=Direction.TX)
    try:
        wire.port.reset()
    except UnsupportedError:
        raise NotApplicable("its driver has no reset") from None
    wire.restart()
    _becomes(mirror, MirrorState.RUNNING)
    gather(sink, 0)
    _offer_once(wire, frames)
    same(gather(sink, 0), frames, "mirrored after the reset")


@verifies("source", Needs.PORT, destructive=True)
def unplug(testbed: Testbed) -> str:
    """When the device is unplugged, its mirror stops, and no buffer is lost."""
    wire, (target, sink) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(wire.port, target)
    _offer_once(wire, testbed.frames(BURST))
    gather(sink, 0)
    try:
        wire.pull()
    except MirrorError as error:
        raise NotApplicable(f"it refuses to go: {error}") from None
    _becomes(mirror, MirrorState.STOPPED)
    return mirror.info().reason


@verifies("source", Needs.FAR_END)
def vlan_strip(testbed: Testbed) -> None:
    """Where the port takes VLAN tags out of what it receives, a mirror has them."""
    frames = _tagged()
    testbed.need("rx", "VLAN_STRIP")
    with_tags = _ours(testbed.wire().bring(frames))
    testbed.clear()
    wire, (target, sink) = testbed.wire(rx_offloads=("VLAN_STRIP",)), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    got = _ours(wire.bring(frames))
    same(_ours(gather(sink, 0)), with_tags, "mirrored")
    if got == with_tags:
        raise NotApplicable("it has the offload, and leaves the tags where they are")


@verifies("source", Needs.PORT)
def vlan_insert(testbed: Testbed) -> None:
    """Where the port is to insert a VLAN tag, a mirror of tx has it."""
    frames = testbed.frames(BURST, 200)
    testbed.need("tx", "VLAN_INSERT")
    wire, (target, sink) = testbed.wire(tx_offloads=("VLAN_INSERT",)), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.TX)
    testbed.send_raw(wire.port, frames, ol_flags=_TX_VLAN, vlan_tci=_TAG)
    tagged = [frame[:12] + bytes.fromhex("8100") + _TAG.to_bytes(2) + frame[12:] for frame in frames]
    same(gather(sink, 0), tagged, "mirrored")
    if testbed.plan.shows:
        same(wire.arrived(len(tagged)), tagged, "sent by the port itself")


def _ours(got: Sequence[bytes]) -> list[bytes]:
    return [frame for frame in got if is_ours(frame)]


def _tagged() -> list[bytes]:
    return [frame for frame in make(8 * BURST, 200) if frame[12:14] == bytes.fromhex("8100")][: BURST // 2]


@verifies("source", Needs.FRAMES)
def jumbo(testbed: Testbed) -> str:
    """With an MTU of 9000, or without a limit, long frames are mirrored whole."""
    frames = testbed.frames(8, 9000)
    wire = testbed.jumbo_wire()
    target, sink = testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    got = wire.bring(frames, strict=False)
    same(gather(sink, 0), got, "mirrored")
    if not any(len(frame) >= 9000 for frame in got):
        raise NotApplicable("no frame of 9000 bytes comes through")
    return f"{len(got)} frames of 9000 bytes"
