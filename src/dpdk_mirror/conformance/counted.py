# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a mirror to the port has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .properties import Failed

if TYPE_CHECKING:
    from ..mirror import Mirror
    from ..spec import MirrorStats

__all__ = ["all_counted", "all_mirrored", "all_taken"]


def all_mirrored(mirror: Mirror, count: int) -> None:
    """Of the port's packets the mirror has left out none."""
    stats = mirror.stats()
    if stats.packets != count:
        raise Failed(f"the mirror has sent {stats.packets} of {count} packets: {_text(stats)}")


def all_taken(mirror: Mirror, count: int, how: str = "") -> None:
    """The port has taken so many packets of the mirror's; ``how`` says which they are."""
    stats = mirror.stats()
    if stats.packets != count:
        raise Failed(f"it has taken {stats.packets} of {count} packets{how}: {_text(stats)}")


def all_counted(stats: MirrorStats, count: int) -> None:
    """Of so many packets it has taken each or not."""
    if stats.packets + stats.full != count:
        raise Failed(f"packets are missing from the counters: {_text(stats)}")


def _text(stats: MirrorStats) -> str:
    return ", ".join(f"{name} {count}" for name, count in stats.counts().items() if count) or "all are 0"
