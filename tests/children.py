# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes that end with the test that has started them, however that ends."""

from __future__ import annotations

import os
import pty
import select
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import commands

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence


@contextmanager
def child(command: Sequence[object], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process, killed if it still runs at the end: subprocess.Popen's own end would wait for it for ever."""
    with commands.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()


class Terminal:
    """A terminal that a process writes to, whatever the one is like that the tests run on."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self.environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            self.environment.pop(name, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.started()
        os.close(self._ours)

    def started(self) -> None:
        """The process has it now: who reads shall see its end."""
        if self.theirs >= 0:
            os.close(self.theirs)
        self.theirs = -1

    def read(self, until: bytes | None = None, *, timeout_s: float = 60) -> bytes:
        """What is written there, up to ``until`` or the process's end; fails when neither comes in time."""
        shown, deadline = b"", time.monotonic() + timeout_s
        while until is None or until not in shown:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"not within {timeout_s} s: {until!r} in {shown!r}"
            try:
                more = os.read(self._ours, 4096)
            except OSError:  # that is how a terminal ends
                more = b""
            if not more:
                assert until is None, f"no {until!r} in {shown!r}"
                return shown
            shown += more
        return shown
