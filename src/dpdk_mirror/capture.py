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
from .outfile import OutFile, part_of
from .parameter import takes_keywords
from .ringport import RingPort
from .spec import Direction, MirrorStats
from .waiting import nap

if TYPE_CHECKING:
    from collections.abc import Callable

    from .eal import Eal
    from .mempool import Mempool

__all__ = [
    "ETHERNET",
    "STREAM",
    "CaptureFormat",
    "CaptureInterface",
    "CaptureReader",
    "CaptureStats",
    "CaptureWriter",
    "RingPort",
]

ETHERNET = 1
"""The link type of Ethernet in capture files."""

STREAM = "-"
"""What a capture without a path is called."""

_PAUSE_S = 0.005


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


@takes_keywords()
@dataclass(frozen=True, slots=True)
class CaptureInterface:
    """What the frames of a pcapng were seen on.

    ``direction``, RX or TX, is that of frames that do not say it themselves, as a mirror's do that are shared.
    """

    name: str = ""
    description: str = ""
    direction: Direction | None = None


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
        if self._finalizer is not None:
            self._finalizer()
            self._c = None

    def _prepare(self, kind: str, close: Any) -> Any:
        """What C is to write its pointer to; once it has, there is something to close."""
        made = ffi.new(f"struct {kind} **")
        self._finalizer = finalize(self, _close, made, close)
        return made

    def _make_port(self, eal: Eal, pool: Mempool, size: int, tx_queues: int = 1) -> RingPort:
        if self.port is not None:
            raise ConflictError(errno.EBUSY, f"open a port for {self.name}: it has one")
        port = RingPort(eal, size, tx_queues, label=self.name)
        port.attach(self)
        port.start(pool, tx_queues=tx_queues)
        self.port = port
        return port

    def _live(self) -> Any:
        self._check_own()
        if self._c is None or not self._finalizer.alive:
            raise ClosedError(errno.EBADF, f"use capture {self.name}: it is closed")
        return self._c


@takes_keywords()
class CaptureReader(_Capture):
    """Replay a capture: a path, or the number of an open file, which messages call "-".

    The constructor returns when the capture's header has been read. With ``wait=False``, for slow streams, it returns
    at once; call poll().
    """

    def __init__(self, source: str | os.PathLike[str] | int, *, wait: bool = True) -> None:
        super().__init__(STREAM if isinstance(source, int) else os.fspath(source))
        reader = self._prepare("ffi_reader", lib.ffi_reader_close)
        fd = source if isinstance(source, int) else _open_input(self.name)
        try:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                raise error_for(errno.EISDIR, f"read {self.name}: {os.strerror(errno.EISDIR)}")
            check(lib.ffi_reader_open(fd, reader), f"read {self.name}")
        finally:
            if fd != source:
                os.close(fd)
        self._c = reader[0]  # C type: struct ffi_reader *
        try:
            while wait and not self.poll():
                nap(_PAUSE_S)
        except BaseException:
            self.close()
            raise

    def poll(self) -> bool:
        """Return whether the header has been read; raise when it is none."""
        status = self._status()
        if status.state == lib.FFI_READER_REFUSED:
            reason = f"not a capture: {_message(status)}" if status.offset else "it is empty"
            raise error_for(errno.EINVAL, f"read {self.name}: {reason}")
        return bool(status.state != lib.FFI_READER_OPENING)

    @property
    def link_type(self) -> int:
        """The link type, as capture files number it; known with the header."""
        return int(self._status().link_type)

    @property
    def fcs_length(self) -> int:
        """Length of the check sequence at the end of frames; known with the header."""
        return int(self._status().fcs_length)

    @property
    def stats(self) -> CaptureStats:
        status = self._status()
        return CaptureStats(status.frames, status.bytes)

    @property
    def ended(self) -> bool:
        """Whether all frames have been read; some may still be on the port's ring."""
        return bool(self._status().state == lib.FFI_READER_ENDED)

    def open_port(self, eal: Eal, pool: Mempool) -> RingPort:
        """Open the port from which to receive the frames."""
        return self._make_port(eal, pool, pool.size)

    def start(self, pool: Mempool, *, copies: int = 0) -> None:
        """Start to replay, as fast as the frames are received.

        Leave ``copies`` buffers of the pool to mirrors for each that the replay takes: 1 for a mirror that copies, 2
        for one that splits.
        """
        if self.port is None:
            raise ConflictError(errno.EINVAL, f"replay {self.name}: it has no port")
        check(lib.ffi_reader_feed(self._live(), self.port.ring, pool.c, copies), f"replay {self.name}")

    @property
    def error(self) -> MirrorError | None:
        """Why the replay broke off, if it did."""
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


