# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror doctor: what is missing, and how to fix it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..checks import findings
from .common import add_command, add_common_arguments, print_json, remark, say

if TYPE_CHECKING:
    import argparse

_DOCTOR = {
    "help": "find out what is missing, and how to fix it",
    "description": """\
Check what mirrors in running applications need: the library, hugepages, permissions, and the applications.

  ok    in order
  note  missing, which may be all right
  bad   does not work; the exit status is 1

With --app, check that application alone; it must be able to mirror.
""",
    "epilog": """\
examples:
  dpdk-mirror doctor
      check everything
  dpdk-mirror doctor --app ovs --json
      check one application, and print JSON
""",
}


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "doctor", run, _DOCTOR), app="default: all")


def run(arguments: argparse.Namespace) -> int:
    rows = []
    for finding in findings(arguments.app):
        rows.append(asdict(finding))
        if not arguments.json:
            say(f"{finding.status:4}  {finding.topic}: {finding.what}")
            if finding.fix:
                say(f"      -> {finding.fix}")
    if arguments.json:
        print_json(rows)
    bad = [row["topic"] for row in rows if row["status"] == "bad"]
    if bad:
        remark(f"not in order: {', '.join(bad)}")
    return 1 if bad else 0
