# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Deaths of what mirrors send to, in each way and mode, and of who reads streams, under AddressSanitizer."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from livekit.application import Application as Started
from livekit.deaths import DEATHS, MODES, Testbed, die_and_come_back, die_and_go, sanitized
from livekit.readers import LEAVING

from dpdk_mirror.remote import Application

SKIPPED = 77
ROUNDS = 5  # one that adds waits 5 s for a reader of its last stream


def run(library: Path, modes: list[str]) -> None:
    with Testbed(sanitized(library)) as testbed:
        for mode, name in itertools.product(modes, DEATHS):
            start = time.monotonic()
            for die in (die_and_go, die_and_come_back):
                die(testbed, DEATHS[name], mode)
            print(f"{mode}: {name}: {time.monotonic() - start:.1f} s", flush=True)
        with Application(testbed.testpmd.telemetry_path) as app:
            for when, leaving in LEAVING.items():
                start = time.monotonic()
                for _ in range(ROUNDS):
                    leaving(app)
                print(f"a reader goes while {when}: {ROUNDS} times, {time.monotonic() - start:.1f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path, help="librte_mirror.so of a build with -Db_sanitize=address")
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    arguments = parser.parse_args()
    Started.niceness = 10  # as in conftest.py: much else may run beside it
    try:
        run(arguments.library, arguments.modes)
    except pytest.skip.Exception as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
