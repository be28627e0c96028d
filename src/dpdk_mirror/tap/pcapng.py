# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The pcapng of streams, as far as it must be understood here."""

from __future__ import annotations

import struct

__all__ = ["BEGINNING", "packets_at_end"]

BEGINNING = struct.pack("=IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28) + struct.pack(
    "=IIHHII", 1, 20, 1, 0, 262144, 20
)
"""A section with an interface, and no packets: what reads it knows the link type before the first packet comes."""

_PACKET = 6
_BLOCK_MIN = 12


def packets_at_end(data: bytes) -> int:
    """How many whole packets there are at the end of ``data``, which ends with one and may begin anywhere."""
    count, end = 0, len(data)
    while end >= _BLOCK_MIN:
        (size,) = struct.unpack_from("=I", data, end - 4)
        if not _BLOCK_MIN <= size <= end:
            break
        end -= size
        count += struct.unpack_from("=I", data, end)[0] == _PACKET
    return count
