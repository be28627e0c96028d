# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A switch as users have it: an Open vSwitch that nobody has prepared, with two machines and an uplink that talk."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dpdk_mirror.remote import Application

from .application import wait_until
from .ovs import Ovs
from .vm import Frame, Vm, build_vm

if TYPE_CHECKING:
    from collections.abc import Iterator

VM1, VM2, WORLD = "02:00:00:00:00:11", "02:00:00:00:00:12", "02:00:00:00:00:fe"
ADDRESS1, ADDRESS2 = "192.0.2.11", "192.0.2.12"
RESOLVER, WEB = "198.51.100.53", "198.51.100.80"
_ROUND_S = 0.02
_PORTS = range(40000, 50000)
_DATA = Raw(bytes(range(48, 104)))  # as ping has it


def _rounds() -> Iterator[dict[str, list[bytes]]]:
    """What each says in turn: a name is looked up, a page asked for, and the neighbour; all of it is answered."""
    out, back = Ether(src=VM1, dst=WORLD), Ether(src=WORLD, dst=VM1)
    near, far = Ether(src=VM1, dst=VM2), Ether(src=VM2, dst=VM1)
    name = DNSQR(qname="www.example.org")
    for number, port in enumerate(itertools.cycle(_PORTS)):
        asked = IP(src=ADDRESS1, dst=RESOLVER) / UDP(sport=port, dport=53)
        told = IP(src=RESOLVER, dst=ADDRESS1) / UDP(sport=53, dport=port)
        answer = DNSRR(rrname="www.example.org", ttl=300, rdata=WEB)
        syn = IP(src=ADDRESS1, dst=WEB) / TCP(sport=port, dport=443, flags="S", seq=number)
        ack = IP(src=WEB, dst=ADDRESS1) / TCP(sport=443, dport=port, flags="SA", seq=0, ack=number + 1)
        ping = {"id": 11, "seq": number % 65536}
        yield {
            "vm1": [
                bytes(out / asked / DNS(id=port, rd=1, qd=name)),
                bytes(out / syn),
                bytes(near / IP(src=ADDRESS1, dst=ADDRESS2) / ICMP(type=8, **ping) / _DATA),
            ],
            "uplink": [
                bytes(back / told / DNS(id=port, qr=1, rd=1, ra=1, qd=name, an=answer)),
                bytes(back / ack),
            ],
            "vm2": [bytes(far / IP(src=ADDRESS2, dst=ADDRESS1) / ICMP(type=0, **ping) / _DATA)],
        }


class Talk:
    """``with Talk() as talk``: they talk until its end, unless the machine is busy 300 frames a second."""

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self.ovs = ovs = undo.enter_context(Ovs(mirrored=False))
            self._uplink = undo.enter_context(ovs.add_wire("uplink"))
            program = build_vm(ovs.directory)
            self.vms: dict[str, Vm] = {}
            for name in ("vm1", "vm2"):
                ovs.add_port(name, f"net_vhost_{name},iface={ovs.directory}/{name}")
                self.vms[name] = undo.enter_context(Vm(program, ovs.directory / name))
            ovs.flows(["actions=normal"])
            self._enough = threading.Event()
            self._talking = threading.Thread(target=self._talk)
            self._talking.start()
            undo.callback(self._talking.join)
            undo.callback(self._enough.set)
            wait_until(self.vms["vm1"].hear, "vm1 is answered")
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.__exit__(*exception)

    def lose_link(self) -> None:
        """The uplink, for a moment, in which the driver counts what it cannot send."""
        with Application(self.ovs.telemetry_path) as app:
            self.ovs.run("ip", "link", "set", "uplink-a", "down")
            before = app.port_stats("net_af_packet_uplink").oerrors
            wait_until(lambda: app.port_stats("net_af_packet_uplink").oerrors > before, "drops")
            self.ovs.run("ip", "link", "set", "uplink-a", "up")

    def _talk(self) -> None:
        for said in _rounds():
            self.vms["vm1"].say(map(Frame, said["vm1"]))
            if self._enough.wait(_ROUND_S):
                return
            self.vms["vm2"].say(map(Frame, said["vm2"]))
            with suppress(OSError):  # the link may be down
                self._uplink.send(said["uplink"])
