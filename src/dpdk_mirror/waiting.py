# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Waiting for others, which may take long, and what ends it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ENDING", "asked", "nap"]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a command: Ctrl-C, whoever ends processes, and a terminal that goes."""

asked: list[Callable[[], object]] = []
"""What is called before each nap, and may raise: a command asks for its signals so, where nothing is half done."""


def nap(seconds: float) -> None:
    """Sleeps for a moment, in a loop that looks for something."""
    for ask in asked:
        ask()
    time.sleep(seconds)
