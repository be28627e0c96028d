# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Runs the benchmark in several processes, and reports: tables on stdout, results.json and plots in a folder.

make bench runs it:  python tests/bench/run.py build/c/gcc/tests/bench build/bench
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import figures
from machine import commit, cpu
from plots import plot_all
from results import Results
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from figures import Figure

COST_COMPARISONS = (
    *("methods", "bursts", "mirrors", "queues", "sizes", "idle"),
    *("selection", "rates", "filters", "vlans", "mix"),
)
TIMEOUT_S = 600


@dataclass(frozen=True)
class Effort:
    mode: str
    processes: int
    rounds: int


FULL = Effort("full", processes=5, rounds=61)
QUICK = Effort("quick", processes=3, rounds=31)


def run(program: Path, *args: str) -> list[dict[str, Any]]:
    """A program's output, JSON a line."""
    with tempfile.TemporaryDirectory(prefix="mirror-bench-") as runtime:
        # EAL keeps files there; its own choice may belong to another user.
        environment = os.environ | {"RUNTIME_DIRECTORY": runtime}
        done = subprocess.run(
            [program, *args], env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(programs: Path, effort: Effort, console: Console) -> Results:
    counter = programs / "instructions"
    header = {
        "cpu": cpu(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "mode": effort.mode,
        "processes": effort.processes,
        "rounds": effort.rounds,
    }
    results = Results(header, run(counter, "--json") if counter.exists() else [])
    for number in range(effort.processes):
        with console.status(f"process {number + 1} of {effort.processes}"):
            started, *lines = run(programs / "bench", str(effort.rounds))
        header |= started
        results.add(lines)
    return results


def number(value: float | None) -> str:
    return "inconclusive" if value is None else f"{value:.1f}"


def cost_table(rows: Iterable[dict[str, Any]]) -> Table:
    table = Table("method", "size", "burst", "packets", "target", "queues", "mirrors", title="cycles a packet")
    for name in ("median", "quartiles", "over floor", "instructions", "accepted"):
        table.add_column(name, justify="right")
    for row in rows:
        cycles = row["cycles"] or {"median": None, "low": None, "high": None}
        table.add_row(
            row["method"],
            f"{row['segments']} x {row['size']}" if row["segments"] > 1 else str(row["size"]),
            *(str(row[name]) for name in ("burst", "warmth", "target", "queues", "mirrors")),
            number(cycles["median"]),
            f"{number(cycles['low'])} {number(cycles['high'])}" if row["cycles"] else "",
            "" if row["over_floor"] is None else f"{row['over_floor']:.2f}",
            "" if row["instructions"] is None else f"{row['instructions']:.1f}",
            f"{row['acceptance']:.0%}",
        )
    return table


def throughput_rows(results: Results) -> list[dict[str, Any]]:
    rows = results.rows(["throughput"])
    for row in rows:
        row["packets_per_second"] = row["cycles"] and round(results.header["tsc_hz"] / row["cycles"]["median"])
    return rows


def throughput_table(rows: Iterable[dict[str, Any]]) -> Table:
    table = Table("method", "size", "target", title="million packets a second, forwarded by one lcore")
    table.add_column("rate", justify="right")
    for row in rows:
        rate = row["packets_per_second"]
        table.add_row(row["method"], str(row["size"]), row["target"], number(rate and rate / 1e6))
    return table


def figure_table(found: Iterable[Figure]) -> Table:
    table = Table("what", title="figures to reach")
    table.add_column("reached", justify="right")
    table.add_column("quartiles", justify="right")
    for name in ("reach", ""):
        table.add_column(name)
    for figure in found:
        row, reached = figure.as_row(), figure.reached
        quartiles = f"{reached.low:.2f} {reached.high:.2f}" if reached else ""
        table.add_row(row["what"], f"{reached.median:.2f}" if reached else "", quartiles, row["reach"], row["verdict"])
    return table


def report(results: Results, folder: Path, console: Console) -> None:
    costs, throughput, found = results.rows(COST_COMPARISONS), throughput_rows(results), figures(results)
    console.print(cost_table(costs), throughput_table(throughput), figure_table(found))
    header = results.header
    console.print(", ".join(f"{name} {value}" for name, value in header.items()), soft_wrap=True)
    if header["pages"] == "4 KB pages":
        console.print("4 KB pages: cold figures hold TLB misses. For others: sysctl vm.nr_hugepages=640")
    if not header["reader"]:
        console.print("One CPU: nothing is measured of targets that free later, which takes a second one.")
    folder.mkdir(parents=True, exist_ok=True)
    everything = {
        "header": header,
        "rows": costs,
        "throughput": throughput,
        "figures": [figure.as_row() for figure in found],
    }
    (folder / "results.json").write_text(json.dumps(everything, indent=1) + "\n")
    plot_all(results, folder)
    console.print(f"{folder}: results.json and plots")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="folder of the programs bench and, if it is there, instructions")
    parser.add_argument("folder", type=Path, help="where results.json and the plots go")
    parser.add_argument("--quick", action="store_true", help="fewer processes and rounds")
    args = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 132)
    report(measure(args.programs, QUICK if args.quick else FULL, console), args.folder, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
