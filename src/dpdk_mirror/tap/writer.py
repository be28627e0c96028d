# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a store hands out goes into files, each of which can be read alone."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .blocks import block_end, changed, find_statistics, pass_blocks
from .sinks import sink_of
from .store import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .ringfiles import Files
    from .sinks import Packer, Sink
    from .store import Store

__all__ = ["Rotation", "Writer"]

_FLUSH_S = 1.0


@dataclass(frozen=True)
class Rotation:
    """When another file begins: before one has more bytes, and when it is so old. None: never."""

    size: int | None = None
    seconds: float | None = None


class Writer:
    """``packets`` and ``size`` are what it has written in all. OSError: a disk is full, or nobody reads any more.

    Each file begins with the headers that came, and consists of whole blocks.
    """

    def __init__(self, store: Store, files: Files, rotation: Rotation, compress: Callable[[], Packer] | None) -> None:
        self._packets = self._size = 0  # of the files that are whole
        self._store, self._files, self._rotation, self._compress = store, files, rotation, compress
        self._sink: Sink | None = None
        self._header = self._in_file = 0  # bytes of headers, and packets, that the file has
        self._opened_s = self._flushed_s = time.monotonic()

    @property
    def packets(self) -> int:
        return self._packets + (self._sink.packets if self._sink else 0)

    @property
    def size(self) -> int:
        return self._size + (self._sink.size if self._sink else 0)

    def open(self) -> Sink:
        """Begin a file; the one before is whole."""
        self.close()
        sink = self._sink = sink_of(self._files.open_next(), self._compress)
        self._header = self._in_file = 0
        self._opened_s = time.monotonic()
        return sink

    def write(self, span: Span, most: int = -1) -> int:
        """Write what was taken, but no more packets than ``most``, and return how many; the span has the rest."""
        packets = 0
        sink = self.open() if self._sink is None or self._is_old() else self._sink
        while span.start < span.stop and packets != most:
            stop, count = self._fitting(sink, span, -1 if most < 0 else most - packets)
            if stop == span.start:
                sink = self.open()
                continue
            self._put_header(sink, span.header)
            self._put(sink, span.segment.buffer[span.start : stop], count)
            span.start, span.packets, packets = stop, span.packets - count, packets + count
        return packets

    def write_statistics(self, span: Span) -> None:
        """Write what is said of packets, and none of them."""
        words, stop = span.segment.words, span.start
        while (start := find_statistics(words, stop, span.stop)) < span.stop:
            stop = block_end(words, start, span.stop)
            self.write(Span(span.segment, start, stop, 0, span.header))

    def tick(self) -> None:
        """To be called again and again: what was written reaches the file within a second.

        BrokenPipeError: nobody reads it.
        """
        now = time.monotonic()
        if self._sink is not None and now - self._flushed_s >= _FLUSH_S:
            self._flushed_s = now
            self._put_all_headers(self._sink)
            with self._named():
                self._sink.flush()

    def finish(self) -> None:
        """End the last file, which has its headers though no packet came."""
        try:
            if self._sink is not None:
                self._put_all_headers(self._sink)
        finally:
            self.close()

    def close(self) -> None:
        """End the file that is open, if there is one."""
        sink, self._sink = self._sink, None
        if sink is not None:
            try:
                with self._named():
                    sink.close()
            finally:
                self._packets, self._size = self._packets + sink.packets, self._size + sink.size

    def _is_old(self) -> bool:
        limit = self._rotation.seconds
        return limit is not None and self._in_file > 0 and time.monotonic() - self._opened_s >= limit

    def _fitting(self, sink: Sink, span: Span, most: int) -> tuple[int, int]:
        """How far the file takes it, and how many packets those are; a file without packets takes one of any size."""
        start, end, limit = span.start, span.stop, self._rotation.size
        if limit is not None:
            end = min(end, start + max(limit - sink.size - span.header + self._header, 0) & ~3)
        if end == span.stop and not 0 <= most < span.packets:
            return span.stop, span.packets
        passed = pass_blocks(span.segment.words, start, end, most)
        if passed.stop == start and not self._in_file:
            passed = pass_blocks(span.segment.words, start, span.stop, 1)
            if passed.stop == start:
                raise changed()
        return passed

    def _put_all_headers(self, sink: Sink) -> None:
        """Those that no packet has come for, too, if the file has room for them."""
        length, limit = len(self._store.header), self._rotation.size
        if limit is None or not self._in_file or sink.size + length - self._header <= limit:
            self._put_header(sink, length)

    def _put_header(self, sink: Sink, length: int) -> None:
        if length > self._header:
            self._put(sink, memoryview(bytes(self._store.header[self._header : length])), 0)
            self._header = length

    def _put(self, sink: Sink, blocks: memoryview, packets: int) -> None:
        with self._named():
            sink.write(blocks, packets)
        self._in_file += packets

    @contextmanager
    def _named(self) -> Iterator[None]:
        """An OSError names the file."""
        try:
            yield
        except OSError as error:
            error.filename = self._files.made[-1] if self._files.made else None
            raise
