# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Packets of every make, sent to the port: chains, and those whose data is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..packets import Form, Packets
from ..spec import Direction
from .frames import BURST, gather, same
from .held import packets_are_whole
from .properties import Failed, Finding, Needs, verifies

if TYPE_CHECKING:
    from .bench import Bench

_SEGMENT = 250
_LENGTH = 1200


def _mirrored(bench: Bench, form: Form, segment: int, *, multi_segs: bool) -> None:
    """Has a mirror share packets of that make with the port, while an application holds them."""
    sent, pool = bench.frames(BURST, _LENGTH), bench.pool()
    wire, (near, far) = bench.wire(multi_segs=multi_segs), bench.pair()
    mirror = bench.mirror(far, wire.port, direction=Direction.RX)
    with Packets.make(pool, sent, form, segment) as packets:
        packets.send(near)
    held = bench.hold(Packets.receive(far, BURST))
    if wire.shows:
        same(wire.arrived(len(sent)), sent, "mirrored")
    if (stats := mirror.stats()).packets != len(sent):
        raise Failed(f"it has taken {stats.packets} of {len(sent)} packets: {stats}")
    wire.close()
    if form is Form.DIRECT:
        packets_are_whole(held, sent, pool)
    else:
        same(held.frames(), sent, "what the application holds")


@verifies("buffers", Needs.PORT)
def chains(bench: Bench) -> str:
    """Packets of several segments arrive whole, with MULTI_SEGS enabled and without."""
    for multi_segs in (True, False):
        _mirrored(bench, Form.DIRECT, _SEGMENT, multi_segs=multi_segs)
        bench.finish()
    able = "MULTI_SEGS" in bench.wire().port.tx_capabilities
    return "" if able else "its driver does not have MULTI_SEGS"


@verifies("buffers", Needs.PORT)
def chains_unasked(bench: Bench) -> Finding:
    """Without MULTI_SEGS enabled, it gives back all segments of the packets that it is sent all the same."""
    sent, pool = bench.frames(4, _LENGTH), bench.pool()
    wire = bench.wire(multi_segs=False)
    packets = bench.hold(Packets.make(pool, sent, segment=_SEGMENT))
    taken = packets.share(wire.port)
    arrived = wire.arrived(taken) if wire.shows else sent
    wire.close()
    packets_are_whole(packets, sent, pool)
    if taken == len(sent) and arrived == sent:
        return Finding("they arrive whole" if bench.plan.shows else "they are taken", {"takes_chains": True})
    text = f"{taken} of {len(sent)} are taken, {sum(frame in sent for frame in arrived)} arrive whole"
    return Finding(f"{text}: the library copies them into one segment", {"takes_chains": False})


@verifies("buffers", Needs.PORT)
def indirect(bench: Bench) -> None:
    """Packets whose data is in other buffers arrive whole, and all buffers are given back."""
    _mirrored(bench, Form.INDIRECT, 0, multi_segs=True)


@verifies("buffers", Needs.PORT)
def external(bench: Bench) -> None:
    """Packets whose data is in memory of no pool arrive whole, and that is given back once."""
    _mirrored(bench, Form.EXTERNAL, 0, multi_segs=True)


@verifies("buffers", Needs.FRAMES)
def received_later(bench: Bench) -> None:
    """What it has received stays as it is while the application holds it, whatever comes later."""
    first, later = bench.frames(8, 600), bench.frames(BURST, 600, seed=1)
    wire, (target, sink) = bench.wire(), bench.pair()
    bench.mirror(wire.port, target, direction=Direction.RX)
    held = bench.hold(wire.receive_and_hold(first))
    before = held.frames()
    for _ in range(4):
        wire.bring(later)
    same(held.frames(), before, "held by the application")
    same(gather(sink, 0)[: len(before)], before, "held by the mirror's target")
