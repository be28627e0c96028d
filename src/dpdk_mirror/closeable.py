# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What all things that are closed have in common, and those that nobody has closed."""

from __future__ import annotations

import abc
import os
import weakref
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# Oldest first.
_finalizers: list[weakref.finalize[..., Any]] = []


def finalize(owner: object, end: Callable[..., object], *args: object) -> weakref.finalize[..., Any]:
    """weakref.finalize() for what lives in DPDK: a forked child has no say in it, and it ends before EAL does."""
    finalizer = weakref.finalize(owner, _end, os.getpid(), end, *args)
    _finalizers[:] = [*(other for other in _finalizers if other.alive), finalizer]
    return finalizer


def end_all() -> None:
    """Ends what is left, latest first: the garbage collector would take it, and EAL, in any order."""
    while _finalizers:
        _finalizers.pop()()


def _end(pid: int, end: Callable[..., object], *args: object) -> None:
    if os.getpid() == pid:
        end(*args)


class Closeable(abc.ABC):
    """Closed by close(), or at the end of a ``with`` block."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends it. A second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
