# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ports over rings of ours: captures are read and written behind them, or another port is at the other end."""

from __future__ import annotations

import errno
import itertools
from typing import TYPE_CHECKING, Any

from ._binding import check, ffi, lib
from .errors import ClosedError, InvalidConfigError
from .ethdev import Port

if TYPE_CHECKING:
    from .eal import Eal

__all__ = ["CrossedPort", "RingPort", "cross"]

_numbers = itertools.count()


class RingPort(Port):
    """A port over a ring: what C threads put there is received from it, what is sent on it they find there."""

    def __init__(self, eal: Eal, size: int, tx_queues: int = 1, *, label: str = "") -> None:
        name = f"capture{next(_numbers)}"
        ring = ffi.new("struct rte_ring **")
        check(lib.ffi_ringport_create(name.encode(), size, tx_queues, ring), f"create a ring of {size} packets")
        self._ring: Any = ring[0]  # C type: struct rte_ring *
        super().__init__(eal, f"net_ring_{name}")
        self.label = label or self.name
        eal.adopt(self)

    @property
    def ring(self) -> Any:
        """The ``struct rte_ring *``."""
        if self._ring is None:
            raise ClosedError(errno.EBADF, f"use port {self.name}: it is closed")
        return self._ring

    @property
    def waiting(self) -> int:
        """How many packets are on the ring."""
        return int(lib.ffi_ringport_count(self.ring))

    def close(self) -> None:
        """As of Port; packets that are still on the ring go back to their pool."""
        super().close()
        if self._ring is not None:
            lib.ffi_ringport_free(self._ring)
            self._ring = None


class _Wire:
    """The rings between two ports; they go with the last of these."""

    def __init__(self, rings: Any) -> None:
        self._rings = rings  # C type: struct rte_ring *[]
        self._ends = 2

    def leave(self) -> None:
        self._ends -= 1
        if not self._ends:
            for ring in self._rings:
                lib.ffi_ringport_free(ring)


class CrossedPort(Port):
    """One of two ports, each of which receives what the other sends, queue by queue."""

    def __init__(self, eal: Eal, name: str, wire: _Wire) -> None:
        super().__init__(eal, name)
        self._wire = wire
        eal.adopt(self)

    def close(self) -> None:
        """As of Port; once both are closed, packets that are still on their way go back to their pool."""
        was_open = not self.closed
        super().close()
        if was_open:
            check(lib.ffi_eal_unplug(b"vdev", self.name.encode()), f"unplug {self.name}")
            self._wire.leave()


def cross(eal: Eal, names: tuple[str, str], queues: int, size: int) -> tuple[CrossedPort, CrossedPort]:
    """Two such ports, net_ring_<name> each."""
    c_names = [ffi.new("char[]", name.encode()) for name in names]
    what = f"make crossed ports {' and '.join(names)}"
    if not 1 <= queues <= lib.FFI_RINGPORT_QUEUES:
        raise InvalidConfigError(errno.ERANGE, f"{what}: {queues} queues is not within 1 to {lib.FFI_RINGPORT_QUEUES}")
    rings = ffi.new("struct rte_ring *[]", 2 * queues)
    check(lib.ffi_ringport_cross(ffi.new("char *[]", c_names), size, queues, rings), what)
    wire = _Wire(rings)
    first, second = (CrossedPort(eal, f"net_ring_{name}", wire) for name in names)
    return first, second
