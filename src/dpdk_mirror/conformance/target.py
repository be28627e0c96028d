# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The port as what packets are mirrored to: whether they arrive, and when it gives them back."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from ..errors import MirrorError, UnsupportedError
from ..packets import Packets
from ..spec import Direction, Mode
from .counted import all_counted, all_taken
from .frames import BURST, gather, is_ours, same, same_in_any_order
from .held import packets_are_whole
from .properties import Failed, Finding, Needs, NotApplicable, verifies
from .testbed import MODES
from .wire import bursts, offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ethdev import Port
    from ..mempool import Mempool
    from .testbed import Testbed
    from .wire import Wire

_BURSTS = (1, 4, 31, BURST)
_EDIT = 0xEE
_LONG = 4 * 1518
_ENOUGH = 200
"""Bursts that a port must have taken to be called never full."""


def pass_through(near: Port, far: Port, wire: Wire, frames: list[bytes]) -> list[bytes]:
    """Has a source receive frames, a burst at a time; what arrives behind the target."""
    arrived = []
    for burst in bursts(frames):
        _receive(near, far, burst)
        arrived += wire.arrived(len(burst)) if wire.shows else []
    return arrived


def _receive(near: Port, far: Port, burst: Sequence[bytes]) -> None:
    """Has a source receive frames, as they are."""
    offer(near, burst)
    same(gather(far, len(burst)), burst, "what the application receives")


@verifies("target", Needs.PORT)
def frames(testbed: Testbed) -> str:
    """What is mirrored to it arrives once, whole and in order, as what an application sends there does."""
    sent, remarks = testbed.frames(2 * BURST), []
    for mode in MODES:
        try:
            _mirrored(testbed, mode, sent)
        except UnsupportedError:
            if mode is not Mode.SPLIT:
                raise
            remarks.append("nothing is split for it, since it takes one segment a packet")
        testbed.clear()
    if not testbed.plan.shows:
        remarks.append("packets are taken, and given back; nothing shows what is sent")
    return "; ".join(remarks)


def _mirrored(testbed: Testbed, mode: Mode, sent: list[bytes]) -> None:
    wire, (near, far) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX, mode=mode)
    arrived = pass_through(near, far, wire, sent)
    all_taken(mirror, len(sent), f" by {mode}")
    if wire.shows:
        same(arrived, sent, f"mirrored by {mode}")


@verifies("target", Needs.PORT)
def releases(testbed: Testbed) -> Finding:
    """Of a packet that a mirror shares with it, it gives back its own reference alone, once."""
    at_once = total = 0
    for size, is_own in itertools.product(_BURSTS, (False, True)):
        sent, pool = testbed.frames(size, 600), testbed.pool()
        wire, (near, far) = _wire_by(testbed, pool, is_own=is_own), testbed.pair()
        testbed.mirror(far, wire.port, direction=Direction.RX)
        with Packets.make(pool, sent) as packets:
            packets.send(near)
        held = testbed.hold(Packets.receive(far, size))
        at_once += sum(packet.references == 1 for packet in held.look())
        total += size
        wire.close()
        packets_are_whole(held, sent, pool)
        testbed.clear()
    _gives_back_last(testbed)
    when = {0: "it gives all back later", total: "it has given all back when tx burst returns"}
    text = when.get(at_once, f"it has given {at_once} of {total} back when tx burst returns")
    return Finding(text, {"frees_at_once": at_once == total})


def _wire_by(testbed: Testbed, pool: Mempool, *, is_own: bool) -> Wire:
    """Whose port receives into that pool, too, or not: drivers may send its buffers as they are, and copy others'."""
    return testbed.wire(pool=pool) if is_own else testbed.wire()


def _gives_back_last(testbed: Testbed) -> None:
    """Has the application give back first, and packets of two pools be in one burst."""
    pools = testbed.pool(), testbed.pool()
    wire, (near, far) = testbed.wire(), testbed.pair()
    testbed.mirror(far, wire.port, direction=Direction.RX)
    for number, frame in enumerate(testbed.frames(BURST, 600)):
        with Packets.make(pools[number % 2], [frame]) as packets:
            packets.send(near)
    Packets.receive(far, BURST).close()
    testbed.clear()


