# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-ovs measures: traffic through Open vSwitch, and mirrors of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from live_cases import SIZE, SIZES, LiveCase

GENERATED, MIXED, VM, VMS = "generated", "mixed", "from a VM", "VM to VM"
OWN = "own"  # the mode of the switch's own mirrors
OWN_NULL, OWN_TAP, OWN_VM = "OVS's own to null", "OVS's own to tap", "OVS's own to VM"
NULL, SAME_NULL, TAP, LATE = "null", "same null port", "tap", "ring, read"
TO_VM, SAME_VM = "VM", "same VM port"
CHOSEN = ("mac", "flow", "filter")
RIVALS = {NULL: OWN_NULL, SAME_NULL: OWN_NULL, LATE: OWN_NULL, TAP: OWN_TAP, TO_VM: OWN_VM, SAME_VM: OWN_VM}
"""To which of the switch's own mirrors a target is compared: to the same port, or one of the same kind."""

NULLS = ((OWN_NULL, OWN), (NULL, "share"), (NULL, "auto"), (NULL, "copy"))
TAPS = ((OWN_TAP, OWN), (TAP, "share"), (TAP, "auto"))


@dataclass(frozen=True)
class Traffic:
    """Ports of a switch, as DPDK is given them; from source to sink is what it forwards."""

    name: str
    source: str
    mirrors: tuple[tuple[str, str], ...]  # targets and modes
    sink: str = "net_null1,no-rx=1"
    other: str = "net_null2,no-rx=1"  # where nothing but mirrors goes
    kept: str = ""  # a target that is there for as long as the switch
    guest: tuple[str, ...] = ()  # ports of a machine, which forwards from the first to the second of each two
    sizes: tuple[int, ...] = SIZES

    def cases(self, size: int) -> list[LiveCase]:
        return [LiveCase(self.name, size, *mirror) for mirror in self.mirrors]


def chosen(target: str, by: str) -> str:
    return f"{target}, 1 % by {by}"


VHOST = "vhost:{folder}/vm3"
SENDER = ("net_null0,size={size}", "net_virtio_user0,path={folder}/vm0,queues=1,queue_size=1024")
RECEIVERS = (
    *("net_virtio_user1,path={folder}/vm1,queues=1,queue_size=1024", "net_null1,no-rx=1"),
    *("net_virtio_user2,path={folder}/vm2,queues=1,queue_size=1024", "net_null2,no-rx=1"),
    *("net_virtio_user3,path={folder}/vm3,queues=1,queue_size=1024", "net_null3,no-rx=1"),
)
TRAFFIC = (
    Traffic(
        GENERATED,
        "net_null0,size={size}",
        (*NULLS, (SAME_NULL, "share"), (SAME_NULL, "copy"), (LATE, "auto"), *TAPS),
    ),
    Traffic(
        MIXED,
        "net_pcap0,rx_pcap={folder}/mix.pcap,infinite_rx=1",
        tuple((chosen(target, by), "auto") for target, by in product((NULL, TAP), CHOSEN)),
        sizes=(SIZE,),
    ),
    Traffic(
        VM,
        "net_vhost0,iface={folder}/vm0",
        (*NULLS, (SAME_NULL, "share"), (SAME_NULL, "copy"), *TAPS),
        guest=SENDER,
    ),
    Traffic(
        VMS,
        "net_vhost0,iface={folder}/vm0",
        ((OWN_VM, OWN), (SAME_VM, "share"), (SAME_VM, "copy"), (TO_VM, "share"), (TO_VM, "auto")),
        sink="net_vhost1,iface={folder}/vm1",
        other="net_vhost2,iface={folder}/vm2",
        kept=VHOST,
        guest=(*SENDER, *RECEIVERS),
        sizes=(SIZE,),
    ),
)
