# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Memory of an application's that a stream's blocks are in, where its socket has but numbers: csrc/capture/memory.h."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import socket
import struct
from collections import deque
from contextlib import suppress

from ..errors import ProtocolError
from .blocks import words_of
from .store import LentSegment

__all__ = ["Memory", "is_offered"]

_MAGIC, _VERSION = 0x4D4D5244, 1
_HELLO = struct.Struct("=4I")  # magic, version, bytes of a segment, segments
_PIECE = struct.Struct("=2I")  # where, and how many bytes
_MOST = 1 << 28  # bytes that are mapped
_MESSAGES = 4096  # bytes of them that are read at once


def is_offered(stream: socket.socket) -> bool:
    """Whether a stream begins with memory, once there is something to read. An application may have none to give."""
    return stream.recv(4, socket.MSG_PEEK) == _HELLO.pack(_MAGIC, 0, 0, 0)[:4]


class Memory:
    """For one thread at a time, but for ``release()``."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        hello, descriptors, flags, _ = socket.recv_fds(stream, _HELLO.size, 1)
        if flags & socket.MSG_CTRUNC and not descriptors:  # it has as many as it may
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        try:
            _, version, self._segment, count = _HELLO.unpack(hello.ljust(_HELLO.size, b"\0"))
            self._check(version, count, descriptors)
            flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
            mapped = mmap.mmap(descriptors[0], self._segment * count, flags=flags, prot=mmap.PROT_READ)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self.buffer = memoryview(mapped)
        self.words = words_of(self.buffer)
        self._come: deque[tuple[int, int]] = deque()

    @property
    def waits(self) -> bool:
        """Whether something has come that has not been read."""
        return bool(self._come)

    def next_piece(self) -> LentSegment | None:
        """Wait for blocks, and lend them; None: it is the end."""
        if not self._come and not self._receive():
            return None
        offset, length = self._come.popleft()
        span = slice(offset, offset + length)
        return LentSegment((self.buffer, self.words), span, lambda: self.release(offset, length))

    def recv_into(self, room: memoryview) -> int:
        """As a socket's: wait for bytes, and copy as many as there is room for."""
        done = 0
        while done < len(room) and (self._come or (not done and self._receive())):
            offset, length = self._come.popleft()
            count = min(length, len(room) - done)
            room[done : done + count] = self.buffer[offset : offset + count]
            if count < length:
                self._come.appendleft((offset + count, length - count))
            self.release(offset, count)
            done += count
        return done

    def release(self, offset: int, length: int) -> None:
        """They are no more looked at. From any thread: so short a message is sent whole."""
        with suppress(BrokenPipeError, ConnectionResetError):  # what has come is there still
            self._stream.send(_PIECE.pack(offset, length))

    def _receive(self) -> bool:
        try:
            messages = self._stream.recv(_MESSAGES)
        except ConnectionResetError:  # it has closed it, and not read all that it was sent
            return False
        if len(messages) % _PIECE.size:
            raise _broken("a part of a message")
        for offset, length in _PIECE.iter_unpack(messages):
            self._note(offset, length)
        return bool(messages)

    def _note(self, offset: int, length: int) -> None:
        """What comes behind the last piece, in the same segment, is one with it."""
        segment = offset // self._segment
        if not length or (offset | length) & 3 or (offset + length - 1) // self._segment != segment:
            raise _broken(f"{length} bytes at {offset}")
        if offset + length > len(self.buffer):
            raise _broken(f"what is behind its end, {offset}")
        if self._come and sum(self._come[-1]) == offset and self._come[-1][0] // self._segment == segment:
            offset, before = self._come.pop()
            length += before
        self._come.append((offset, length))

    def _check(self, version: int, count: int, descriptors: list[int]) -> None:
        if version != _VERSION or len(descriptors) != 1 or not 0 < self._segment * count <= _MOST or self._segment & 3:
            raise _broken(f"{count} segments of {self._segment} bytes, version {version}")
        # What is cut off would kill whoever looks at it.
        if not fcntl.fcntl(descriptors[0], fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK:
            raise _broken("it could be cut")
        if os.fstat(descriptors[0]).st_size < self._segment * count:
            raise _broken("there is less of it than is said")


def _broken(why: str) -> ProtocolError:
    what = f"read the application's stream: its memory: {why}"
    return ProtocolError(errno.EPROTO, what, "use its library's dpdk-mirror")
