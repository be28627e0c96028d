# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What lies between a stream's reader and what becomes of it: memory of a fixed size, in which blocks stay in order.

One thread reads into it, another takes whole blocks out. While it records, nobody takes any, and what is oldest makes
room for what comes. Otherwise the reader waits for room, and the application counts what does not fit.
"""

from __future__ import annotations

import errno
import mmap
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ProtocolError
from .blocks import LONGEST, SECTION, find_time, header_length, pass_blocks, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SEGMENT", "SMALLEST", "LentSegment", "Span", "Store"]

SEGMENT = 1 << 20
SMALLEST = 4_000_000
"""Bytes that a store has at least."""

_HEADER_MAX = LONGEST  # bytes, of all headers


class Segment:
    """Memory that has bytes up to ``fill``, and of blocks that are known to be whole up to ``whole``."""

    def __init__(self, buffer: memoryview, words: memoryview) -> None:
        self.buffer, self.words = buffer, words
        self.fill = self.whole = self.newest_ns = 0


class LentSegment(Segment):
    """Another's memory, of which blocks from ``start`` on are lent until ``give_back()``."""

    def __init__(self, memory: tuple[memoryview, memoryview], span: slice, give_back: Callable[[], None]) -> None:
        super().__init__(*memory)
        self.whole, self.fill, self.give_back = span.start, span.stop, give_back


