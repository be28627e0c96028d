# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-live measures: which mirrors, of which applications."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

# A mbuf's bytes: the longest frame is 1518 bytes on a wire, where it has a checksum, and a tap takes no more.
SIZES = (64, 512, 1514)
SIZE = 512
MODES = ("auto", "share")
DIRECTIONS = ("rx", "tx", "both")
SAMPLE = 100
OVS_TARGETS = ("tap", "ring, unread")
# Of the packets that such a testpmd receives one in a hundred is of TCP port 80, which tcpdump shows.
MIXED, ONE_IN, TCPDUMP = "testpmd, mixed", 100, "tcpdump, 1 %"


@dataclass(frozen=True)
class LiveCase:
    """A mirror of the first of an application's two ports; "both" is all that the application forwards, once."""

    application: str
    size: int
    target: str
    mode: str
    directions: str = "rx"
    sample: int = 1


def cases_of_testpmd(targets: list[str], *, quick: bool) -> list[LiveCase]:
    """All directions at one size, and all sizes in one direction: nothing here depends on both at once."""
    mirrors = list(product(targets, MODES))
    found = [LiveCase("testpmd", SIZE, *mirror) for mirror in mirrors]
    if "tap" in targets:
        found += [LiveCase("testpmd", SIZE, "tap", mode, sample=SAMPLE) for mode in MODES]
    if not quick:
        found += [LiveCase("testpmd", SIZE, *mirror, way) for mirror in mirrors for way in DIRECTIONS[1:]]
        found += [LiveCase("testpmd", size, *mirror) for size in SIZES if size != SIZE for mirror in mirrors]
    return found


def cases_of_dumpcap(targets: list[str], captures: list[str]) -> list[LiveCase]:
    """It takes what a port receives and sends, and copies it; dpdk-mirror capture takes the same."""
    modes = dict.fromkeys(captures, "auto") | dict.fromkeys(targets, "copy")
    return [LiveCase("testpmd", SIZE, target, mode, "both") for target, mode in modes.items()]


def cases_of_ovs() -> list[LiveCase]:
    """Another application, with a loop of its own: a few, to see how far ratios depend on that."""
    return [LiveCase("ovs", SIZE, *mirror) for mirror in product(OVS_TARGETS, MODES)]
