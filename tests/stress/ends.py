# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ends: applications that end while they are mirrored and asked, for each kind of target often, in all ways."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from livekit.ends import ENDS, TARGETS, end_well
from livekit.forwarder import build_forwarder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="for each kind of target")
    parser.add_argument("--at-once", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(arguments.at_once) as pool:
        program = build_forwarder(Path(directory), "shared")
        for kind in TARGETS:
            ends = itertools.islice(itertools.cycle(ENDS), arguments.runs)
            rounds = sum(pool.map(lambda end, kind=kind: end_well(program, kind, end), ends))
            sys.stdout.write(
                f"{kind}: {arguments.runs} applications have ended well, after {rounds} rounds of commands\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
