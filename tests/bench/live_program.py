# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the programs of make bench-live and make bench-ovs have in common: arguments, and where results go."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live_beds import POLLER_CPU
from live_report import PERFORMANCE
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from live_figures import LiveResults
    from rich.table import Table


@dataclass(frozen=True)
class Report:
    """What a run has come to: for the folder and the documentation, and for who runs it."""

    document: dict[str, Any]
    tables: Iterable[Table]
    refusals: Iterable[str]


@dataclass(frozen=True)
class Program:
    """Results are called ``name``.json and ``name``.svg."""

    name: str
    report: Callable[[LiveResults], Report]
    plot: Callable[[dict[str, Any], Path], None]
    write_docs: Callable[[dict[str, Any], Path], None]

    def parser(self, description: str | None, quick: str) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("folder", type=Path, nargs="?", help=f"where {self.name}.json and {self.name}.svg go")
        parser.add_argument("--quick", action="store_true", help=quick)
        parser.add_argument("--docs", type=Path, metavar="JSON", help="writes a run's results into docs/performance.md")
        return parser

    def parse(self, parser: argparse.ArgumentParser) -> argparse.Namespace:
        args = parser.parse_args()
        if (args.folder is None) == (args.docs is None):
            parser.error("give a folder for the results, or --docs and the results of a run")
        return args

    def run(self, args: argparse.Namespace, measure: Callable[[], LiveResults]) -> int:
        if args.docs is not None:
            self.write_docs(json.loads(args.docs.read_text()), PERFORMANCE)
            return 0
        if (os.cpu_count() or 1) <= POLLER_CPU:
            sys.exit("two CPUs are needed: one is the poller's alone")
        try:
            results = measure()
        except pytest.skip.Exception as reason:
            sys.exit(f"nothing is measured: {reason}")
        self._show(results, args.folder)
        return 0

    def _show(self, results: LiveResults, folder: Path) -> None:
        console = Console(width=None if sys.stdout.isatty() else 160)
        report = self.report(results)
        console.print(*report.tables)
        console.print(", ".join(f"{name} {value}" for name, value in results.header.items()), soft_wrap=True)
        for refusal in report.refusals:
            console.print(f"refused: {refusal}", soft_wrap=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.json").write_text(json.dumps(report.document, indent=1) + "\n")
        self.plot(report.document, folder / f"{self.name}.svg")
        console.print(f"{folder}: {self.name}.json and {self.name}.svg")
