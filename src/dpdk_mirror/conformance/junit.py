# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Results in the form that CI systems read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .properties import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .properties import Result
    from .verify import About

__all__ = ["junit"]


def junit(about: About, results: Sequence[Result]) -> bytes:
    failures = sum(result.verdict is Verdict.FAIL for result in results)
    skipped = sum(result.verdict is Verdict.NOT_APPLICABLE for result in results)
    counts = {"tests": str(len(results)), "failures": str(failures), "skipped": str(skipped), "errors": "0"}
    suite = ET.Element("testsuite", {"name": f"{about.driver} ({about.plan}, DPDK {about.dpdk})", **counts})
    for result in results:
        group, _, name = result.name.partition(".")
        case = ET.SubElement(suite, "testcase", {"classname": f"{about.driver}.{group}", "name": name})
        if result.verdict is Verdict.FAIL:
            ET.SubElement(case, "failure", {"message": result.reason})
        elif result.verdict is Verdict.NOT_APPLICABLE:
            ET.SubElement(case, "skipped", {"message": result.reason})
        elif result.reason:
            ET.SubElement(case, "system-out").text = result.reason
    suites = ET.Element("testsuites", counts)
    suites.append(suite)
    ET.indent(suites)
    report: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return report
