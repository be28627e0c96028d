# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What reads a stream into a store: whoever takes blocks out, or a thread where that is at something else."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ..closeable import Closeable
from ..errors import MirrorError
from .memory import Memory, is_offered

if TYPE_CHECKING:
    from .store import Span, Store

__all__ = ["Reader"]

_PATIENCE_S = 0.003
"""For so long whoever takes blocks may be at something else, as writing is, before the thread reads."""


class Reader(Closeable):
    """Reads until the stream ends, or close(). The store's ``error`` says what it broke off for.

    Whoever calls take() in turn with writing reads, too: what has just been read is in the CPU's cache, and nobody is
    woken for it. When a disk stalls, or nobody calls, the thread reads on, and holds up the application no longer
    than that takes to be noticed.

    What comes in memory of the application's is taken from there, not copied, unless the store records, or the thread
    reads: then the application soon has its memory back.

    ``keep_s``: for how long the store need keep what it records.
    """

    def __init__(self, stream: socket.socket, store: Store, keep_s: float | None = None) -> None:
        self.store = store
        self._stream = stream
        self._memory: Memory | None = None
        self._has_begun = False
        self._is_kept = store.recording
        self._keep_ns = None if keep_s is None else int(keep_s * 1e9)
        self._poll = select.poll()
        self._poll.register(stream, select.POLLIN)
        self._reading = threading.Lock()  # whoever reads has it
        self._calls = 0  # of take()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Span | None:
        """As the store's, of what has been read, or comes in time."""
        if self.store.recording:
            return self.store.take(timeout_s)
        self._calls += 1
        if (span := self.store.take(0)) is not None:
            return span
        if not self._reading.acquire(blocking=False):  # the thread reads what comes next
            return self.store.take(timeout_s)
        try:
            if (self._memory and self._memory.waits) or self._poll.poll(timeout_s * 1000):
                self._read(lends=not self._is_kept)
        finally:
            self._reading.release()
        return self.store.take(0)

    def close(self) -> None:
        self._over.set()
        self.store.end()
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            calls = self._calls
            time.sleep(_PATIENCE_S)
            if calls == self._calls:
                with self._reading:
                    while calls == self._calls and self._read():
                        pass

    def _read(self, *, lends: bool = False) -> bool:
        """Whether more may come."""
        try:
            self._begin()
            if self._memory and lends and not self.store.has_part:
                if (piece := self._memory.next_piece()) is not None:
                    self.store.lend(piece, time.time_ns())
                    return True
            elif count := self._copy():
                self.store.add(count, time.time_ns(), self._keep_ns)
                return True
            self.store.end()
        except (OSError, MirrorError) as error:
            self.store.end(error)
        self._over.set()
        return False

    def _begin(self) -> None:
        if not self._has_begun:
            self._memory = Memory(self._stream) if is_offered(self._stream) else None
            self._has_begun = True

    def _copy(self) -> int:
        room = self.store.room()
        if room is None:
            return 0
        return self._memory.recv_into(room) if self._memory else self._stream.recv_into(room)
