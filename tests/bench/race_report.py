# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-ovs has found, as tables: for a terminal, and for docs/performance.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live_report import COLUMNS, cells, circumstances, figure_cells, markdown, quantity, replace_between
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RACE_MARKS = "<!-- bench-ovs: begin -->", "<!-- bench-ovs: end -->"
OF = COLUMNS.index("of")  # all of these are of what a port receives
RACE_COLUMNS = ("traffic", *COLUMNS[1:OF], COLUMNS[OF + 1], "over OVS's own", "busy", *COLUMNS[OF + 2 :])
GAIN_COLUMNS = ("traffic", "B", "OVS's own", "copy", "share", "less by bypassing", "less by not copying")


def race_cells(row: dict[str, Any]) -> list[str]:
    """A row's, under RACE_COLUMNS."""
    found = cells(row)
    busy = f"{quantity(row['busy'], 100, 0)} %" if row["busy"] else ""
    return [*found[:OF], found[OF + 1], quantity(row["over_own"]), busy, *found[OF + 2 :]]


def gain_cells(gain: dict[str, Any]) -> list[str]:
    spared = gain["own"] - gain["share"]
    parts = (f"{gain[name]:.0f} ({gain[name] / spared:.0%})" for name in ("bypassing", "not_copying"))
    costs = (f"{gain[name]:.0f}" for name in ("own", "copy", "share"))
    return [gain["traffic"], str(gain["size"]), *costs, *parts]


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    found = Table(*columns, title=title)
    for row in rows:
        found.add_row(*row)
    return found


def race_tables(document: dict[str, Any]) -> list[Table]:
    return [
        table("mirrors of Open vSwitch; packets in millions a second", RACE_COLUMNS, map(race_cells, document["rows"])),
        table("ns more a packet, to one null port", GAIN_COLUMNS, map(gain_cells, document["gains"])),
    ]


def race_text(document: dict[str, Any]) -> str:
    """For docs/performance.md."""
    parts = (
        circumstances(document["header"]),
        markdown(RACE_COLUMNS, map(race_cells, document["rows"])),
        "What a packet costs the switch more, in ns, with a mirror to the same null port, and what that is less by:",
        markdown(GAIN_COLUMNS, map(gain_cells, document["gains"])),
        "The figures that the library is to reach, in the words of `make bench-ovs`:",
        markdown(("figure", "reached", "reach", ""), map(figure_cells, document["figures"])),
    )
    return "\n\n".join(parts)


def write_race_docs(document: dict[str, Any], page: Path) -> None:
    """Replaces what is between the marks."""
    replace_between(page, RACE_MARKS, race_text(document))
