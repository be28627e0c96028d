# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Rounds of measurements: each case of each build once a round, between two looks at the unmirrored rate."""

from __future__ import annotations

import os
import platform
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from live_beds import OTHER_CPU, pages, rates
from live_figures import TOLERANCE, Sample
from live_targets import NoCaptureError
from livekit.telemetry import RefusedError
from machine import commit, cpu
from programs import pkg_config
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from live_beds import LiveBed
    from live_cases import LiveCase
    from live_figures import LiveResults
    from live_targets import Target

UNDISTURBED = 0.98  # the part of the time that the poller had its CPU


@dataclass(frozen=True)
class LiveEffort:
    mode: str
    rounds: int
    window_s: float
    settle_s: float
    tries: int = 3


FULL = LiveEffort("full", rounds=5, window_s=0.3, settle_s=0.15)
QUICK = LiveEffort("quick", rounds=3, window_s=0.2, settle_s=0.1)


def circumstances(effort: LiveEffort) -> dict[str, Any]:
    """Of a run, for its results."""
    return {
        "cpu": cpu(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "dpdk": " ".join(pkg_config("--modversion", "libdpdk")),
        "pages": pages(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "mode": effort.mode,
        "rounds": effort.rounds,
        "window_s": effort.window_s,
        "tolerance": TOLERANCE,
    }


@contextmanager
def off_the_poller() -> Iterator[None]:
    """What measures runs on the other CPU; what is started inside would, too."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CPU})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Visit:
    """One look at a case."""

    def __init__(self, bed: LiveBed, target: Target, case: LiveCase, effort: LiveEffort) -> None:
        self._bed, self._target, self._case, self._effort = bed, target, case, effort
        self.mode = ""

    def unmirrored(self) -> float:
        time.sleep(self._effort.settle_s / 2)
        rate = self._look({})["rate"]
        assert rate is not None
        return rate

    def mirrored(self) -> dict[str, float | None]:
        bed, target = self._bed, self._target
        with target.mirrored(bed, self._case) as self.mode:
            bed.wait_for_drain()
            time.sleep(self._effort.settle_s)
            return self._look(
                {
                    "delivered": lambda: target.delivered(bed),
                    "received": lambda: target.received(bed),
                    "drain_cpu": bed.drain_s,
                }
            )

    def _look(self, counts: Mapping[str, Callable[[], float | None]]) -> dict[str, float | None]:
        """Again if something else ran where the application polls; the last one whatever ran there."""
        bed = self._bed
        counts = {"rate": bed.forwarded, "poller_cpu": bed.poller_s, "busy": bed.busy_s, **counts}
        for _ in range(self._effort.tries):
            found = rates(counts, self._effort.window_s)
            if (found["poller_cpu"] or 0.0) >= UNDISTURBED:
                break
        # A poller that is kept from its CPU forwards nothing then, and one that waits for packets could forward more.
        busy = found["busy"] = found["busy"] or 1.0
        if found["rate"] and found["poller_cpu"]:
            found["rate"] /= busy * found["poller_cpu"]
        return found


class Rounds:
    """Those of applications of one size, which take turns."""

    def __init__(self, beds: Sequence[LiveBed], targets: Mapping[str, Target], effort: LiveEffort) -> None:
        self._beds, self._targets, self._effort = beds, targets, effort
        self._unmirrored: dict[str, float] = {}

    def prepare(self, cases: Sequence[LiveCase]) -> None:
        for bed in self._beds:
            for name in dict.fromkeys(case.target for case in cases):
                self._targets[name].prepare(bed)

    def run(self, cases: Sequence[LiveCase], results: LiveResults) -> Iterator[str]:
        """Says what it is at."""
        for bed in self._beds:
            bed.stop()
        for number in range(self._effort.rounds):
            # So that no case is at the same position in all.
            first = number * len(cases) // self._effort.rounds
            for case in [*cases[first:], *cases[:first]]:
                yield f"{case.application}, {case.size} B, round {number + 1} of {self._effort.rounds}: {case.target}"
                for bed in self._beds[:: -1 if number % 2 else 1]:
                    with bed.running():
                        self._visit(bed, case, results)

    def _visit(self, bed: LiveBed, case: LiveCase, results: LiveResults) -> None:
        if (bed.build, case) in results.refusals or not self._targets[case.target].is_for(bed):
            return
        visit = Visit(bed, self._targets[case.target], case, self._effort)
        before = self._unmirrored.get(bed.build) or visit.unmirrored()
        try:
            found = visit.mirrored()
        except (RefusedError, NoCaptureError) as refusal:
            results.refusals[bed.build, case] = str(refusal)
            return
        after = self._unmirrored[bed.build] = visit.unmirrored()
        results.modes[bed.build, case] = visit.mode
        results.add(bed.build, case, Sample(before=before, after=after, **found))  # type: ignore[arg-type]


def take_turns(rounds: Rounds, cases: Sequence[LiveCase], results: LiveResults) -> None:
    """Says on a terminal what it is at."""
    rounds.prepare(cases)
    with off_the_poller(), Console(stderr=True).status("") as status:
        for at in rounds.run(cases, results):
            status.update(at)
