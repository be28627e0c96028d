# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixture dpdk_frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .makers import FramesMaker


@pytest.fixture(scope="session")
def dpdk_frames() -> FramesMaker:
    """Make Ethernet frames: ``dpdk_frames(n)`` are n of real protocols, no two alike, the same each time.

    They take turns: ARP, ICMP, UDP and TCP over IPv4 and IPv6, DNS, VLAN, QinQ, IP fragments, GRE and VXLAN, of 60 to
    1514 bytes, with right checksums. ``of="tcp"`` or ``of=["tcp", "vlan"]`` chooses from
    ``dpdk_mirror.testing.PROTOCOLS``, or "raw"; ``size=9000`` makes all as long; ``seed=1`` gives others.

    ``of`` also takes a packet of scapy's, or whatever has ``__bytes__``, and makes n of it:
    ``dpdk_frames(9, of=Ether() / IP(dst=RandIP()) / UDP())`` are 9 that differ, and the same each time.
    """

    def make(count: int, size: int | None = None, *, of: object = None, seed: int = 0) -> list[bytes]:
        from ..testing.frames import make_frames

        return make_frames(count, size, of=of, seed=seed)

    return make
