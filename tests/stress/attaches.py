# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attaching, again and again, to applications that forward, allocate and load; and tracers that are killed meanwhile.

The longest pause of the poller is measured by the poller, next to that of applications that nobody attaches to.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from livekit.storm import Storm, attach_once, build_storm, kill_a_tracer


def attach_many(program: Path, count: int) -> None:
    stops: list[float] = []
    pauses: dict[bool, list[int]] = {True: [], False: []}
    took_s = 0.0
    for number in range(count):
        # Every other one is the control.
        for attached in (True, False) if number % 10 == 0 else (True,):
            with Storm(program, number % 2) as storm:
                begin = time.monotonic()
                if attached:
                    stops += attach_once(storm)
                    took_s = time.monotonic() - begin
                else:
                    time.sleep(took_s)
                outcome = storm.finish()
            assert outcome.missing == 0
            pauses[attached].append(outcome.longest_pause_us)
        if (number + 1) % 100 == 0:
            print(f"{number + 1} attached", flush=True)
    stops_ms = sorted(stop * 1000 for stop in stops)
    print(f"stops: median {statistics.median(stops_ms):.2f}, 99 % {stops_ms[len(stops_ms) * 99 // 100]:.2f}, most "
        f"{stops_ms[-1]:.2f} ms")  # fmt: skip
    for attached, name in ((True, "attached"), (False, "left alone")):
        of = pauses[attached]
        print(f"longest pauses, {name}: median {statistics.median(of):.0f}, most {max(of)} us")


def kill_many(program: Path, count: int) -> None:
    moments = random.Random()
    killed = lived = 0
    while killed < count:
        with Storm(program) as storm:
            for _ in range(20):
                if not kill_a_tracer(storm, moments):
                    break  # it is attached to
                killed += 1
            attach_once(storm)
            assert storm.finish().missing == 0
        lived += 1
    print(f"{killed} tracers were killed, {lived} applications lived")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        program = build_storm(Path(directory))
        attach_many(program, arguments.count)
        kill_many(program, arguments.kills)
    return 0


if __name__ == "__main__":
    sys.exit(main())
