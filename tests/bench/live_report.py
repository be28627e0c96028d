# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-live has found, as tables: for a terminal, and for docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

PERFORMANCE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- bench-live: begin -->", "<!-- bench-live: end -->"
COLUMNS = (
    "application",
    "B",
    "target",
    "mode",
    "of",
    "rate over none",
    "forwarded",
    "ns more a packet",
    "target gets",
    "far end sees",
    "drain's CPU",
    "rounds",
)


def quantity(spread: dict[str, float] | None, scale: float = 1.0, digits: int = 2) -> str:
    return f"{spread['median'] * scale:.{digits}f}" if spread else ""


def ratio(row: dict[str, Any]) -> str:
    if row["refused"]:
        return "refused"
    found = row["ratio"]
    return f"{found['median']:.2f} ({found['low']:.2f} {found['high']:.2f})" if found else "inconclusive"


def cells(row: dict[str, Any]) -> list[str]:
    """A row's, under COLUMNS."""
    became = f" ({row['became']})" if row["became"] not in {None, row["mode"]} else ""
    sampled = f", 1 in {row['sample']}" if row["sample"] > 1 else ""
    build = ", before" if row["build"] == "before" else ""
    return [
        row["application"],
        str(row["size"]),
        row["target"] + sampled + build,
        row["mode"] + became,
        row["directions"],
        ratio(row),
        quantity(row["rate"], 1e-6),
        quantity(row["added_ns"], digits=0),
        quantity(row["delivered"], 1e-6),
        quantity(row["received"], 1e-6),
        quantity(row["drain_cpu"], 100, 0) + (" %" if row["drain_cpu"] else ""),
        f"{row['steady']}/{row['rounds']}",
    ]


def live_table(rows: Iterable[dict[str, Any]]) -> Table:
    table = Table(title="what a live mirror costs its application; packets in millions a second")
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="left" if number in {0, 2, 3, 4} else "right")
    for row in rows:
        table.add_row(*cells(row))
    return table


def markdown(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(columns), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure_cells(figure: dict[str, Any]) -> list[str]:
    reached = "" if figure["reached"] is None else f"{figure['reached']:.2f}"
    return [figure["what"], reached, figure["reach"], figure["verdict"]]


def circumstances(header: dict[str, Any]) -> str:
    compared = f" *before* is {header['before']}, in the same rounds." if header.get("before") else ""
    where = f"{header['cpu']}, {header['cpus']} CPUs, DPDK {header['dpdk']}, pages of {header['pages']}"
    run = f"One {header['mode']} run of {header['rounds']} rounds: {where}, load {header['load']:.1f} when it began."
    return f"{run}{compared}\nPackets are in millions a second; quartiles are in brackets."


def results_text(document: dict[str, Any]) -> str:
    """For docs/performance.md."""
    parts = (
        circumstances(document["header"]),
        markdown(COLUMNS, map(cells, document["rows"])),
        "The figures that the library is to reach, in the words of `make bench-live`:",
        markdown(("figure", "reached", "reach", ""), map(figure_cells, document["figures"])),
    )
    return "\n\n".join(parts)


def replace_between(page: Path, marks: tuple[str, str], text: str) -> None:
    before, _, rest = page.read_text().partition(marks[0])
    _, mark, after = rest.partition(marks[1])
    if not mark:
        message = f"{page} has no place for it: between {marks[0]} and {marks[1]}"
        raise ValueError(message)
    page.write_text(f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}{after}")


def write_docs(document: dict[str, Any], page: Path) -> None:
    """Replaces what is between the marks."""
    replace_between(page, (BEGIN, END), results_text(document))
