# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the port's driver counts, and what a mirror costs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from ..forwarder import Forwarder
from ..spec import Direction, Mode
from ..waiting import nap
from .frames import BURST, gather
from .properties import Failed, Finding, Needs, NotApplicable, verifies
from .wire import offer

if TYPE_CHECKING:
    from ..ethdev import Port, PortStats
    from .testbed import Testbed

_CRC = 4
_FORWARD_S = 0.2
_COUNTS_S = 1.5
"""Some devices count a little later."""
_XSTATS = {
    "rx_good_packets": "rx_packets",
    "tx_good_packets": "tx_packets",
    "rx_good_bytes": "rx_bytes",
    "tx_good_bytes": "tx_bytes",
}


@verifies("counters", Needs.PORT)
def stats(testbed: Testbed) -> str:
    """Packets and bytes that it has sent and received, mirrored or not, are counted once."""
    frames = testbed.frames(BURST)
    wire, (target, _sink) = testbed.wire(), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.BOTH)
    gather(wire.far, 0) if wire.shows else None
    before = _counters(wire.port)
    offer(wire.port, frames)
    got = gather(wire.far, len(frames)) if wire.shows else []
    if testbed.plan.name != "loopback":
        got = wire.bring(frames) if testbed.plan.gives else []
    after = _settled(wire.port, before, len(frames), len(got))
    remarks = []
    for way, moved in (("rx", got), ("tx", frames)):
        remarks += _check_way(way, moved, before, after)
    return ", ".join(remarks)


def _counters(port: Port) -> PortStats:
    try:
        return port.stats()
    except UnsupportedError:
        raise NotApplicable("its driver counts nothing") from None


def _settled(port: Port, before: PortStats, sent: int, got: int) -> PortStats:
    """Once they have come to what has been sent and received."""
    deadline = time.monotonic() + _COUNTS_S
    while True:
        stats = port.stats()
        moved = (stats.tx_packets - before.tx_packets, stats.rx_packets - before.rx_packets)
        if moved == (sent, got) or time.monotonic() > deadline:
            return stats


def _check_way(way: str, moved: list[bytes], before: PortStats, after: PortStats) -> list[str]:
    packets, size = (
        getattr(after, f"{way}_{what}") - getattr(before, f"{way}_{what}") for what in ("packets", "bytes")
    )
    if packets != len(moved):
        raise Failed(f"{way}_packets has grown by {packets} with {len(moved)} packets")
    length = sum(map(len, moved))
    if size in (length, length + _CRC * len(moved)):
        return [] if size == length else [f"{way}_bytes include check sequences"]
    if size == 0:
        return [f"it counts no {way}_bytes"]
    raise Failed(f"{way}_bytes has grown by {size} with {length} bytes")


@verifies("counters", Needs.PORT)
def xstats(testbed: Testbed) -> str:
    """Its extended counters say what its counters do."""
    wire = testbed.wire()
    offer(wire.port, testbed.frames(BURST))
    gather(wire.far, 0) if wire.shows else None
    deadline = time.monotonic() + _COUNTS_S
    while True:
        plain, extended = _counters(wire.port), wire.port.xstats()
        known = {name: field for name, field in _XSTATS.items() if name in extended}
        if not known:
            raise NotApplicable("it has none of the usual names")
        unlike = [(name, field) for name, field in known.items() if extended[name] != getattr(plain, field)]
        if not unlike:
            return f"{len(extended)} counters"
        if time.monotonic() > deadline:
            name, field = unlike[0]
            raise Failed(f"{name} is {extended[name]}, and {field} of its counters {getattr(plain, field)}")


@verifies("counters", Needs.FRAMES)
def rate(testbed: Testbed) -> Finding:
    """Packets flow with a mirror of rx as without one; how many a second is told, not judged."""
    rates = []
    for mirrored in (False, True):
        wire = testbed.wire()
        if mirrored:
            testbed.mirror(wire.port, testbed.null(), direction=Direction.RX, mode=Mode.SHARE)
        rates.append(_forwarded(testbed, wire.port, wire.peer))
        testbed.clear()
    plain, mirrored_rate = rates
    if not mirrored_rate:
        raise Failed("nothing flows with a mirror" if plain else "nothing flows, with a mirror or without")
    text = f"{plain / 1e6:.2f} million packets a second without a mirror, {mirrored_rate / 1e6:.2f} with one"
    return Finding(text, {"rate": round(plain), "rate_mirrored": round(mirrored_rate)})


def _forwarded(testbed: Testbed, port: Port, peer: Port | None) -> float:
    """Packets a second: of those that circulate between the ports, or that the port makes."""
    if testbed.plan.shows:
        offer(peer or port, testbed.frames(BURST))
    sink = (peer or port) if testbed.plan.shows else None
    with Forwarder(port, sink, both_ways=peer is not None) as forwarder:
        began = time.monotonic()
        nap(_FORWARD_S)
        received = forwarder.stats().forth.rx_packets
        return received / (time.monotonic() - began)
