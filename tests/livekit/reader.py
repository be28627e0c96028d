# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What waits in a ring of an application, read when a test wants it read: a plugin of the tests' own, reader.c."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .application import wait_until

if TYPE_CHECKING:
    from .telemetry import Telemetry

READER = "libmirror_test_reader.so"
"""For ``-d``."""


def build_plugin(source: Path, output: Path) -> None:
    """Linked to no DPDK library: the application has one."""
    flags = subprocess.run(["pkg-config", "--cflags", "libdpdk"], check=True, capture_output=True, text=True).stdout
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", *shlex.split(flags)]
    subprocess.run(["gcc", *options, source, "-o", output], check=True)


def build_reader(directory: Path) -> Path:
    """Builds it into a directory, which LD_LIBRARY_PATH has to name."""
    build_plugin(Path(__file__).with_name("reader.c"), directory / READER)
    return directory


def take(telemetry: Telemetry, ring: str, directory: Path, count: int) -> list[bytes]:
    """So many packets of a target's first ring: those that wait there, and those that come."""
    packets: list[bytes] = []
    wait_until(lambda: len(_take_more(telemetry, ring, directory, packets)) >= count, "packets in the ring")
    return packets


def _take_more(telemetry: Telemetry, ring: str, directory: Path, packets: list[bytes]) -> list[bytes]:
    path = directory / "taken"
    telemetry.ask(f"/reader/take,ETH_RXTX0_{ring}:{path}")
    data = path.read_bytes()
    while data:
        length = int.from_bytes(data[:4], "little")
        packets.append(data[4 : 4 + length])
        data = data[4 + length :]
    return packets


def callbacks(telemetry: Telemetry) -> int:
    """How many queues of the application's have callbacks."""
    (count,) = telemetry.ask("/reader/callbacks")
    assert isinstance(count, int)
    return count
