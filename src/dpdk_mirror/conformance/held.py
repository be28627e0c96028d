# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is to be seen of packets that an application holds while others have references to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .properties import Failed

if TYPE_CHECKING:
    from ..mempool import Mempool
    from ..packets import Packets

__all__ = ["packets_are_whole"]


def packets_are_whole(packets: Packets, frames: list[bytes] | None, pool: Mempool) -> None:
    """Nobody but whoever holds them has a reference, and nobody has given back what is not his.

    ``pool`` has no other buffers in use; ``frames`` are their data, None if somebody has written to them.
    """
    needed = sum(packet.segments for packet in packets.look())
    if (given := needed - pool.in_use) > 0:
        raise Failed(f"{given} buffers that the application holds have been given back")
    if (references := packets.references) != 1:
        raise Failed(f"{references - 1} references are left when the port has been closed")
    if (written := next((packet.metadata for packet in packets.look() if any(packet.metadata)), None)) is not None:
        flags, offload, tag = written
        what = f"ol_flags are {flags:#x} now, tx_offload is {offload:#x}, vlan_tci {tag}; all were 0"
        raise Failed(f"it has written to the mbufs of what the application holds: {what}")
    if frames is not None and packets.frames() != frames:
        raise Failed("what the application holds has changed")
