# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The targets of make bench-ovs: the switch's own mirrors, and this library's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from live_targets import Interface, NoCaptureError, ReadRing, Target, interface_packets
from livekit.application import wait_until
from race_beds import ODD_MAC, ODD_PORT, TAP_DEVICE, RaceBed
from race_cases import CHOSEN, LATE, NULL, OWN, OWN_NULL, OWN_TAP, OWN_VM, SAME_NULL, SAME_VM, TAP, TO_VM, VHOST, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live_cases import LiveCase
    from live_targets import Bed

BEGIN_S = 5
OTHER, KERNEL = ("other", 2), ("kernel", 3)  # ports, as the switch and as DPDK call them
VM_PORT, VM_PORT_OF_OURS = 4, 6  # of the machine's: on the switch's other port, and on the library's


def race_bed_of(bed: Bed) -> RaceBed:
    assert isinstance(bed, RaceBed)
    return bed


class OwnMirror(Target):
    """The switch's, to a port of its own."""

    def __init__(self, name: str, port: tuple[str, int]) -> None:
        super().__init__(name, "")
        self._port, self._number = port

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        with race_bed_of(bed).ovs.own_mirror("source", self._port):
            before = self.delivered(bed)
            try:
                wait_until(lambda: self.delivered(bed) > before, "a packet that the switch mirrors", timeout_s=BEGIN_S)
            except AssertionError as error:
                raise NoCaptureError("the switch mirrors nothing") from error
            yield OWN

    def delivered(self, bed: Bed) -> int:
        return race_bed_of(bed).sent(self._number)


class OwnTap(OwnMirror):
    def received(self, bed: Bed) -> int:
        return interface_packets(bed.pid, TAP_DEVICE)


class OwnToGuest(OwnMirror):
    def received(self, bed: Bed) -> int:
        return race_bed_of(bed).guest_received(VM_PORT)


class ToGuest(Target):
    def __init__(self, name: str, to: str, port: int, **options: str) -> None:
        super().__init__(name, to, **options)
        self._port = port

    def to(self, bed: Bed) -> str:
        return self._to.format(folder=bed.directory)

    def received(self, bed: Bed) -> int:
        return race_bed_of(bed).guest_received(self._port)


WORDS = {
    "mac": {"mac": f"src={ODD_MAC}"},
    "flow": {"flow": f"protocol=udp,src_port={ODD_PORT}"},
    "filter": {"filter": f"udp src port {ODD_PORT}"},
}
TO_NULL, TO_TAP, TAP_INTERFACE = "null:bench", "tap:bench0", "bench0"
RACE_TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        OwnMirror(OWN_NULL, OTHER),
        OwnTap(OWN_TAP, KERNEL),
        OwnToGuest(OWN_VM, OTHER),
        Target(NULL, TO_NULL),
        Target(SAME_NULL, "port:net_null2", force="yes"),
        ToGuest(SAME_VM, "port:net_vhost2", VM_PORT, force="yes"),
        ToGuest(TO_VM, VHOST, VM_PORT_OF_OURS),
        ReadRing(LATE, "ring:read"),
        Interface(TAP, TO_TAP, far_end=TAP_INTERFACE),
        *(Target(chosen(NULL, by), TO_NULL, **WORDS[by]) for by in CHOSEN),
        *(Interface(chosen(TAP, by), TO_TAP, far_end=TAP_INTERFACE, **WORDS[by]) for by in CHOSEN),
    )
}
