# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which names are looked up, and how often? dns_only.py [EXPRESSION]

A filter does not look behind a VLAN tag unless it says so, see pcap-filter(7).
"""

from __future__ import annotations

import sys
from collections import Counter

import traffic
import watching
from scapy.layers.dns import DNSQR
from scapy.layers.l2 import Ether

from dpdk_mirror import Select


def main() -> int:
    expression = sys.argv[1] if len(sys.argv) > 1 else "udp port 53 or (vlan and udp port 53)"
    frames, stats = watching.watch(traffic.office(), Select(filter=expression))
    packets = [Ether(frame) for frame in frames]
    names = Counter(packet[DNSQR].qname.decode() for packet in packets if DNSQR in packet)
    for name, count in names.most_common():
        print(f"{name} {count}")
    print(f"{stats.packets} of {stats.seen} packets are DNS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
