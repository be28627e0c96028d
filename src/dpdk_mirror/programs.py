# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Other programs that are run: sudo, cron and services leave some of their folders out of PATH."""

from __future__ import annotations

import os
import shutil

__all__ = ["find_program"]

_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/sbin")


def find_program(name: str) -> str | None:
    """Where it is, by PATH or where such programs usually are; None: nowhere there."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS]))