class _OwnSegment(Segment):
    """A part of a store's own. It begins with a block, of which the last one may be in part: that moves to the next."""

    def __init__(self) -> None:
        buffer = memoryview(mmap.mmap(-1, SEGMENT, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        super().__init__(buffer, words_of(buffer))

    def begin(self, rest: memoryview) -> None:
        self.buffer[: len(rest)] = rest
        self.fill, self.whole, self.newest_ns = len(rest), 0, 0


@dataclass(slots=True)
class Span:
    """Whole blocks of a segment, none of them a header; so many bytes of headers came before them."""

    segment: Segment
    start: int
    stop: int
    packets: int
    header: int


class Store:
    """``size``: how many bytes it takes at most, but for headers. ``end()`` may come from any thread."""

    def __init__(self, size: int) -> None:
        self.header = bytearray()
        self.recording = False
        self.error: Exception | None = None
        self._more = size // SEGMENT - 1  # segments that may be made yet
        self._free: list[_OwnSegment] = []
        self._current = _OwnSegment()
        self._spans: deque[Span] = deque()
        self._taken: Span | None = None
        self._ended = False
        self._changed = threading.Condition()

    # For whoever reads a stream.

    def room(self) -> memoryview | None:
        """Where the next bytes go, of which there is one at least; None: no more are wanted."""
        with self._changed:
            while self._current.fill == SEGMENT and not self._ended:
                if self._free or self._more:
                    self._move_on()
                elif self.recording:
                    self._drop_oldest()
                else:
                    self._changed.wait()
            return None if self._ended else self._current.buffer[self._current.fill :]

    def add(self, count: int, now_ns: int, keep_ns: int | None = None) -> None:
        """So many bytes have come, at that time; what has come ``keep_ns`` before need not be kept while it records.

        ProtocolError: they are no blocks. Those before them are kept.
        """
        segment = self._current
        segment.fill += count
        found: list[Span] = []
        try:
            self._pass(segment, found)
        finally:
            self._keep(found, now_ns, keep_ns)

    @property
    def has_part(self) -> bool:
        """Whether the rest of a block is to come."""
        return self._current.whole < self._current.fill

    def lend(self, segment: LentSegment, now_ns: int) -> None:
        """Whole blocks have come, and stay where they are until they have been taken; not while the store records.

        ProtocolError: they are not whole.
        """
        found: list[Span] = []
        try:
            self._pass(segment, found)
            if segment.whole < segment.fill:
                raise ProtocolError(errno.EPROTO, "read the application's stream: a part of a block")
        finally:
            self._keep(found, now_ns, None)
            if not found:
                segment.give_back()

    def end(self, error: Exception | None = None) -> None:
        """Nothing comes any more, for that reason."""
        with self._changed:
            if not self._ended:
                self._ended, self.error = True, error
            self._changed.notify_all()

    # For whoever takes blocks out.

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more, and all has been taken, or is not to be."""
        with self._changed:
            return self._ended and (self.recording or not self._spans)

    def take(self, timeout_s: float) -> Span | None:
        """The next blocks; those that were taken before are given back. None: there are none yet, or it records."""
        with self._changed:
            self._give_back()
            if timeout_s and not self._ended and (self.recording or not self._spans):
                self._changed.wait(timeout_s)
            if self.recording or not self._spans:
                return None
            self._taken = self._spans.popleft()
            return self._taken

    def put_back(self) -> None:
        """What is left of the blocks that were taken comes next."""
        with self._changed:
            span = self._taken
            if span is not None and span.start < span.stop:
                self._taken = None
                self._spans.appendleft(span)

    def record(self) -> None:
        """From now on keep what comes."""
        with self._changed:
            self._give_back()
            self.recording = True
            self._changed.notify_all()  # a reader that waits for room has some

    def stop_recording(self, since_ns: int = 0) -> int:
        """From now on hand out what has been kept, from the first packet on that is no older, and all that comes.

        Return how many packets have been kept.
        """
        with self._changed:
            while self._spans and not self._trim(self._spans[0], since_ns):
                self._release(self._spans.popleft().segment)
            self.recording = False
            self._changed.notify_all()
            return sum(span.packets for span in self._spans)

    # Its inside.

    def _move_on(self) -> None:
        old = self._current
        self._current = self._free.pop() if self._free else self._made()
        self._current.begin(old.buffer[old.whole :])
        self._release(old)

    def _made(self) -> _OwnSegment:
        self._more -= 1
        return _OwnSegment()

    def _pass(self, segment: Segment, found: list[Span]) -> None:
        """Find what is whole now. ProtocolError: behind it is no block."""
        if not self.header and segment.fill >= 4 and segment.words[0] != SECTION:
            raise ProtocolError(errno.EPROTO, "read the application's stream: it does not begin with a section")
        while True:
            start = segment.whole
            stop, packets = pass_blocks(segment.words, start, segment.fill)
            if stop > start:
                found.append(Span(segment, start, stop, packets, len(self.header)))
            length = header_length(segment.words, stop, segment.fill)
            segment.whole = stop + length
            if not length:
                return
            if len(self.header) + length > _HEADER_MAX:
                raise ProtocolError(errno.EPROTO, "read the application's stream: its headers have no end")
            self.header += segment.buffer[stop : stop + length]

    def _keep(self, found: list[Span], now_ns: int, keep_ns: int | None) -> None:
        with self._changed:
            self._current.newest_ns = now_ns
            for span in found:
                self._append(span)
            while self.recording and keep_ns is not None and self._is_old(now_ns - keep_ns):
                self._drop_oldest()
            self._changed.notify_all()

    def _append(self, span: Span) -> None:
        last = self._spans[-1] if self._spans else None
        if last and (last.segment, last.stop, last.header) == (span.segment, span.start, span.header):
            last.stop, last.packets = span.stop, last.packets + span.packets
        else:
            self._spans.append(span)

    def _is_old(self, since_ns: int) -> bool:
        """Whether all of the oldest segment is, which is not the one that is read into."""
        oldest = self._spans[0].segment if self._spans else self._current
        return oldest is not self._current and oldest.newest_ns < since_ns

    def _drop_oldest(self) -> None:
        segment = self._spans[0].segment
        while self._spans and self._spans[0].segment is segment:
            self._spans.popleft()
        self._release(segment)

    def _trim(self, span: Span, since_ns: int) -> bool:
        """Whether anything is left of it."""
        passed = find_time(span.segment.words, span.start, span.stop, since_ns)
        span.start, span.packets = passed.stop, span.packets - passed.packets
        return span.start < span.stop

    def _give_back(self) -> None:
        if self._taken is not None:
            segment, self._taken = self._taken.segment, None
            self._release(segment)

    def _release(self, segment: Segment) -> None:
        """A segment is free when it is not read into, and nothing of it is left, or just taken."""
        spans = [self._taken, *self._spans] if self._taken else self._spans
        if segment is self._current or any(span.segment is segment for span in spans):
            return
        if isinstance(segment, LentSegment):
            segment.give_back()
        elif isinstance(segment, _OwnSegment):
            self._free.append(segment)
        self._changed.notify_all()
