# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What rounds of measurements come to: ratios, their spread, or that nothing can be said."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from figures import Figure
from live_cases import MIXED, SAMPLE, SIZE, TCPDUMP, LiveCase
from results import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from results import Spread

TOLERANCE = 0.05
"""How far the unmirrored rate may be from its median over the run, for a round to count."""
POLLING = 0.7
"""The part of the time that the poller must have had its CPU, for a round to count."""


@dataclass(frozen=True)
class Sample:
    """A case in one round: packets a second, but for the parts of a CPU."""

    rate: float  # what the application forwards while its poller has its CPU, and packets
    before: float  # what it forwards without a mirror, right before,
    after: float  # and right after
    delivered: float  # what the target has got, as the mirror counts it
    received: float | None  # what its far end has seen; None: nobody is there who could
    drain_cpu: float | None  # None: the application's poller sends to the target itself
    poller_cpu: float  # less than 1 where something else ran on the poller's CPU
    busy: float = 1.0  # the part of the time in which the poller had packets

    @property
    def unmirrored(self) -> float:
        return statistics.mean((self.before, self.after))

    @property
    def ratio(self) -> float:
        return self.rate / self.unmirrored

    @property
    def added_ns(self) -> float | None:
        """What a forwarded packet costs the poller more than without the mirror; None: it forwards none."""
        return 1e9 / self.rate - 1e9 / self.unmirrored if self.rate > 0 else None


Measured = tuple[str, LiveCase]
"""A build, "now" or "before", and a case."""


def is_steady(sample: Sample, reference: float) -> bool:
    near = (abs(rate - reference) <= TOLERANCE * reference for rate in (sample.before, sample.after))
    return sample.poller_cpu >= POLLING and sample.unmirrored > 0 and all(near)


