# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Frames of real protocols, with right lengths and checksums: the same for the same seed, and no two alike."""

from __future__ import annotations

import errno
import functools
import random
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PROTOCOLS", "make_frames"]

# From the least to the most.
_SIZES = (60, 1514, 61, 590, 64, 1280, 128, 333)
_MOST = 14 + 0xFFFF  # what IP can tell the length of
_NETWORK = int(IPv4Address("198.18.0.0"))  # of RFC 2544, for measurements
_NETWORK6 = int(IPv6Address("2001:db8::"))  # for documentation
_VXLAN_PORT, _DNS_PORT = 4789, 53
_TCP, _UDP, _ICMP, _ICMP6, _GRE = 6, 17, 1, 58, 47


def _checksum(data: bytes) -> int:
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
    total: int = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class _Flow:
    """One frame's addresses and numbers, and the layers that are made with them; from the inside out."""

    def __init__(self, seed: int, number: int) -> None:
        self.chance = random.Random(f"{seed}/{number}")  # noqa: S311 - the same each time
        self.number = number
        self.macs = bytes.fromhex("0200000002") + self._byte() + bytes.fromhex("0200000001") + self._byte()
        hosts = self.chance.sample(range(1, 1 << 17), 2)
        self.v4 = b"".join((_NETWORK + host).to_bytes(4) for host in hosts)
        self.v6 = b"".join((_NETWORK6 + host).to_bytes(16) for host in hosts)
        self.ports = self.chance.sample(range(49152, 65536), 2)  # nobody's

    def _byte(self) -> bytes:
        return self.chance.randbytes(1)

    def ethernet(self, kind: int, packet: bytes) -> bytes:
        return self.macs + kind.to_bytes(2) + packet

    def vlan(self, kind: int, packet: bytes) -> bytes:
        return struct.pack("!HH", self.chance.randrange(1, 4095), kind) + packet

    def ipv4(self, protocol: int, data: bytes, fragment: int = 0) -> bytes:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), self.number & 0xFFFF, fragment, 64, protocol, 0)
        header += self.v4
        return header[:10] + _checksum(header).to_bytes(2) + header[12:] + data

    def ipv6(self, protocol: int, data: bytes) -> bytes:
        return struct.pack("!IHBB", 6 << 28, len(data), protocol, 64) + self.v6 + data

    def _summed(self, addresses: bytes, protocol: int, data: bytes, at: int) -> bytes:
        """With a checksum over IP's addresses, too."""
        pseudo = addresses + struct.pack("!II", len(data), protocol)
        return data[:at] + (_checksum(pseudo + data) or 0xFFFF).to_bytes(2) + data[at + 2 :]

    def udp(self, addresses: bytes, data: bytes, port: int | None = None) -> bytes:
        header = struct.pack("!HHHH", self.ports[0], port or self.ports[1], 8 + len(data), 0)
        return self._summed(addresses, _UDP, header + data, 6)

    def tcp(self, addresses: bytes, data: bytes) -> bytes:
        flags = 5 << 12 | 0x18  # PSH, ACK
        numbers = (self.number & 0xFFFFFFFF, self.chance.getrandbits(32))
        return self._summed(
            addresses, _TCP, struct.pack("!HHIIHHHH", *self.ports, *numbers, flags, 8192, 0, 0) + data, 16
        )

    def echo(self, kind: int, data: bytes) -> bytes:
        return struct.pack("!BBHHH", kind, 0, 0, self.number >> 16 & 0xFFFF, self.number & 0xFFFF) + data

    def icmp(self, data: bytes) -> bytes:
        echo = self.echo(8, data)
        return echo[:2] + _checksum(echo).to_bytes(2) + echo[4:]


def _raw(flow: _Flow, data: bytes) -> bytes:
    return flow.ethernet(0x88B5, flow.number.to_bytes(4) + data)  # which is for experiments


def _arp(flow: _Flow, data: bytes) -> bytes:
    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    asks = flow.macs[6:] + flow.v4[:4] + bytes(6) + flow.v4[4:]
    return flow.ethernet(0x0806, request + asks + bytes(len(data)))


def _dns(flow: _Flow, data: bytes) -> bytes:
    """A question, padded as RFC 7830 has it."""
    name = f"\x06h{flow.number % 100000:05}\x07example\0".encode()
    header = struct.pack("!HHHHHH", flow.chance.getrandbits(16), 0x0100, 1, 0, 0, 1)
    padding = struct.pack("!BHHIHHH", 0, 41, 4096, 0, 4 + len(data), 12, len(data)) + bytes(len(data))
    query = header + name + struct.pack("!HH", 1, 1) + padding
    return flow.ethernet(0x0800, flow.ipv4(_UDP, flow.udp(flow.v4, query, _DNS_PORT)))


def _vxlan(flow: _Flow, data: bytes) -> bytes:
    inner = flow.ethernet(0x0800, flow.ipv4(_UDP, flow.udp(flow.v4, data)))
    network = struct.pack("!II", 0x08 << 24, flow.chance.getrandbits(24) << 8)
    return flow.ethernet(0x0800, flow.ipv4(_UDP, flow.udp(flow.v4, network + inner, _VXLAN_PORT)))


