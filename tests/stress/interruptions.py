# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Interrupts ``dpdk-mirror run`` at random moments of its start: interruptions.py COUNT."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from interruptions import interrupt, prepare


def main(count: int) -> int:
    first = time.time_ns()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        wrong = [each for number in range(count) if (each := interrupt(Path(name), first + number))]
    print(*wrong, f"{count} interruptions, {len(wrong)} of them wrong", sep="\n")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
