# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Captures of an application under traffic that are killed at any moment: it goes on, and their mirrors do not."""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from children import child
from livekit.application import wait_until
from livekit.tapped import streams_of
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.remote import Application
from dpdk_mirror.tap.blocks import pass_blocks, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PORTS = ("net_null0", "net_null1")
COMMAND = [sys.executable, "-m", "dpdk_mirror", "capture", *PORTS, "--app"]
FORMS: Sequence[Sequence[object]] = (
    (),
    ("--compress", "gzip"),
    ("--rotate-size", "10M", "--keep", 3),
    ("--before", "8M", "--when", "filter:len > 100", "--when", "counter:full"),
)
_LATEST_S = 0.5  # after the first mirror is there


def kill_one(app: Application, folder: Path, moments: random.Random) -> float:
    """How long its mirrors have outlived it. Its files go."""
    folder.mkdir()
    form = moments.choice(FORMS)
    command = [*COMMAND, app.path, "-w", folder / "a.pcapng", *form]
    with child(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(app.mirrors, "its mirrors", timeout_s=120)
        time.sleep(moments.uniform(0, _LATEST_S))
        assert process.poll() is None
        process.kill()
        process.wait()
    begin = time.monotonic()
    wait_until(lambda: not app.mirrors(), "the mirrors' end")
    took_s = time.monotonic() - begin
    if "--compress" not in form:
        for path in folder.iterdir():
            check_file(path)
    shutil.rmtree(folder)
    return took_s


def check_file(path: Path) -> None:
    """It consists of blocks, but for a part of one at its end."""
    data = path.read_bytes()
    words, at, size = words_of(memoryview(data[: len(data) & ~3])), 0, len(data)
    while (at := pass_blocks(words, at, size & ~3).stop) + 12 <= size and words[at >> 2] in (0x0A0D0D0A, 1):
        at += words[(at + 4) >> 2]
    assert size - at < 1000, f"{size - at} bytes of no block"


def kill_many(testpmd: Testpmd, count: int, seed: int) -> list[float]:
    """How long each one's mirrors have outlived it."""
    moments = random.Random(seed)
    took_s = []
    with Application(testpmd.telemetry_path) as app, tempfile.TemporaryDirectory() as directory:
        for number in range(count):
            forwarded = app.port_stats(PORTS[0]).ipackets
            took_s.append(kill_one(app, Path(directory) / str(number), moments))
            assert app.port_stats(PORTS[0]).ipackets > forwarded
            assert not streams_of(testpmd.pid)
    return took_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with Testpmd(TestpmdOptions([f"{port},size=200" for port in PORTS])) as testpmd:
        testpmd.start()
        took_s = sorted(kill_many(testpmd, arguments.count, arguments.seed))
        testpmd.stop()
        assert testpmd.quit() == 0
    middle = took_s[len(took_s) // 2]
    print(f"{len(took_s)} captures killed; their mirrors went after {middle:.2f} s, and {took_s[-1]:.2f} s at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
