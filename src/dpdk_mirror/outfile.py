# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Files to be written, in folders that others may write to, too.

Each step of a path is opened once, and never found by its name again: a file is made, renamed and removed relative to
the folder that was opened. Where others may write, they may have put a link or a pipe: those are followed and
written to only if they belong to this user.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from .closeable import Closeable
from .waiting import nap

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OutFile", "part_of", "real"]

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_PLACE = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MOST_LINKS = 40  # as the kernel's
_PAUSE_S = 0.005


def real(path: str | os.PathLike[str]) -> Path:
    """The path without symbolic links; of a loop of them, what the system will refuse."""
    return Path(os.path.realpath(path))


def part_of(path: str | os.PathLike[str]) -> Path:
    """Where what is written is until it is whole."""
    resolved = real(path)
    return resolved.with_name(f"{resolved.name}.part")


class OutFile(Closeable):
    """A file that has the name ``path`` and ".part" until commit(); what exists and is no file is written in place.

    Without ``overwrite``, a file that exists is refused, and so is a part with something in it.
    ``fd`` is open for writing. OSError tells why a path will not do: its ``strerror`` is a sentence, with what to do
    where that helps.
    """

    def __init__(self, path: str, *, overwrite: bool = True) -> None:
        self._overwrite = overwrite
        self._held: list[int] = []  # descriptors
        self._finalizer = weakref.finalize(self, _close, self._held)
        try:
            self._folder, self._name = self._find(path)
            self.part = f"{self._name}.part"
            self.is_file = self._look()
            self.fd = self._make() if self.is_file else self._open_in_place()
        except BaseException:
            self._finalizer()
            raise
        self._identity = _identity(os.fstat(self.fd))

    def commit(self) -> None:
        """Gives the file its name."""
        if not self.is_file:
            return
        self._check_ours(self.part)
        if not self._overwrite and self._exists():
            raise OSError(errno.EEXIST, "somebody has made it meanwhile: write elsewhere")
        os.rename(self.part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._check_ours(self._name)
        self.is_file = False
        self.close()

    def discard(self) -> None:
        """Removes a file that has not got its name."""
        if not self.is_file:
            return
        if self._is_ours(self.part):
            os.unlink(self.part, dir_fd=self._folder)
        self.is_file = False
        self.close()

    def close(self) -> None:
        """Leaves it as it is."""
        self._finalizer()

    def close_stream(self) -> None:
        """Closes what is written in place: whoever reads it waits for its end."""
        if not self.is_file:
            self._finalizer()

    # Its inside.

    def _hold(self, fd: int) -> int:
        self._held.append(fd)
        return fd

    def _find(self, path: str) -> tuple[int, str]:
        """The folder of a path, and the name in it, which is no link that has to be followed."""
        if path.endswith("/"):
            raise _error(errno.EISDIR)
        folder, ahead, links = self._start(path), _steps(path), 0
        while True:
            name = ahead.pop() if ahead else "."
            target = self._read_link(folder, name, is_last=not ahead)
            if target is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise _error(errno.ELOOP)
                folder = self._start(target, folder)
                ahead += _steps(target)
            elif ahead:
                folder = self._hold(os.open(name, _FOLDER, dir_fd=folder))
            else:
                return folder, name

    def _start(self, path: str, folder: int | None = None) -> int:
        if folder is not None and not path.startswith("/"):
            return folder
        return self._hold(os.open("/" if path.startswith("/") else ".", _FOLDER))

    def _read_link(self, folder: int, name: str, *, is_last: bool) -> str | None:
        """Where a link leads, if it is one."""
        try:
            link = os.open(name, _LOOK, dir_fd=folder)
        except FileNotFoundError:
            if is_last:
                return None
            raise
        try:
            status = os.fstat(link)
            if not stat.S_ISLNK(status.st_mode):
                return None
            _check_trusted(folder, status, "a link")
            # The kernel's own links in /proc lead to what has no name.
            is_device = is_last and not _is_writable_by_others(folder) and _leads_to_device(folder, name)
            return None if is_device else os.readlink("", dir_fd=link)
        finally:
            os.close(link)

    def _look(self) -> bool:
        """Whether a file is to be made: there is none, or one that may be replaced."""
        flags = _LOOK if _is_writable_by_others(self._folder) else _LOOK & ~os.O_NOFOLLOW
        try:
            self._there = self._hold(os.open(self._name, flags, dir_fd=self._folder))
        except FileNotFoundError:
            return True
        status = os.fstat(self._there)
        if stat.S_ISDIR(status.st_mode):
            raise _error(errno.EISDIR)
        if stat.S_ISREG(status.st_mode):
            if not self._overwrite:
                raise _exists_error("it")
            if not os.access(_again(self._there), os.W_OK, effective_ids=True):
                raise _error(errno.EACCES)
            return True
        _check_trusted(self._folder, status, "no file, but something")
        return False

    def _make(self) -> int:
        try:
            return self._hold(os.open(self.part, _MAKE, 0o666, dir_fd=self._folder))
        except FileExistsError:
            self._remove_part()
        try:
            return self._hold(os.open(self.part, _MAKE, 0o666, dir_fd=self._folder))
        except FileExistsError:
            raise OSError(errno.EEXIST, f"somebody makes {self.part} again and again: choose another name") from None

    def _remove_part(self) -> None:
        """Removes what a run that was killed has left."""
        try:
            status = os.stat(self.part, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        is_own = status.st_uid == os.geteuid() and status.st_nlink == 1
        if not stat.S_ISREG(status.st_mode) or (_is_writable_by_others(self._folder) and not is_own):
            why = f"{self.part}, which it is called until it is whole, is there and not yours"
            raise OSError(errno.EEXIST, f"{why}: remove that, or choose another name")
        if not self._overwrite and status.st_size > 0:
            raise _exists_error(f"{self.part}, of a run that has not ended,")
        os.unlink(self.part, dir_fd=self._folder)

    def _exists(self) -> bool:
        try:
            os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _open_in_place(self) -> int:
        while True:
            try:
                return self._hold(os.open(_again(self._there), _IN_PLACE))
            except OSError as error:
                if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.fstat(self._there).st_mode):
                    raise
            nap(_PAUSE_S)  # until somebody reads the pipe

    def _is_ours(self, name: str) -> bool:
        try:
            return _identity(os.stat(name, dir_fd=self._folder, follow_symlinks=False)) == self._identity
        except FileNotFoundError:
            return False

    def _check_ours(self, name: str) -> None:
        if not self._is_ours(name):
            raise OSError(errno.ESTALE, f"somebody has taken {name} away, or put something else there: write elsewhere")


def _steps(path: str) -> list[str]:
    """A path's steps, the last first."""
    return [step for step in reversed(path.split("/")) if step]


def _again(fd: int) -> str:
    """The name of what a descriptor stands for, whatever has become of its own."""
    return f"/proc/self/fd/{fd}"


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _is_writable_by_others(folder: int) -> bool:
    status = os.fstat(folder)
    return status.st_uid not in (0, os.geteuid()) or bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _check_trusted(folder: int, status: os.stat_result, kind: str) -> None:
    """One with several names may have been put there by somebody else, whoever it belongs to."""
    if _is_writable_by_others(folder) and (status.st_uid != os.geteuid() or status.st_nlink > 1):
        why = f"there is {kind} of somebody else's in a folder that others may write to"
        raise OSError(errno.EPERM, f"{why}: remove it, or choose another name")


def _leads_to_device(folder: int, name: str) -> bool:
    try:
        mode = os.stat(name, dir_fd=folder).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def _exists_error(what: str) -> OSError:
    return OSError(errno.EEXIST, f"{what} exists: move it away, or give overwrite=True")


def _close(held: Iterable[int]) -> None:
    for fd in held:
        os.close(fd)