class LiveResults:
    """The samples of each build and case, round by round."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self.modes: dict[Measured, str] = {}  # what became of "auto"
        self.refusals: dict[Measured, str] = {}
        self.others: list[Figure] = []  # of what is no rate
        self._samples: dict[Measured, list[Sample]] = defaultdict(list)

    def add(self, build: str, case: LiveCase, sample: Sample) -> None:
        self._samples[build, case].append(sample)

    def cases(self) -> list[LiveCase]:
        """In the order in which they were measured first."""
        return list(dict.fromkeys(case for _, case in [*self._samples, *self.refusals]))

    def reference(self, build: str, case: LiveCase) -> float:
        """The median of all unmirrored rates of the process that the case was measured in."""
        same = (build, case.application, case.size)
        return statistics.median(
            rate
            for (other, at), samples in self._samples.items()
            if (other, at.application, at.size) == same
            for sample in samples
            for rate in (sample.before, sample.after)
        )

    def rounds(self, build: str, case: LiveCase) -> list[Sample | None]:
        """None where something else took part: the unmirrored rate was another, or the poller lacked its CPU."""
        samples = self._samples.get((build, case), [])
        if not samples:
            return []
        reference = self.reference(build, case)
        return [sample if is_steady(sample, reference) else None for sample in samples]

    def derived(self, build: str, case: LiveCase, formula: Callable[[Sample], float | None]) -> Spread | None:
        """None where fewer than half of the rounds count: inconclusive."""
        rounds = self.rounds(build, case)
        return spread((None if at is None else formula(at) for at in rounds), quorum=(len(rounds) + 1) // 2)

    def ratio(self, build: str, case: LiveCase) -> Spread | None:
        return self.derived(build, case, lambda sample: sample.ratio)

    def over(self, upper: Measured, lower: Measured, formula: Callable[[Sample], float]) -> Spread | None:
        """Each round's value over another's in the same round."""
        pairs = list(zip(self.rounds(*upper), self.rounds(*lower), strict=False))
        return spread(
            (formula(high) / formula(low) if high and low and formula(low) else None for high, low in pairs),
            quorum=(len(pairs) + 1) // 2,
        )

    def row(self, build: str, case: LiveCase) -> dict[str, Any]:
        formulas: dict[str, Callable[[Sample], float | None]] = {
            "ratio": lambda sample: sample.ratio,
            "rate": lambda sample: sample.rate,
            "added_ns": lambda sample: sample.added_ns,
            "delivered": lambda sample: sample.delivered,
            "received": lambda sample: sample.received,
            "drain_cpu": lambda sample: sample.drain_cpu,
            "poller_cpu": lambda sample: sample.poller_cpu,
            "busy": lambda sample: sample.busy,
        }
        found = {name: self.derived(build, case, formula) for name, formula in formulas.items()}
        rounds = self.rounds(build, case)
        return {
            "build": build,
            **asdict(case),
            "became": self.modes.get((build, case)),
            "refused": self.refusals.get((build, case)),
            "steady": sum(sample is not None for sample in rounds),
            "rounds": len(rounds),
            "unmirrored": self.reference(build, case) if rounds else None,
            **{name: None if value is None else asdict(value) for name, value in found.items()},
        }

    def rows(self) -> list[dict[str, Any]]:
        known = {*self._samples, *self.refusals}
        return [self.row(*at) for case in self.cases() for at in (("now", case), ("before", case)) if at in known]

    def samples(self) -> list[dict[str, Any]]:
        return [
            {"build": build, **asdict(case), "round": number, **asdict(sample)}
            for (build, case), samples in self._samples.items()
            for number, sample in enumerate(samples)
        ]


@dataclass(frozen=True)
class Goal:
    """Of the rate over that without a mirror; of what the target gets over what it got before, if ``over_before``."""

    targets: Sequence[str]
    mode: str
    bound: float
    sample: int = 1
    over_before: bool = False
    application: str = "testpmd"


WORKING = ("tap", "af_packet", "file, disk", "file, tmpfs", "stream")
IDLE = ("ring, unread", "vhost, no guest")
GOALS = (
    Goal(WORKING, "share", 0.70),
    Goal(WORKING, "auto", 0.45),
    *(Goal(IDLE, mode, 0.85) for mode in ("share", "auto")),
    *(Goal(("tap",), mode, 0.90, SAMPLE) for mode in ("share", "auto")),
    *(Goal(("tap",), mode, 1.0, over_before=True) for mode in ("share", "auto")),
    *(Goal(WORKING[2:], mode, 1.5, over_before=True) for mode in ("share", "auto")),
    Goal((TCPDUMP,), "auto", 0.85, application=MIXED),
)
BEFORE = {"stream": "file, tmpfs"}
"""What was there instead: no disk either."""
DUMPCAP = {
    "file, disk": "disk",
    "file, tmpfs": "tmpfs",
    "stream": "tmpfs",
    "capture, disk": "disk",
    "capture, tmpfs": "tmpfs",
}
"""Where the file of dpdk-dumpcap is that a target is compared with."""
SCOPE = {"rx": "all that a port receives", "both": "all that is forwarded"}


def of_goal(results: LiveResults, goal: Goal, case: LiveCase) -> Figure:
    sampled = f", 1 in {case.sample}" if case.sample > 1 else ""
    mirror = f"{case.target}, {case.mode}{sampled}, {case.size} B, {SCOPE[case.directions]}"
    if goal.over_before:
        before = replace(case, target=BEFORE.get(case.target, case.target))
        what = f"{mirror}: packets that it gets, over before"
        found = results.over(("now", case), ("before", before), lambda sample: sample.delivered)
        return Figure(what, found, goal.bound, at_least=True)
    return Figure(f"{mirror}: rate over that without", results.ratio("now", case), goal.bound, at_least=True)


def of_dumpcap(results: LiveResults) -> Iterator[Figure]:
    """What has been written over what dpdk-dumpcap writes, both of all that a port receives and sends."""
    measured = set(results.cases())
    for (target, medium), mode in product(DUMPCAP.items(), ("share", "auto")):
        mirror = LiveCase("testpmd", SIZE, target, mode, "both")
        dumpcap = replace(mirror, target=f"dumpcap, {medium}", mode="copy")
        if mirror in measured and dumpcap in measured and ("now", dumpcap) not in results.refusals:
            both = (("now", mirror), ("now", dumpcap))
            written = results.over(*both, lambda sample: sample.delivered)
            rate = results.over(*both, lambda sample: sample.rate)
            what = f"{target}, {mode}, {SIZE} B"
            yield Figure(f"{what}: packets written, over dumpcap, {medium}", written, 2.0, at_least=True)
            yield Figure(f"{what}: application's rate, over dumpcap, {medium}", rate, 1.0, at_least=True)


def live_figures(results: LiveResults) -> Iterator[Figure]:
    """Of what was measured: with "both", too, where everything is mirrored and not the half that a port receives."""
    measured = set(results.cases())
    for goal in GOALS:
        if goal.over_before and not results.header["before"]:
            continue
        for target in goal.targets:
            case = LiveCase(goal.application, SIZE, target, goal.mode, sample=goal.sample)
            for asked in (case, replace(case, directions="both")):
                if asked in measured:
                    yield of_goal(results, goal, asked)
    yield from of_dumpcap(results)
    yield from results.others
