# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A file in memory that another process makes and this one fills: so it needs no file of ours to be visible there."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from ..errors import MirrorError, NotFoundError, UnsupportedError, error_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .inject import Injector
    from .libc import Libc
    from .process import Process

__all__ = ["memfd"]

_CLOEXEC, _ALLOW_SEALING, _NOEXEC_SEAL = 1, 2, 8
_SYS_PIDFD_GETFD = 438
_CLOSE_S = 1.0
# What a file made with MFD_NOEXEC_SEAL has from the beginning.
_F_SEAL_EXEC = 0x20
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextlib.contextmanager
def memfd(process: Process, injector: Injector, libc: Libc, content: bytes) -> Iterator[int]:
    """Have the process make one, fill it and seal it: the number that it has it by. It is closed afterwards."""
    number = _make(process, injector, libc)
    try:
        _fill(process, number, content)
        yield number
    except BaseException:
        # That is what is to be told, not that the thread cannot close it now.
        with contextlib.suppress(MirrorError):
            injector.call(libc.close, number, timeout_s=_CLOSE_S)
        raise
    injector.call(libc.close, number)


def _make(process: Process, injector: Injector, libc: Libc) -> int:
    name = f"dpdk-mirror-{os.urandom(8).hex()}"
    # A kernel before 6.3 does not know the last flag.
    for flags in (_CLOEXEC | _ALLOW_SEALING | _NOEXEC_SEAL, _CLOEXEC | _ALLOW_SEALING):
        injector.call(libc.memfd_create, name.encode(), flags)
        if (number := _find(process, f"/memfd:{name} (deleted)")) is not None:
            return number
    what = f"attach to process {process.pid}: it can make no file in memory"
    hint = "see its limit of open files (RLIMIT_NOFILE), and /proc/sys/vm/memfd_noexec"
    raise UnsupportedError(errno.ENOTSUP, what, hint)


def _find(process: Process, link: str) -> int | None:
    folder = process.open("fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The latest is most likely among the greatest.
        for number in sorted((int(each) for each in os.listdir(folder) if each.isdecimal()), reverse=True):  # noqa: PTH208  a descriptor
            try:
                if os.readlink(str(number), dir_fd=folder) == link:
                    return number
            except FileNotFoundError:
                continue  # closed meanwhile
    finally:
        os.close(folder)
    return None


def _fill(process: Process, number: int, content: bytes) -> None:
    doing = f"attach to process {process.pid}: fill its file in memory"
    file = _get(process, number, doing)
    try:
        seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
        if seals & ~_F_SEAL_EXEC or os.fstat(file).st_size:
            raise error_for(errno.EPERM, f"{doing}: somebody there is at it, too")
        for offset in range(0, len(content), 1 << 20):
            os.pwrite(file, content[offset : offset + (1 << 20)], offset)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
        if os.pread(file, len(content) + 1, 0) != content:
            raise error_for(errno.EPERM, f"{doing}: somebody there has written to it")
    except OSError as error:
        if isinstance(error, MirrorError):
            raise
        raise error_for(error.errno or errno.EIO, doing) from None
    finally:
        os.close(file)


def _get(process: Process, number: int, doing: str) -> int:
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    found: int = syscall(
        ctypes.c_long(_SYS_PIDFD_GETFD), ctypes.c_int(process.pidfd), ctypes.c_int(number), ctypes.c_uint(0)
    )
    if found >= 0:
        return found
    code = ctypes.get_errno()
    if code == errno.EBADF:
        raise NotFoundError(errno.ENOENT, f"{doing}: somebody there has closed it", "try again")
    if code == errno.ESRCH:  # its first thread has ended, and others have its files
        return _reopen(process, number, doing)
    raise error_for(code, doing)


def _reopen(process: Process, number: int, doing: str) -> int:
    """By its name in /proc, if it is a file: to open a device, say, may do something."""
    found = process.open(f"fd/{number}", os.O_PATH)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise error_for(errno.EPERM, f"{doing}: somebody there is at it, too")
        return os.open(f"/proc/self/fd/{found}", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise error if isinstance(error, MirrorError) else error_for(error.errno or errno.EIO, doing) from None
    finally:
        os.close(found)
