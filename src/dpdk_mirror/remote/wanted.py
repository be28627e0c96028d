# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror that should be in an application that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..spec import MirrorSpec

__all__ = ["Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``source`` is a port's name or number, ``to`` a target. With ``force`` nobody else transmits on a port:NAME."""

    source: str
    to: str
    force: bool
    spec: MirrorSpec

    def __str__(self) -> str:
        return f"{self.source} -> {self.to} ({self.spec.directions})"

    def texts(self) -> dict[str, str]:
        """As /mirror/add is asked for it."""
        force = {"force": "yes"} if self.force else {}
        return {"source": self.source, "to": self.to, **force, **self.spec.said()}
