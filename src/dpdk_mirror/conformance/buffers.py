# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Packets of every make, sent to the port: chains, and those whose data is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..packets import Form, Packets
from ..spec import Direction
from .counted import all_taken
from .frames import BURST, gather, same
from .held import packets_are_whole
from .properties import Finding, Needs, verifies

if TYPE_CHECKING:
    from .testbed import Testbed

_SEGMENT = 250
_LENGTH = 1200


def _mirrored(testbed: Testbed, form: Form, *, multi_segs: bool = True, last: bool = False) -> None:
    """Has a mirror share packets of that make with the port, while an application holds them.

    ``last``: the application gives them back at once, so that a driver that does later has the last reference.
    """
    sent, pool = testbed.frames(BURST, _LENGTH), testbed.pool()
    wire, (near, far) = testbed.wire(multi_segs=multi_segs), testbed.pair()
    mirror = testbed.mirror(far, wire.port, direction=Direction.RX)
    with Packets.make(pool, sent, form, _SEGMENT if form is Form.DIRECT else 0) as packets:
        packets.send(near)
    held = testbed.hold(Packets.receive(far, BURST))
    if last:
        held.close()
    all_taken(mirror, len(sent))
    if wire.shows:
        same(wire.arrived(len(sent)), sent, "mirrored")
    wire.close()
    if form is Form.DIRECT and not last:
        packets_are_whole(held, sent, pool)
    elif not last:
        same(held.frames(), sent, "what the application holds")
    testbed.clear()


@verifies("buffers", Needs.PORT)
def chains(testbed: Testbed) -> str:
    """Packets of several segments arrive whole, with MULTI_SEGS enabled and without."""
    for multi_segs in (True, False):
        _mirrored(testbed, Form.DIRECT, multi_segs=multi_segs)
    _mirrored(testbed, Form.DIRECT, last=True)
    able = "MULTI_SEGS" in testbed.wire().port.tx_capabilities
    return "" if able else "its driver does not have MULTI_SEGS"


@verifies("buffers", Needs.PORT)
def chains_unasked(testbed: Testbed) -> Finding:
    """Without MULTI_SEGS enabled, it gives back all segments of the packets that it is sent all the same."""
    sent, pool = testbed.frames(4, _LENGTH), testbed.pool()
    wire = testbed.wire(multi_segs=False)
    packets = testbed.hold(Packets.make(pool, sent, segment=_SEGMENT))
    taken = packets.share(wire.port)
    arrived = wire.arrived(taken) if wire.shows else sent
    wire.close()
    packets_are_whole(packets, sent, pool)
    if taken == len(sent) and arrived == sent:
        return Finding("they arrive whole" if testbed.plan.shows else "they are taken", {"takes_chains": True})
    text = f"{taken} of {len(sent)} are taken, {sum(frame in sent for frame in arrived)} arrive whole"
    return Finding(f"{text}: the library copies them into one segment", {"takes_chains": False})


@verifies("buffers", Needs.PORT)
def indirect(testbed: Testbed) -> None:
    """Packets whose data is in other buffers arrive whole, and all buffers are given back."""
    for last in (False, True):
        _mirrored(testbed, Form.INDIRECT, last=last)


@verifies("buffers", Needs.PORT)
def external(testbed: Testbed) -> None:
    """Packets whose data is in memory of no pool arrive whole, and that is given back once."""
    for last in (False, True):
        _mirrored(testbed, Form.EXTERNAL, last=last)


@verifies("buffers", Needs.FRAMES)
def received_later(testbed: Testbed) -> None:
    """What it has received stays as it is while the application holds it, whatever comes later."""
    first, later = testbed.frames(8, 600), testbed.frames(BURST, 600, seed=1)
    wire, (target, sink) = testbed.wire(), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    held = testbed.hold(wire.receive_and_hold(first))
    before = held.frames()
    for _ in range(4):
        wire.bring(later)
    same(held.frames(), before, "held by the application")
    same(gather(sink, 0)[: len(before)], before, "held by the mirror's target")
