# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets where other processes have them, reached by another process of ours.

What is mounted on the way there need never answer.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
from typing import TYPE_CHECKING

from ..errors import BusyTimeoutError, MirrorError
from .apart import answers, raise_refused, refused
from .process import Process
from .survey import LOOK_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["connect", "identities"]

_BEGUN = b"begun"
_STUCK_MAX = 4
"""Sockets that are not come back from, before the rest is let be."""


def connect(connection: socket.socket, pid: int, path: str, timeout_s: float) -> None:
    """Connect to what process ``pid`` has at a path, as that sees it. Raises OSError, and MirrorError."""
    number = connection.fileno()
    request = json.dumps([number, [[pid, path]]])
    said = list(answers(__name__, request.encode(), timeout_s, keeps=(number,)))
    if not said:  # nobody could be started who does it
        _connect(pid, path, number)
    elif said[-1] == _BEGUN:
        what = f"open {path} of process {pid}: what is mounted there keeps whoever looks waiting"
        raise BusyTimeoutError(errno.ETIMEDOUT, what, f"see ps -L {pid}")
    else:
        raise_refused(json.loads(said[-1]))


def identities(places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[int, int]]:
    """The same number for the same file, whatever its name; of those that are there, and can be looked at."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    ahead = list(places)
    for _ in range(_STUCK_MAX):
        begun = 0
        for line in answers(__name__, json.dumps([-1, ahead]).encode(), LOOK_S) if ahead else ():
            if line == _BEGUN:
                begun += 1
            elif "error" not in (answer := json.loads(line)):
                found[ahead[begun - 1]] = answer["device"], answer["inode"]
        ahead = ahead[begun:] if begun else []
    return found


def work(request: bytes, say: Callable[[bytes], None]) -> None:
    """Look at sockets, or connect to one; for another process, that ends this one."""
    number, places = json.loads(request)
    for pid, path in places:
        say(_BEGUN)
        try:
            answer = _identity(pid, path) if number < 0 else _connect(pid, path, number)
        except (MirrorError, OSError) as error:
            answer = refused(error)
        say(json.dumps(answer).encode())


def _identity(pid: int, path: str) -> dict[str, int]:
    with _opened(pid, path) as (_, status):
        return {"device": status.st_dev, "inode": status.st_ino}


def _connect(pid: int, path: str, number: int) -> dict[str, int]:
    """By a descriptor: the way there may lead outside, and an address has little room."""
    with _opened(pid, path) as (found, status):
        if not stat.S_ISSOCK(status.st_mode):
            raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
        connection = socket.socket(fileno=number)
        try:
            connection.connect(f"/proc/self/fd/{found}")
        finally:
            connection.detach()
    return {}


@contextlib.contextmanager
def _opened(pid: int, path: str) -> Iterator[tuple[int, os.stat_result]]:
    with Process(pid) as process:
        found = process.open_below_root(path, os.O_PATH)
    try:
        yield found, os.fstat(found)
    finally:
        os.close(found)
