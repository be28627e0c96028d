# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What captures lose of so many packets that come at a rate which dpdk-dumpcap does not keep up with."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from figures import Figure
from live_cases import SIZE, LiveCase
from live_targets import NoCaptureError
from livekit.application import wait_until
from results import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from live_beds import LiveBed
    from live_written import Written

RATE = 1_000_000
FULL_COUNT, QUICK_COUNT = 10_000_000, 1_000_000
LATE = 1.1  # an application that has taken longer by that has had no CPU, and the rate was another
LOOK_S = 1.5  # longer than anything is held back


def settled(bed: LiveBed, written: Written) -> int:
    """How many packets its file has when nothing comes any more."""
    count = -1
    while (now := written.delivered(bed)) != count:
        count = now
        time.sleep(LOOK_S)
    return count


def passed(bed: LiveBed) -> int:
    (count,) = bed.telemetry.ask("/bench/passed")
    return int(count)


def lost(bed: LiveBed, written: Written, way: LiveCase, count: int) -> int | None:
    """Packets that are not in its file; None: they have not come at that rate."""
    ask = bed.telemetry.ask
    with written.mirrored(bed, way):
        bed.wait_for_drain()
        ask("/bench/close")  # in front of those who look at the port by now
        before = settled(bed, written)
        begin = time.monotonic()
        ask(f"/bench/pace,{RATE}:{count}")
        wait_until(lambda: passed(bed) == count, "all packets", timeout_s=10 * count / RATE)
        took = time.monotonic() - begin
        missing = count - (settled(bed, written) - before)
    ask("/bench/open")
    return missing if took < LATE * count / RATE else None


def losses(bed: LiveBed, pairs: Sequence[tuple[Written, Written]], count: int, tries: int) -> Iterator[Figure]:
    """Of pairs: what is looked at, and dumpcap. Only where that has lost some."""
    for ours, theirs in pairs:
        modes = {ours: "auto", theirs: "copy"}
        ways = {written: LiveCase("testpmd", SIZE, written.name, mode) for written, mode in modes.items()}
        for written in ways:
            written.prepare(bed)
        try:
            with bed.running():
                found = [[lost(bed, written, way, count) for written, way in ways.items()] for _ in range(tries)]
        except NoCaptureError:
            continue
        yield of_losses(ours.name, count, [(here, there) for here, there in found if here is not None and there])


def of_losses(name: str, count: int, found: Sequence[tuple[int, int]]) -> Figure:
    """Of each try in which dumpcap has lost some: how many packets, and how many it has lost."""
    what = f"{name}: packets lost of {count:,} at {RATE:,} a second, over those that dumpcap loses"
    if found:
        here, there = (statistics.median(column) for column in zip(*found, strict=True))
        what += f" ({here:,.0f} over {there:,.0f})"
    return Figure(what, spread(here / there for here, there in found), 1.0)
