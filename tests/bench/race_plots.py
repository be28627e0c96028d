# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-ovs has found, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from plots import COLOURS, reproducible, save
from race_cases import GENERATED, OWN, OWN_NULL, OWN_TAP, SAME_NULL, TAP, VM

if TYPE_CHECKING:
    from pathlib import Path

BARS = {
    (OWN_NULL, OWN): COLOURS["pdump"],
    (SAME_NULL, "copy"): COLOURS["copy"],
    (SAME_NULL, "share"): COLOURS["share"],
    (OWN_TAP, OWN): COLOURS["clone"],
    (TAP, "auto"): COLOURS["split"],
}


def plot_race(document: dict[str, Any], path: Path) -> None:
    """The same results make the same file. What is inconclusive has no bar."""
    reproducible()
    figure, grid = plt.subplots(2, 1, figsize=(10, 6), layout="constrained")
    for axes, traffic in zip(grid, (GENERATED, VM), strict=True):
        rows = [row for row in document["rows"] if row["application"] == traffic]
        sizes = list(dict.fromkeys(row["size"] for row in rows))
        found = {(row["target"], row["mode"], row["size"]): row["ratio"] for row in rows}
        for number, (mirror, colour) in enumerate(BARS.items()):
            spreads = [found.get((*mirror, size)) for size in sizes]
            heights = [spread["median"] if spread else 0.0 for spread in spreads]
            positions = [position + 0.16 * (number - 2) for position in range(len(sizes))]
            drawn = axes.bar(positions, heights, 0.15, color=colour, label=f"{mirror[0]}, {mirror[1]}")
            axes.bar_label(drawn, fmt=lambda height: f"{height:.2f}" if height else "", fontsize=7)
        axes.set_xticks(range(len(sizes)), [f"{size} B" for size in sizes])
        axes.set(title=f"{traffic}, Open vSwitch", ylabel="rate over that without", ylim=(0, 1.1))
    save(figure, grid[0], path)
