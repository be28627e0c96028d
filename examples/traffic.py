# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Traffic for the demo and the examples, made with scapy: traffic.py FILE.pcap writes the demo's."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import RawPcapNgReader, RawPcapWriter

ROUNDS = 100
_NO_LIMIT = 1 << 30
_ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
_V4 = IP(src="192.0.2.1", dst="192.0.2.2")
_V6 = IPv6(src="2001:db8::1", dst="2001:db8::2")


def mixed(seed: int = 1) -> list[bytes]:
    """Some thousand frames of 42 bytes to 64 KB: TCP, UDP, ICMP and ARP, IPv4 and IPv6, VLANs, fragments, jumbos."""
    chance = random.Random(seed)  # noqa: S311  the same traffic every time
    frames: list[Packet] = []
    for number in range(ROUNDS):
        data = Raw(chance.randbytes(chance.randrange(1400)))
        tcp = TCP(sport=40000 + number, dport=443, flags="PA", seq=number * 1000)
        udp = UDP(sport=40000 + number, dport=53)
        frames += [
            _ETHER / ARP(psrc="192.0.2.1", pdst="192.0.2.2"),
            _ETHER / _V4 / tcp / data,
            _ETHER / _V6 / tcp / data,
            _ETHER / _V4 / udp / data,
            _ETHER / Dot1Q(vlan=100 + number) / _V4 / udp / data,
            _ETHER / Dot1AD(vlan=5) / Dot1Q(vlan=number + 1) / _V6 / udp / data,
            _ETHER / _V6 / ICMPv6EchoRequest(seq=number) / data,
            *(_ETHER / part for part in fragment(_V4 / ICMP(seq=number) / Raw(chance.randbytes(4000)))),
        ]
        if number % 10 == 0:
            frames.append(_ETHER / _V4 / udp / Raw(chance.randbytes(9000)))
            frames.append(_ETHER / _V4 / tcp / Raw(chance.randbytes(65535 - 40)))
    return [bytes(frame) for frame in frames]


def office(seed: int = 1) -> list[bytes]:
    """A thousand frames of four machines, of three customers, who look up names and fetch pages."""
    chance = random.Random(seed)  # noqa: S311  as above
    frames = []
    for number in range(ROUNDS * 10):
        machine = chance.randrange(4)
        ether = Ether(src=f"02:00:00:00:01:{machine:02x}", dst="02:00:00:00:00:fe")
        ip = IP(src=f"10.0.{machine}.{1 + number % 9}", dst="192.0.2.53")
        ports = {"sport": 40000 + number, "dport": 53 if chance.random() < 0.1 else 443}
        name = chance.choice(("www", "mail", "ntp")) + ".example."
        data = Raw(chance.randbytes(chance.randrange(1400)))
        if is_dns := ports["dport"] == 53:
            data = DNS(rd=1, qr=number % 3 == 0, qd=DNSQR(qname=name))
        if number % 3 == 0:  # the answer
            ether.src, ether.dst, ip.src, ip.dst = ether.dst, ether.src, ip.dst, ip.src
            ports = {"sport": ports["dport"], "dport": ports["sport"]}
        rest = ip / (UDP(**ports) if is_dns else TCP(**ports, flags="PA")) / data
        frames.append(bytes(ether / Dot1Q(vlan=100 + machine) / rest if machine else ether / rest))
    return frames


def write(path: Path, frames: list[bytes]) -> None:
    with RawPcapWriter(str(path), linktype=1) as writer:
        writer.write(frames)


def read(path: Path) -> list[bytes]:
    """The frames of a pcapng, whole."""
    frames = []
    with RawPcapNgReader(str(path)) as reader:
        while True:
            try:
                frames.append(reader._read_packet(_NO_LIMIT)[0])  # noqa: SLF001  the public one cuts at 64 KB
            except EOFError:
                return frames


if __name__ == "__main__":
    write(Path(sys.argv[1]), mixed())
