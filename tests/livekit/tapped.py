# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror tcpdump as a process, and what it leaves."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import commands

from dpdk_mirror.remote import Application
from livekit.application import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTENING = b"link-type EN10MB"


class Tapped:
    """``with Tapped(socket, "net_null0", "-n") as tapped``: runs, in a process group of its own, and is fed."""

    def __init__(self, socket: Path, *words: str, stdout: Any = subprocess.PIPE, within: Sequence[str] = ()) -> None:
        command = [*within, sys.executable, "-m", "dpdk_mirror", "tcpdump", *words, "--app", str(socket)]
        self.process = commands.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, start_new_session=True
        )
        self.said = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def ready(self) -> Self:
        """Waits until tcpdump reads, which it says."""
        deadline = time.monotonic() + 30
        while _LISTENING not in self.said:
            assert self._hear(deadline - time.monotonic()), self.said
        return self

    def _hear(self, timeout_s: float) -> bool:
        stderr = self.process.stderr
        assert stderr is not None
        if not select.select([stderr], [], [], max(0.0, timeout_s))[0]:
            return False
        more = os.read(stderr.fileno(), 65536)
        self.said += more
        return bool(more)

    @property
    def tcpdump(self) -> int:
        """The number of its tcpdump."""

        def find() -> int:
            for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                if Path(f"/proc/{child}/comm").read_text() == "tcpdump\n":
                    return int(child)
            return 0

        return wait_until(find, "tcpdump runs")

    def lines(self, count: int) -> list[str]:
        """The next lines that it prints."""
        stdout = self.process.stdout
        assert stdout is not None
        return [stdout.readline().decode() for _ in range(count)]

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """As a terminal would, which sends it to all; its exit code."""
        os.killpg(self.process.pid, how)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended; all that it has said, then, is in ``said``."""
        while self._hear(60):
            pass
        return self.process.wait(60)


def wait_until_gone(socket: Path) -> None:
    """No mirror is there, and no stream's socket."""
    with Application(socket) as app:
        wait_until(lambda: not app.mirrors(), "the mirrors' end")
        wait_until(lambda: not streams_of(app.pid), "the sockets' end")


def streams_of(pid: int) -> list[Path]:
    """The sockets of an application's streams."""
    return list(Path("/run").glob(f"dpdk-mirror-*/{pid}-*.sock"))


def is_running(pid: int) -> bool:
    """A process that nobody waits for is there when it has ended, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
