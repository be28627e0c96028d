# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Rates of what is counted, and how they were in the last minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["HISTORY_S", "Measured", "Meter", "bars"]

HISTORY_S = 60.0
_BARS = "▁▂▃▄▅▆▇█"

History = tuple[tuple[float, float], ...]
"""Rates, each with its time."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Counters, what they rose by in a second since the look before, and what some rose by in the last minute.

    ``per_s`` is empty at the first look, and for counters that are new.
    """

    counts: Mapping[str, int]
    per_s: Mapping[str, float]
    history: Mapping[str, History]


class Meter:
    """Counters of one mirror or port, as they are looked at again and again."""

    def __init__(self, kept: Iterable[str]) -> None:
        self._before: tuple[float, Mapping[str, int]] | None = None
        self._history: dict[str, deque[tuple[float, float]]] = {name: deque() for name in kept}

    def add(self, now: float, counts: Mapping[str, int]) -> Measured:
        """``now`` is the time of this look. A counter that is less than before has been reset meanwhile."""
        per_s: dict[str, float] = {}
        if self._before is not None:
            then, before = self._before
            for name in counts.keys() & before.keys():
                rise = counts[name] - before[name]
                per_s[name] = (rise if rise >= 0 else counts[name]) / max(now - then, 1e-9)
        self._before = now, counts
        for name, history in self._history.items():
            if name in per_s:
                history.append((now, per_s[name]))
            while history and history[0][0] <= now - HISTORY_S:
                history.popleft()
        return Measured(counts, per_s, {name: tuple(history) for name, history in self._history.items()})


def bars(history: Sequence[tuple[float, float]], now: float, width: int) -> str:
    """The last minute as so many characters, the present to the right; a blank where nothing is known.

    Each is as high as the highest rate of its time, next to the highest of the minute.
    """
    step = HISTORY_S / width
    highest: dict[int, float] = {}
    for at, rate in history:
        column = width - 1 - int((now - at) / step)
        highest[column] = max(rate, highest.get(column, 0.0))
    top = max(highest.values(), default=0.0)
    return "".join(_bar(highest[column], top) if column in highest else " " for column in range(width))


def _bar(rate: float, top: float) -> str:
    """Only 0 has the lowest, so that little is not taken for nothing."""
    if rate <= 0:
        return _BARS[0]
    return _BARS[max(1, round(rate / top * (len(_BARS) - 1)))]
