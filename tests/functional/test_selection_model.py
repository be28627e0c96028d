# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What mac, vlan, inner_vlan and flow choose, against a plain model of what they say.

Every selection is tried on frames of any make, and on ZOO: those at the edges of what is read.
"""

from __future__ import annotations

import ipaddress
import struct
from contextlib import suppress
from functools import cache

import pytest
from chooser import chooser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selections import WITH_PORTS

from dpdk_mirror import Flow, Mac, Select
from dpdk_mirror.values import PROTOCOLS

TAGS = 0x8100, 0x88A8, 0x9100
FRAGMENT, AUTHENTICATION = 44, 51
EXTENSIONS = (0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140)
MOST = 8
"""How many tags, and extension headers, are read."""


class Packet:
    """What a frame says of itself, up to where it ends."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame
        self.macs: tuple[bytes, bytes] | None = None
        self.vlans: list[int] = []
        self.addresses: tuple[ipaddress._BaseAddress, ipaddress._BaseAddress] | None = None
        self.protocol: int | None = None
        self.ports: tuple[int, int] | None = None
        with suppress(struct.error):
            self._read()

    def _at(self, layout: str, offset: int) -> tuple:
        return struct.unpack_from(">" + layout, self.frame, offset)

    def _read(self) -> None:
        dst, src = self._at("6s6s", 0)
        self.macs = src, dst
        offset = 12
        while (kind := self._at("H", offset)[0]) in TAGS and len(self.vlans) < MOST:
            self.vlans.append(self._at("H", offset + 2)[0] % 4096)
            offset += 4
        if kind == 0x0800:
            self._read_ipv4(offset + 2)
        elif kind == 0x86DD:
            self._read_ipv6(offset + 2)

    def _read_ipv4(self, offset: int) -> None:
        first, fragment, protocol, src, dst = self._at("B5xHxB2x4s4s", offset)
        if first >> 4 != 4:
            return
        self.addresses, self.protocol = (ipaddress.IPv4Address(src), ipaddress.IPv4Address(dst)), protocol
        if first % 16 >= 5 and fragment % 0x2000 == 0:
            self._read_ports(offset + first % 16 * 4)

    def _read_ipv6(self, offset: int) -> None:
        first, following, src, dst = self._at("B5xBx16s16s", offset)
        if first >> 4 != 6:
            return
        self.addresses = ipaddress.IPv6Address(src), ipaddress.IPv6Address(dst)
        offset += 40
        for _ in range(MOST):
            if following not in EXTENSIONS:
                break
            kind = following
            following, length, fragment = self._at("BBH4x", offset)
            offset += {FRAGMENT: 8, AUTHENTICATION: 4 * length + 8}.get(kind, 8 * length + 8)
            if kind == FRAGMENT and fragment >= 8:
                self.protocol = following
                return
        self.protocol = following
        self._read_ports(offset)

    def _read_ports(self, offset: int) -> None:
        if self.protocol in WITH_PORTS:
            self.ports = self._at("HH", offset)


@cache
def read(frame: bytes) -> Packet:
    return Packet(frame)


def is_within(number: int, numbers: str) -> bool:
    ends = [part.partition("-") for part in numbers.split(",")]
    return any(int(low) <= number <= int(high or low) for low, _, high in ends)


def is_address(address: bytes, masked: str | None) -> bool:
    if masked is None:
        return True
    value, _, mask = masked.partition("/")
    value, mask = bytes.fromhex(value.replace(":", "")), bytes.fromhex((mask or "ff" * 6).replace(":", ""))
    return all(one & bits == other & bits for one, other, bits in zip(address, value, mask, strict=True))


def passes_mac(mac: Mac, packet: Packet) -> bool:
    ways = [packet.macs, packet.macs[::-1]] if packet.macs else []
    return any(is_address(src, mac.src) and is_address(dst, mac.dst) for src, dst in ways[: 1 + mac.both_ways])


def passes_flow(flow: Flow, packet: Packet) -> bool:
    if packet.addresses is None or flow.ip_version not in (None, packet.addresses[0].version):
        return False
    if flow.protocol is not None and packet.protocol != int(PROTOCOLS.get(flow.protocol, flow.protocol)):
        return False
    if (flow.src_port or flow.dst_port) and packet.ports is None:
        return False
    ports = packet.ports or (0, 0)
    ways = [(packet.addresses, ports), (packet.addresses[::-1], ports[::-1])]
    return any(passes_one_way(flow, *way) for way in ways[: 1 + flow.both_ways])


def passes_one_way(flow: Flow, addresses: tuple, ports: tuple[int, int]) -> bool:
    networks = zip(addresses, (flow.src, flow.dst), strict=True)
    wanted = zip(ports, (flow.src_port, flow.dst_port), strict=True)
    return all(network is None or address in ipaddress.ip_network(network) for address, network in networks) and all(
        numbers is None or is_within(port, numbers) for port, numbers in wanted
    )


