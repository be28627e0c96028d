# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""All DPDK processes of this machine, whatever they do to who looks at them.

A process can keep those waiting who read of it, in the kernel and for ever: by memory, or a program, on a file system
of its own, say. So another process looks, and is left alone when it does not come back.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MirrorError
from .identify import DpdkProcess, Kind, identify
from .process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["survey"]

LOOK_S = 3.0
"""How long a look at one process may take."""

_START_S = 20.0
_STUCK_MAX = 8
"""Processes that do not let go of who looks, before the rest is let be: each takes so much time."""

_WORKER = "import sys; sys.path[:] = sys.argv[1:]; from dpdk_mirror.attach.survey import work; work()"
_ENDED = b"end"


def survey(pids: Iterable[int] | None = None) -> list[DpdkProcess]:
    """Those that this user may know of, by pid; not this process. ``pids``: of these alone."""
    found: list[DpdkProcess] = []
    ahead = sorted(_pids() if pids is None else pids)
    for _ in range(_STUCK_MAX):
        at = _look_at(ahead, found)
        if at == len(ahead):
            return found
        if at < 0:  # nobody could be started who looks
            return found + [each for pid in ahead if (each := _look(pid)) is not None]
        found.append(_stuck(ahead[at]))
        ahead = ahead[at + 1 :]
    if ahead:
        found[-1].obstacle += f"; none beyond process {found[-1].pid} has been looked at"
    return found


def work() -> None:
    """Write what the processes are whose ids are read; for another process, that ends this one."""
    for pid in map(int, sys.stdin.read().split()):
        _say(str(pid).encode())
        if (found := _look(pid)) is not None:
            _say(json.dumps(asdict(found)).encode())
    _say(_ENDED)


def _look(pid: int) -> DpdkProcess | None:
    try:
        with Process(pid) as process:
            return identify(process)
    except MirrorError:  # it has ended, or nothing may be known of it
        return None


def _look_at(pids: list[int], found: list[DpdkProcess]) -> int:
    """Return which of them the other process did not come back from: their number if from all, -1 without one."""
    at = -1
    for line in _lines(pids):
        if line == _ENDED:
            return len(pids)
        if line.isdigit():
            at += 1
        else:
            found.append(_made(json.loads(line)))
    return at


def _lines(pids: list[int]) -> Iterator[bytes]:
    """What the other process writes, until it takes too long."""
    command = [sys.executable, "-c", _WORKER, *sys.path]
    asked = os.memfd_create("pids", os.MFD_CLOEXEC)
    os.pwrite(asked, " ".join(map(str, pids)).encode(), 0)
    descriptor, theirs = os.pipe()
    try:
        worker = subprocess.Popen(
            command, start_new_session=True, stdin=asked, stdout=theirs, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError):  # this Python is not to be started again
        os.close(descriptor)
        return
    finally:
        os.close(theirs)
        os.close(asked)
    try:
        rest, wait_s = b"", _START_S
        while _is_ready(descriptor, wait_s) and (more := os.read(descriptor, 1 << 16)):
            *lines, rest = (rest + more).split(b"\n")
            yield from lines
            wait_s = LOOK_S
    finally:
        os.close(descriptor)
        _end(worker)


def _is_ready(descriptor: int, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


def _end(worker: subprocess.Popen[bytes]) -> None:
    """It may be in the kernel, which does not let it end: then it is not waited for."""
    worker.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(1)


def _stuck(pid: int) -> DpdkProcess:
    found = DpdkProcess(pid, "")
    with contextlib.suppress(OSError):
        found.name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="surrogateescape").removesuffix("\n")
    found.obstacle = f"it cannot be looked at within {LOOK_S:g} s: see ps -L {pid}"
    return found


def _pids() -> set[int]:
    return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()} - {os.getpid()}


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _made(values: dict[str, Any]) -> DpdkProcess:
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return DpdkProcess(**{**values, **lists, "kind": Kind(values["kind"])})
