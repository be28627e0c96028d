# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Frames that applications rewrite: Ethernet, IPv4 and UDP, of different lengths, each different from all others."""

from __future__ import annotations

import struct

SOURCE_MAC, DESTINATION_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
_TTL = 64


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def udp_frame(number: int, payload: bytes) -> bytes:
    """A frame whose checksum of UDP is left out, as it may be."""
    udp = struct.pack(">HHHH", 1000 + number % 1000, 2000, 8 + len(payload), 0) + payload
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    head = struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, _TTL, 17, 0, addresses)
    head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
    return DESTINATION_MAC + SOURCE_MAC + b"\x08\x00" + head + udp


def udp_frames(count: int, *, first: int = 0, longest: int = 1500) -> list[bytes]:
    """Frames from 60 bytes up to ``longest``."""
    sizes = (18 + number * 131 % (longest - 59) for number in range(first, first + count))
    return [
        udp_frame(first + at, bytes((first + at + position) & 0xFF for position in range(size)))
        for at, size in enumerate(sizes)
    ]
