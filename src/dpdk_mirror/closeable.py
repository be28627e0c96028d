# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What all things that are closed have in common, and those that nobody has closed."""

from __future__ import annotations

import abc
import atexit
import errno
import functools
import inspect
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

from .errors import ClosedError
from .gate import INHERITED, INHERITED_HINT, gate

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# Oldest first.
_finalizers: list[weakref.finalize[..., Any]] = []


def finalize(owner: object, end: Callable[..., object], *args: object) -> weakref.finalize[..., Any]:
    """weakref.finalize() for what lives in DPDK: a forked child has no say in it, and it ends before EAL does.

    Make it before C makes what it ends: Ctrl-C may come at any time. What C writes its result to is among ``args``
    then, and tells ``end`` whether there is anything.
    """
    finalizer = weakref.finalize(owner, _end, os.getpid(), end, *args)
    _finalizers[:] = [*(other for other in _finalizers if other.alive), finalizer]
    _have_exit()
    return finalizer


def end_all() -> None:
    """Ends what is left, latest first: the garbage collector would take it, and EAL, in any order."""
    while _finalizers:
        _finalizers.pop()()


def _end(pid: int, end: Callable[..., object], *args: object) -> None:
    if os.getpid() == pid:
        end(*args)


@functools.cache
def _have_exit() -> None:
    # After weakref's own function, which finalize() has had registered: so this one runs first.
    atexit.register(_exit)


def _exit() -> None:
    with gate.exit():
        end_all()


def _unless_inherited(method: Callable[..., None]) -> Callable[..., None]:
    """A method that does nothing in a forked child: what it would end is the parent's."""

    @functools.wraps(method)
    def guarded(self: Closeable, *args: Any, **options: Any) -> None:
        if not self.is_inherited:
            method(self, *args, **options)

    return guarded


class Closeable(abc.ABC):
    """Closed by close(), or at the end of a ``with`` block. In a forked child both do nothing."""

    _made_in: int  # which process
    _turn: threading.RLock

    def __new__(cls, *_args: Any, **_options: Any) -> Self:
        made = super().__new__(cls)
        made._made_in, made._turn = os.getpid(), threading.RLock()
        return made

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):  # help() would show __new__'s
            _self, *others = inspect.signature(cls.__init__).parameters.values()
            cls.__signature__ = inspect.Signature(others)  # type: ignore[attr-defined]
        for name in {"close", "__exit__"} & vars(cls).keys():
            setattr(cls, name, _unless_inherited(vars(cls)[name]))

    @abc.abstractmethod
    def close(self) -> None:
        """Ends it. A second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_inherited(self) -> bool:
        """Whether it belongs to a process that this one was forked from."""
        return self._made_in != os.getpid()

    def _check_own(self) -> None:
        if self.is_inherited:
            raise ClosedError(errno.EBADF, f"use {self}: {INHERITED}", INHERITED_HINT)

    @property
    def _own_lock(self) -> threading.RLock:
        """For one thread at a time. A forked child does not get it: a thread that it lacks may hold it."""
        self._check_own()
        return self._turn


class Numbered(Closeable):
    """What has a number until it is closed."""

    _id: int | None = None

    @property
    def id(self) -> int:
        """The library's number for it."""
        if self._id is None:
            raise ClosedError(errno.EBADF, f"use {self}: it is closed")
        return self._id

    @property
    def closed(self) -> bool:
        return self._id is None
