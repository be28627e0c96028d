# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The port by itself. What it, or its far end, does to frames of some protocol, is no other property's affair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..testing.frames import PROTOCOLS
from .frames import BURST, is_ours, make, same, unlike
from .properties import Failed, Needs, NotApplicable, verifies

if TYPE_CHECKING:
    from .testbed import Testbed


@verifies("port", Needs.WAY)
def sends(testbed: Testbed) -> None:
    """What is sent on it, without a mirror, arrives once, unchanged and in order."""
    frames, wire = make(2 * BURST), testbed.wire()
    wire.need(wire.port, wire.far)
    _unchanged(wire.carried(frames), frames)


@verifies("port", Needs.WAY)
def receives(testbed: Testbed) -> None:
    """What its far end sends comes, without a mirror, once, unchanged and in order."""
    if not testbed.has_peer:
        raise NotApplicable("it is its own far end")
    frames, wire = make(2 * BURST), testbed.wire()
    wire.need(wire.far, wire.port)
    got = [frame for frame in wire.delivered(frames, strict=False) if is_ours(frame)]
    _unchanged(got, frames)


@verifies("port", Needs.PORT)
def closes(testbed: Testbed) -> None:
    """When it is closed, without a mirror, it gives back the buffers that it has received and sent."""
    if testbed.plan.keeps:
        raise Failed(testbed.plan.keeps)
    testbed.wire().port.send(testbed.frames(BURST))


def _unchanged(got: list[bytes], frames: list[bytes]) -> None:
    """Fails with what becomes of the frames of each protocol, or with the first that is out of order."""
    by_addresses = {frame[:12]: frame for frame in got}
    said = []
    for number, protocol in enumerate(PROTOCOLS):
        sent = frames[number :: len(PROTOCOLS)]
        lost = [frame for frame in sent if frame[:12] not in by_addresses]
        changed = [frame for frame in sent if by_addresses.get(frame[:12], frame) != frame]
        if lost:
            said.append(f"{len(lost)} of {len(sent)} frames of {protocol} do not arrive")
        if changed:
            how = unlike(by_addresses[changed[0][:12]], changed[0])
            said.append(f"{len(changed)} of {len(sent)} frames of {protocol} change: one {how}")
    if said:
        raise Failed("; ".join(said))
    same(got, frames, "without a mirror")
