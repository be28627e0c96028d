# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is kept of drivers that were verified, and what is made of it: the page's tables, and the library's list."""

import re

import pytest
import verified

from dpdk_mirror.conformance.catalog import PROPERTIES

KEPT = [(release, name) for release, ways in verified.kept().items() for name in ways]


def test_the_page_and_the_header_are_made_of_what_is_kept():
    assert verified.PAGE.read_text(encoding="utf-8") == verified.page()
    assert verified.HEADER.read_text(encoding="utf-8") == verified.header()


@pytest.mark.parametrize(("release", "name"), KEPT)
def test_what_is_kept_is_of_each_property_that_there_is(release, name):
    """A property that is new, or has another name, is to be looked at anew."""
    result = verified.kept()[release][name]
    assert [each["name"] for each in result["results"]] == [each.name for each in PROPERTIES]
    assert result["dpdk"].startswith(f"{release}.")
    assert result["driver"] == verified.WAYS[name].driver


def test_the_library_shares_with_no_driver_that_was_not_seen_to_read_at_once():
    """Each of its list has its line of found.h."""
    text = (verified.ROOT / "csrc" / "control" / "drivers.c").read_text(encoding="utf-8")
    (table,) = re.findall(r"drivers\[\] = \{\n(.*?)\n\};", text, re.DOTALL)
    assert ".reads_at_once" not in table
    assert len(re.findall("MIRROR_FOUND_", table)) == table.count("{")


@pytest.mark.parametrize(
    ("facts", "at_once"),
    [
        ([{"frees_at_once": True}], True),  # where nothing shows what is sent
        ([{"frees_at_once": True}, {"reads_at_once": True}], True),
        ([{"frees_at_once": True}, {"reads_at_once": False}], False),
        ([{"frees_at_once": True}, {"frees_at_once": False}], False),  # of another release
        ([{"reads_at_once": True}], False),
        ([{}], False),
    ],
)
def test_a_driver_reads_at_once_if_nothing_that_was_seen_speaks_against_it(facts, at_once):
    results = [{"results": [{"facts": each}]} for each in facts]
    assert verified.reads_at_once(results) is at_once
