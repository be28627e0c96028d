# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How a mirror is now, under the names of rte_mirror.h. Plain Python: needs no DPDK."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

from .parameter import takes_keywords
from .spec import Direction, Mode, Named

__all__ = ["FilterEngine", "MirrorInfo", "MirrorState", "kinds_of"]


class MirrorState(Named):
    """Whether a mirror is running, and why not. Values as in C."""

    RUNNING = 0
    WAITING = 1
    STOPPED = 2
    PAUSED = 3


class FilterEngine(Named):
    """What runs a mirror's filter: machine code (JIT) or an interpreter. Values as in C."""

    NONE = 0
    JIT = 1
    INTERPRETER = 2


@takes_keywords()
@dataclass(frozen=True, slots=True)
class MirrorInfo:
    """A mirror as it is now: struct rte_mirror_info.

    ``mode`` is what was chosen, ``mode_reason`` why; ``reason`` why it is not running; ``warning`` what it will
    lose, and what to do; ``filter_engine`` what runs its filter, if it has one. The port numbers tell nothing
    once it is stopped; ``target_port`` is beyond those of ports if the target is a file or stream. Words of a newer
    library's that are not known here are str.

    What it costs: ``sampled_cycles`` of the time stamp counter for ``sampled_packets``, one burst in 1024, in the
    threads that poll the source; ``poller_cpu_us`` is what all bursts have taken of them by that. A thread of the
    library's that sends for it has used ``drain_cpu_us`` of CPU time, for all mirrors of its target, and runs only when
    pollers have nothing to do if it ``drain_yields``.
    """

    id: int
    name: str
    source_port: int
    target_port: int
    target_queue: int
    nb_target_queues: int
    rx_queues: int
    tx_queues: int
    directions: Direction | str
    mode: Mode | str
    state: MirrorState | str
    snaplen: int
    split_len: int
    origin: bool
    filter_engine: FilterEngine | str
    reason: str
    mode_reason: str
    warning: str
    sampled_cycles: int
    sampled_packets: int
    poller_cpu_us: int
    drain_cpu_us: int
    drain_yields: bool

    @property
    def cycles_per_packet(self) -> float | None:
        """What a packet costs a poller; None: no burst has been sampled."""
        return self.sampled_cycles / self.sampled_packets if self.sampled_packets else None

    def cost(self) -> str:
        """What pollers and the library's thread have spent, in words; "" if that is not known."""
        parts = []
        if self.cycles_per_packet is not None:
            parts.append(f"{self.cycles_per_packet:.0f} cycles a packet")
        if self.poller_cpu_us:
            parts.append(f"{self.poller_cpu_us / 1e6:.1f} s of CPU in its pollers")
        if self.drain_cpu_us:
            parts.append(f"{self.drain_cpu_us / 1e6:.1f} s in its thread")
        return ", ".join(parts)


def kinds_of(described: type[MirrorInfo]) -> dict[str, type]:
    """The fields of MirrorInfo, or of one of its kind, with their types; of words those that are known."""
    hints: dict[str, Any] = get_type_hints(described)
    return {field.name: (*get_args(hints[field.name]), hints[field.name])[0] for field in fields(described)}
