# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Capture files for tests, read and written byte by byte as the formats' drafts have it; wrong bytes fail.

scapy's readers cut frames that are longer than 262140 bytes.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ETHERNET = 1
_PCAP = struct.Struct("<IHHIIII")
_RECORD = struct.Struct("<IIII")
_BLOCK = struct.Struct("<II")
_PACKET = struct.Struct("<IIIII")
_SECTION, _INTERFACE, _STATISTICS, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 5, 6


@dataclass(frozen=True)
class Statistics:
    """What a pcapng says of an interface."""

    time_ns: int
    start_ns: int
    end_ns: int | None
    received: int
    dropped: int
    accepted: int
    full: int


@dataclass
class Capture:
    """What a capture holds; equality leaves out the times, which ``--stamp`` changes, and how it was made."""

    link_type: int
    frames: list[tuple[bytes, int]]  # data and original length
    times_ns: list[int] = field(default_factory=list, compare=False)
    directions: list[str] = field(default_factory=list, compare=False)  # of a pcapng: "rx", "tx" or ""
    queues: list[int | None] = field(default_factory=list, compare=False)
    ids: list[int] = field(default_factory=list, compare=False)
    dropped: list[int] = field(default_factory=list, compare=False)  # before each frame
    statistics: list[Statistics] = field(default_factory=list, compare=False)
    interface: str = field(default="", compare=False)
    description: str = field(default="", compare=False)
    made_with: dict[str, str] = field(default_factory=dict, compare=False)  # a pcapng's hardware, os and application
    fcs_length: int = 0
    snaplen: int = field(default=0, compare=False)


def read_capture(path: Path) -> Capture:
    """All of a pcap (with nanoseconds or microseconds) or pcapng of one interface."""
    data = path.read_bytes()
    return _read_pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else _read_pcap(data)


def write_capture(
    path: Path, frames: Iterable[bytes | tuple[bytes, int]], *, link_type: int = ETHERNET, snaplen: int = 262144
) -> Capture:
    """Writes a pcap; a frame may come with the length that it had before it was cut."""
    whole = [(frame, len(frame)) if isinstance(frame, bytes) else frame for frame in frames]
    with path.open("wb") as file:
        file.write(_PCAP.pack(0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type))
        for data, length in whole:
            file.write(_RECORD.pack(1, 2, len(data), length) + data)
    return Capture(link_type, whole)


def some_frames(count: int, *, longest: int = 1500) -> list[bytes]:
    """Frames of different lengths, each different from all others."""
    return [number.to_bytes(4, "big") + os.urandom(number * 37 % (longest - 60) + 56) for number in range(count)]


def _read_pcap(data: bytes) -> Capture:
    magic, major, minor, _, _, snaplen, link_type = _PCAP.unpack_from(data)
    assert (major, minor) == (2, 4)
    unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic]
    fcs_length = (link_type >> 28) * 2 if link_type & 0x04000000 else 0
    capture, at = Capture(link_type & 0x03FFFFFF, [], fcs_length=fcs_length, snaplen=snaplen), _PCAP.size
    while at < len(data):
        seconds, fraction, size, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size + size
        assert at <= len(data)
        capture.frames.append((data[at - size : at], length))
        capture.times_ns.append(seconds * 10**9 + fraction * unit)
    return capture


def _read_pcapng(data: bytes) -> Capture:
    blocks = list(_blocks(data))
    kinds = [kind for kind, _ in blocks]
    assert kinds[:2] == [_SECTION, _INTERFACE]
    assert set(kinds[2:]) <= {_ENHANCED_PACKET, _STATISTICS}
    assert blocks[0][1][:16] == struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section = {code: value.decode() for code, value in _options(blocks[0][1][16:])}
    assert section.keys() <= {2, 3, 4}
    link_type, reserved, snaplen = struct.unpack_from("<HHI", blocks[1][1])
    options = dict(_options(blocks[1][1][8:]))
    assert (reserved, options[9]) == (0, b"\x09")
    assert options.keys() <= {2, 3, 9, 13}
    capture = Capture(link_type, [], fcs_length=options.get(13, b"\0")[0], snaplen=snaplen)
    capture.interface, capture.description = options.get(2, b"").decode(), options.get(3, b"").decode()
    capture.made_with = {name: section.get(code, "") for code, name in ((2, "hardware"), (3, "os"), (4, "application"))}
    for kind, body in blocks[2:]:
        if kind == _ENHANCED_PACKET:
            _read_packet(capture, body)
        else:
            capture.statistics.append(_read_statistics(body))
    return capture


