# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What people wait for: the first packet that tcpdump shows, and a stream's first and last one."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from figures import Figure
from live_beds import OTHER_CPU, POLLER_CPU, LiveBed
from live_cases import SIZE
from live_figures import POLLING
from live_written import COMMAND, PORT, START_S, first_packet
from livekit.testpmd import Testpmd, TestpmdOptions
from results import spread

from dpdk_mirror.remote import connect

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Sequence

    from results import Spread

T = TypeVar("T")

LCORES = f"0@{OTHER_CPU},1@{POLLER_CPU}"
SHOWN_S, SHOWN_ATTACH_S, STREAM_MS = 0.5, 1.0, 20.0
PART = 1 << 20


def time_shown(pid: int, *words: str) -> float:
    """Seconds from the start of dpdk-mirror tcpdump to the first line that it prints."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "tcpdump", PORT, "-n", "-l", "-c", "1", "--app", str(pid), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.monotonic() - begin
        process.stdout.read()
    assert line, "tcpdump has shown nothing"
    return took


def undisturbed(bed: LiveBed, measure: Callable[[], T]) -> T | None:
    """What was measured while the poller had its CPU; None: others had it, and so what was measured waited for them."""
    begin, polled_s = time.monotonic(), bed.poller_s()
    found = measure()
    return found if bed.poller_s() - polled_s >= POLLING * (time.monotonic() - begin) else None


def time_shown_attaching() -> float | None:
    """The same of an application without the library, which is started for it, and forwards."""
    options = TestpmdOptions([PORT, "net_null1"], lcores=LCORES, plugin=False, prefix="fresh")
    with ExitStack() as stack:
        testpmd = stack.enter_context(Testpmd(options))
        testpmd.start()
        bed = LiveBed("now", SIZE, testpmd, stack)
        return undisturbed(bed, lambda: time_shown(bed.pid, "--attach"))


class Arrivals(threading.Thread):
    """Reads a stream to its end; when the first packet has come, and when the last byte has."""

    def __init__(self, stream: socket.socket) -> None:
        super().__init__(daemon=True)
        self.first = threading.Event()
        self.first_s = self.last_s = 0.0
        self._stream = stream

    def run(self) -> None:
        head = b""
        while part := self._stream.recv(PART):
            self.last_s = time.monotonic()
            if not self.first.is_set():
                head += part
                if first_packet(head):
                    self.first_s = self.last_s
                    self.first.set()


def times_streamed(bed: LiveBed) -> tuple[float, float]:
    """Milliseconds from add to the first packet of a stream, and from remove to the last."""
    with connect(str(bed.pid)) as app:
        app.mirrors()  # it is connected
        begin = time.monotonic()
        mirror = app.mirror(PORT, to="stream:")
        with mirror.open_stream() as stream:
            arrivals = Arrivals(stream)
            arrivals.start()
            assert arrivals.first.wait(START_S), "nothing has come"
            end = time.monotonic()
            mirror.close()
            arrivals.join(START_S)
    return (arrivals.first_s - begin) * 1000, max(0.0, arrivals.last_s - end) * 1000


def tried(found: Sequence[float | None]) -> Spread | None:
    """None where fewer than half of the tries count."""
    return spread(found, quorum=(len(found) + 1) // 2)


def moments(bed: LiveBed, tries: int) -> Iterator[Figure]:
    with ExitStack() as stack:
        stack.enter_context(bed.running())
        shown = [undisturbed(bed, lambda: time_shown(bed.pid)) for _ in range(tries)]
        streamed = [undisturbed(bed, lambda: times_streamed(bed)) for _ in range(tries)]
    yield Figure("tcpdump PORT: seconds from Enter to the first packet", tried(shown), SHOWN_S)
    for number, what in enumerate(("add to the first packet", "remove to the last")):
        found = tried([times and times[number] for times in streamed])
        yield Figure(f"Python, to a stream: milliseconds from {what}", found, STREAM_MS)
    attaching = [time_shown_attaching() for _ in range(tries)]
    yield Figure("tcpdump PORT --attach: seconds from Enter to the first packet", tried(attaching), SHOWN_ATTACH_S)
