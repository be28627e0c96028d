# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The targets that make bench-live measures. A new one is a line of TARGETS."""

from __future__ import annotations

from pathlib import Path

from live_dumpcap import Dumpcap
from live_files import PCAP, PCAPNG, Capture, Stream
from live_targets import Guest, Interface, ReadRing, Target, Veth
from live_written import CaptureCommand

DISK = Path(__file__).resolve().parents[2] / "build" / "bench"
TMPFS = Path("/dev/shm")

TARGETS: list[Target] = [
    Target("ring, unread", "ring:unread"),
    ReadRing("ring, read", "ring:read"),
    Interface("tap", "tap:bench0", far_end="bench0"),
    Veth("af_packet", "af_packet:bench1", far_end="bench2"),
    Capture("file, disk", DISK, PCAPNG, before=PCAP),
    Capture("file, tmpfs", TMPFS, PCAPNG, before=PCAP),
    Stream("stream"),
    Target("vhost, no guest", "vhost:{}/nobody"),
    Guest("vhost, read", "vhost:{}/guest"),
]
DUMPCAP = [Dumpcap("dumpcap, disk", DISK), Dumpcap("dumpcap, tmpfs", TMPFS)]
CAPTURE = [CaptureCommand("capture, disk", DISK), CaptureCommand("capture, tmpfs", TMPFS)]
