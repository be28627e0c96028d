# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Measures what a live mirror costs the application that has it: a table on stdout, live.json and live.svg in a folder.

make bench-live runs it:  python tests/bench/live.py build/bench
compared with another build:  python tests/bench/live.py build/bench --before /path/to/librte_mirror.so
into docs/performance.md, measuring nothing:  python tests/bench/live.py --docs build/bench/live.json
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from live_beds import NULLS, Build, ovs_bed, testpmd_bed
from live_cases import SIZE, SIZES, cases_of_dumpcap, cases_of_ovs, cases_of_testpmd
from live_commands import measure_commands
from live_figures import LiveResults, live_figures
from live_list import CAPTURE, DUMPCAP, TARGETS
from live_measure import FULL, QUICK, LiveEffort, Rounds, circumstances, take_turns
from live_plots import plot_live
from live_program import Program, Report
from live_report import live_table, write_docs
from livekit.application import PLUGIN, plugin_directory
from run import figure_table

if TYPE_CHECKING:
    import argparse

KINDS = {target.name: target for target in [*TARGETS, *DUMPCAP, *CAPTURE]}


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
    media = 1 if job.quick else None
    cases += cases_of_dumpcap(*([target.name for target in kinds[:media]] for kinds in (DUMPCAP, CAPTURE)))
    for size in SIZES:
        of_size = [case for case in cases if case.size == size]
        if of_size:
            with ExitStack() as stack:
                beds = [testpmd_bed(build, size, stack, NULLS) for build in builds]
                take_turns(Rounds(beds, KINDS, job.effort), of_size, results)
    measure_commands(builds[0], job.effort, results)
    if not job.quick:
        try:
            with ExitStack() as stack:
                take_turns(Rounds([ovs_bed(SIZE, stack)], KINDS, job.effort), cases_of_ovs(), results)
        except pytest.skip.Exception as reason:
            results.header["ovs"] = str(reason)
    return results


def report(results: LiveResults) -> Report:
    rows, figures = results.rows(), list(live_figures(results))
    document = {
        "header": results.header,
        "rows": rows,
        "figures": [figure.as_row() for figure in figures],
        "samples": results.samples(),
    }
    refusals = (
        f"{build}, {case.target}, {case.mode}, {case.directions}: {reason}"
        for (build, case), reason in results.refusals.items()
    )
    return Report(document, [live_table(rows), figure_table(figures)], refusals)


def parse(program: Program) -> argparse.Namespace:
    parser = program.parser(__doc__, "fewer cases and rounds")
    parser.add_argument("--before", type=Path, metavar="LIBRARY", help="another build, measured in the same rounds")
    parser.add_argument("--before-name", default="another build", metavar="NAME", help="what the tables call it")
    args = program.parse(parser)
    if args.before is not None and not args.before.is_file():
        parser.error(f"--before {args.before}: there is no such file")
    return args


def job_of(args: argparse.Namespace) -> Job:
    libraries = {"now": plugin_directory() / PLUGIN}
    if args.before is not None:
        libraries["before"] = args.before
    return Job(QUICK if args.quick else FULL, libraries, args.before_name, args.quick)


def main() -> int:
    program = Program("live", report, plot_live, write_docs)
    args = parse(program)
    return program.run(args, lambda: measure(job_of(args)))


if __name__ == "__main__":
    sys.exit(main())
