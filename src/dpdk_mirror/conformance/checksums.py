# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Checksums that are left to a driver: a mirror has packets as they are on a wire, with them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec import Direction
from ..testing.frames import make_frames
from .frames import BURST, gather, same
from .properties import Needs, NotApplicable, verifies

if TYPE_CHECKING:
    from collections.abc import Collection

    from .testbed import Testbed

_IP = "IPV4_CKSUM"
_TX_IPV4, _TX_IP_CKSUM = 1 << 55, 1 << 54  # RTE_MBUF_F_TX_IPV4, RTE_MBUF_F_TX_IP_CKSUM
_L2, _L3 = 14, 20
_LENGTHS = _L2 | _L3 << 7  # l2_len and l3_len of rte_mbuf's tx_offload
_IP_AT = _L2 + 10


@dataclass(frozen=True, slots=True)
class _L4:
    protocol: str
    number: int
    at: int  # its checksum, in a frame
    flag: int  # of an mbuf's ol_flags

    @property
    def offload(self) -> str:
        return f"{self.protocol.upper()}_CKSUM"

    def flags(self, offloads: Collection[str]) -> int:
        return _TX_IPV4 | (_TX_IP_CKSUM if _IP in offloads else 0) | (self.flag if self.offload in offloads else 0)

    def left(self, frame: bytes, offloads: Collection[str]) -> bytes:
        """What applications hand over: no checksum of IP's, and of L4's the pseudo-header's."""
        left = bytearray(frame)
        if _IP in offloads:
            left[_IP_AT : _IP_AT + 2] = bytes(2)
        if self.offload in offloads:
            total = sum(struct.unpack("!4H", frame[_L2 + 12 : _L2 + _L3])) + self.number + len(frame) - _L2 - _L3
            left[self.at : self.at + 2] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2)
        return bytes(left)


_L4S = (_L4("udp", 17, _L2 + _L3 + 6, 3 << 52), _L4("tcp", 6, _L2 + _L3 + 16, 1 << 52))
_OFFLOADS = (_IP, *(l4.offload for l4 in _L4S))


@verifies("source", Needs.PORT)
def tx_checksums(testbed: Testbed) -> str:
    """Where the port is to fill in checksums, a mirror of tx has them."""
    able = testbed.wire().port.tx_capabilities
    testbed.clear()
    offloads = tuple(name for name in _OFFLOADS if name in able)
    if not offloads:
        raise NotApplicable("its driver fills in no checksums")
    wire, (target, sink) = testbed.wire(tx_offloads=offloads), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.TX)
    for l4 in _L4S:
        frames = make_frames(BURST, 200, of=l4.protocol)
        left = [l4.left(frame, offloads) for frame in frames]
        testbed.send_raw(wire.port, left, ol_flags=l4.flags(offloads), tx_offload=_LENGTHS)
        same(gather(sink, 0), frames, f"mirrored of {l4.protocol}")
        if wire.shows and (arrived := wire.arrived(BURST)) != left:  # a virtual machine may get them so
            same(arrived, frames, f"sent of {l4.protocol} by the port itself")
    return f"with {', '.join(offloads)}"


@verifies("source", Needs.FRAMES)
def rx_checksums(testbed: Testbed) -> str:
    """Where packets come with checksums left to the receiver, as virtual machines send them, a mirror has them."""
    wire = testbed.wire()
    able = wire.peer.tx_capabilities if wire.peer else frozenset()
    here = wire.port.rx_capabilities
    testbed.clear()
    offloads = tuple(name for name in _OFFLOADS[1:] if name in able)
    if not offloads:
        raise NotApplicable("its far end cannot leave checksums to it")
    asked = tuple(name for name in offloads if name in here)
    wire, (target, sink) = testbed.wire(rx_offloads=asked, peer_tx_offloads=offloads), testbed.pair()
    testbed.mirror(wire.port, target, direction=Direction.RX)
    kept = []
    for l4 in _L4S:
        frames = make_frames(BURST, 200, of=l4.protocol)
        left = [l4.left(frame, offloads) for frame in frames]
        testbed.send_raw(wire.far, left, ol_flags=l4.flags(offloads), tx_offload=_LENGTHS)
        got = gather(wire.port, BURST)
        same(gather(sink, 0), frames, f"mirrored of {l4.protocol}")
        if got == left:
            kept.append(l4.protocol)
        else:
            same(got, frames, f"received of {l4.protocol}")
    if not kept:
        raise NotApplicable("they have been filled in when packets come")
    return f"of {' and '.join(kept)}"
