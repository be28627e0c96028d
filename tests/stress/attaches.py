# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attaching, again and again, to applications that forward, allocate and load; and tracers that are killed meanwhile.

The longest pause of the poller is measured by the poller, next to that of applications that nobody attaches to.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from livekit.storm import Storm, Traces, attach_once, build_storm, kill_a_tracer


def attach_many(program: Path, count: int) -> dict[str, Any]:
    stops: list[float] = []
    pauses: dict[bool, list[int]] = {True: [], False: []}
    took_s = 0.0
    for number in range(count):
        # One in ten is followed by one that nobody attaches to.
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
    return {
        "attached": count,
        "stops_ms": spread([stop * 1000 for stop in stops]),
        "longest_pauses_us": {"attached": spread(pauses[True]), "left alone": spread(pauses[False])},
    }


def spread(values: list[float] | list[int]) -> dict[str, float]:
    ordered = sorted(values)
    most, nearly = ordered[-1], ordered[len(ordered) * 99 // 100]
    return {"median": round(statistics.median(ordered), 2), "99 %": round(nearly, 2), "most": round(most, 2)}


def kill_many(program: Path, count: int) -> dict[str, int]:
    """Each application must live; what a tracer has left in it is counted."""
    moments = random.Random()
    found = {"tracers killed": 0, "applications that lived": 0, "left a file open": 0, "left the thread moved": 0}
    while found["tracers killed"] < count:
        with Storm(program) as storm:
            with Traces(storm) as traces:
                for _ in range(20):
                    if not kill_a_tracer(storm, moments):
                        break  # it is attached to
                    left = traces.look()
                    found["tracers killed"] += 1
                    found["left a file open"] += left.files
                    found["left the thread moved"] += left.moved
            attach_once(storm)
            assert storm.finish().missing == 0
        found["applications that lived"] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        program = build_storm(Path(directory))
        figures = {**attach_many(program, arguments.count), **kill_many(program, arguments.kills)}
    for name, value in figures.items():
        print(f"{name}: {value}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
