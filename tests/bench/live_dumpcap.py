# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-dumpcap next to mirrors: a secondary process, for which the application copies what a port has and sends."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from live_targets import NoCaptureError, Target, make_own_folder, own_folder
from livekit.application import find_program, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live_cases import LiveCase
    from live_targets import Bed

PROGRAM = "dpdk-dumpcap"
EPB = 6
START_S, END_S = 10, 30


def mempool_drivers() -> str:
    """Those that testpmd is linked to. A process knows them by numbers, in the order in which they were loaded.

    Where testpmd has one more than dumpcap, it takes the pool that dumpcap has made for one of another kind, finds it
    empty, and dumpcap writes no packet.
    """
    linked = subprocess.run(["ldd", find_program("dpdk-testpmd")], capture_output=True, text=True, check=True).stdout
    return ":".join(re.findall(r"=> (\S*librte_mempool_\S+)", linked))


def first_packet(path: Path) -> tuple[int, int] | None:
    """Where a pcapng file's first packet begins, and how many bytes it takes; None: there is none yet."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        data = file.read(4096)
    at = 0
    while at + 8 <= len(data):
        kind, length = (int.from_bytes(data[at + start : at + start + 4], "little") for start in (0, 4))
        if kind == EPB:
            return at, length
        at += max(length, 12)
    return None


class Dumpcap(Target):
    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, "")
        self._folder = folder

    def _path(self) -> Path:
        return own_folder(self._folder) / "dumpcap.pcapng"

    def is_for(self, bed: Bed) -> bool:
        return bed.build == "now"

    def prepare(self, bed: Bed) -> None:
        make_own_folder(self._folder, bed)
        bed.stack.callback(self._path().unlink, missing_ok=True)

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        if shutil.which(PROGRAM) is None:
            raise NoCaptureError(f"{PROGRAM} is not installed")
        capture = ["env", f"LD_PRELOAD={mempool_drivers()}", PROGRAM, "--file-prefix", bed.prefix, "-i", "net_null0"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RUNTIME_DIRECTORY": str(bed.directory)}
        process = subprocess.Popen(
            ["nsenter", f"--mount=/proc/{bed.pid}/ns/mnt", *capture, "-w", self._path()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            try:
                wait_until(lambda: first_packet(self._path()), "a packet", timeout_s=START_S)
            except AssertionError as error:
                raise NoCaptureError(f"{PROGRAM} captures nothing here") from error
            yield "copy"
        finally:
            # It frees its pool and ring at once, a poller that is just inside its callback or not.
            with bed.not_forwarding():
                process.send_signal(signal.SIGINT)
                process.wait(END_S)
            self._path().unlink(missing_ok=True)

    def delivered(self, bed: Bed) -> int:
        """All packets are of the same size."""
        begin, length = first_packet(self._path()) or (0, 1)
        return (self._path().stat().st_size - begin) // length

    def received(self, bed: Bed) -> int:
        return self.delivered(bed)
