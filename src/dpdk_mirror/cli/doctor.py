# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror doctor: what is missing, and how to mend it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..checks import findings
from .common import add_command, add_common_arguments, print_json, remark, say

if TYPE_CHECKING:
    import argparse

_DOCTOR = {
    "help": "look for what is missing, and say how to mend it",
    "description": """\
Looks at what mirrors in running applications need: the plugin, hugepages, rights, and the applications themselves.

  ok    as it should be
  note  not there, which may be all right
  bad   will not work; then the exit status is 1

With --app it looks at that application alone, which then must be fit for mirrors.
""",
    "epilog": """\
examples:
  dpdk-mirror doctor
      what there is, and what to do
  dpdk-mirror doctor --app ovs --json
      whether that application can be mirrored, for other programs
""",
}


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "doctor", run, _DOCTOR), app="all if it is left out")


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
