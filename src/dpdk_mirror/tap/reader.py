# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A thread that reads a stream into a store."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ..closeable import Closeable
from ..errors import MirrorError

if TYPE_CHECKING:
    from .store import Store

__all__ = ["Reader"]


class Reader(Closeable):
    """Reads until the stream ends, or close(). The store's ``error`` says what it broke off for.

    ``keep_s``: for how long the store need keep what it records.
    """

    def __init__(self, stream: socket.socket, store: Store, keep_s: float | None = None) -> None:
        self._stream, self._store = stream, store
        self._keep_ns = None if keep_s is None else int(keep_s * 1e9)
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._store.end()
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (room := self._store.room()) is not None and (count := self._stream.recv_into(room)):
                self._store.add(count, time.time_ns(), self._keep_ns)
            self._store.end()
        except (OSError, MirrorError) as error:
            self._store.end(error)
