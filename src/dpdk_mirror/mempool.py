# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Pools of packet buffers."""

from __future__ import annotations

import errno
import weakref
from typing import TYPE_CHECKING, Any

from ._binding import check, ffi, lib
from .closeable import Closeable, finalize
from .errors import ClosedError, ConflictError, InvalidConfigError
from .parameter import takes_keywords

if TYPE_CHECKING:
    from .eal import Eal

__all__ = ["Mempool"]

_MAX_SIZE = (1 << 31) - 1
# An mbuf's 16-bit buffer length, less the headroom.
_MAX_DATA_ROOM = 0xFFFF - 128


@takes_keywords()
class Mempool(Closeable):
    """A pool of ``size`` packet buffers (mbufs); made by ``Eal.mempool()``.

    ``data_room`` is how many bytes of packet data a buffer holds; longer frames take several. Each buffer has the
    headroom that DPDK was built with (128 bytes) on top. No lcore keeps buffers back for itself, so every thread can
    have the last one.
    """

    def __init__(self, eal: Eal, name: str, *, size: int = 4095, data_room: int = 2048) -> None:
        _check(name, size, data_room)
        self._eal = eal  # keeps EAL up for as long as the pool is there
        self.name = name
        self.size = size
        self.data_room = data_room
        c_name = ffi.new("char[]", name.encode())
        config = ffi.new("struct ffi_pool_config *", {"name": c_name, "size": size, "data_room": data_room})
        created = ffi.new("struct rte_mempool **")
        self._finalizer = finalize(self, _free_unused, created, size)
        check(lib.ffi_pool_create(config, created), f"create mempool {name} of {size} x {data_room} bytes")
        self._c: Any = created[0]  # C type: struct rte_mempool *; None once closed
        # Who takes buffers from it, and what messages call them.
        self.users: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<Mempool {self.name} of {self.size} x {self.data_room} bytes>"

    @property
    def c(self) -> Any:
        """The ``struct rte_mempool *``, for C code of your own."""
        if self._c is None:
            raise ClosedError(errno.EBADF, f"use mempool {self.name}: it is closed")
        return self._c

    @property
    def closed(self) -> bool:
        return self._c is None

    @property
    def available(self) -> int:
        """Number of free buffers."""
        return int(lib.ffi_pool_available(self.c))

    @property
    def in_use(self) -> int:
        """Number of buffers in use."""
        return self.size - self.available

    def close(self) -> None:
        """Free the pool; refused while a port, a mirror or anything else uses it. A second call does nothing."""
        if self._c is None:
            return
        for user in self.users.values():
            raise ConflictError(errno.EBUSY, f"close mempool {self.name}: {user} uses it", "close that first")
        if held := self.in_use:
            raise ConflictError(errno.EBUSY, f"close mempool {self.name}: {held} of its buffers are in use")
        self._finalizer()
        self._c = None

    def abandon(self) -> None:
        """Gives the pool up without freeing it: it goes when EAL does."""
        self._finalizer.detach()
        self._c = None


def _check(name: object, size: object, data_room: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"a mempool's name must be a str, not {type(name).__name__}")
    if not name or "\0" in name:
        raise InvalidConfigError(errno.EINVAL, f"create mempool {name!r}: that is no name")
    for key, value, most in (("size", size, _MAX_SIZE), ("data_room", data_room, _MAX_DATA_ROOM)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{key} must be an int, not {type(value).__name__}")
        if not 1 <= value <= most:
            raise InvalidConfigError(errno.ERANGE, f"create mempool {name}: {key}={value} is not within 1 to {most}")


def _free_unused(created: Any, size: int) -> None:
    """Frees a pool that nobody has buffers of; another is better leaked than freed under its user."""
    pool = created[0]
    if pool != ffi.NULL and lib.ffi_pool_available(pool) == size:
        lib.ffi_pool_free(pool)
