# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What another process of ours does for this one, to processes that may keep it waiting in the kernel for ever.

By memory, or a program, on a file system of their own, say. It is left alone when it does not come back.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .. import errors
from ..errors import MirrorError
from ..waiting import ENDING
from . import turns

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["answers", "raise_refused", "refused", "serve"]

_START_S, _END_S, _LEAST_S = 20.0, 1.0, 0.01
_POLL_MAX = (1 << 31) - 1  # poll() takes an int of milliseconds
_STANDARD = (0, 1, 2)
# This very package, whatever is on the way there by now.
_PACKAGE = "dpdk_mirror"
_INIT = str(Path(__file__).parents[1] / "__init__.py")
_WORKER = f"""
import importlib, importlib.util, os, sys
module, request, keeps, init, *sys.path[:] = sys.argv[1:]
spec = importlib.util.spec_from_file_location("{_PACKAGE}", init)
sys.modules["{_PACKAGE}"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["{_PACKAGE}"])
importlib.import_module("{__name__}").serve(module, open(int(request), "rb").read(), *map(int, keeps.split()))
"""


def answers(module: str, request: bytes, *waits_s: float, keeps: tuple[int, ...] = ()) -> Iterator[bytes]:
    """The lines that ``work()`` of a module says there, until it ends, or one takes too long.

    It is given the request and what it is to say lines by, and says a first one once it has been started. ``waits_s``
    are for the second, the third and so on; the last one for all others. ``keeps`` are descriptors that it has, too.
    Nothing comes if it cannot be started.
    """
    descriptor, theirs = os.pipe()
    # What Python raises while it forks is lost, and so is who has been started, until it is known by its descriptor.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        worker = (_fork if _is_single() else _start)(module, request, mask, theirs, *keeps)
        end = os.pidfd_open(worker)
    except OSError:  # there are too many, or this Python is not to be started again
        os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return
    finally:
        os.close(theirs)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        rest, waits = b"", [_START_S, *waits_s]
        while _answers(worker, descriptor, waits[0]) and (more := os.read(descriptor, 1 << 16)):
            *lines, rest = (rest + more).split(b"\n")
            yield from lines
            waits = waits[len(lines) :] or waits[-1:]
    except KeyboardInterrupt:
        # It may have something to put back.
        _send(end, signal.SIGINT)
        _is_ready(end, _END_S)
        raise
    finally:
        os.close(descriptor)
        _end(worker, end)


def serve(module: str, request: bytes, answer: int, *keeps: int) -> NoReturn:
    """There: do the work, and end."""
    _close_all_but({answer, *keeps})
    turns.take()
    importlib.import_module(module).work(request, partial(_say, answer))
    os._exit(0)


def refused(error: MirrorError | OSError) -> dict[str, Any]:
    """There: an error, for ``raise_refused()``."""
    if isinstance(error, MirrorError):
        return {"error": type(error).__name__, "arguments": [error.errno, error.what, error.hint]}
    return {"error": OSError.__name__, "arguments": [error.errno, error.strerror]}


def raise_refused(answer: dict[str, Any]) -> None:
    """The error in an answer, if it has one."""
    if "error" in answer:
        kind = OSError if answer["error"] == OSError.__name__ else getattr(errors, answer["error"], MirrorError)
        raise kind(*answer["arguments"])


def _say(answer: int, line: bytes) -> None:
    rest = line + b"\n"
    while rest:
        rest = rest[os.write(answer, rest) :]


def _answers(pid: int, descriptor: int, wait_s: float) -> bool:
    """Whether it does within that time. What it waits for a CPU is not its fault, and not counted."""
    while wait_s > _LEAST_S:
        before = _queued_s(pid)
        if _is_ready(descriptor, wait_s):
            return True
        wait_s = min(_queued_s(pid) - before, wait_s)
    return False


def _queued_s(pid: int) -> float:
    """How long a process has waited for a CPU."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError):  # it has ended, or the kernel does not count
        return 0.0


def _is_ready(descriptor: int, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(min(wait_s * 1000, _POLL_MAX)))


def _send(end: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(end, number)


def _end(worker: int, end: int) -> None:
    """It may be in the kernel, which does not let it end: then it is not waited for."""
    _send(end, signal.SIGKILL)
    if _is_ready(end, _END_S):
        with contextlib.suppress(ChildProcessError):  # whoever ignores SIGCHLD has none to wait for
            os.waitpid(worker, 0)
    os.close(end)


# Another process: its id.


def _is_single() -> bool:
    """Whether this process has one thread: of others, a forked one would have no more than the locks that they hold."""
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  what is wanted is a number
    except OSError:
        return False


def _fork(module: str, request: bytes, mask: set[int], *keeps: int) -> int:
    """One that has imported already what this one has."""
    if (worker := os.fork()) != 0:
        return worker
    try:
        signal.set_wakeup_fd(-1)
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.setsid()
        serve(module, request, *keeps)
    finally:
        os._exit(1)


def _close_all_but(descriptors: set[int]) -> None:
    """Whoever waits for the end of one of them is not to wait for this process."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in {*_STANDARD} - descriptors:
        os.dup2(nothing, each)
    for each in {*map(int, os.listdir("/proc/self/fd"))} - descriptors - {*_STANDARD}:  # noqa: PTH208  numbers
        with contextlib.suppress(OSError):  # that of the folder itself
            os.close(each)


def _start(module: str, request: bytes, mask: set[int], *keeps: int) -> int:
    """A Python of its own."""
    asked = os.memfd_create("request", os.MFD_CLOEXEC)
    try:
        os.pwrite(asked, request, 0)
        kept = (asked, *keeps)
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_DUP2, each, each) for each in kept]
        actions += [(os.POSIX_SPAWN_OPEN, each, os.devnull, os.O_RDWR, 0) for each in _STANDARD if each not in kept]
        numbers = " ".join(map(str, keeps))
        command = [sys.executable, "-S", "-c", _WORKER, module, str(asked), numbers, _INIT, *sys.path]
        return os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setsid=True, setsigmask=mask)
    finally:
        os.close(asked)
