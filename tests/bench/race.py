# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Measures mirrors of Open vSwitch against its own: tables on stdout, ovs.json and ovs.svg in a folder.

make bench-ovs runs it:  python tests/bench/race.py build/bench
into docs/performance.md, measuring nothing:  python tests/bench/race.py --docs build/bench/ovs.json
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from live_figures import LiveResults
from live_measure import FULL, QUICK, LiveEffort, Rounds, circumstances, take_turns
from live_program import Program, Report
from livekit.reader import callbacks
from race_beds import race_bed
from race_cases import TRAFFIC
from race_figures import gains, race_figures, race_rows
from race_plots import plot_race
from race_report import race_tables, write_race_docs
from race_targets import RACE_TARGETS, TO_NULL
from run import figure_table

if TYPE_CHECKING:
    from race_beds import RaceBed
    from race_cases import Traffic


def count_callbacks(bed: RaceBed, found: dict[str, list[int]]) -> None:
    """Without a mirror, and, to see that there are any to count, with one."""
    call = bed.telemetry.call
    found["without"].append(callbacks(bed.telemetry))
    call("add", source=0, to=TO_NULL, directions="rx", name="counted")
    found["with"].append(callbacks(bed.telemetry))
    call("remove", mirror="counted")


def measure_traffic(traffic: Traffic, size: int, effort: LiveEffort, results: LiveResults) -> None:
    """In a switch of its own."""
    with ExitStack() as stack:
        bed = race_bed(traffic, size, stack)
        count_callbacks(bed, results.header["callbacks"])
        take_turns(Rounds([bed], RACE_TARGETS, effort), traffic.cases(size), results)


def measure(effort: LiveEffort) -> LiveResults:
    results = LiveResults(circumstances(effort) | {"pages": "2 MB", "callbacks": {"without": [], "with": []}})
    for traffic in TRAFFIC:
        for size in traffic.sizes:
            measure_traffic(traffic, size, effort, results)
    return results


def report(results: LiveResults) -> Report:
    rows, figures = race_rows(results), list(race_figures(results))
    document = {
        "header": results.header,
        "rows": rows,
        "gains": gains(rows),
        "figures": [figure.as_row() for figure in figures],
        "samples": results.samples(),
    }
    refusals = (
        f"{case.application}, {case.target}, {case.mode}: {reason}" for (_, case), reason in results.refusals.items()
    )
    return Report(document, [*race_tables(document), figure_table(figures)], refusals)


def main() -> int:
    program = Program("ovs", report, plot_race, write_race_docs)
    args = program.parse(program.parser(__doc__, "fewer and shorter rounds"))
    return program.run(args, lambda: measure(QUICK if args.quick else FULL))


if __name__ == "__main__":
    sys.exit(main())
