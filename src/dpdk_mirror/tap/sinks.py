# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Where a capture's blocks go: a file, a pipe, or either of these compressed. None holds back more than a second."""

from __future__ import annotations

import errno
import os
import select
import stat
import zlib
from typing import TYPE_CHECKING, Protocol

from ..errors import UnsupportedError
from ..waiting import nap
from .blocks import Passed, pass_blocks, words_of, write_some

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COMPRESSIONS", "CompressedSink", "FileSink", "Packer", "PipeSink", "Sink", "compression", "sink_of"]

_PIECE = 4 << 20  # bytes that are compressed at once
_PIPE_BUF = 4096  # what a pipe that can be written to takes at once
_LOOK_MS = 100
_NOTHING = Passed(0, 0)


class Sink(Protocol):
    """``size`` and ``packets``: how many bytes of blocks it has, and how many of them are packets.

    ``write()`` gets whole blocks, with so many packets. OSError: what is not there is not counted.
    """

    size: int
    packets: int

    def write(self, blocks: memoryview, packets: int) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class FileSink:
    """A file, from where it is on. It ends with a whole block where its disk is full."""

    def __init__(self, fd: int) -> None:
        self.size = self.packets = 0
        self._fd = fd

    def write(self, blocks: memoryview, packets: int) -> None:
        self._write(blocks, lambda done: pass_blocks(words_of(blocks), 0, done & ~3) if done else _NOTHING)
        self.size, self.packets = self.size + len(blocks), self.packets + packets

    def write_piece(self, piece: bytes) -> None:
        """Whole or not at all."""
        self._write(memoryview(piece), lambda _: _NOTHING)

    def _write(self, data: memoryview, whole: Callable[[int], Passed]) -> None:
        done = 0
        try:
            while done < len(data):
                done += write_some(self._fd, data[done:])
        except OSError:
            kept = whole(done)
            self.size, self.packets = self.size + kept.stop, self.packets + kept.packets
            self._cut(done - kept.stop)
            raise

    def _cut(self, count: int) -> None:
        """Take away what was written last."""
        if count:
            end = os.lseek(self._fd, -count, os.SEEK_CUR)
            os.ftruncate(self._fd, end)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        os.close(self._fd)


class PipeSink:
    """A pipe, or whatever is no file. While nobody reads it, signals are looked at."""

    def __init__(self, fd: int) -> None:
        self.size = self.packets = 0
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def write(self, blocks: memoryview, packets: int) -> None:
        done = 0
        while done < len(blocks):
            if not self._poll.poll(_LOOK_MS):
                nap(0)
                continue
            try:
                done += os.write(self._fd, blocks[done : done + _PIPE_BUF])
            except BlockingIOError:
                nap(0.001)
        self.size, self.packets = self.size + len(blocks), self.packets + packets

    def write_piece(self, piece: bytes) -> None:
        self.write(memoryview(piece), 0)

    def flush(self) -> None:
        """BrokenPipeError: whoever read it has gone."""
        if any(event & select.POLLERR for _, event in self._poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def close(self) -> None:
        os.close(self._fd)


class CompressedSink:
    """What has been compressed so far can be read at any moment. ``size`` and ``packets`` are of what that holds."""

    def __init__(self, inner: FileSink | PipeSink, packer: Packer) -> None:
        self.size = self.packets = 0
        self._inner, self._packer = inner, packer
        self._held, self._held_packets = bytearray(), 0

    def write(self, blocks: memoryview, packets: int) -> None:
        self._held += blocks
        self._held_packets += packets
        self.size, self.packets = self.size + len(blocks), self.packets + packets
        if len(self._held) >= _PIECE:
            self._pack()

    def flush(self) -> None:
        self._pack()
        self._inner.flush()

    def close(self) -> None:
        try:
            self._pack()
            self._inner.write_piece(self._packer.end())
        finally:
            self._inner.close()

    def _pack(self) -> None:
        if not self._held:
            return
        held, packets = bytes(self._held), self._held_packets
        self._held, self._held_packets = bytearray(), 0
        try:
            self._inner.write_piece(self._packer.pack(held))
        except OSError:
            self.size, self.packets = self.size - len(held), self.packets - packets
            raise


class Packer(Protocol):
    """Compresses a file in pieces. What ends with a piece can be decompressed; ``end()`` is what is behind the last."""

    def pack(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class _Gzip:
    """Each piece is whole, and needs no end."""

    def pack(self, data: bytes) -> bytes:
        packer = zlib.compressobj(level=1, wbits=31)
        return packer.compress(data) + packer.flush()

    def end(self) -> bytes:
        return b""


class _Zstd:
    """One frame, since Wireshark 4.0 loses its way in several."""

    def __init__(self) -> None:
        import zstandard  # noqa: PLC0415  an extra

        self._packer = zstandard.ZstdCompressor().compressobj()
        self._flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, data: bytes) -> bytes:
        return self._packer.compress(data) + self._packer.flush(self._flush)

    def end(self) -> bytes:
        return self._packer.flush()


COMPRESSIONS: dict[str, Callable[[], Packer]] = {"zstd": _Zstd, "gzip": _Gzip}
"""What makes a packer for each file."""


def compression(name: str) -> Callable[[], Packer]:
    """UnsupportedError: this installation cannot do that."""
    try:
        COMPRESSIONS[name]()
    except ImportError:
        what = f"compress with {name}: the Python package zstandard is not installed"
        raise UnsupportedError(
            errno.ENOTSUP, what, "pip install 'dpdk-mirror[zstd]', or give --compress gzip"
        ) from None
    return COMPRESSIONS[name]


def sink_of(fd: int, compress: Callable[[], Packer] | None) -> Sink:
    """What takes blocks for a descriptor, which it closes."""
    is_file = stat.S_ISREG(os.fstat(fd).st_mode)
    inner = FileSink(fd) if is_file else PipeSink(fd)
    return CompressedSink(inner, compress()) if compress else inner
