# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A capture as it goes on: what is read is written, at once or when something has happened."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..waiting import asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..remote import RemoteMirrorStats
    from .conditions import Condition
    from .reader import Reader
    from .session import Tap
    from .writer import Writer

__all__ = ["Capture", "Limits", "Recorder"]

_LOOK_S = 0.05


@dataclass(frozen=True)
class Limits:
    """What ends a capture, or the part of it that follows something that has happened. None: nothing does."""

    seconds: float | None = None
    packets: int | None = None


@dataclass
class Recorder:
    """What it waits for, by name; how many seconds of what came before are written, if not all that there is.

    ``again``: whether it waits anew. ``happened``: what has, so far.
    """

    conditions: Mapping[str, Condition]
    before_s: float | None = None
    again: bool = False
    happened: list[str] = field(default_factory=list)

    def look(self) -> str | None:
        """The condition that has happened since the last look; all are asked, so that none is late."""
        names = [name for name, condition in self.conditions.items() if condition.happened()]
        return names[0] if names else None


class Capture:
    """``seconds``: how long it has been writing. ``ended`` tells that it is to end; ``tick`` is called meanwhile."""

    def __init__(self, tap: Tap, reader: Reader, writer: Writer, limits: Limits) -> None:
        self.seconds = 0.0
        self._tap, self._reader, self._writer, self._limits = tap, reader, writer, limits
        self._store = reader.store
        self._begin_s = 0.0
        self._left = -1  # packets
        self._counted: list[RemoteMirrorStats] | None = None

    def run(self, ended: Callable[[], bool], tick: Callable[[], None], recorder: Recorder | None = None) -> None:
        """Returns at its good end. OSError: what it writes to fails. MirrorError: what it reads has ended."""
        with self._heeded(ended):
            self._run(ended, tick, recorder)

    def _run(self, ended: Callable[[], bool], tick: Callable[[], None], recorder: Recorder | None) -> None:
        if recorder is None:
            self._begin(0)
        while not ended():
            if recorder is not None and self._store.recording:
                self._wait(recorder)
            if self._store.ended:
                raise self._store.error or self._tap.why_ended()
            self._write_next(_LOOK_S)
            if not self._store.recording and self._is_over():
                if recorder is None or not recorder.again:
                    return
                self._rest(recorder)
            tick()

    def finish(self, tick: Callable[[], None]) -> list[RemoteMirrorStats]:
        """Remove the mirrors; write what they have mirrored, up to a limit, and counted. Return the last counters."""
        counted = self.remove_mirrors()
        while not (self._store.ended or self._store.recording):
            self._write_next(_LOOK_S)
            tick()
        self._writer.finish()
        return counted

    def remove_mirrors(self) -> list[RemoteMirrorStats]:
        """Remove the mirrors; what they have mirrored is still to be read. Their last counters.

        Of an application that has not answered nothing is asked a second time.
        """
        if self._counted is None:
            self._counted = []
            self._counted = self._tap.finish()
        return self._counted

    @contextmanager
    def _heeded(self, ended: Callable[[], bool]) -> Iterator[None]:
        """The mirrors go when they are to, though whoever reads a pipe does not read."""

        def heed() -> None:
            if ended():
                self.remove_mirrors()

        asked.append(heed)
        try:
            yield
        finally:
            asked.remove(heed)

    def _begin(self, kept: int) -> None:
        self._writer.open()
        self._begin_s = time.monotonic()
        if self._limits.packets is not None:
            self._left = kept + self._limits.packets

    def _wait(self, recorder: Recorder) -> None:
        now_ns = time.time_ns()
        if (name := recorder.look()) is not None:
            since_ns = 0 if recorder.before_s is None else max(now_ns - int(recorder.before_s * 1e9), 0)
            recorder.happened.append(name)
            self._begin(self._store.stop_recording(since_ns))

    def _rest(self, recorder: Recorder) -> None:
        """Until something happens again."""
        self._writer.finish()
        self._store.record()
        recorder.look()

    def _write_next(self, timeout_s: float) -> None:
        span = self._reader.take(timeout_s)
        if span is not None and self._left == 0:
            self._writer.write_statistics(span)
        elif span is not None:
            written = self._writer.write(span, self._left)
            self._left -= written if self._left > 0 else 0
            if self._left == 0:
                self._store.put_back()
        self._writer.tick()

    def _is_over(self) -> bool:
        self.seconds = time.monotonic() - self._begin_s
        limit = self._limits.seconds
        return self._left == 0 or (limit is not None and self.seconds >= limit)
