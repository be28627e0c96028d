# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch with the ports that make bench-ovs needs, and a machine that sends through it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from captures import write_capture
from live_beds import OTHER_CPU, POLLER_CPU, READER, LiveBed, libraries, rates
from livekit.application import PLUGIN, plugin_directory
from livekit.frames import udp_frame
from livekit.ovs import Ovs
from livekit.testpmd import Testpmd, TestpmdOptions

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from livekit.telemetry import Telemetry
    from race_cases import Traffic

SINK = 1  # a port's number with DPDK
TAP_DEVICE = "own0"
UDP_HEADERS = 42
ONE_IN = 100
ODD_MAC, ODD_PORT = "02:00:00:00:00:99", 1000  # of one packet in so many


def write_mix(path: Path, size: int) -> None:
    """Packets of that size, the first of which is from another MAC and from another port."""
    frames = [udp_frame(number, bytes(size - UDP_HEADERS)) for number in range(ONE_IN)]
    frames[0] = frames[0][:6] + bytes.fromhex(ODD_MAC.replace(":", "")) + frames[0][12:]
    write_capture(path, frames)


class RaceBed(LiveBed):
    """A switch that forwards from a port to another; a third one and a tap are there for its own mirrors."""

    ports = (SINK,)

    def __init__(self, traffic: Traffic, size: int, ovs: Ovs, stack: ExitStack) -> None:
        super().__init__("now", size, ovs, stack)
        self.ovs = ovs
        self._hz = 0.0
        self._guest: Telemetry | None = None
        values = {"folder": self.directory, "size": size}
        write_mix(self.directory / "mix.pcap", size)
        for name in ("source", "sink", "other"):
            ovs.add_port(name, getattr(traffic, name).format(**values))
        # As many queues of each kind as the driver wants, and the switch has threads.
        ovs.add_port("kernel", f"net_tap9,iface={TAP_DEVICE}", n_rxq=2)
        ovs.flows(["in_port=source,actions=output:sink"])
        if traffic.kept:
            self.telemetry.call("target/add", to=traffic.kept.format(**values))
        if traffic.guest:
            self._start_guest([vdev.format(**values) for vdev in traffic.guest])
        self._hz = self._cycles_a_second()

    def _start_guest(self, vdevs: list[str]) -> None:
        options = TestpmdOptions(vdevs, lcores=f"0@{OTHER_CPU},1@{OTHER_CPU}", plugin=False, arguments=["--nb-cores=1"])
        guest = self.stack.enter_context(Testpmd(options))
        guest.start()
        self._guest = self.stack.enter_context(guest.telemetry())

    def guest_received(self, port: int) -> int:
        """Packets that a port of the machine has received."""
        assert self._guest is not None
        return int(self._guest.ask(f"/ethdev/stats,{port}")["ipackets"])

    def sent(self, port: int) -> int:
        """Packets that a port of the switch has sent."""
        return int(self.telemetry.ask(f"/ethdev/stats,{port}")["opackets"])

    def _cycles(self) -> dict[str, int]:
        """Of the thread that polls, by what it did: "idle" or "processing"."""
        shown = self.ovs.appctl("dpif-netdev/pmd-stats-show").partition(f"core_id {POLLER_CPU}:")[2]
        found = dict(re.findall(r"(idle|processing) cycles: (\d+)", shown.partition("thread")[0]))
        return {what: int(cycles) for what, cycles in found.items()}

    def _cycles_a_second(self) -> float:
        found = rates({"all": lambda: sum(self._cycles().values())}, 0.2)["all"]
        assert found
        return found

    def busy_s(self) -> float:
        return self._cycles()["processing"] / self._hz


def race_bed(traffic: Traffic, size: int, stack: ExitStack) -> RaceBed:
    reader = libraries(plugin_directory() / PLUGIN, stack) / READER
    ovs = stack.enter_context(Ovs(pmd_cpu_mask=hex(1 << POLLER_CPU), plugins=[reader]))
    return RaceBed(traffic, size, ovs, stack)