@verifies("target", Needs.FAR_END)
def reads(testbed: Testbed) -> Finding:
    """What an application writes to a packet after its burst shows at the far end only if the driver reads late."""
    late = total = 0
    for size, is_own in itertools.product(_BURSTS, (False, True)):
        sent, pool = testbed.frames(size, 600), testbed.pool()
        wire, (near, far) = _wire_by(testbed, pool, is_own=is_own), testbed.pair()
        testbed.mirror(far, wire.port, direction=Direction.RX)
        with Packets.make(pool, sent) as packets:
            packets.send(near)
        held = testbed.hold(Packets.receive(far, size))
        held.overwrite(_EDIT)
        arrived = gather(wire.far, len(sent), counts=bool)
        mine = [frame for frame in arrived if is_ours(frame)]
        edited = arrived.count(bytes([_EDIT]) * 600)
        if (lost := len(sent) - len(mine) - edited) > 0:
            raise Failed(f"{lost} of {len(sent)} packets that were written to are lost")
        late += edited
        total += size
        testbed.clear()
    text = f"it has read {total - late} of {total} packets when tx burst returns"
    return Finding(text, {"reads_at_once": late == 0})


@verifies("target", Needs.PORT)
def queues(testbed: Testbed) -> str:
    """On several queues, all that is mirrored to it arrives, and what came by one queue keeps its order."""
    nb, sent = testbed.queues(), testbed.frames(BURST)
    wire, (near, far) = testbed.queues_wire(nb), testbed.pair(nb)
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX)
    for queue in range(nb):
        offer(near, sent[queue::nb], queue)
        far.receive(BURST, queue)
    all_taken(mirror, len(sent))
    if wire.shows:
        arrived = wire.arrived(len(sent))
        same_in_any_order(arrived, sent, "mirrored")
        for queue in range(nb):
            mine = sent[queue::nb]
            same([frame for frame in arrived if frame in mine], mine, f"mirrored of queue {queue}")
    return f"with {nb} queues"


@verifies("target", Needs.PORT)
def refuses(testbed: Testbed) -> Finding:
    """What it does not take when it is full is counted, is the application's still, and later packets arrive."""
    wire, (near, far) = testbed.wire(), testbed.pair()
    mirror, pool = testbed.mirror(far, wire.port, direction=Direction.RX), testbed.pool()
    for number in range(_ENOUGH):
        sent = testbed.frames(BURST, 200, seed=number)
        with Packets.make(pool, sent) as packets:
            packets.send(near)
        with Packets.receive(far, BURST) as held:
            if held.frames() != sent:
                raise Failed("what the application receives has changed")
        if mirror.stats().full:
            break
    else:
        raise NotApplicable(f"it has taken {_ENOUGH * BURST} packets, though nobody has read them")
    stats = mirror.stats()
    all_counted(stats, stats.seen)
    arrived = wire.arrived(stats.packets)
    if len(arrived) != stats.packets:
        raise Failed(f"{len(arrived)} of {stats.packets} packets that it has taken arrive")
    later = testbed.frames(BURST, 200)
    same(pass_through(near, far, wire, later), later, "mirrored afterwards")
    return Finding(f"it is full with {stats.packets} packets", {"room": stats.packets})


@verifies("target", Needs.PORT)
def fast_free(testbed: Testbed) -> None:
    """With MBUF_FAST_FREE enabled nothing is shared with it, and copies arrive."""
    testbed.need("tx", "MBUF_FAST_FREE")
    sent = testbed.frames(BURST)
    wire, (near, far) = testbed.wire(tx_offloads=("MBUF_FAST_FREE",), multi_segs=False), testbed.pair()
    try:
        testbed.mirror(far, wire.port, direction=Direction.RX, mode=Mode.SHARE)
    except UnsupportedError:
        pass
    else:
        raise Failed("the library shares with it")
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX, mode=Mode.AUTO)
    if mirror.info().mode is not Mode.COPY:
        raise Failed(f"auto chooses {mirror.info().mode}")
    arrived = pass_through(near, far, wire, sent)
    if wire.shows:
        same(arrived, sent, "mirrored")


