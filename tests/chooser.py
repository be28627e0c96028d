# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror to try selections on: frames go in, in bursts of segments of one size; what it takes of them comes out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dpdk_mirror import Direction, Mirror

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dpdk_mirror import Eal, Port, Select

_BURST = 64


@dataclass
class Chooser:
    mirror: Mirror
    source: Port
    target: Port

    def choose(self, select: Select, frames: list[bytes]) -> list[bytes]:
        """Those that the mirror takes; the application gets all of them."""
        self.mirror.update(select=select)
        self.mirror.reset()
        taken = []
        for start in range(0, len(frames), _BURST):
            burst = frames[start : start + _BURST]
            assert self.source.send(burst) == len(burst)
            assert self.source.receive() == burst
            taken += self.target.receive()
        stats = self.mirror.stats()
        assert stats.seen == stats.packets + stats.filtered == len(frames)
        return taken


@contextmanager
def chooser(eal: Eal, room: int) -> Iterator[Chooser]:
    """One whose buffers hold so many bytes."""
    pool = eal.mempool(f"chooser{room}", size=8191, data_room=room)
    source, target = (eal.plug(f"net_ring_{name}").start(pool) for name in ("offered", "chosen"))
    with Mirror(source, target, direction=Direction.TX) as mirror:
        yield Chooser(mirror, source, target)
    for port in (target, source):
        eal.unplug(port)
    assert pool.in_use == 0
    pool.close()
