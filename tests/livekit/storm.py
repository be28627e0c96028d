# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""storm.c: forwards while it allocates and loads libraries all the time; and how attaching to it is tried."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from programs import compile_program, pkg_config

from dpdk_mirror.attach.load import Options
from dpdk_mirror.attach.parked import find_parked
from dpdk_mirror.attach.process import Process
from dpdk_mirror.remote.attaching import load_apart

from .application import Application, wait_until

if TYPE_CHECKING:
    import random

_SOURCE = Path(__file__).with_suffix(".c")
_TRACER = (
    "import sys; from dpdk_mirror.attach.load import Options; from dpdk_mirror.remote.attaching import load_into; "
    "print('begin', flush=True); load_into(int(sys.argv[1]), Options())"
)


def build_storm(directory: Path) -> Path:
    """Builds it, or takes what is there."""
    program = directory / "storm"
    return (
        program if program.exists() else compile_program(program, [_SOURCE], *pkg_config("--libs", "libdpdk"), "-ldl")
    )


@dataclass(frozen=True)
class Outcome:
    """What it said at its end."""

    missing: int
    longest_pause_us: int


class Storm(Application):
    """Started, and forwarding: ``with Storm(program) as storm``."""

    def __init__(self, program: Path, lcore: int = 0) -> None:
        super().__init__()
        self._log = self.directory / "log"
        command = [
            program,
            "--no-huge",
            "--no-shconf",
            "-m",
            "64",
            "--no-pci",
            "--file-prefix",
            "storm",
            "-l",
            str(lcore),
        ]
        with self._log.open("wb") as log:
            self.spawn([*command, "--vdev=net_ring0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: not self.running or "forwarding\n" in self.output(), "forwarding")
        assert self.running, self.output()

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def finish(self) -> Outcome:
        """Ends it; it must have lived so far, and end well."""
        assert self.running, self.output()
        assert self.end() == 0, self.output()
        (found,) = re.findall(r"missing (\d+), longest pause (\d+) us", self.output())
        return Outcome(*map(int, found))


def attach_once(storm: Storm) -> list[float]:
    """How long its thread stood still, each time."""
    return list(load_apart(storm.pid, Options(timeout_s=60)).stops_s)


def kill_a_tracer(storm: Storm, moment: random.Random, longest_s: float = 0.4) -> bool:
    """Whether a tracer was killed before it was done, at a random moment."""
    command = [sys.executable, "-c", _TRACER, str(storm.pid)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tracer:
        assert tracer.stdout is not None
        assert tracer.stdout.readline() == b"begin\n"
        try:
            tracer.wait(moment.uniform(0, longest_s))
        except subprocess.TimeoutExpired:
            tracer.kill()
            return True
    return False


@dataclass(frozen=True)
class Left:
    """What a tracer has left in the application."""

    files: int
    """In memory, open still."""
    moved: bool
    """Its thread is on other CPUs than before."""


class Traces:
    """What killed tracers leave behind: ``with Traces(storm) as traces``, and ``traces.look()`` after each."""

    def __init__(self, storm: Storm) -> None:
        self._process = Process(storm.pid)
        self._tid = find_parked(self._process, 10).tid
        self._cpus = os.sched_getaffinity(self._tid)
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def look(self) -> Left:
        """Once the thread is back where it sleeps; it is moved back for the next one."""
        find_parked(self._process, 60)
        before, self._files = self._files, self._open_files()
        moved = os.sched_getaffinity(self._tid) != self._cpus
        os.sched_setaffinity(self._tid, self._cpus)
        return Left(self._files - before, moved)

    def _open_files(self) -> int:
        number = 0
        for link in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                number += "memfd:dpdk-mirror-" in str(link.readlink())
        return number