def _read_packet(capture: Capture, body: bytes) -> None:
    interface, high, low, size, length = _PACKET.unpack_from(body)
    frame, padding = body[_PACKET.size :][:size], body[_PACKET.size + size :][: -size % 4]
    assert (interface, len(frame), padding) == (0, size, bytes(-size % 4))
    options = dict(_options(body[_PACKET.size + size + len(padding) :]))
    assert options.keys() <= {2, 4, 5, 6}
    capture.directions.append({0: "", 1: "rx", 2: "tx"}[_number(options.get(2, bytes(4)), 4)])
    capture.dropped.append(_number(options.get(4, bytes(8)), 8))
    capture.ids.append(_number(options.get(5, bytes(8)), 8))
    capture.queues.append(_number(options[6], 4) if 6 in options else None)
    capture.frames.append((frame, length))
    capture.times_ns.append((high << 32) + low)


def _read_statistics(body: bytes) -> Statistics:
    interface, high, low = struct.unpack_from("<III", body)
    options = dict(_options(body[12:]))
    assert interface == 0
    assert {2, 4, 5, 6, 7} <= options.keys() <= {2, 3, 4, 5, 6, 7}
    counters = [_number(options[code], 8) for code in (4, 5, 6, 7)]
    end_ns = _time(options[3]) if 3 in options else None
    return Statistics((high << 32) + low, _time(options[2]), end_ns, *counters)


def _number(value: bytes, size: int) -> int:
    assert len(value) == size
    return int.from_bytes(value, "little")


def _time(value: bytes) -> int:
    high, low = struct.unpack("<II", value)
    return int(high << 32) + int(low)


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, size = _BLOCK.unpack_from(data, at)
        assert size % 4 == 0
        assert data[at + size - 4 : at + size] == size.to_bytes(4, "little")
        yield kind, data[at + _BLOCK.size : at + size - 4]
        at += size


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while data[at:] not in (b"", bytes(4)):
        code, size = struct.unpack_from("<HH", data, at)
        yield code, data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
        assert data[at - (-size % 4) : at] == bytes(-size % 4)


def write_records(path: Path, records: Iterable[tuple[int, bytes, int]], *, link_type: int = ETHERNET) -> Capture:
    """Writes a pcap with nanoseconds of times, frames and the lengths that these had before they were cut."""
    whole = list(records)
    with path.open("wb") as file:
        file.write(_PCAP.pack(0xA1B23C4D, 2, 4, 0, 0, 262144, link_type))
        for time_ns, data, length in whole:
            file.write(_RECORD.pack(*divmod(time_ns, 10**9), len(data), length) + data)
    return Capture(link_type, [(data, length) for _, data, length in whole], [time_ns for time_ns, _, _ in whole])


def write_pcapng(
    path: Path,
    interfaces: Iterable[dict[int, bytes]],
    packets: Iterable[tuple[int, int, bytes]],
    *,
    order: str = "<",
    snaplen: int = 262144,
) -> None:
    """Writes interfaces with these options, and packets: an interface's number, the time in its units, and the data."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack(f"{order}I", len(body) + 12)
        return struct.pack(f"{order}I", kind) + size + body + size

    parts = [block(_SECTION, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for options in interfaces:
        texts = [
            struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)
            for code, value in options.items()
        ]
        parts.append(block(_INTERFACE, struct.pack(f"{order}HHI", ETHERNET, 0, snaplen) + b"".join(texts) + bytes(4)))
    for interface, time, data in packets:
        header = struct.pack(f"{order}IIIII", interface, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
        parts.append(block(_ENHANCED_PACKET, header + data))
    path.write_bytes(b"".join(parts))
