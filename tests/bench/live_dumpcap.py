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

from live_targets import NoCaptureError
from live_written import Written
from livekit.application import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live_cases import LiveCase
    from live_targets import Bed

PROGRAM = "dpdk-dumpcap"
START_S, END_S = 10, 30


def mempool_drivers() -> str:
    """Those that testpmd is linked to. A process knows them by numbers, in the order in which they were loaded.

    Where testpmd has one more than dumpcap, it takes the pool that dumpcap has made for one of another kind, finds it
    empty, and dumpcap writes no packet.
    """
    linked = subprocess.run(["ldd", find_program("dpdk-testpmd")], capture_output=True, text=True, check=True).stdout
    return ":".join(re.findall(r"=> (\S*librte_mempool_\S+)", linked))


class Dumpcap(Written):
    """Into a file of its own."""

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        if shutil.which(PROGRAM) is None:
            raise NoCaptureError(f"{PROGRAM} is not installed")
        capture = ["env", f"LD_PRELOAD={mempool_drivers()}", PROGRAM, "--file-prefix", bed.prefix, "-i", "net_null0"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RUNTIME_DIRECTORY": str(bed.directory)}
        process = subprocess.Popen(
            ["nsenter", f"--mount=/proc/{bed.pid}/ns/mnt", *capture, "-w", self.path],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            try:
                self.wait_for_packet(START_S)
            except AssertionError as error:
                raise NoCaptureError(f"{PROGRAM} captures nothing here") from error
            yield "copy"
        finally:
            # It frees its pool and ring at once, a poller that is just inside its callback or not.
            with bed.not_forwarding():
                process.send_signal(signal.SIGINT)
                process.wait(END_S)
            self.path.unlink(missing_ok=True)
