# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Measures what a live mirror costs the application that has it: a table on stdout, live.json and live.svg in a folder.

make bench-live runs it:  python tests/bench/live.py build/bench
compared with another build:  python tests/bench/live.py build/bench --before /path/to/librte_mirror.so
into docs/performance.md, measuring nothing:  python tests/bench/live.py --docs build/bench/live.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from live_beds import POLLER_CPU, Build, ovs_bed, testpmd_bed
from live_cases import SIZE, SIZES, cases_of_dumpcap, cases_of_ovs, cases_of_testpmd
from live_figures import LiveResults, live_figures
from live_list import DUMPCAP, TARGETS
from live_measure import FULL, QUICK, LiveEffort, Rounds, circumstances, take_turns
from live_plots import plot_live
from live_report import PERFORMANCE, live_table, write_docs
from livekit.application import PLUGIN, plugin_directory
from rich.console import Console
from run import figure_table

KINDS = {target.name: target for target in [*TARGETS, *DUMPCAP]}


@dataclass(frozen=True)
class Job:
    """What is to be measured, how, and with which builds."""

    effort: LiveEffort
    libraries: dict[str, Path]
    before: str
    quick: bool


def describe(job: Job) -> dict[str, Any]:
    return circumstances(job.effort) | {"before": job.before if "before" in job.libraries else None}


def measure(job: Job) -> LiveResults:
    results = LiveResults(describe(job))
    cases = cases_of_testpmd([target.name for target in TARGETS], quick=job.quick)
    builds = [Build(name, library, results.header["pages"]) for name, library in job.libraries.items()]
    if not job.quick:
        cases += cases_of_dumpcap([target.name for target in DUMPCAP])
    for size in SIZES:
        of_size = [case for case in cases if case.size == size]
        if of_size:
            with ExitStack() as stack:
                beds = [testpmd_bed(build, size, stack) for build in builds]
                take_turns(Rounds(beds, KINDS, job.effort), of_size, results)
    if not job.quick:
        try:
            with ExitStack() as stack:
                take_turns(Rounds([ovs_bed(SIZE, stack)], KINDS, job.effort), cases_of_ovs(), results)
        except pytest.skip.Exception as reason:
            results.header["ovs"] = str(reason)
    return results


def report(results: LiveResults, folder: Path, console: Console) -> None:
    rows, figures = results.rows(), list(live_figures(results))
    console.print(live_table(rows), figure_table(figures))
    console.print(", ".join(f"{name} {value}" for name, value in results.header.items()), soft_wrap=True)
    for (build, case), reason in results.refusals.items():
        console.print(f"refused: {build}, {case.target}, {case.mode}, {case.directions}: {reason}", soft_wrap=True)
    document = {
        "header": results.header,
        "rows": rows,
        "figures": [figure.as_row() for figure in figures],
        "samples": results.samples(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "live.json").write_text(json.dumps(document, indent=1) + "\n")
    plot_live(document, folder / "live.svg")
    console.print(f"{folder}: live.json and live.svg")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where live.json and live.svg go")
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--before", type=Path, metavar="LIBRARY", help="another build, measured in the same rounds")
    parser.add_argument("--before-name", default="another build", metavar="NAME", help="what the tables call it")
    parser.add_argument("--docs", type=Path, metavar="JSON", help="writes a run's results into docs/performance.md")
    args = parser.parse_args()
    if (args.folder is None) == (args.docs is None):
        parser.error("give a folder for the results, or --docs and the results of a run")
    if args.before is not None and not args.before.is_file():
        parser.error(f"--before {args.before}: there is no such file")
    return args


def main() -> int:
    args = parse()
    if args.docs is not None:
        document = json.loads(args.docs.read_text())
        write_docs(document, PERFORMANCE)
        plot_live(document, PERFORMANCE.with_suffix("") / "live.svg")
        return 0
    if (os.cpu_count() or 1) <= POLLER_CPU:
        sys.exit("two CPUs are needed: one is the poller's alone")
    libraries = {"now": plugin_directory() / PLUGIN}
    if args.before is not None:
        libraries["before"] = args.before
    job = Job(QUICK if args.quick else FULL, libraries, args.before_name, args.quick)
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        results = measure(job)
    except pytest.skip.Exception as reason:
        sys.exit(f"nothing is measured: {reason}")
    report(results, args.folder, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
