# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ports over rings of ours, behind which captures are read and written."""

from __future__ import annotations

import errno
import itertools
from typing import TYPE_CHECKING, Any

from ._binding import check, ffi, lib
from .errors import ClosedError
from .ethdev import Port

if TYPE_CHECKING:
    from .eal import Eal

__all__ = ["RingPort"]

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