@verifies("target", Needs.FAR_END, destructive=True)
def link_down(testbed: Testbed) -> str:
    """While its link is down mirrored packets are taken or counted as full, and when it is up they arrive again."""
    sent = testbed.frames(BURST)
    wire, (near, far) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX)
    try:
        wire.port.set_link(up=False)
    except UnsupportedError:
        raise NotApplicable("its driver has no way to take the link down") from None
    for burst in bursts(testbed.frames(2 * BURST, seed=1)):
        _receive(near, far, burst)
    stats = mirror.stats()
    all_counted(stats, 2 * BURST)
    wire.port.set_link(up=True)
    if not wire.opens(lambda frames: (near.send(frames), far.receive()), wire.far):
        raise Failed("no frame comes through when the link is up again")
    gather(wire.far, 0)
    same(pass_through(near, far, wire, sent), sent, "mirrored afterwards")
    return f"it has taken {stats.packets} of {2 * BURST} packets meanwhile"


@verifies("target", Needs.PORT)
def long_frames(testbed: Testbed) -> str:
    """A frame that is too long for it is counted, and takes no other with it."""
    (longest,), rest = testbed.frames(1, _LONG, seed=1), testbed.frames(BURST - 1, 200)
    sent = [*rest[:8], longest, *rest[8:]]
    without = _alone(testbed, longest)
    wire, (near, far) = testbed.wire(), testbed.pair()
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX)
    errors = _errors(wire)
    offer(near, sent)
    far.receive(len(sent))
    stats = mirror.stats()
    if stats.packets + stats.oversize + stats.full != len(sent) or stats.packets < len(rest):
        raise Failed(f"it has taken {stats.packets} of {len(sent)} packets: {stats}")
    if not wire.shows:
        return f"of {_LONG} bytes it is {'taken' if stats.packets == len(sent) else 'counted as oversize'}"
    arrived = wire.arrived(len(rest) + len(without))
    same([frame for frame in arrived if len(frame) == len(rest[0])], rest, "mirrored beside it")
    same([frame for frame in arrived if len(frame) != len(rest[0])], without, "the long frame")
    if stats.packets == len(sent) and not without:
        counted = [where for where, count in _errors(wire).items() if count > errors.get(where, count)]
        if counted:
            return f"of {_LONG} bytes it is taken, and counted by {counted[0]}"
        raise Failed(f"a frame of {_LONG} bytes is taken, counted as sent, and does not arrive, mirrored or not")
    if not without:
        return f"of {_LONG} bytes it does not arrive, mirrored or not"
    return f"of {_LONG} bytes it arrives {'whole' if without == [longest] else f'cut to {len(without[0])} bytes'}"


def _errors(wire: Wire) -> dict[str, int]:
    """What counts frames that are lost; nothing of a driver that does not count."""
    errors: dict[str, int] = {}
    for whose, port, names in (
        ("its", wire.port, ["tx_errors"]),
        ("the far end's", wire.far, ["rx_errors", "rx_missed"]),
    ):
        with contextlib.suppress(MirrorError):
            stats = port.stats()
            errors |= {f"{whose} {name}": getattr(stats, name) for name in names}
    return errors


def _alone(testbed: Testbed, frame: bytes) -> list[bytes]:
    """What arrives of a frame without a mirror, which the port may refuse."""
    wire = testbed.wire()
    packets = testbed.hold(Packets.make(testbed.pool(size=50, data_room=_LONG), [frame]))
    arrived = wire.arrived(1) if packets.send(wire.port) and wire.shows else []
    testbed.clear()
    return arrived
