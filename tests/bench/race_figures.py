# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the rounds of make bench-ovs come to: rates over those with the switch's own mirrors, and what gains are of."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from figures import Figure
from live_cases import SIZE, SIZES, LiveCase
from race_cases import (
    GENERATED,
    LATE,
    MIXED,
    NULL,
    OWN,
    OWN_NULL,
    OWN_TAP,
    OWN_VM,
    RIVALS,
    SAME_NULL,
    SAME_VM,
    TAP,
    TO_VM,
    VMS,
)
from results import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from live_figures import LiveResults, Sample

SHARED = dict(zip(SIZES, (3.0, 3.3, 3.2), strict=True))
CHOSEN_BOUND = 0.92


def rival_of(case: LiveCase) -> LiveCase | None:
    """The switch's own mirror to the same port, or one of the same kind; None: there is none."""
    return replace(case, target=RIVALS[case.target], mode=OWN) if case.target in RIVALS else None


def rate(sample: Sample) -> float:
    """Over the unmirrored one right before and after: the two that are compared are seconds apart."""
    return sample.ratio


def received(sample: Sample) -> float:
    return sample.received or 0.0


def over(results: LiveResults, case: LiveCase, own: LiveCase) -> Spread | None:
    return results.over(("now", case), ("now", own), rate)


def race_rows(results: LiveResults) -> list[dict[str, Any]]:
    """With the rate over that with the rival, of the same round."""
    rows = []
    for case in results.cases():
        rival = rival_of(case)
        found = over(results, case, rival) if rival else None
        rows.append(results.row("now", case) | {"over_own": found and asdict(found)})
    return rows


def gains(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a packet's cost with the switch's own mirror: its path, which copies bypass, and the copy, which is spared."""
    costs: dict[tuple[str, int], dict[str, float]] = {}
    ways = {(OWN_NULL, OWN): "own", (SAME_NULL, "copy"): "copy", (SAME_NULL, "share"): "share"}
    for row in rows:
        way = ways.get((row["target"], row["mode"]))
        if way and row["added_ns"]:
            costs.setdefault((row["application"], row["size"]), {})[way] = row["added_ns"]["median"]
    return [
        {
            "traffic": traffic,
            "size": size,
            **found,
            "bypassing": found["own"] - found["copy"],
            "not_copying": found["copy"] - found["share"],
        }
        for (traffic, size), found in costs.items()
        if len(found) == len(ways)
    ]


def of_null(results: LiveResults) -> Iterator[Figure]:
    for size, bound in SHARED.items():
        own = LiveCase(GENERATED, size, OWN_NULL, OWN)
        for target in (SAME_NULL, NULL):
            what = f"{target}, share, {size} B: rate over that with OVS's own mirror to null"
            yield Figure(what, over(results, replace(own, target=target, mode="share"), own), bound, at_least=True)
    own = LiveCase(GENERATED, SIZES[-1], OWN_NULL, OWN)
    what = f"{LATE}, auto, {SIZES[-1]} B: rate over that with OVS's own mirror to null"
    yield Figure(what, over(results, replace(own, target=LATE, mode="auto"), own), 2.5, at_least=True)


def of_tap(results: LiveResults) -> Iterator[Figure]:
    for size in SIZES:
        tap = LiveCase(GENERATED, size, TAP, "auto")
        for rival, bound in ((OWN_TAP, 3.0), (OWN_NULL, 1.5)):
            what = f"tap, auto, {size} B: rate over that with {rival}"
            yield Figure(what, over(results, tap, replace(tap, target=rival, mode=OWN)), bound, at_least=True)


def of_machines(results: LiveResults) -> Iterator[Figure]:
    for target in (TO_VM, SAME_VM):
        case = LiveCase(VMS, SIZE, target, "share")
        both = ("now", case), ("now", replace(case, target=OWN_VM, mode=OWN))
        for what, formula in (("rate", rate), ("packets that the third one receives", received)):
            name = f"VM to VM, {target}, share, {SIZE} B: {what} over OVS's own mirror's"
            yield Figure(name, results.over(*both, formula), 2.0, at_least=True)


def of_chosen(results: LiveResults) -> Iterator[Figure]:
    for case in results.cases():
        if case.application == MIXED:
            what = f"{case.target}, {case.mode}, {SIZE} B: rate over that without"
            yield Figure(what, results.ratio("now", case), CHOSEN_BOUND, at_least=True)


def of_callbacks(results: LiveResults) -> Iterator[Figure]:
    """Counted in all switches, before and after their mirrors: no callback, no instruction."""
    counts = [float(count) for count in results.header["callbacks"]["without"]]
    if counts:
        yield Figure("loaded, no mirror: queues with callbacks", Spread(max(counts), min(counts), max(counts)), 0)


def race_figures(results: LiveResults) -> list[Figure]:
    return [
        *of_null(results),
        *of_tap(results),
        *of_machines(results),
        *of_chosen(results),
        *of_callbacks(results),
    ]
