# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""All DPDK processes of this machine, whatever they do to whoever looks at them."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MirrorError
from .apart import answers
from .identify import DpdkProcess, Kind, identify
from .process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LOOK_S", "made", "survey"]

LOOK_S = 3.0
"""How long a look at one process may take, without what it waits for a CPU."""

_STUCK_MAX = 8
"""Processes that do not let go of whoever looks, before the rest is let be: each takes so much time."""

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


def work(request: bytes, say: Callable[[bytes], None]) -> None:
    """Say what the processes are whose ids are requested; for another process, that ends this one."""
    for pid in map(int, request.split()):
        say(str(pid).encode())
        if (found := _look(pid)) is not None:
            say(json.dumps(asdict(found)).encode())
    say(_ENDED)


def _look(pid: int) -> DpdkProcess | None:
    try:
        with Process(pid) as process:
            return identify(process)
    except MirrorError:  # it has ended, or nothing may be known of it
        return None


def _look_at(pids: list[int], found: list[DpdkProcess]) -> int:
    """Return which of them the other process did not come back from: their number if from all, -1 without one."""
    at = -1
    for line in answers(__name__, " ".join(map(str, pids)).encode(), LOOK_S):
        if line == _ENDED:
            return len(pids)
        if line.isdigit():
            at += 1
        else:
            found.append(made(json.loads(line)))
    return at


def _stuck(pid: int) -> DpdkProcess:
    found = DpdkProcess(pid, "")
    with contextlib.suppress(OSError):
        found.name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="surrogateescape").removesuffix("\n")
    found.obstacle = f"it cannot be looked at within {LOOK_S:g} s: see ps -L {pid}"
    return found


def _pids() -> set[int]:
    return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()} - {os.getpid()}


def made(values: dict[str, Any]) -> DpdkProcess:
    """What ``asdict()``, and JSON, have made of one."""
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return DpdkProcess(**{**values, **lists, "kind": Kind(values["kind"])})
