# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets that an application has made, where that application sees them."""

from __future__ import annotations

import os
import socket
from pathlib import PurePosixPath

__all__ = ["connect"]


def connect(pid: int, path: str) -> socket.socket:
    """Connect to the UNIX stream socket that process ``pid`` has at ``path``, also in a container. Raises OSError.

    The folder is opened and the socket found in it: an address has room for 107 bytes only.
    """
    where = PurePosixPath(path)
    folder = os.open(f"/proc/{pid}/root{where.parent}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{where.name}")
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection
