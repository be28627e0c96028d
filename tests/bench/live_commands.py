# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What dpdk-mirror's own commands cost an application, how long people wait for them, and what they take for it."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from captures import write_capture
from figures import Figure
from live_beds import testpmd_bed
from live_cases import MIXED, ONE_IN, SIZE, TCPDUMP, LiveCase
from live_list import CAPTURE, DUMPCAP, TMPFS
from live_lost import FULL_COUNT, QUICK_COUNT, losses
from live_measure import Rounds, off_the_poller, take_turns
from live_moments import moments
from live_targets import NoCaptureError, Target
from live_written import COMMAND, MEGABYTE, START_S, Recorder
from livekit.application import wait_until
from livekit.frames import udp_frame
from results import spread

from dpdk_mirror.remote import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from live_beds import Build, LiveBed
    from live_figures import LiveResults
    from live_measure import LiveEffort
    from live_targets import Bed

UDP_HEADERS, PROTOCOL_AT, PORTS_AT, TCP, HTTP = 42, 23, 34, 6, 80
SOURCE = "net_pcap0"
ONE_WAY = ("net_null0,size={size}", "net_null1,no-rx=1")
KEPT, OWN = 64 * MEGABYTE, 40 * MEGABYTE  # what capture holds back, or keeps, and what it has beside


def write_mix(path: Path) -> None:
    """Packets of which the first is of TCP port 80."""
    frames = [udp_frame(number, bytes(SIZE - UDP_HEADERS)) for number in range(ONE_IN)]
    web = bytearray(frames[0])
    web[PROTOCOL_AT] = TCP
    web[PORTS_AT : PORTS_AT + 4] = HTTP.to_bytes(2, "big") * 2
    write_capture(path, [bytes(web), *frames[1:]])


class TcpdumpCommand(Target):
    """dpdk-mirror tcpdump, which shows some packets to nobody."""

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        process = subprocess.Popen(
            [*COMMAND, "tcpdump", SOURCE, "-n", "--app", str(bed.pid), "tcp", "port", str(HTTP)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(str(bed.pid)) as app:
                try:
                    wait_until(lambda: any(mirror.stats().packets for mirror in app.mirrors()), "a packet")
                except AssertionError as error:
                    raise NoCaptureError("dpdk-mirror tcpdump shows nothing here") from error
                yield str(app.mirrors()[0].info().mode)
        finally:
            process.terminate()
            process.wait(START_S)

    def delivered(self, bed: Bed) -> int:
        with connect(str(bed.pid)) as app:
            return sum(mirror.stats().packets for mirror in app.mirrors())


def of_memory(what: str, peaks: Sequence[int]) -> Figure:
    """By the largest, since it is to be bounded."""
    return Figure(what, spread([max(peaks) / MEGABYTE] if peaks else []), (KEPT + OWN) / MEGABYTE)


def memory(bed: LiveBed, tries: int) -> Iterator[Figure]:
    """The most that capture has had in all its runs, and a flight recorder that is full."""
    taken = [peak for capture in CAPTURE for peak in capture.peaks]
    yield of_memory("capture: MB of memory, of which it may hold back 64", taken)
    recorder = Recorder("recorder", TMPFS, KEPT)
    recorder.prepare(bed)
    with bed.running():
        for _ in range(tries):
            with recorder.mirrored(bed, LiveCase("testpmd", SIZE, recorder.name, "auto", "rx")):
                pass
    yield of_memory("capture --before 64M: MB of memory", recorder.peaks)


def measure_commands(build: Build, effort: LiveEffort, results: LiveResults) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="mirror-bench-"))
        mix = Path(folder) / "mix.pcap"
        write_mix(mix)
        bed = testpmd_bed(build, SIZE, stack, (f"{SOURCE},rx_pcap={mix},infinite_rx=1", ONE_WAY[1]))
        rounds = Rounds([bed], {TCPDUMP: TcpdumpCommand(TCPDUMP, "")}, effort)
        take_turns(rounds, [LiveCase(MIXED, SIZE, TCPDUMP, "auto")], results)
    is_quick = effort.mode == "quick"
    with ExitStack() as stack, off_the_poller():
        bed = testpmd_bed(build, SIZE, stack, ONE_WAY)
        results.others += moments(bed, effort.rounds)
        results.others += memory(bed, effort.rounds)
        pairs = list(zip(CAPTURE, DUMPCAP, strict=True))[: 1 if is_quick else None]
        results.others += losses(bed, pairs, *((QUICK_COUNT, 1) if is_quick else (FULL_COUNT, effort.rounds)))
