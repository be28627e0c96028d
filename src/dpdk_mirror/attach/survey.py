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
    from collections.abc import Iterator

__all__ = ["survey"]

LOOK_S = 3.0
"""How long a look at one process may take."""

_START_S = 20.0
_STUCK_MAX = 8
"""Processes that do not let go of who looks, before the rest is let be: each takes so much time."""

_WORKER = "import sys; sys.path[:] = sys.argv[2:]; from dpdk_mirror.attach.survey import work; work(int(sys.argv[1]))"
_ENDED = b"end"


def survey() -> list[DpdkProcess]:
    """Those that this user may know of, by pid; not this process."""
    found: list[DpdkProcess] = []
    at = 0
    for _ in range(_STUCK_MAX):
        before, at = at, _look_on(at, found)
        if at < 0:
            return found
        if at == before:  # nobody could be started who looks
            return found + [each for pid in _pids(at) if (each := _look(pid)) is not None]
        found.append(_stuck(at))
    found[-1].obstacle += f"; none beyond process {at} has been looked at"
    return found


def work(after: int) -> None:
    """Write what is found beyond the process of that number; for another process to read, and to end this one."""
    for pid in _pids(after):
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


def _look_on(after: int, found: list[DpdkProcess]) -> int:
    """Look at those beyond ``after``; return which one the other process did not come back from, -1 if from all."""
    at = after
    for line in _lines(after):
        if line == _ENDED:
            return -1
        if line.isdigit():
            at = int(line)
        else:
            found.append(_made(json.loads(line)))
    return at


def _lines(after: int) -> Iterator[bytes]:
    """What the other process writes, until it takes too long."""
    command = [sys.executable, "-c", _WORKER, str(after), *sys.path]
    descriptor, theirs = os.pipe()
    try:
        null = subprocess.DEVNULL
        worker = subprocess.Popen(command, start_new_session=True, stdin=null, stdout=theirs, stderr=null)
    except (OSError, ValueError):  # this Python is not to be started again
        os.close(descriptor)
        return
    finally:
        os.close(theirs)
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


def _pids(after: int) -> list[int]:
    """Those beyond, but for this process and who has started it to look."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return sorted(pid for pid in pids if pid > after and pid not in {os.getpid(), os.getppid()})


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _made(values: dict[str, Any]) -> DpdkProcess:
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return DpdkProcess(**{**values, **lists, "kind": Kind(values["kind"])})
