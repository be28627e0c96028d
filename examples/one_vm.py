# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whom does one virtual machine talk with? one_vm.py [MAC]

All that it sends and receives, by its Ethernet address, whatever its IP addresses and VLANs are.
"""

from __future__ import annotations

import sys
from collections import Counter

import traffic
import watching
from scapy.layers.l2 import Ether

from dpdk_mirror import Mac, Select


def main() -> int:
    mac = sys.argv[1] if len(sys.argv) > 1 else "02:00:00:00:01:02"
    frames, stats = watching.watch(traffic.office(), Select(mac=Mac(src=mac, both_ways=True)))
    pairs = Counter((Ether(frame).src, Ether(frame).dst) for frame in frames)
    for (src, dst), count in sorted(pairs.items()):
        print(f"{src} -> {dst}: {count} packets")
    print(f"{stats.packets} of {stats.seen} packets are its own")
    return 0


if __name__ == "__main__":
    sys.exit(main())
