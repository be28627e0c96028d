# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ctrl-C, SIGTERM, and SIGHUP, which a terminal sends that goes."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import Any

    _Handler = Callable[[int, FrameType | None], Any] | signal.Handlers

__all__ = ["Interrupted", "Signals", "ctrl_c_raises", "each_raises", "left_to_the_system"]

_SAME_S = 0.2


class Interrupted(KeyboardInterrupt):
    """A signal has ended a command."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Signals:
    """The signals of a run: a good end of what has begun, an interruption before that and at the second time.

    They raise nothing where they come, which may be anywhere: check() does, where nothing is half done, and so does
    every nap of the package's. What comes before the first has been heeded, or at once after it, is the same wish:
    timeout(1) sends it to the process, and to its group.
    """

    def __init__(self) -> None:
        self.begun = False
        self._heeded = False
        self._numbers: list[int] = []
        self._first_s = 0.0

    @property
    def ended(self) -> bool:
        """Whether what has begun is to end."""
        self._heeded = self.begun and bool(self._numbers)
        return self._heeded

    def check(self) -> None:
        if len(self._numbers) > self.begun:
            raise Interrupted(self._numbers[-1])

    @contextmanager
    def caught(self) -> Iterator[Signals]:
        with _handled(dict.fromkeys(_ending(), self._note)):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, waiting.ENDING)
            waiting.asked.append(self.check)
            try:
                yield self
            finally:
                waiting.asked.remove(self.check)

    def hold(self) -> None:
        """Keeps what comes from now on for another program that this process becomes, which takes it in caught()."""
        signal.pthread_sigmask(signal.SIG_BLOCK, waiting.ENDING)
        self.check()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._numbers:
            self._first_s = now
        elif not self._heeded or now - self._first_s < _SAME_S:
            return
        self._numbers.append(number)


def _ending() -> list[signal.Signals]:
    """Those that end a run: under nohup it outlives its terminal."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [number for number in waiting.ENDING if number is not signal.SIGHUP or not ignored]


@contextmanager
def ctrl_c_raises() -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt: for commands that have something to put right, as a terminal's cursor."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    with _handled({} if ignored else {signal.SIGINT: signal.default_int_handler}):
        yield


@contextmanager
def each_raises() -> Iterator[Callable[[], None]]:
    """Ctrl-C, SIGTERM and SIGHUP raise Interrupted: for what waits for others, and is put right wherever it ends.

    Once: what comes before the next call of what is yielded is the same wish.
    """
    is_heeded = True

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal is_heeded
        if is_heeded:
            is_heeded = False
            raise Interrupted(number)

    def heed() -> None:
        nonlocal is_heeded
        is_heeded = True

    with _handled(dict.fromkeys(_ending(), interrupt)):
        yield heed


@contextmanager
def left_to_the_system() -> Iterator[None]:
    """Each ends the process at once: for calls of C that may take long, while there is nothing to put right."""
    with _handled(dict.fromkeys(_ending(), signal.SIG_DFL)):
        yield


@contextmanager
def _handled(handlers: Mapping[signal.Signals, _Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
