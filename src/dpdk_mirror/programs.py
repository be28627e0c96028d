# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Other programs that are run: sudo, cron and services leave some of their folders out of PATH."""

from __future__ import annotations

import os
import shutil
import signal

__all__ = ["find_program", "signal_name"]

_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/sbin")


def find_program(name: str) -> str | None:
    """Where it is, by PATH or where such programs usually are; None: nowhere there."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS]))


def signal_name(number: int) -> str:
    """As SIGTERM; real-time signals have none but for the first and the last."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
