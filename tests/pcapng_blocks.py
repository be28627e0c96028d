# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Blocks of a pcapng, made byte by byte, and stores that are fed with them."""

import struct


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def packet(size, *, time_ns=0, interface=0):
    """A packet of so many bytes."""
    head = struct.pack("<IIIII", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, size, size)
    return block(6, head + bytes(number & 0xFF for number in range(size)))


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
# Ethernet, packets of 262144 bytes, times in nanoseconds.
INTERFACE = block(1, struct.pack("<HHI", 1, 0, 262144) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))
STATISTICS = block(5, struct.pack("<III", 0, 0, 0))


def fed(store, data, chunk=1 << 30, now_ns=0, keep_ns=None):
    """The store, after it was given these bytes."""
    while data:
        room = store.room()
        size = min(len(room), len(data), chunk)
        room[:size] = data[:size]
        store.add(size, now_ns, keep_ns)
        data = data[size:]
    return store
