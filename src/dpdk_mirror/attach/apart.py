# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What another process of ours does for this one, to processes that may keep it waiting in the kernel for ever.

By memory, or a program, on a file system of their own, say. It is left alone when it does not come back.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import errors
from ..errors import MirrorError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["answers", "raise_refused", "refused", "say"]

_START_S, _END_S, _LEAST_S = 20.0, 1.0, 0.01
_POLL_MAX = (1 << 31) - 1  # poll() takes an int of milliseconds
# This very package, whatever is on the way there by now.
_PACKAGE = "dpdk_mirror"
_INIT = str(Path(__file__).parents[1] / "__init__.py")
_WORKER = f"""
import importlib, importlib.util, os, sys
module, init, *sys.path[:] = sys.argv[1:]
spec = importlib.util.spec_from_file_location("{_PACKAGE}", init)
sys.modules["{_PACKAGE}"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["{_PACKAGE}"])
importlib.import_module("{_PACKAGE}.attach.turns").take()
importlib.import_module(module).work()
os._exit(0)
"""


def answers(module: str, request: bytes, *waits_s: float, keeps: tuple[int, ...] = ()) -> Iterator[bytes]:
    """The lines that ``work()`` of a module says there, until it ends, or one takes too long.

    It reads the request from stdin, and says a first line once it has been started. ``waits_s`` are for the second, the
    third and so on; the last one for all others. ``keeps`` are descriptors that it has, too. Nothing comes if it
    cannot be started.
    """
    asked = os.memfd_create("request", os.MFD_CLOEXEC)
    os.pwrite(asked, request, 0)
    descriptor, theirs = os.pipe()
    command = [sys.executable, "-S", "-c", _WORKER, module, _INIT, *sys.path]
    try:
        worker = subprocess.Popen(
            command, start_new_session=True, pass_fds=keeps, stdin=asked, stdout=theirs, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError):  # this Python is not to be started again
        os.close(descriptor)
        return
    finally:
        os.close(theirs)
        os.close(asked)
    try:
        rest, waits = b"", [_START_S, *waits_s]
        while _answers(worker.pid, descriptor, waits[0]) and (more := os.read(descriptor, 1 << 16)):
            *lines, rest = (rest + more).split(b"\n")
            yield from lines
            waits = waits[len(lines) :] or waits[-1:]
    except KeyboardInterrupt:
        # It may have something to put back.
        worker.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(_END_S)
        raise
    finally:
        os.close(descriptor)
        _end(worker)


def say(line: bytes) -> None:
    """There: a line for who has asked."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


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


def _end(worker: subprocess.Popen[bytes]) -> None:
    """It may be in the kernel, which does not let it end: then it is not waited for."""
    worker.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(_END_S)
