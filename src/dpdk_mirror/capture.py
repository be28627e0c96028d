# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Capture files and streams as ports: a capture is replayed from one, and written from what is sent to another.

Frames of any length stay whole and keep their link type and their original length. A replay waits where it has to, so
that nothing is lost between a reader and writers that share its pool, or have their copies from it: their rings hold
as many packets as the pool has buffers.
"""

from __future__ import annotations

import enum
import errno
import itertools
import math
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._binding import check, ffi, lib
from .closeable import Closeable, finalize
from .errors import ClosedError, ConflictError, MirrorError, error_for
from .ethdev import Port

if TYPE_CHECKING:
    from .eal import Eal
    from .mempool import Mempool

__all__ = [
    "ETHERNET",
    "STREAM",
    "CaptureFormat",
    "CaptureReader",
    "CaptureStats",
    "CaptureWriter",
    "RingPort",
    "part_of",
    "real",
]

ETHERNET = 1
"""The link type of Ethernet in capture files."""

STREAM = "-"
"""What a capture without a path is called."""

_PAUSE_S = 0.005
_MAX_INTERFACE = 255
_numbers = itertools.count()


class CaptureFormat(enum.IntEnum):
    """Both with nanoseconds; the values are C's."""

    PCAPNG = 0
    PCAP = 1

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> CaptureFormat:
        """By the path's ending."""
        return cls.PCAP if Path(path).suffix.lower() in (".pcap", ".cap") else cls.PCAPNG


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """What was read or written so far."""

    frames: int
    bytes: int


def real(path: str | os.PathLike[str]) -> Path:
    """The path without symbolic links; of a loop of them, what the system will refuse."""
    return Path(os.path.realpath(path))


def part_of(path: str | os.PathLike[str]) -> Path:
    """Where a capture is until it is whole."""
    resolved = real(path)
    return resolved.with_name(f"{resolved.name}.part")


class RingPort(Port):
    """A port over a ring: what C threads put there is received from it, what is sent on it they find there."""

    def __init__(self, eal: Eal, size: int, tx_queues: int = 1) -> None:
        name = f"capture{next(_numbers)}"
        ring = ffi.new("struct rte_ring **")
        check(lib.ffi_ringport_create(name.encode(), size, tx_queues, ring), f"create a ring of {size} packets")
        self._ring: Any = ring[0]  # C type: struct rte_ring *
        super().__init__(eal, f"net_ring_{name}")
        eal.adopt(self)

    @property
    def ring(self) -> Any:
        """The ``struct rte_ring *``."""
        if self._ring is None:
            raise ClosedError(errno.EBADF, f"use port {self.name}: it is closed")
        return self._ring

    @property
    def waiting(self) -> int:
        """How many packets are on the ring."""
        return int(lib.ffi_ringport_count(self.ring))

    def close(self) -> None:
        """As of Port; packets that are still on the ring go back to their pool."""
        super().close()
        if self._ring is not None:
            lib.ffi_ringport_free(self._ring)
            self._ring = None


class _Capture(Closeable):
    """What a reader and a writer have in common: the C object behind them, and their port."""

    shares_queues = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.port: RingPort | None = None
        self._c: Any = None
        self._finalizer: Any = None

    def close(self) -> None:
        """Ends it wherever it is. A second call does nothing."""
        if self._c is not None:
            self._finalizer()
            self._c = None

    def _hold(self, c: Any, close: Any) -> None:
        self._c = c
        self._finalizer = finalize(self, close, c)

    def _make_port(self, eal: Eal, pool: Mempool, size: int, tx_queues: int = 1) -> RingPort:
        if self.port is not None:
            raise ConflictError(errno.EBUSY, f"open a port for {self.name}: it has one")
        port = RingPort(eal, size, tx_queues)
        port.attach(self)
        port.start(pool, tx_queues=tx_queues)
        self.port = port
        return port

    def _live(self) -> Any:
        if self._c is None:
            raise ClosedError(errno.EBADF, f"use capture {self.name}: it is closed")
        return self._c


class CaptureReader(_Capture):
    """A capture to be replayed: a path, or the number of an open file, which messages call "-".

    The constructor returns once the capture's header was read. With ``wait=False``, for streams that may take their
    time, it returns at once, and poll() tells.
    """

    def __init__(self, source: str | os.PathLike[str] | int, *, wait: bool = True) -> None:
        super().__init__(STREAM if isinstance(source, int) else os.fspath(source))
        reader = ffi.new("struct ffi_reader **")
        fd = source if isinstance(source, int) else _open_input(self.name)
        try:
            check(lib.ffi_reader_open(fd, reader), f"read {self.name}")
        finally:
            if fd != source:
                os.close(fd)
        self._hold(reader[0], lib.ffi_reader_close)  # C type: struct ffi_reader *
        try:
            while wait and not self.poll():
                time.sleep(_PAUSE_S)
        except BaseException:
            self.close()
            raise

    def poll(self) -> bool:
        """Whether the header was read; raises when it is none."""
        status = self._status()
        if status.state == lib.FFI_READER_REFUSED:
            reason = f"not a capture: {_message(status)}" if status.offset else "it is empty"
            raise error_for(errno.EINVAL, f"read {self.name}: {reason}")
        return bool(status.state != lib.FFI_READER_OPENING)

    @property
    def link_type(self) -> int:
        """What the frames are, as capture files number it; known with the header."""
        return int(self._status().link_type)

    @property
    def stats(self) -> CaptureStats:
        status = self._status()
        return CaptureStats(status.frames, status.bytes)

    @property
    def ended(self) -> bool:
        """Whether no frame will come any more; they may still be on the port's ring."""
        return bool(self._status().state == lib.FFI_READER_ENDED)

    def open_port(self, eal: Eal, pool: Mempool) -> RingPort:
        """The port from which the frames will be received."""
        return self._make_port(eal, pool, pool.size)

    def start(self, pool: Mempool, *, copies: int = 0) -> None:
        """Begins to replay, as fast as the frames are received.

        It leaves ``copies`` buffers of the pool to mirrors for each that it takes: one that copies has 1 for its own,
        one that splits 2.
        """
        if self.port is None:
            raise ConflictError(errno.EINVAL, f"replay {self.name}: it has no port")
        check(lib.ffi_reader_feed(self._live(), self.port.ring, pool.c, copies), f"replay {self.name}")

    @property
    def error(self) -> MirrorError | None:
        """What the replay broke off for, if it did."""
        status = self._status()
        if not status.error:
            return None
        where = f"after {status.frames} frames"
        if status.error == -errno.EBADMSG:
            where = f"broken {where}, at byte {status.offset}"
        return error_for(-status.error, f"replay {self.name}: {where}: {_message(status)}")

    def _status(self) -> Any:
        status = ffi.new("struct ffi_reader_status *")
        lib.ffi_reader_status_get(self._live(), status)
        return status


