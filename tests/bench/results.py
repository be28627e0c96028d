# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What several runs of the benchmark found, each with medians of its own, as one result."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, order=True)
class Case:
    """What a figure is about."""

    comparison: str  # what it was measured together with: methods, bursts, mirrors, queues, sizes; or throughput
    method: str
    size: int  # bytes in a segment
    segments: int = 1
    burst: int = 32
    warmth: str = "warm"
    target: str = "null"  # null frees at once, ring later
    queues: int = 1
    mirrors: int = 1


@dataclass(frozen=True)
class Spread:
    """A median over processes, and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float | None], quorum: int = 1) -> Spread | None:
    """None where fewer values than the quorum are there: inconclusive."""
    found = sorted(value for value in values if value is not None)
    if len(found) < max(quorum, 1):
        return None
    if len(found) == 1:
        return Spread(found[0], found[0], found[0])
    low, _, high = statistics.quantiles(found, method="inclusive")
    return Spread(statistics.median(found), low, high)


def per_packet(row: dict[str, Any]) -> float:
    """Where there is nothing to do for a packet, instructions are counted for each burst."""
    instructions: float = row["instructions"]
    return instructions / row["burst"] if row["per"] == "burst" else instructions


class Results:
    """Cases with each process's cycles a packet, or None where it was inconclusive."""

    def __init__(self, header: dict[str, Any], instructions: Iterable[dict[str, Any]]) -> None:
        self.header = header
        self.instructions = {
            (row["method"], row["size"], row["segments"], row["burst"]): per_packet(row) for row in instructions
        }
        self._runs: list[dict[Case, dict[str, Any]]] = []

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """One process's lines."""
        names = [field.name for field in fields(Case)]
        self._runs.append({Case(**{name: line[name] for name in names}): line for line in lines})

    def cases(self, comparison: str) -> list[Case]:
        """In the order in which they were measured."""
        return [case for case in self._runs[0] if case.comparison == comparison]

    def derived(self, formula: Callable[..., float], *cases: Case) -> Spread | None:
        """What a formula makes of the cycles of these cases, of each process in itself."""
        values = []
        for run in self._runs:
            cycles = [run[case]["median"] if case in run else None for case in cases]
            values.append(None if None in cycles else formula(*cycles))
        return spread(values, quorum=(len(self._runs) + 1) // 2)

    def cycles(self, case: Case) -> Spread | None:
        return self.derived(lambda cycles: cycles, case)

    def acceptance(self, case: Case) -> float:
        """The part of its chunks that were accepted."""
        lines = [run[case] for run in self._runs]
        tried: int = sum(line["tried"] for line in lines)
        accepted: int = sum(line["accepted"] for line in lines)
        return accepted / tried

    def instructions_of(self, case: Case) -> float | None:
        """Counted apart, on net_null: they do not depend on what is in the caches."""
        if case.target != "null" or case.queues != 1 or case.comparison == "throughput":
            return None
        method = f"{case.method}{case.mirrors}" if case.mirrors > 1 else case.method
        return self.instructions.get((method, case.size, case.segments, case.burst))

    def over_floor(self, case: Case) -> Spread | None:
        if case.method == "baseline" or case.comparison == "throughput":
            return None
        floor = Case(**{**asdict(case), "method": "floor", "mirrors": 1})
        return self.derived(lambda cycles, least: cycles / least, case, floor)

    def row(self, case: Case) -> dict[str, Any]:
        cycles, over_floor = self.cycles(case), self.over_floor(case)
        return asdict(case) | {
            "cycles": cycles and asdict(cycles),
            "over_floor": over_floor and over_floor.median,
            "instructions": self.instructions_of(case),
            "acceptance": round(self.acceptance(case), 4),
        }

    def rows(self, comparisons: Sequence[str]) -> list[dict[str, Any]]:
        return [self.row(case) for comparison in comparisons for case in self.cases(comparison)]
