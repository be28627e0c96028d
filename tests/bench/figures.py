# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The figures that the library is to reach, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from results import Case, Spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from results import Results

SIZES = (64, 512, 1518)
TARGETS = {"null": "freed at once", "ring": "freed later"}


@dataclass(frozen=True)
class Figure:
    what: str
    reached: Spread | None  # None: inconclusive
    bound: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.reached is None:
            return "inconclusive"
        value = round(self.reached.median, 2)
        return "ok" if (value >= self.bound if self.at_least else value <= self.bound) else "falls short"

    def as_row(self) -> dict[str, Any]:
        reached = self.reached and self.reached.median
        relation = ">=" if self.at_least else "<="
        return {"what": self.what, "reached": reached, "reach": f"{relation} {self.bound}", "verdict": self.verdict}


@dataclass(frozen=True)
class Ratio:
    """One method's cycles over another's."""

    results: Results

    def __call__(self, case: Case, over: str) -> Spread | None:
        return self.results.derived(lambda upper, lower: upper / lower, case, replace(case, method=over))


def of_share(results: Results) -> Iterator[Figure]:
    ratio = Ratio(results)
    for size in SIZES:
        share = Case("methods", "share", size)
        yield Figure(f"share over floor, {size} B warm, freed at once", ratio(share, "floor"), 1.20)
    for size in SIZES:
        share = Case("methods", "share", size, warmth="cold", target="ring")
        rfc = replace(share, method="rfc")
        yield Figure(f"share over floor, {size} B cold, freed later", ratio(share, "floor"), 1.5)
        yield Figure(f"rfc over share, {size} B cold, freed later", ratio(rfc, "share"), 1.7, at_least=True)
    for size in SIZES:
        share = Case("methods", "share", size, warmth="cold")
        yield Figure(f"share over rfc, {size} B cold, freed at once", ratio(share, "rfc"), 0.95)


def of_copies(results: Results) -> Iterator[Figure]:
    """What falls under both targets is asked of both."""
    ratio = Ratio(results)
    for target, when in TARGETS.items():
        for size, segments, warmth, least in (
            (64, 1, "warm", 6),
            (1518, 1, "warm", 12),
            (1518, 1, "cold", 14),
            (1500, 3, "warm", 18),
        ):
            case = Case("methods", "pktmbuf_copy", size, segments, warmth=warmth, target=target)
            shape = f"{segments} x {size} B" if segments > 1 else f"{size} B"
            what = f"rte_pktmbuf_copy over share, {shape} {warmth}, {when}"
            yield Figure(what, ratio(case, "share"), least, at_least=True)
        for warmth, bound in (("warm", 0.55), ("cold", 0.45)):
            case = Case("methods", "split", 1518, warmth=warmth, target=target)
            what = f"split over rte_pktmbuf_copy, 1518 B {warmth}, {when}"
            yield Figure(what, ratio(case, "pktmbuf_copy"), bound)
        case = Case("methods", "copy", 64, target=target)
        yield Figure(f"copy over rte_pktmbuf_copy, 64 B warm, {when}", ratio(case, "pktmbuf_copy"), 0.5)
        case = Case("methods", "copy128", 1518, target=target)
        yield Figure(f"copy, snaplen 128, over copy whole, 1518 B warm, {when}", ratio(case, "copy"), 0.4)


def of_mirrors(results: Results) -> Iterator[Figure]:
    """What each further mirror on a port costs, over what the first one does."""
    first = Case("mirrors", "share", 64)
    for number, word in enumerate(("second", "third", "fourth"), start=2):
        cost = results.derived(
            lambda one, fewer, more: (more - fewer) / one,
            first,
            replace(first, mirrors=number - 1),
            replace(first, mirrors=number),
        )
        yield Figure(f"{word} share mirror over the first, 64 B warm, freed at once", cost, 1.0)


def of_idle(results: Results) -> Iterator[Figure]:
    for method, what in (("paused", "all mirrors paused"), ("dormant", "a removed mirror pending")):
        case = Case("idle", method, 64)
        cycles = results.derived(lambda cycles, burst=case.burst: cycles * burst, case)
        yield Figure(f"{what}, cycles a burst", cycles, 10)
    counted = [count for (method, *_), count in results.instructions.items() if method == "none"]
    none = Spread(max(counted), min(counted), max(counted)) if counted else None
    yield Figure("no mirror on a port, instructions", none, 0)


def over_empty(results: Results, case: Case, what: str, bound: float) -> Figure:
    empty = replace(case, method="empty", mirrors=0)
    cycles = results.derived(lambda cycles, least: cycles - least, case, empty)
    return Figure(f"{what}, cycles a packet over an empty callback, {case.warmth}", cycles, bound)


def of_selection(results: Results) -> Iterator[Figure]:
    """What it costs to leave all packets out, or most, over a callback that does nothing."""
    for method, warmth, what, bound in (
        ("mac-none", "warm", "mac, none chosen", 6),
        ("mac-none", "cold", "mac, none chosen", 16),
        ("sample1000", "warm", "1 in 1000 chosen", 2),
    ):
        yield over_empty(results, Case("selection", method, 64, warmth=warmth), what, bound)
    for method, mirrors, warmth, what, bound in (
        ("jit-none", 1, "warm", "compiled filter, none of a mix chosen", 12),
        ("jit-none", 1, "cold", "compiled filter, none of a mix chosen", 36),
        ("interpreter-none", 1, "warm", "interpreted filter, none of a mix chosen", 60),
        ("filters", 16, "warm", "16 compiled filters, none of a mix chosen", 16 * 13),
    ):
        yield over_empty(results, Case("mix", method, 64, warmth=warmth, mirrors=mirrors), what, bound)


def of_rates(results: Results) -> Iterator[Figure]:
    """What a rate costs that leaves out nothing, over the same mirror without one."""
    for method, unit in (("rate", "packets"), ("rate-bits", "bits")):
        for warmth in ("warm", "cold"):
            case = Case("rates", method, 64, warmth=warmth)
            cycles = results.derived(lambda limited, all_: limited - all_, case, replace(case, method="share"))
            yield Figure(f"a rate in {unit} that leaves out nothing, cycles a packet, {warmth}", cycles, 4)


def of_throughput(results: Results) -> Iterator[Figure]:
    for target, when in TARGETS.items():
        for size in SIZES:
            share = Case("throughput", "share", size, warmth="cold", target=target)
            gain = results.derived(lambda slow, fast: slow / fast, replace(share, method="pdump"), share)
            yield Figure(f"throughput, share over pdump style, {size} B, {when}", gain, 2.0, at_least=True)


def figures(results: Results) -> list[Figure]:
    return [
        *of_share(results),
        *of_copies(results),
        *of_mirrors(results),
        *of_idle(results),
        *of_selection(results),
        *of_rates(results),
        *of_throughput(results),
    ]