class CaptureWriter(_Capture):
    """A capture to be written, first to ``part_of(path)``; commit() gives it its name.

    What exists and is no regular file is written in place. ``target`` is a path, or the number of an open file, which
    messages call "-". ``interface`` is what a pcapng says of where the frames were seen.
    """

    def __init__(self, target: str | os.PathLike[str] | int, *, interface: str = "") -> None:
        super().__init__(STREAM if isinstance(target, int) else os.fspath(target))
        self.interface = interface
        self.format = CaptureFormat.PCAPNG if isinstance(target, int) else CaptureFormat.of(target)
        self._part: Path | None = None
        self._fd: int | None = os.dup(target) if isinstance(target, int) else self._open_output()

    @property
    def stats(self) -> CaptureStats:
        status = self._status()
        return CaptureStats(status.frames, status.bytes)

    @property
    def hung_up(self) -> bool:
        """Whether whoever read the stream has gone."""
        return bool(self._status().error == -errno.EPIPE)

    def open_port(self, eal: Eal, pool: Mempool, *, size: int, tx_queues: int = 1) -> RingPort:
        """The port that takes what is to be written; it refuses what would be more than ``size`` packets waiting."""
        return self._make_port(eal, pool, size, tx_queues)

    def start(self, link_type: int = ETHERNET) -> None:
        """Begins to write."""
        if self.port is None or self._fd is None:
            raise ConflictError(errno.EINVAL, f"write {self.name}: it has no port, or was begun before")
        writer = ffi.new("struct ffi_writer **")
        name = self.interface.encode(errors="replace")[:_MAX_INTERFACE].decode(errors="ignore")
        interface = ffi.new("char[]", name.encode())
        config = ffi.new("struct ffi_writer_config *")
        config.fd, config.format, config.link_type = self._fd, int(self.format), link_type
        config.interface = interface
        check(lib.ffi_writer_start(self.port.ring, config, writer), f"write {self.name}")
        self._hold(writer[0], lib.ffi_writer_close)  # C type: struct ffi_writer *
        self._close_fd()

    def check(self) -> None:
        """Raises what went wrong so far, if anything did; that a stream's reader has gone is not wrong."""
        error = self._status().error
        if error and error != -errno.EPIPE:
            raise _write_error(self.name, -error, self._part)

    def finish(self, timeout_s: float = math.inf) -> None:
        """Waits until all that was sent is written; nothing may be sent any more.

        BusyTimeoutError when whoever reads a stream has taken nothing for so long; it can be called again.
        """
        lib.ffi_writer_finish(self._live())
        progress, since = self.stats, time.monotonic()
        while not self._status().ended:
            if self.stats != progress:
                progress, since = self.stats, time.monotonic()
            if time.monotonic() - since > timeout_s:
                raise error_for(errno.ETIMEDOUT, f"write {self.name}: its reader has taken nothing for {timeout_s:g} s")
            time.sleep(_PAUSE_S)
        self.check()

    def commit(self) -> None:
        """Gives the finished capture its name."""
        if self._part is not None:
            try:
                self._part.rename(real(self.name))
            except OSError as error:
                raise _write_error(self.name, error.errno or errno.EIO, self._part) from None
            self._part = None

    def discard(self) -> None:
        """Removes what was written; for captures that have not begun. Does nothing after commit()."""
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None

    def close(self) -> None:
        """As of a reader; what was not committed keeps its name with ".part"."""
        super().close()
        self._close_fd()

    def _close_fd(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open_output(self) -> int:
        path = Path(self.name)
        try:
            if self.name.endswith(os.sep):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if path.exists() and not path.is_file():
                return os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            part = part_of(path)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise _write_error(self.name, error.errno or errno.EIO, None) from None
        self._part = part
        return fd

    def _status(self) -> Any:
        status = ffi.new("struct ffi_writer_status *")
        lib.ffi_writer_status_get(self._live(), status)
        return status


def _open_input(path: str) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        code = error.errno or errno.EIO
        raise error_for(code, f"read {path}: {os.strerror(code)}") from None
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise error_for(errno.EISDIR, f"read {path}: {os.strerror(errno.EISDIR)}")
    return fd


def _message(status: Any) -> str:
    return str(ffi.string(status.message).decode(errors="replace"))


def _write_error(name: str, code: int, part: Path | None) -> MirrorError:
    hint = f"what was written until then is in {part}" if part is not None else ""
    return error_for(code, f"write {name}: {os.strerror(code)}", hint)
