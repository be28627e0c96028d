# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Files below the root of another process, which never lead out of it."""

from __future__ import annotations

import ctypes
import errno
import os
import stat

from ..errors import error_for

__all__ = ["open_below", "open_folder_in"]

_OPENAT2 = 437  # on all architectures
# In its root, and no magic links.
_RESOLVE, _RESOLVE_NO_XDEV = 0x10 | 0x02, 0x01
# openat2() says that something was renamed while it looked.
_ATTEMPTS = 8

_KINDS = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder"}


class _OpenHow(ctypes.Structure):
    """C type: struct open_how."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_below(root: int, path: str, flags: int, doing: str) -> int:
    """Open ``path`` as whoever has ``root`` for its root would; ``doing`` is what errors say that was tried.

    Symbolic links lead nowhere else, and those of /proc nowhere at all. What is opened for more than O_PATH is a file
    or a folder: a pipe could keep whoever opens it waiting.
    """
    how = _OpenHow(os.O_PATH | os.O_CLOEXEC | flags & (os.O_DIRECTORY | os.O_NOFOLLOW), 0, _RESOLVE)
    found = _openat2(root, path, how, doing)
    if flags & os.O_PATH:
        return found
    try:
        if stat.S_IFMT(os.fstat(found).st_mode) not in _KINDS:
            raise error_for(errno.ENOTSUP, f"{doing}: it is neither a file nor a folder")
        again = flags & ~os.O_NOFOLLOW  # which /proc/self/fd/N is a link for
        return os.open(f"/proc/self/fd/{found}", again | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise error_for(error.errno or errno.EIO, doing) from None
    finally:
        os.close(found)


def open_folder_in(parent: int, name: str, doing: str) -> int:
    """Open a folder that is itself in another: neither through a link, nor what somebody has mounted there."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return _openat2(parent, name, _OpenHow(flags, 0, _RESOLVE | _RESOLVE_NO_XDEV), doing)


def _openat2(root: int, path: str, how: _OpenHow, doing: str) -> int:
    try:
        name = ctypes.create_string_buffer(os.fsencode(path))
    except ValueError:
        raise error_for(errno.EINVAL, f"{doing}: the path is no text") from None
    if b"\0" in name.raw[:-1]:
        raise error_for(errno.EINVAL, f"{doing}: the path has a zero byte in it")
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    for _ in range(_ATTEMPTS):
        size = ctypes.c_size_t(ctypes.sizeof(how))
        found: int = syscall(ctypes.c_long(_OPENAT2), ctypes.c_int(root), name, ctypes.byref(how), size)
        if found >= 0:
            return found
        if ctypes.get_errno() not in {errno.EAGAIN, errno.EINTR}:
            break
    code = ctypes.get_errno()
    if code == errno.ENOSYS:
        raise error_for(
            code, f"{doing}: this kernel has no openat2(), or a filter forbids it", "use Linux 5.6 or later"
        )
    raise error_for(code, doing)
