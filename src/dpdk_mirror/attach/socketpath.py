# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Where the library's own socket goes in an application that has no telemetry."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from ..errors import MirrorError, NotFoundError, UnsupportedError
from . import outside
from .below import open_folder_in

if TYPE_CHECKING:
    from .process import Process

__all__ = ["check_socket", "choose_socket"]

_PATH_MAX = 103  # csrc/plugin/socket_path.c says the same, and the rest
_FOLDERS = ("/run", "/tmp")  # noqa: S108  a folder of the user's own is made in it


def check_socket(process: Process, path: str) -> None:
    """That the library could listen there, as far as that is seen from outside, where nothing has been changed yet."""
    parent, _, name = path.rpartition("/")
    if path[:1] != "/" or not name or "\0" in path or len(os.fsencode(path)) > _PATH_MAX:
        raise _refusal(process, path, f"give an absolute path of at most {_PATH_MAX} bytes")
    try:
        folder = process.open_below_root(parent or "/", os.O_PATH | os.O_DIRECTORY)
    except MirrorError as error:
        raise _refusal(process, path, os.strerror(error.errno)) from None
    try:
        status = os.fstat(folder)
        if status.st_uid != outside.effective_user(process) or status.st_mode & 0o022:
            whose = "give a path in a directory that belongs to the user who runs the application"
            raise _refusal(process, path, f"{whose}, and that nobody else may write to")
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise _refusal(process, path, "there is a file, and no socket: remove it, or choose another path")
    finally:
        os.close(folder)


def _refusal(process: Process, path: str, reason: str) -> UnsupportedError:
    return UnsupportedError(errno.ENOTSUP, f"attach to process {process.pid}: socket {path}: {reason}")


def choose_socket(process: Process) -> str:
    """A path in a folder that belongs to the process's user alone, as the process sees it.

    The folder is the library's own for sockets, by its name: it removes there what dead processes have left.
    """
    user = outside.status(process, "Uid")
    inside = _own_number(process, user)
    for parent in _FOLDERS:
        with contextlib.suppress(MirrorError, OSError):
            folder = process.open_below_root(parent, os.O_PATH | os.O_DIRECTORY)
            try:
                _make(folder, f"dpdk-mirror-{inside}", user)
            finally:
                os.close(folder)
            return f"{parent}/dpdk-mirror-{inside}/{process.ns_tid(process.pid)}.sock"
    what = f"attach to process {process.pid}: there can be no socket in {' or '.join(_FOLDERS)}"
    raise NotFoundError(errno.ENOENT, what, "dpdk-mirror attach --socket takes one in a folder of its user's own")


def _own_number(process: Process, user: int) -> int:
    """The number that the user has in the process's own namespace."""
    for line in process.text("uid_map").splitlines():
        inside, outside_first, count = map(int, line.split())
        if outside_first <= user < outside_first + count:
            return inside + user - outside_first
    return user


def _make(parent: int, name: str, user: int) -> None:
    """Make a folder, or find one that the user has.

    The process may be at it, too: it is given nothing that others have, such as what it has mounted there meanwhile.
    """
    made = False
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        made = True
    folder = open_folder_in(parent, name, f"make the folder {name}")
    try:
        status = os.fstat(folder)
        if status.st_mode & 0o077:
            raise PermissionError(errno.EPERM, "others may look into it", name)
        if made and status.st_uid == os.geteuid() != user:
            os.fchown(folder, user, -1)
        elif status.st_uid != user:
            raise PermissionError(errno.EPERM, "it is another's", name)
    finally:
        os.close(folder)
