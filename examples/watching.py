# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the examples that choose packets have in common: an application, and a mirror of its port.

The application's port is a ring, which gives it back what it sends, and so is the mirror's target. Put a NIC in the
place of the one and a tap in that of the other, and the rest stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dpdk_mirror import Direction, Eal, Mirror, MirrorStats, Vdev

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dpdk_mirror import Select

_BURST = 32


def watch(frames: Iterable[bytes], select: Select) -> tuple[list[bytes], MirrorStats]:
    """What a mirror shows of the frames that the application receives, and its counters."""
    waiting, shown = list(frames), []
    with Eal(vdevs=[Vdev.ring("source"), Vdev.ring("target")], hugepages=False) as eal:
        pool = eal.mempool("packets", size=4095)
        source, target = eal.port("source").start(pool), eal.port("target").start(pool)
        with Mirror(source, target, directions=Direction.RX, select=select) as mirror:
            for start in range(0, len(waiting), _BURST):
                source.send(waiting[start : start + _BURST])
                source.receive()  # what the application lives on, mirrored or not
                shown += target.receive()
            return shown, mirror.stats()
