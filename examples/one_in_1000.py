# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How is traffic made up? Judged by one packet in a thousand: one_in_1000.py [SEED]

At random, since traffic may have a period of its own. Equal seeds choose equally.
"""

from __future__ import annotations

import sys
from collections import Counter

import traffic
import watching
from scapy.layers.inet import TCP
from scapy.layers.l2 import Ether

from dpdk_mirror import Sample, Select

ONE_IN = 1000
ROUNDS = 200


def kinds(frames: list[bytes]) -> Counter[str]:
    return Counter("web" if TCP in Ether(frame) else "dns" for frame in frames)


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    frames = traffic.office()
    shown, stats = watching.watch(frames * ROUNDS, Select(sample=Sample(ONE_IN, random=True, seed=seed)))
    judged, real = kinds(shown), kinds(frames)
    for kind in sorted(real):
        print(f"{kind}: about {judged[kind] * ONE_IN} packets, in fact {real[kind] * ROUNDS}")
    print(f"{stats.packets} of {stats.seen} packets were looked at")
    return 0


if __name__ == "__main__":
    sys.exit(main())
