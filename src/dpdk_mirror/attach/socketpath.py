# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Where the library's own socket goes in an application that has no telemetry."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from ..errors import MirrorError, NotFoundError

if TYPE_CHECKING:
    from .identify import DpdkProcess
    from .process import Process

__all__ = ["choose_socket"]

_FOLDERS = ("/run", "/tmp")  # noqa: S108  a folder of its owner's is made in it
_NAME = "s"


def choose_socket(process: Process, found: DpdkProcess) -> str:
    """A path in a new folder that belongs to the process's user alone, as the process sees it."""
    own = process.ns_tid(process.pid)
    for parent in _FOLDERS:
        with contextlib.suppress(MirrorError, OSError):
            folder = process.open_below_root(parent, os.O_PATH | os.O_DIRECTORY)
            try:
                return f"{parent}/{_make(folder, f'dpdk-mirror.{own}', found.user)}/{_NAME}"
            finally:
                os.close(folder)
    what = f"attach to process {process.pid}: there is no place for a socket in {' or '.join(_FOLDERS)}"
    raise NotFoundError(errno.ENOENT, what, "name one with --socket, in a folder that belongs to the user it runs as")


def _make(parent: int, name: str, user: int | None) -> str:
    """Make a folder, or find one that an earlier attachment has made."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        status = os.fstat(folder)
        if user is not None and status.st_uid != user:
            if status.st_uid != os.geteuid():
                raise PermissionError(errno.EPERM, "it is somebody else's", name)
            os.fchown(folder, user, -1)
    finally:
        os.close(folder)
    return name
