# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""One customer's packets in a capture, for him alone: one_customer.py VLAN CAPTURE.pcap"""

from __future__ import annotations

import sys
from pathlib import Path

import traffic
import watching

from dpdk_mirror import Select


def main() -> int:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    vlan, path = sys.argv[1], Path(sys.argv[2])
    frames, stats = watching.watch(traffic.office(), Select(vlans=vlan))
    traffic.write(path, frames)
    print(f"{path.name}: {stats.packets} packets of VLAN {vlan}; {stats.filtered} of others were left out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
