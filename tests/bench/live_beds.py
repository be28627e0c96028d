# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that forward, and what can be read of them while they do."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from livekit.application import PLUGIN, free_hugepages, with_hugepages
from livekit.ovs import Ovs
from livekit.reader import build_plugin
from livekit.testpmd import Testpmd, TestpmdOptions
from programs import ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from livekit.telemetry import Telemetry

POLLER_CPU, OTHER_CPU = 1, 0
READER, PACER = "libmirror_bench_reader.so", "libmirror_bench_pacer.so"
# What testpmd has by itself: its pool is part of how it does.
MBUFS = 155456
MEMORY_MB, SMALL_PAGES_MB = 600, 1024  # of which the pool takes some 370
PORTS = (0, 1)
DRAIN = "mirror-to-"
LATENCY_S, TRIES = 0.0005, 6
PLACING_S = 1.5
# dumpcap attaches to files, so they must be somewhere: in a mount that goes with the process.
MOUNT = 'mkdir -p "$0" && mount -t hugetlbfs -o pagesize=2M none "$0" && exec "$@"'


@dataclass(frozen=True)
class Reading:
    """A count, and when it was that."""

    count: float
    time_s: float

    def rate_since(self, earlier: Self) -> float:
        return (self.count - earlier.count) / (self.time_s - earlier.time_s)


def read_at(count: Callable[[], float | None]) -> Reading | None:
    """The one of several that took the least time, unless the first takes little; None: there is no such count."""
    best: tuple[float, Reading] | None = None
    for _ in range(TRIES):
        begin = time.monotonic()
        value = count()
        took = time.monotonic() - begin
        if value is None:
            return None
        if best is None or took < best[0]:
            best = (took, Reading(value, begin + took / 2))
        if took < LATENCY_S:
            break
    return best and best[1]


def rates(counts: Mapping[str, Callable[[], float | None]], window_s: float) -> dict[str, float | None]:
    """How fast each grows in a window; None for what there is none of."""
    begin = [read_at(count) for count in counts.values()]
    time.sleep(window_s)
    end = [read_at(count) for count in counts.values()]
    return {
        name: None if was is None or now is None else now.rate_since(was)
        for name, was, now in zip(counts, begin, end, strict=True)
    }


def cpu_time_s(thread: Path) -> float:
    return int((thread / "schedstat").read_text().split()[0]) / 1e9


def is_drain(thread: Path) -> bool:
    """Whether it sends to a target."""
    return (thread / "comm").read_text().startswith(DRAIN)


def may_run_on(thread: Path, cpu: int) -> bool:
    return cpu in os.sched_getaffinity(int(thread.name))


class LiveBed:
    """An application that stands still unless it is measured: then it has the machine for itself."""

    ports: Sequence[int] = PORTS

    def __init__(self, build: str, size: int, application: Testpmd | Ovs, stack: ExitStack) -> None:
        self.build, self.size, self.stack = build, size, stack
        self.application = application
        self.directory = application.directory
        self.prefix = application.telemetry_path.parent.name
        self.telemetry: Telemetry = stack.enter_context(application.telemetry())

    @property
    def pid(self) -> int:
        return self.application.pid

    def forwarded(self) -> int:
        """Packets that its ports have sent."""
        return sum(int(self.telemetry.ask(f"/ethdev/stats,{port}")["opackets"]) for port in self.ports)

    def busy_s(self) -> float | None:
        """How long its poller had packets; None: it always has."""
        return None

    def _cpu_times(self, counts: Callable[[Path], bool]) -> list[float]:
        """Of the threads that count. Some end as they are looked at."""
        times = []
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(ProcessLookupError, FileNotFoundError):
                times += [cpu_time_s(thread)] if counts(thread) else []
        return times

    def wait_for_drain(self) -> None:
        """Until threads that send to targets have left the poller's CPU, which takes until the library looks next."""
        end = time.monotonic() + PLACING_S
        while self._cpu_times(lambda thread: is_drain(thread) and may_run_on(thread, POLLER_CPU)):
            if time.monotonic() > end:
                break
            time.sleep(0.01)

    def drain_s(self) -> float | None:
        """CPU time of the threads that send to targets; None: there are none."""
        found = self._cpu_times(is_drain)
        return sum(found) if found else None

    def poller_s(self) -> float:
        """CPU time of the thread that polls: of those that may run nowhere else the one that has had most."""
        return max(self._cpu_times(lambda thread: os.sched_getaffinity(int(thread.name)) == {POLLER_CPU}))

    @contextmanager
    def not_forwarding(self) -> Iterator[None]:
        assert isinstance(self.application, Testpmd)
        self.application.stop()
        try:
            yield
        finally:
            self.application.start()

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    @contextmanager
    def running(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGCONT)
        try:
            yield
        finally:
            self.stop()


def pages() -> str:
    """What there is for two testpmds."""
    return "2 MB" if free_hugepages() * 2 >= 2 * MEMORY_MB else "4 KB"


def libraries(library: Path, stack: ExitStack) -> Path:
    """A folder with that build of the plugin, and with the benchmark's own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirror-bench-")))
    shutil.copy(library, folder / PLUGIN)
    for source, plugin in (("live_reader.c", READER), ("live_pace.c", PACER)):
        build_plugin(Path(__file__).with_name(source), folder / plugin)
    return folder


@dataclass(frozen=True)
class Build:
    """Of the library, and the pages of the testpmd that loads it."""

    name: str
    library: Path
    pages: str


NULLS = ("net_null0,size={size}", "net_null1,size={size}")


def testpmd_bed(build: Build, size: int, stack: ExitStack, vdevs: Sequence[str]) -> LiveBed:
    folder = libraries(build.library, stack)
    plugins = ["-d", READER, "-d", PACER]
    options = TestpmdOptions(
        [vdev.format(size=size) for vdev in vdevs],
        eal=["--no-huge", "--no-shconf", "-m", str(SMALL_PAGES_MB), *plugins],
        arguments=[f"--total-num-mbufs={MBUFS}"],
        lcores=f"0@{OTHER_CPU},1@{POLLER_CPU}",
        interfaces=True,
    )
    environment = {"LD_LIBRARY_PATH": ahead("LD_LIBRARY_PATH", folder)}
    if build.pages == "2 MB":
        mount = ["unshare", "-m", "sh", "-c", MOUNT, str(folder / "pages")]
        options = replace(options, eal=["-m", str(MEMORY_MB), *plugins], within=mount)
        testpmd = stack.enter_context(with_hugepages(MEMORY_MB, lambda: Testpmd(options, environment)))
    else:
        testpmd = stack.enter_context(Testpmd(options, environment))
    testpmd.start()
    return LiveBed(build.name, size, testpmd, stack)


def ovs_bed(size: int, stack: ExitStack) -> LiveBed:
    ovs = stack.enter_context(Ovs(pmd_cpu_mask=hex(1 << POLLER_CPU)))
    for port in PORTS:
        ovs.add_port(f"p{port}", f"net_null{port},size={size}")
    ovs.flows(["in_port=p0,actions=output:p1", "in_port=p1,actions=output:p0"])
    return LiveBed("now", size, ovs, stack)
