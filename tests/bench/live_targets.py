# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Kinds of targets, and their far ends."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager, ExitStack

    from live_cases import LiveCase
    from livekit.telemetry import Telemetry

MIRROR = "bench"
# A reader that waits for nobody, and shares the CPU that the application's poller does not have.
GUEST = TestpmdOptions(["net_virtio_user0,path={},queues=1"], "rxonly", lcores="0@0,1@0", plugin=False)


class NoCaptureError(Exception):
    """What is compared with does not run here, or captures nothing."""


class Bed(Protocol):
    """What targets need to know of the application."""

    build: str
    size: int
    prefix: str  # of EAL's files
    directory: Path
    telemetry: Telemetry
    stack: ExitStack

    @property
    def pid(self) -> int: ...

    def not_forwarding(self) -> AbstractContextManager[None]: ...


def interface_packets(pid: int, interface: str) -> int:
    """Packets that an interface of a process's network namespace has received."""
    for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == interface:
            return int(counters.split()[1])
    return 0


def own_folder(folder: Path) -> Path:
    return folder / f"mirror-bench-{os.getpid()}"


def make_own_folder(folder: Path, bed: Bed) -> None:
    """Which goes with the applications, when the files in it have gone."""
    own = own_folder(folder)
    if not own.exists():
        own.mkdir(parents=True, mode=0o700)
        bed.stack.callback(own.rmdir)


class Target:
    """Somewhere to mirror to: made ready once for an application, and then begun and ended in each round."""

    def __init__(self, name: str, to: str, **options: str) -> None:
        self.name = name
        self._to = to
        self._options = options  # more words of ``add``

    def to(self, bed: Bed) -> str:
        """In the words of ``add``."""
        return self._to.format(bed.directory)

    def prepare(self, bed: Bed) -> None:
        """Once."""

    def is_for(self, bed: Bed) -> bool:
        """Whether it is measured with that application."""
        return True

    def begin(self, bed: Bed) -> None:
        """Before the mirror is added."""

    def end(self, bed: Bed) -> None:
        """When the mirror has gone."""

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        """With the case's mirror; its mode."""
        call = bed.telemetry.call
        options: dict[str, Any] = self._options | ({"sample": case.sample} if case.sample > 1 else {})
        self.begin(bed)
        try:
            ways, mode = case.directions, case.mode
            call("add", source=0, to=self.to(bed), directions=ways, mode=mode, name=MIRROR, **options)
            try:
                yield call("info", mirror=MIRROR)["mode"]
            finally:
                call("remove", mirror=MIRROR)
        finally:
            self.end(bed)

    def delivered(self, bed: Bed) -> int:
        """Packets that it has got so far, as the mirror counts them."""
        return int(bed.telemetry.call("stats", mirror=MIRROR)["packets"])

    def received(self, bed: Bed) -> int | None:
        """Packets that the far end has seen so far; None: there is none."""
        return None


class ReadRing(Target):
    """A thread of the application's own reads it, live_reader.c."""

    def begin(self, bed: Bed) -> None:
        bed.telemetry.ask(f"/bench/read,{self._to.partition(':')[2]}")

    def end(self, bed: Bed) -> None:
        bed.telemetry.ask("/bench/stop")

    def received(self, bed: Bed) -> int:
        (count,) = bed.telemetry.ask("/bench/count")
        return int(count)


class Interface(Target):
    def __init__(self, name: str, to: str, far_end: str, **options: str) -> None:
        super().__init__(name, to, **options)
        self._far_end = far_end

    def received(self, bed: Bed) -> int:
        return interface_packets(bed.pid, self._far_end)


class Veth(Interface):
    def prepare(self, bed: Bed) -> None:
        near, far = self._to.partition(":")[2], self._far_end
        run_in(bed.pid, "ip", "link", "add", near, "up", "type", "veth", "peer", "name", far)
        run_in(bed.pid, "ip", "link", "set", "dev", far, "up")


class Guest(Target):
    """With a virtio-user port of another testpmd, which runs while it is measured, and stands still else."""

    def __init__(self, name: str, to: str) -> None:
        super().__init__(name, to)
        self._guests: dict[int, tuple[Testpmd, Telemetry]] = {}

    def prepare(self, bed: Bed) -> None:
        # It stays from round to round: the guest would not come back to one that goes.
        bed.telemetry.call("target/add", to=self.to(bed))
        path = self.to(bed).partition(":")[2]
        vdevs = [vdev.format(path) for vdev in GUEST.vdevs]
        guest = bed.stack.enter_context(Testpmd(TestpmdOptions(**{**vars(GUEST), "vdevs": vdevs})))
        guest.start()
        self._guests[bed.pid] = (guest, bed.stack.enter_context(guest.telemetry()))
        self.end(bed)

    def begin(self, bed: Bed) -> None:
        os.kill(self._guests[bed.pid][0].pid, signal.SIGCONT)

    def end(self, bed: Bed) -> None:
        os.kill(self._guests[bed.pid][0].pid, signal.SIGSTOP)

    def received(self, bed: Bed) -> int:
        stats: dict[str, Any] = self._guests[bed.pid][1].ask("/ethdev/stats,0")
        return int(stats["ipackets"])
