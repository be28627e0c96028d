# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The results as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from results import Case, Results

COLOURS = {
    "baseline": "#9a9a9a",
    "floor": "#c8c8c8",
    "rfc": "#8c6d31",
    "share": "#1b7837",
    "split": "#5aae61",
    "copy": "#2166ac",
    "copy128": "#92c5de",
    "clone": "#fdae61",
    "pktmbuf_copy": "#d6604d",
    "pdump": "#b2182b",
}
LABELS = {"copy128": "copy, snaplen 128", "pktmbuf_copy": "rte_pktmbuf_copy", "clone": "rte_pktmbuf_clone"}
CONDITIONS = (
    ("warm", "null", "warm packets, target frees at once"),
    ("cold", "null", "cold packets, target frees at once"),
    ("warm", "ring", "warm packets, target frees later"),
    ("cold", "ring", "cold packets, target frees later"),
)


def shape(case: Case) -> str:
    return f"{case.segments} x {case.size} B" if case.segments > 1 else f"{case.size} B"


def methods_of(cases: Sequence[Case]) -> list[str]:
    """Those that are drawn, each once; the baseline first."""
    return [method for method in COLOURS if method in {case.method for case in cases}]


def bars(axes: Axes, groups: dict[str, dict[str, float]], *, number_format: str = "%.0f") -> None:
    """Groups of bars, one for each method."""
    methods = [method for method in COLOURS if any(method in group for group in groups.values())]
    width = 0.84 / max(1, len(methods))
    for index, method in enumerate(methods):
        lefts = [group + (index + 0.5) * width - 0.42 for group in range(len(groups))]
        heights = [group.get(method, 0.0) for group in groups.values()]
        drawn = axes.bar(lefts, heights, width, color=COLOURS[method], label=LABELS.get(method, method))
        axes.bar_label(drawn, fmt=number_format, fontsize=5, rotation=90, padding=2)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.margins(y=0.1)


def logarithmic(axes: Axes) -> None:
    """From 1 cycle on, with numbers as people write them, and room for those above the bars."""
    axes.set_yscale("log")
    axes.set_ylim(bottom=1)
    axes.margins(y=0.1)
    axes.yaxis.set_major_formatter("{x:.0f}")


def save(figure: Figure, axes: Axes, path: Path) -> None:
    """With one legend, that of any of its parts."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_methods(results: Results, path: Path) -> None:
    figure, grid = plt.subplots(2, 2, figsize=(12, 8), layout="constrained")
    for axes, (warmth, target, title) in zip(grid.flat, CONDITIONS, strict=True):
        groups: dict[str, dict[str, float]] = {}
        for case in results.cases("methods"):
            if (case.warmth, case.target) == (warmth, target) and case.method not in {"baseline", "paused", "dormant"}:
                cycles = results.cycles(case)
                groups.setdefault(shape(case), {})[case.method] = cycles.median if cycles else 0.0
        axes.set(title=title, ylabel="cycles a packet, over the baseline")
        bars(axes, groups)
        logarithmic(axes)
    save(figure, grid.flat[0], path)


def plot_lines(results: Results, comparison: str, over: str, path: Path) -> None:
    """Cycles of the methods over the burst, or over the size."""
    figure, grid = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    for axes, (warmth, target, title) in zip(grid, (CONDITIONS[0], CONDITIONS[3]), strict=True):
        cases = [case for case in results.cases(comparison) if (case.warmth, case.target) == (warmth, target)]
        for method in methods_of(cases)[1:]:
            line = [(getattr(case, over), results.cycles(case)) for case in cases if case.method == method]
            points = [(value, cycles.median) for value, cycles in line if cycles]
            axes.plot(*zip(*points, strict=True), "o-", color=COLOURS[method], label=LABELS.get(method, method))
        axes.set(title=title, xlabel=over, ylabel="cycles a packet, over the baseline")
        logarithmic(axes)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:.0f}")
    save(figure, grid[0], path)


def plot_mirrors(results: Results, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for warmth, target, title in (CONDITIONS[0], CONDITIONS[3]):
        cases = [
            case
            for case in results.cases("mirrors")
            if (case.warmth, case.target) == (warmth, target) and case.method == "share"
        ]
        points = [(case.mirrors, cycles.median) for case in cases if (cycles := results.cycles(case))]
        axes.plot(*zip(*points, strict=True), "o-", label=title)
        axes.plot([0, points[-1][0]], [0, points[0][1] * points[-1][0]], ":", color="#9a9a9a")
    axes.set(title="share, 64 B", xlabel="mirrors on the port", ylabel="cycles a packet, over the baseline")
    save(figure, axes, path)


def plot_queues(results: Results, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    groups: dict[str, dict[str, float]] = {}
    for case in results.cases("queues"):
        cycles = results.cycles(case)
        if case.method != "baseline":
            groups.setdefault(str(case.queues), {})[case.method] = cycles.median if cycles else 0.0
    bars(axes, groups, number_format="%.1f")
    axes.set(title=f"64 B, {CONDITIONS[0][2]}", xlabel="queues", ylabel="cycles a packet, over the baseline")
    save(figure, axes, path)


def plot_throughput(results: Results, path: Path) -> None:
    figure, grid = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    for axes, (_, target, title) in zip(grid, (CONDITIONS[1], CONDITIONS[3]), strict=True):
        groups: dict[str, dict[str, float]] = {}
        for case in results.cases("throughput"):
            cycles = results.cycles(case)
            if case.target == target:
                rate = results.header["tsc_hz"] / 1e6 / cycles.median if cycles else 0.0
                groups.setdefault(shape(case), {})[case.method] = rate
        bars(axes, groups, number_format="%.1f")
        axes.set(title=title.partition(", ")[2], ylabel="million packets a second, one lcore")
    save(figure, grid[0], path)


def reproducible() -> None:
    """The same results make the same files."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "dpdk-mirror"
    mpl.rcParams["svg.fonttype"] = "none"  # text stays text, which is smaller


def plot_all(results: Results, folder: Path) -> None:
    reproducible()
    plot_methods(results, folder / "methods.svg")
    plot_lines(results, "bursts", "burst", folder / "bursts.svg")
    plot_lines(results, "sizes", "size", folder / "sizes.svg")
    plot_mirrors(results, folder / "mirrors.svg")
    plot_queues(results, folder / "queues.svg")
    plot_throughput(results, folder / "throughput.svg")