def is_chosen(select: Select, packet: Packet) -> bool:
    return (
        (select.mac is None or passes_mac(select.mac, packet))
        and (select.vlans is None or any(is_within(vlan, select.vlans) for vlan in packet.vlans[:1]))
        and (select.inner_vlans is None or any(is_within(vlan, select.inner_vlans) for vlan in packet.vlans[1:2]))
        and (select.flow is None or passes_flow(select.flow, packet))
    )


MACS = [bytes.fromhex(text) for text in ("020000000001", "020000000002", "020001000001", "ffffffffffff")]
ADDRESSES_4 = [ipaddress.IPv4Address(text).packed for text in ("10.0.0.1", "10.0.0.2", "10.0.128.1", "192.0.2.2")]
ADDRESSES_6 = [
    ipaddress.IPv6Address(text).packed for text in ("2001:db8::1", "2001:db8::2", "2001:db8:0:8::1", "fe80::1")
]
NUMBERS = [0, 1, 7, 53, 443, 1024, 65535]
L4 = struct.pack(">HHQ", 1024, 443, 0)


def ethernet(
    kind: int, payload: bytes, tags: list[tuple[int, int]] = (), macs: tuple[bytes, bytes] = (MACS[1], MACS[0])
):
    tagged = b"".join(struct.pack(">HH", *tag) for tag in tags)
    return macs[0] + macs[1] + tagged + struct.pack(">H", kind) + payload


def ipv4(protocol: int, payload: bytes, *, first=0x45, fragment=0, ends=(ADDRESSES_4[0], ADDRESSES_4[3])):
    options = bytes(range(1, 4 * max(first % 16 - 5, 0) + 1))
    return struct.pack(">BxHHHBBH4s4s", first, 0, 0, fragment, 64, protocol, 0, *ends) + options + payload


def extension(kind: int, length: int, fragment: int = 0):
    """A header of that kind, but for its first byte; what would be fragment's offset is 0 in others."""
    size = {FRAGMENT: 8, AUTHENTICATION: 4 * length + 8}.get(kind, 8 * length + 8)
    return kind, struct.pack(">BHI", length, fragment, 0) + b"\x11" * (size - 8)


def ipv6(protocol: int, payload: bytes, extensions=(), *, first=0x60, ends=(ADDRESSES_6[0], ADDRESSES_6[3])):
    kinds = [kind for kind, _ in extensions] + [protocol]
    headers = b"".join(bytes([kind]) + rest for kind, (_, rest) in zip(kinds[1:], extensions, strict=True))
    return struct.pack(">B5xBB16s16s", first, kinds[0], 64, *ends) + headers + payload


def edges():
    """By themselves; how each is told from the others is for the selections to find."""
    tags = [(0x8100, 7 << 13 | 100), (0x88A8, 200), (0x9100, 100)]
    yield from (ethernet(0x0800, ipv4(6, L4), tags[:count]) for count in range(4))
    yield from (ethernet(0x0800, ipv4(17, L4), [(0x8100, 1)] * count) for count in (MOST, MOST + 1))
    yield from (ethernet(0x0800, ipv4(protocol, L4)) for protocol in (*WITH_PORTS, 1, 58, 255))
    yield from (ethernet(0x0800, ipv4(6, L4, first=first)) for first in (0x40, 0x44, 0x46, 0x4F, 0x55, 0x65))
    yield from (ethernet(0x0800, ipv4(17, L4, fragment=fragment)) for fragment in (0x2000, 0x2001, 0x1FFF, 1, 0x4000))
    yield from (ethernet(kind, ipv4(6, L4)) for kind in (0x86DD, 0x0806, 20))
    yield from (ethernet(0x0800, ipv4(6, L4, ends=ends)) for ends in zip(ADDRESSES_4, ADDRESSES_4[::-1], strict=True))
    yield from (ethernet(0x86DD, ipv6(6, L4, ends=ends)) for ends in zip(ADDRESSES_6, ADDRESSES_6[::-1], strict=True))
    yield from (ethernet(0x86DD, ipv6(17, L4, [extension(kind, 2)])) for kind in EXTENSIONS)
    yield from (ethernet(0x86DD, ipv6(6, L4, [extension(60, 0)] * count)) for count in (MOST, MOST + 1))
    yield from (ethernet(0x86DD, ipv6(17, L4, [extension(FRAGMENT, 9, offset)])) for offset in (0, 1, 7, 8, 0xFFF8))
    yield ethernet(0x86DD, ipv6(60, L4, [extension(FRAGMENT, 0, 8)]))
    yield from (ethernet(0x86DD, ipv6(protocol, L4)) for protocol in (*WITH_PORTS, 58, 59))
    yield from (ethernet(0x86DD, ipv6(6, L4, first=first)) for first in (0x40, 0x6F))
    whole = (
        ethernet(0x0800, ipv4(6, L4, first=0x46), tags[:2]),
        ethernet(0x86DD, ipv6(17, L4, [extension(0, 1), extension(AUTHENTICATION, 4)]), tags[:1]),
    )
    yield from (frame[:size] for frame in whole for size in range(1, len(frame), 2))


