# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors of ports into one stream that this process reads."""

from __future__ import annotations

import errno
import itertools
import os
import re
import select
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..closeable import Closeable
from ..errors import (
    BusyTimeoutError,
    ConflictError,
    DisconnectedError,
    MirrorError,
    NotFoundError,
    NotPermittedError,
    UnsupportedError,
)
from ..remote.owner import process_text
from ..remote.targets import NEW_STREAM
from ..remote.wanted import Wanted

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    from ..remote import Application, RemoteMirror, RemoteMirrorStats
    from ..spec import MirrorSpec

__all__ = ["Finishing", "MemoryTap", "Tap"]

_ENDED = re.compile(r"it ended \d+ s ago \((.*)\), when")  # as the library says of a mirror that is no more
_ANSWER_S = 8.0  # changes to mirrors wait up to 5 s for pollers
_BUSY_S, _LOOK_S = 2.0, 0.02


class Finishing(threading.Thread):
    """``finish()`` of a tap, beside the thread that reads."""

    def __init__(self, tap: Tap) -> None:
        super().__init__(daemon=True)
        self._tap = tap
        self._stats: list[RemoteMirrorStats] = []
        self._error: MirrorError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._stats = self._tap.finish()
        except MirrorError as error:
            self._error = error

    def result(self) -> list[RemoteMirrorStats]:
        """Wait for the last counters. Raises what ``finish()`` does."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._stats


class Tap(Closeable):
    """Mirrors of some ports into one stream; each port has its interface block there.

    The application removes the mirrors when their reader has gone: within a second of this process's end, however it
    ends. They count from when there is one. Each is named after whose it is, as in tcpdump-4711: ``program``, and this
    process.

    Raises what ``Application.mirror()`` and ``RemoteMirror.open_stream()`` do; then no mirror is left.
    """

    _memory = False

    def __init__(self, app: Application, sources: Sequence[str], spec: MirrorSpec, program: str) -> None:
        self.app, self.directions = app, spec.directions
        self.mirrors: list[RemoteMirror] = []
        self._is_left = False
        app.timeout_s = min(app.timeout_s, _ANSWER_S)
        app.hang_up()  # connections keep the time that they began with
        spec = spec.changed(linger=False, ends_with=process_text(os.getpid()))
        names = _names(f"{program}-{os.getpid()}")
        with ExitStack() as undo:
            to = NEW_STREAM
            for source in sources:
                mirror = undo.enter_context(_add(app, Wanted(source, to, force=False, spec=spec), names))
                self.mirrors.append(mirror)
                if to == NEW_STREAM:
                    mirror.pause()
                    to = mirror.info().target
                    self.stream: socket.socket = undo.enter_context(mirror.open_stream(memory=self._memory))
                    # It has been let in when there is something to read: what comes before counts as full.
                    select.select([self.stream], [], [], _ANSWER_S)
                    mirror.reset()
                    mirror.resume()
            undo.pop_all()
        app.hang_up()  # while nothing is asked: others may want to

    def stats(self) -> list[RemoteMirrorStats]:
        """The counters of the mirrors that there still are, in the order of the ports."""
        found = []
        for mirror in self.mirrors:
            with suppress(NotFoundError, DisconnectedError):
                found.append(mirror.stats())
        return found

    def finish(self) -> list[RemoteMirrorStats]:
        """Remove the mirrors; return their last counters. What they have mirrored can still be read, to its end.

        Nobody waits twice for an application that does not answer: its mirrors go with their reader.
        """
        try:
            self._connect_again()
            with suppress(DisconnectedError):
                for mirror in self.mirrors:
                    with suppress(NotFoundError):
                        mirror.pause()  # what is counted then has been sent, or never will be
            counted = self.stats()
            for mirror in self.mirrors:
                mirror.close()
        except BusyTimeoutError:
            self._is_left = True
            raise
        return counted

    def why_ended(self) -> MirrorError:
        """Why the stream has come to its end, which nobody here has asked for."""
        what = f"capture from {self.app}"
        try:
            for mirror in self.mirrors:
                if reason := mirror.info().reason:
                    return MirrorError(errno.EPIPE, f"{what}: {reason}")
        except NotFoundError as error:
            found = _ENDED.search(error.what)
            return NotFoundError(error.errno, f"{what}: {found[1] if found else 'somebody has removed the mirrors'}")
        except DisconnectedError:
            return DisconnectedError(errno.ECONNRESET, f"{what}: the application has ended")
        except MirrorError as error:
            return error
        return MirrorError(errno.EPIPE, f"{what}: its stream has ended, and its mirrors go on")

    def _connect_again(self) -> None:
        """Many may end at once, and an application takes few clients."""
        end = time.monotonic() + _BUSY_S
        with suppress(DisconnectedError):
            while True:
                try:
                    self.app.greet()
                except ConflictError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(_LOOK_S)
                else:
                    return

    def finishing(self) -> Finishing:
        """The same beside this thread, which goes on reading: what a reader leaves for a second is cut off."""
        return Finishing(self)

    def close(self) -> None:
        self.stream.close()
        for mirror in self.mirrors:
            if not self._is_left:
                mirror.close()


class MemoryTap(Tap):
    """Whoever reads its stream takes memory of the application's, too."""

    _memory = True


def _names(first: str) -> Iterator[str]:
    """One after the other, for each mirror."""
    yield first
    for number in itertools.count(2):
        yield f"{first}-{number}"


def _add(app: Application, wanted: Wanted, names: Iterator[str]) -> RemoteMirror:
    """Add a mirror that ends with this process; where the application does not see that, its reader has 5 s to come."""
    spec = wanted.spec.changed(name=next(names))
    try:
        try:
            return app.add(replace(wanted, spec=spec))
        except (UnsupportedError, NotPermittedError):
            return app.add(replace(wanted, spec=spec.changed(ends_with=None)))
    except ConflictError as error:  # a process of another container may have this one's number
        if f" named {spec.name} " not in error.what:
            raise
    return _add(app, wanted, names)
