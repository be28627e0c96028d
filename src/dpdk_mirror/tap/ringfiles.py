# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The files of a capture: new ones of mode 0600, one after the other, of which the last few may be kept."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections import deque
from pathlib import Path

from ..errors import ConflictError
from ..outfile import OutFile

__all__ = ["Files"]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o600


class Files:
    """``path`` is the first one's name, or "-" for stdout. With ``many``, strftime()'s words in it mean the time.

    ``keep``: how many of the latest are kept; 0: all. What exists is replaced with ``overwrite`` alone.
    """

    def __init__(self, path: str, *, many: bool, keep: int = 0, overwrite: bool = False) -> None:
        self.made: deque[str] = deque()
        self._path, self._many, self._keep, self._overwrite = path, many, keep, overwrite
        self._identities: deque[tuple[int, int]] = deque()
        self._used: dict[str, int] = {}

    def check(self) -> None:
        """ConflictError or OSError: the first file could not be made now."""
        if self._path == "-":
            return
        path = self._name()
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if Path(path).is_file() and not self._overwrite:
            raise _exists_error(path)
        if not Path(path).exists():
            folder = Path(path).parent
            os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def open_next(self) -> int:
        """Open the next file for writing; remove the oldest one if it is one too many.

        ConflictError: the first one exists.
        """
        if self._path == "-":
            return os.dup(1)
        path, fd = self._open_new()
        status = os.fstat(fd)
        self.made.append(path)
        self._identities.append((status.st_dev, status.st_ino))
        while self._keep and len(self.made) > self._keep:
            _remove(self.made.popleft(), self._identities.popleft())
        return fd

    def _open_new(self) -> tuple[str, int]:
        name = self._name()
        number = self._used.get(name, -1)
        while True:
            number += 1
            path = _numbered(name, number)
            fd = _open(path, overwrite=self._overwrite)
            if fd is not None:
                self._used = {name: number}
                return path, fd
            if not self._identities:
                raise _exists_error(path)

    def _name(self) -> str:
        return time.strftime(self._path) if self._many else self._path


def _exists_error(path: str) -> ConflictError:
    hint = "move it away, write elsewhere, or give --overwrite"
    return ConflictError(errno.EEXIST, f"write {path}: it exists", hint)


def _numbered(name: str, number: int) -> str:
    """a.pcapng, a1.pcapng, a2.pcapng: as tcpdump -C counts, but in front of what says of what type a file is."""
    suffix = re.search(r"(?<=[^/])(\.[A-Za-z]\w*)?(\.(gz|zst))?$", name)
    at = suffix.start() if suffix else len(name)
    return f"{name[:at]}{number or ''}{name[at:]}"


def _open(path: str, *, overwrite: bool) -> int | None:
    """A file that is new, or what exists and is no file; None: it exists, and stays."""
    try:
        return os.open(path, _NEW, _MODE)
    except FileExistsError:
        if _is_special(path):
            with OutFile(path) as out:  # which closes what it has opened
                return os.dup(out.fd)
        if not overwrite:
            return None
    Path(path).unlink()
    return os.open(path, _NEW, _MODE)


def _is_special(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:  # a link to nowhere
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _remove(path: str, identity: tuple[int, int]) -> None:
    """Unless somebody has put something else there."""
    try:
        status = Path(path).lstat()
        if (status.st_dev, status.st_ino) == identity:
            Path(path).unlink()
    except FileNotFoundError:
        pass