ZOO = list(edges())


@st.composite
def frames(draw):
    tags = draw(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from([0, 1, 99, 100, 0xF064, 4095])), max_size=3))
    protocol = draw(st.sampled_from([*WITH_PORTS, *EXTENSIONS, 1, 58]))
    payload = struct.pack(">HH", draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS))) + bytes(8)
    if draw(st.booleans()):
        ends = draw(st.tuples(*[st.sampled_from(ADDRESSES_4)] * 2))
        first = draw(st.sampled_from([0x45, 0x45, 0x46, 0x4F, 0x41]))
        fragment = draw(st.sampled_from([0, 0, 0x2000, 0x20]))
        kind, packet = 0x0800, ipv4(protocol, payload, first=first, fragment=fragment, ends=ends)
    else:
        ends = draw(st.tuples(*[st.sampled_from(ADDRESSES_6)] * 2))
        fragment = draw(st.sampled_from([0, 0, 1, 8]))
        kinds = st.tuples(st.sampled_from(EXTENSIONS), st.integers(0, 3), st.just(fragment))
        extensions = draw(st.lists(kinds.map(lambda header: extension(*header)), max_size=MOST + 1))
        kind, packet = 0x86DD, ipv6(protocol, payload, extensions, ends=ends)
    frame = ethernet(kind, packet, tags, draw(st.tuples(*[st.sampled_from(MACS)] * 2)))
    return frame[: draw(st.just(len(frame)) | st.integers(1, len(frame)))]


def near(number: int, last: int):
    """Numbers and ranges that just have it in them, or just not."""
    ends = st.tuples(*[st.sampled_from([0, 0, 1, -1]).map(lambda by: min(max(number + by, 0), last))] * 2)
    return ends.map(sorted).map("{0[0]}-{0[1]}".format)


@st.composite
def prefixes(draw, address):
    """One that has an address in it, or is told from that by its last bit."""
    bits = draw(st.integers(1, address.max_prefixlen))
    number = int(address) ^ draw(st.sampled_from([0, 0, 1])) << address.max_prefixlen - bits
    return ipaddress.ip_network((number, bits), strict=False)


@st.composite
def macs(draw, ends):
    masks = st.sampled_from(["ff:ff:ff:ff:ff:ff", "ff:ff:ff:00:00:00", "00:00:00:00:00:03", "01:00:00:00:00:00"])
    src, dst = (draw(st.none() | masks.map(lambda mask, end=end: f"{end.hex(':')}/{mask}")) for end in ends)
    return Mac(src=src, dst=dst if src or dst else ends[1].hex(":"), both_ways=draw(st.booleans()))


@st.composite
def flows(draw, packet):
    src, dst = packet.addresses
    ports = packet.ports or draw(st.sampled_from([(1024, 443), (0x101, 0x202)]))
    src_port, dst_port = (draw(st.none() | near(port, 65535).filter(lambda text: text != "0-0")) for port in ports)
    protocols = [packet.protocol or 60, 6, 17]
    if src_port or dst_port:
        protocols = [None, *(protocol for protocol in protocols if protocol in WITH_PORTS)]
    return Flow(
        ip_version=draw(st.sampled_from([None, src.version])),
        protocol=draw(st.sampled_from(protocols)),
        src=draw(st.none() | prefixes(src)),
        dst=draw(st.none() | prefixes(dst)),
        src_port=src_port,
        dst_port=dst_port,
        both_ways=draw(st.booleans()),
    )


@st.composite
def selects(draw, packet):
    """Those that ask for something a packet has, and for little else."""
    outer, inner = [*packet.vlans, 100, 100][:2]
    return Select(
        mac=draw(st.none() | macs(packet.macs)) if packet.macs else None,
        vlans=draw(st.none() | st.none() | near(outer, 4095)),
        inner_vlans=draw(st.none() | st.none() | near(inner, 4095)),
        flow=draw(flows(packet)) if packet.addresses else None,
    )


@pytest.fixture(scope="module", params=[2048, 19], ids="segments of {} bytes".format)
def mirrored(request, dpdk_eal):
    with chooser(dpdk_eal, request.param) as mirrored:
        yield mirrored


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_mirror_takes_what_the_model_chooses(mirrored, data):
    some = data.draw(st.lists(frames(), min_size=1, max_size=8))
    select = data.draw(selects(read(data.draw(st.sampled_from(some) | st.sampled_from(ZOO)))))
    every = some + ZOO
    assert mirrored.choose(select, every) == [frame for frame in every if is_chosen(select, read(frame))]
