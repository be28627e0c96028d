# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What goes wrong, as exceptions: one class for each kind of errno, all of them MirrorError."""

from __future__ import annotations

import errno as _errno
import os

# Of two names for one number, the one that C code uses.
_NAMES = {**_errno.errorcode, _errno.EDEADLK: "EDEADLK", _errno.EAGAIN: "EAGAIN", _errno.ENOTSUP: "ENOTSUP"}


class MirrorError(Exception):
    """Something was refused. ``what`` says what was tried, on what, and why; ``hint`` what to do about it."""

    def __init__(self, errno: int, what: str, hint: str = "") -> None:
        super().__init__(errno, what, hint)
        self.errno = errno
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        name = _NAMES.get(self.errno, str(self.errno))
        return f"{self.what} [{name}]; {self.hint}" if self.hint else f"{self.what} [{name}]"


class InvalidConfigError(MirrorError, ValueError):
    """A value, or a combination of values, that cannot be."""


class NotFoundError(MirrorError, LookupError):
    """No such port, device, driver or mirror."""


class ConflictError(MirrorError):
    """It is taken, in use, in the wrong state, or would make a loop."""


class OutOfMemoryError(MirrorError, MemoryError):
    """Too little memory, hugepages, mbufs or ids."""


class UnsupportedError(MirrorError):
    """The driver, this DPDK or this installation cannot do that."""


class BusyTimeoutError(MirrorError, TimeoutError):  # type: ignore[misc]  # OSError's errno may be None, ours may not
    """Somebody has stayed busy for too long; it can be tried again."""


class NotPermittedError(MirrorError, PermissionError):  # type: ignore[misc]  # as above
    """Somebody else may do that: root, most likely."""


class DisconnectedError(MirrorError, ConnectionError):  # type: ignore[misc]  # as above
    """The application at the other end of a socket has gone, or is about to."""


class ProtocolError(MirrorError):
    """What came through a socket is no answer that makes sense."""


class MalformedError(MirrorError):
    """What a process has in its memory, or in a file of its, makes no sense, or cannot be read."""


class NoPluginError(UnsupportedError):
    """The application runs without librte_mirror, or that is inert there."""


class ClosedError(MirrorError):
    """Used after close()."""


class EalError(MirrorError, RuntimeError):
    """EAL did not start."""


class HugepagesTakenError(EalError, OutOfMemoryError):
    """Others took the hugepages that EAL was about to take."""


class EalAlreadyStartedError(EalError):
    """EAL starts once per process, and has done so."""


_CLASSES: dict[int, type[MirrorError]] = {
    _errno.EINVAL: InvalidConfigError,
    _errno.ERANGE: InvalidConfigError,
    _errno.EMSGSIZE: InvalidConfigError,
    _errno.ENAMETOOLONG: InvalidConfigError,
    _errno.ENODEV: NotFoundError,
    _errno.ENOENT: NotFoundError,
    _errno.ENOTDIR: NotFoundError,
    _errno.ESRCH: NotFoundError,
    _errno.EEXIST: ConflictError,
    _errno.EBUSY: ConflictError,
    _errno.ELOOP: ConflictError,
    _errno.ENETDOWN: ConflictError,
    _errno.EDEADLK: ConflictError,
    _errno.ENOMEM: OutOfMemoryError,
    _errno.ENOTSUP: UnsupportedError,
    _errno.ENOSYS: UnsupportedError,
    _errno.ETIMEDOUT: BusyTimeoutError,
    _errno.EAGAIN: BusyTimeoutError,
    _errno.EACCES: NotPermittedError,
    _errno.EPERM: NotPermittedError,
    _errno.ECONNREFUSED: DisconnectedError,
    _errno.ECONNRESET: DisconnectedError,
    _errno.EPIPE: DisconnectedError,
    _errno.ESHUTDOWN: DisconnectedError,
    _errno.EPROTO: ProtocolError,
    _errno.EPROTOTYPE: ProtocolError,
    _errno.EBADF: ClosedError,
}


def error_for(errno: int, what: str, hint: str = "") -> MirrorError:
    """The exception for a positive errno; ``what`` without a reason of its own, after a colon, gets the system's."""
    if ": " not in what:
        what = f"{what}: {os.strerror(errno)}"
    return _CLASSES.get(errno, MirrorError)(errno, what, hint)
