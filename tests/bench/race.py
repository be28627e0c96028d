# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Measures mirrors of Open vSwitch against its own: tables on stdout, ovs.json and ovs.svg in a folder.

make bench-ovs runs it:  python tests/bench/race.py build/bench
into docs/performance.md, measuring nothing:  python tests/bench/race.py --docs build/bench/ovs.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from live_beds import POLLER_CPU
from live_figures import LiveResults
from live_measure import FULL, QUICK, LiveEffort, Rounds, circumstances, take_turns
from live_report import PERFORMANCE
from livekit.reader import callbacks
from race_beds import race_bed
from race_cases import TRAFFIC
from race_figures import gains, race_figures, race_rows
from race_plots import plot_race
from race_report import race_tables, write_race_docs
from race_targets import RACE_TARGETS, TO_NULL
from rich.console import Console
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


def document_of(results: LiveResults) -> dict[str, Any]:
    rows = race_rows(results)
    return {
        "header": results.header,
        "rows": rows,
        "gains": gains(rows),
        "figures": [figure.as_row() for figure in race_figures(results)],
        "samples": results.samples(),
    }


def report(results: LiveResults, folder: Path, console: Console) -> None:
    document = document_of(results)
    console.print(*race_tables(document), figure_table(race_figures(results)))
    console.print(", ".join(f"{name} {value}" for name, value in results.header.items()), soft_wrap=True)
    for (_, case), reason in results.refusals.items():
        console.print(f"refused: {case.application}, {case.target}, {case.mode}: {reason}", soft_wrap=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ovs.json").write_text(json.dumps(document, indent=1) + "\n")
    plot_race(document, folder / "ovs.svg")
    console.print(f"{folder}: ovs.json and ovs.svg")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where ovs.json and ovs.svg go")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--docs", type=Path, metavar="JSON", help="writes a run's results into docs/performance.md")
    args = parser.parse_args()
    if (args.folder is None) == (args.docs is None):
        parser.error("give a folder for the results, or --docs and the results of a run")
    return args


def main() -> int:
    args = parse()
    if args.docs is not None:
        document = json.loads(args.docs.read_text())
        write_race_docs(document, PERFORMANCE)
        plot_race(document, PERFORMANCE.with_suffix("") / "ovs.svg")
        return 0
    if (os.cpu_count() or 1) <= POLLER_CPU:
        sys.exit("two CPUs are needed: one is the poller's alone")
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        results = measure(QUICK if args.quick else FULL)
    except pytest.skip.Exception as reason:
        sys.exit(f"nothing is measured: {reason}")
    report(results, args.folder, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