@takes_keywords()
class CaptureWriter(_Capture):
    """Write a capture, first to ``part_of(path)``; commit() gives it its name.

    A path that exists and is not a regular file is written in place; a file that exists is replaced, or refused with
    ``overwrite=False``. ``target`` is a path, or the number of an open file, which messages call "-". Frames of a
    replay keep their times; with ``stamp`` they get those when they were mirrored. A pcapng says what the frames were
    seen on, ``interface``, which is a name or a CaptureInterface, and what was lost, by count().

    To write what a mirror takes::

        writer = CaptureWriter("out.pcapng", interface=source.name)
        with writer, writer.open_port(eal, pool, size=4095) as target:
            writer.start()
            with Mirror(source, target, mode=Mode.AUTO, origin=True) as mirror:
                ...  # packets flow
                writer.count(mirror.stats())
            writer.finish()
            writer.commit()
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | int,
        *,
        interface: str | CaptureInterface = "",
        stamp: bool = False,
        overwrite: bool = True,
    ) -> None:
        super().__init__(STREAM if isinstance(target, int) else os.fspath(target))
        self.interface = CaptureInterface(interface) if isinstance(interface, str) else interface
        self.stamp = stamp
        self.format = CaptureFormat.PCAPNG if isinstance(target, int) else CaptureFormat.of(target)
        self._file = None if isinstance(target, int) else _open_output(self.name, overwrite)
        self._fd = os.dup(target) if isinstance(target, int) else None
        self._can_begin = True

    @property
    def stats(self) -> CaptureStats:
        status = self._status()
        return CaptureStats(status.frames, status.bytes)

    @property
    def hung_up(self) -> bool:
        """Whether the reader of the stream has gone."""
        return bool(self._status().error == -errno.EPIPE)

    def open_port(self, eal: Eal, pool: Mempool, *, size: int, tx_queues: int = 1) -> RingPort:
        """Open the port to send frames to. It refuses more than ``size`` packets that wait to be written."""
        return self._make_port(eal, pool, size, tx_queues)

    def start(self, link_type: int = ETHERNET, fcs_length: int = 0) -> None:
        """Start to write, with the link type and check sequence of a reader."""
        if self.port is None or not self._can_begin:
            raise ConflictError(errno.EINVAL, f"write {self.name}: it has no port, or was begun before")
        self._can_begin = False
        writer = self._prepare("ffi_writer", lib.ffi_writer_close)
        name, description = _text(self.interface.name), _text(self.interface.description)
        config = ffi.new("struct ffi_writer_config *")
        config.fd = self._file.fd if self._file is not None else self._fd
        config.format, config.stamp = int(self.format), self.stamp
        config.direction = (self.interface.direction or 0) % Direction.BOTH  # the same values, but for both
        config.interface = {
            "name": name, "description": description, "link_type": link_type, "fcs_length": fcs_length
        }  # fmt: skip
        check(lib.ffi_writer_start(self.port.ring, config, writer), f"write {self.name}")
        self._c = writer[0]  # C type: struct ffi_writer *
        self._close_stream()

    def count(self, stats: MirrorStats) -> None:
        """Tell the counters of the mirror that the frames come from, often, and last before the mirror is closed.

        Of a pcapng, the next frame says how many were lost since the call before. Statistics are written every five
        seconds, and in the end.
        """
        counters = ffi.new("struct rte_mirror_stats *", stats.counts())
        lib.ffi_writer_count(self._live(), counters)

    def check(self) -> None:
        """Raise what has gone wrong, if anything. That a stream's reader has gone is not an error."""
        error = self._status().error
        if error and error != -errno.EPIPE:
            raise _write_error(self.name, OSError(-error, os.strerror(-error)), self._part)

    def finish(self, timeout_s: float = math.inf) -> None:
        """Wait until everything is written. Nothing may be sent any more.

        Raises BusyTimeoutError when a stream's reader has taken nothing for ``timeout_s``; call it again.
        """
        lib.ffi_writer_finish(self._live())
        progress, since = self.stats, time.monotonic()
        while not self._status().ended:
            if self.stats != progress:
                progress, since = self.stats, time.monotonic()
            if time.monotonic() - since > timeout_s:
                raise error_for(errno.ETIMEDOUT, f"write {self.name}: its reader has taken nothing for {timeout_s:g} s")
            nap(_PAUSE_S)
        self.check()

    def commit(self) -> None:
        """Give the finished capture its name."""
        self._do(OutFile.commit)

    def discard(self) -> None:
        """Remove what was written. Does nothing after commit()."""
        self._do(OutFile.discard)

    def close(self) -> None:
        """Close it. A capture that was not committed keeps its name with ".part"."""
        super().close()
        self._can_begin = False
        self._close_stream()

    @property
    def _part(self) -> Path | None:
        """Where what was written is, if it has not got its name."""
        return part_of(self.name) if self._file is not None and self._file.is_file else None

    def _do(self, step: Callable[[OutFile], None]) -> None:
        self._check_own()
        if self._file is None:
            return
        try:
            step(self._file)
        except OSError as error:
            raise _write_error(self.name, error, self._part) from None

    def _close_stream(self) -> None:
        """Leaves a stream to the thread that writes it: its reader waits for the end."""
        if self._file is not None:
            self._file.close_stream()
        elif self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _status(self) -> Any:
        status = ffi.new("struct ffi_writer_status *")
        lib.ffi_writer_status_get(self._live(), status)
        return status


def _open_input(path: str) -> int:
    try:
        # What is no file may have nobody yet who writes to it: the thread that reads waits for that.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        code = error.errno or errno.EIO
        raise error_for(code, f"read {path}: {os.strerror(code)}") from None
    return fd


def _text(text: str) -> Any:
    """C type: char[], which is to be kept as long as it is used."""
    return ffi.new("char[]", text.replace("\0", " ").encode(errors="replace"))


def _message(status: Any) -> str:
    return str(ffi.string(status.message).decode(errors="replace"))


def _open_output(path: str, overwrite: bool) -> OutFile:  # noqa: FBT001  it is handed on
    try:
        return OutFile(path, overwrite=overwrite)
    except OSError as error:
        raise _write_error(path, error, None) from None


def _write_error(name: str, error: OSError, part: Path | None) -> MirrorError:
    hint = f"what was written until then is in {part}" if part is not None else ""
    code = error.errno or errno.EIO
    return error_for(code, f"write {name}: {error.strerror or os.strerror(code)}", hint)


def _close(made: Any, close: Any) -> None:
    if made[0] != ffi.NULL:
        close(made[0])