def _udp4(flow: _Flow, data: bytes) -> bytes:
    return flow.ipv4(_UDP, flow.udp(flow.v4, data))


def _tcp6(flow: _Flow, data: bytes) -> bytes:
    return flow.ipv6(_TCP, flow.tcp(flow.v6, data))


def _icmp6(flow: _Flow, data: bytes) -> bytes:
    echo = flow._summed(flow.v6, _ICMP6, flow.echo(128, data), 2)  # noqa: SLF001 - a layer of the same file
    return flow.ethernet(0x86DD, flow.ipv6(_ICMP6, echo))


_MAKERS: dict[str, Callable[[_Flow, bytes], bytes]] = {
    "arp": _arp,
    "icmp": lambda flow, data: flow.ethernet(0x0800, flow.ipv4(_ICMP, flow.icmp(data))),
    "icmp6": _icmp6,
    "udp": lambda flow, data: flow.ethernet(0x0800, _udp4(flow, data)),
    "udp6": lambda flow, data: flow.ethernet(0x86DD, flow.ipv6(_UDP, flow.udp(flow.v6, data))),
    "tcp": lambda flow, data: flow.ethernet(0x0800, flow.ipv4(_TCP, flow.tcp(flow.v4, data))),
    "tcp6": lambda flow, data: flow.ethernet(0x86DD, _tcp6(flow, data)),
    "dns": _dns,
    "vlan": lambda flow, data: flow.ethernet(0x8100, flow.vlan(0x0800, _udp4(flow, data))),
    "qinq": lambda flow, data: flow.ethernet(0x88A8, flow.vlan(0x8100, flow.vlan(0x86DD, _tcp6(flow, data)))),
    "fragment": lambda flow, data: flow.ethernet(0x0800, flow.ipv4(_UDP, data, 1 + flow.chance.randrange(100))),
    "gre": lambda flow, data: flow.ethernet(0x0800, flow.ipv4(_GRE, b"\0\0\x08\0" + _udp4(flow, data))),
    "vxlan": _vxlan,
    "raw": _raw,
}

PROTOCOLS = tuple(name for name in _MAKERS if name != "raw")
"""What a mix consists of; "raw", an EtherType for experiments, is only made where it is asked for."""


@functools.cache
def _overhead(protocol: str) -> int:
    return len(_MAKERS[protocol](_Flow(0, 0), b""))


def make_frames(count: int, size: int | None = None, *, of: object = None, seed: int = 0) -> list[bytes]:
    """``count`` Ethernet frames, without check sequence: of each protocol in turns, and no two alike.

    The same seed gives the same frames, whatever the count. ``of`` names protocols; None: all of PROTOCOLS. ``size`` is
    that of each frame, otherwise they vary from 60 to 1514 bytes. Protocols whose headers do not fit are left out; if
    none does, or a frame is too long for IP, it is "raw", of an EtherType for experiments.
    Or ``of`` has ``__bytes__``, and is asked for each: a packet of scapy's with random values gives others each time.
    """
    if count < 0 or (size is not None and size < 1):
        what = f"make {count} frames" if size is None else f"make {count} frames of size={size}"
        raise InvalidConfigError(errno.EINVAL, f"{what}: there are none of that kind")
    if of is None or isinstance(of, str | list | tuple):
        names = PROTOCOLS if of is None else (of,) if isinstance(of, str) else tuple(of)
        unknown = [name for name in names if name not in _MAKERS]
        if unknown or not names:
            there = ", ".join(_MAKERS)
            raise InvalidConfigError(errno.EINVAL, f"make frames of {unknown or 'nothing'}: there are {there}")
        mix = _Mix(names, size, seed)
        return [mix.frame(number) for number in range(count)]
    if not hasattr(type(of), "__bytes__"):
        raise TypeError(f"frames are of protocols, or of what has __bytes__, not {type(of).__name__}")
    if size is not None:
        raise TypeError("size is for frames that are made here, not for those of another")
    return _ask(of, count, seed)


def _ask(packet: Any, count: int, seed: int) -> list[bytes]:
    """Scapy's random values are from the random module's one generator."""
    before = random.getstate()
    random.seed(seed)
    try:
        return [bytes(packet) for _ in range(count)]
    finally:
        random.setstate(before)


@dataclass(frozen=True, slots=True)
class _Mix:
    protocols: tuple[str, ...]
    size: int | None
    seed: int

    def frame(self, number: int) -> bytes:
        fitting = [each for each in self.protocols if self._fits(each)] or ["raw"]
        turn, which = divmod(number, len(fitting))
        protocol = fitting[which]
        size = self.size or _SIZES[(turn + which) % len(_SIZES)]  # each protocol in each size
        flow = _Flow(self.seed, number)
        data = flow.chance.randbytes(max(0, size - _overhead(protocol)))
        frame = _MAKERS[protocol](flow, data)
        return frame[:size] if protocol == "raw" else frame

    def _fits(self, protocol: str) -> bool:
        return self.size is None or _overhead(protocol) <= self.size <= _MOST
