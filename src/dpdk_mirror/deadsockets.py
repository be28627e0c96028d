# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""UNIX sockets of processes that have died."""

from __future__ import annotations

import errno
import os
import socket
import stat

__all__ = ["is_dead"]


def is_dead(address: str) -> bool:
    """Whether nobody listens at a socket any more. OSError: there is none."""
    # What is no socket at all refuses connections, too.
    if not stat.S_ISSOCK(os.lstat(address).st_mode):
        raise FileExistsError(errno.EEXIST, "it is no socket", address)
    # Whoever listens does not notice: connections to it are of another type.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(address) == errno.ECONNREFUSED
