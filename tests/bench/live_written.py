# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Commands that write what passes a port into a file: what comes to be there, and what they take for it."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from live_targets import NoCaptureError, Target, make_own_folder, own_folder
from livekit.application import wait_until

from dpdk_mirror.remote import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live_cases import LiveCase
    from live_targets import Bed

COMMAND = [sys.executable, "-m", "dpdk_mirror"]
PORT = "net_null0"
EPB = 6
START_S, END_S = 10, 30
MEGABYTE = 1_000_000


def first_packet(data: bytes) -> tuple[int, int] | None:
    """Where a pcapng's first packet begins, and how many bytes it takes; None: there is none yet."""
    at = 0
    while at + 8 <= len(data):
        kind, length = (int.from_bytes(data[at + start : at + start + 4], sys.byteorder) for start in (0, 4))
        if kind == EPB:
            return at, length
        at += max(length, 12)
    return None


def peak_memory(pid: int) -> int:
    """Bytes that a process has had at most."""
    lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


class Written(Target):
    """A file in a folder, gone after each round, whose packets are all of one size."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, "")
        self.path = own_folder(folder) / f"{name.partition(',')[0]}.pcapng"
        self._folder = folder

    def is_for(self, bed: Bed) -> bool:
        return bed.build == "now"

    def prepare(self, bed: Bed) -> None:
        make_own_folder(self._folder, bed)
        bed.stack.callback(self.path.unlink, missing_ok=True)

    def _first(self) -> tuple[int, int] | None:
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return first_packet(file.read(4096))

    def wait_for_packet(self, timeout_s: float) -> None:
        wait_until(self._first, "a packet", timeout_s=timeout_s)

    def delivered(self, bed: Bed) -> int:
        begin, length = self._first() or (0, 1)
        return (self.path.stat().st_size - begin) // length

    def received(self, bed: Bed) -> int:
        return self.delivered(bed)


class CaptureCommand(Written):
    """dpdk-mirror capture; ``peaks`` has the memory that it took, of each time."""

    def __init__(self, name: str, folder: Path, *options: str) -> None:
        super().__init__(name, folder)
        self._words = options
        self.peaks: list[int] = []

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        words = ["--app", str(bed.pid), "--directions", case.directions, "--mode", case.mode, *self._words]
        process = subprocess.Popen(
            [*COMMAND, "capture", PORT, "-w", self.path, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            try:
                self.ready(bed)
            except AssertionError as error:
                raise NoCaptureError("dpdk-mirror capture captures nothing here") from error
            yield case.mode
            self.peaks.append(peak_memory(process.pid))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(END_S)
            self.path.unlink(missing_ok=True)

    def ready(self, bed: Bed) -> None:
        """Wait until it does what is measured."""
        self.wait_for_packet(START_S)


class Recorder(CaptureCommand):
    """A flight recorder that never writes: ready when it has had twice what it keeps."""

    def __init__(self, name: str, folder: Path, kept: int) -> None:
        super().__init__(name, folder, "--before", f"{kept // MEGABYTE}M", "--when", "key")
        self._kept = kept

    def ready(self, bed: Bed) -> None:
        with connect(str(bed.pid)) as app:
            wait_until(
                lambda: sum(mirror.stats().bytes for mirror in app.mirrors()) > 2 * self._kept,
                "what it keeps, twice",
                timeout_s=END_S,
            )
