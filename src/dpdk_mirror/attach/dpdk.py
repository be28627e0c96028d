# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the memory of a process says of its DPDK, of its C library and of librte_mirror."""

from __future__ import annotations

import enum
import itertools
import os
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MirrorError
from .memory import constant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .image import Image, Symbol
    from .process import Process

__all__ = [
    "STATUS",
    "SocketState",
    "Status",
    "libc_of",
    "parse_status",
    "release_by_abi",
    "release_in",
    "release_of",
    "status_of",
]

STATUS = "rte_mirror_status"
"""The symbol of librte_mirror's that says how it is."""

_MAGIC = 0x524D4952
# C type: struct rte_mirror_status.
_STATUS = struct.Struct("<4I32s32s256s108s256s")
_LOADING, _INERT = 0, 2

_BANNER = re.compile(rb"GNU C Library [^\0\n]{0,64}version (\d+\.\d+)")
_RELEASE = re.compile(rb"DPDK (\d\d\.\d\d\.\d{1,2}(?:-rc\d{1,2})?)\0")
_SCAN_MAX = 64 << 20
_CHUNK = 1 << 20

# A function that returns a number: endbr64, push %rbp and mov %rsp,%rbp; mov $N,%eax or xor %eax,%eax; pop %rbp; ret.
_X86_NUMBER = re.compile(
    rb"(?:\xf3\x0f\x1e\xfa)?(?:\x55\x48\x89\xe5)?(?:\xb8(....)|[\x31\x33]\xc0)\x5d?(?:\xf3)?\xc3", re.DOTALL
)
# mov w0, #N; ret; maybe after bti c or paciasp.
_ARM_MOV, _ARM_MOV_MASK, _ARM_RET = 0x52800000, 0xFFE0001F, 0xD65F03C0
_FINAL = 99  # of rte_version_release(): no release candidate


class SocketState(enum.IntEnum):
    """C type: enum mirror_status_socket."""

    NONE = 0
    ASKED = 1
    LISTENS = 2
    REFUSED = 3
    CLOSED = 4


@dataclass(frozen=True, slots=True)
class Status:
    """What librte_mirror says of itself there."""

    version: str
    dpdk: str
    loading: bool
    inert: bool
    reason: str
    socket: str
    socket_state: SocketState
    socket_reason: str


def status_of(process: Process, symbol: Symbol) -> Status | None:
    """None if nothing that makes sense is there."""
    return parse_status(process.read(symbol.address, _STATUS.size))


def parse_status(raw: bytes) -> Status | None:
    """The same of bytes, as many as there are."""
    if len(raw) < _STATUS.size:
        return None
    magic, size, state, sockets, *texts = _STATUS.unpack_from(raw)
    if magic != _MAGIC or size < _STATUS.size or sockets not in set(SocketState):
        return None
    version, dpdk, reason, socket, socket_reason = map(_text, texts)
    return Status(
        version, dpdk, state == _LOADING, state == _INERT, reason, socket, SocketState(sockets), socket_reason
    )


def release_of(process: Process, find: Callable[[str], int | None]) -> str:
    """The release by what rte_version() is made of, since its text need not be there yet; "" if that is not found."""
    numbers = [_returned(process, find(f"rte_version_{part}")) for part in ("year", "month", "minor", "release")]
    if None in numbers[:3]:
        return ""
    year, month, minor, candidate = (number or 0 for number in numbers)
    if max(year, month, minor) > 99:
        return ""
    text = f"{year}.{month:02}.{minor}"
    return text if numbers[3] is None or candidate == _FINAL else f"{text}-rc{candidate % 100}"


def release_in(process: Process, program: Image) -> str:
    """The release as rte_version() has left it in the program's variables, if anybody has called that."""
    first, last = program.extent
    written = [each for each in process.maps() if first <= each.start < last and each.perms.startswith("rw")]
    return _scan(process, [(each.start, each.end) for each in written], _RELEASE)


def release_by_abi(abi: int, part: int = 0) -> str:
    """The release whose shared libraries have that version. Three a year keep an ABI, and are its parts."""
    return {1: f"{abi}.03", 2: f"{abi}.07"}.get(part, f"{abi - 1}.11")


def libc_of(process: Process, image: Image, name: str) -> str:
    """The C library, if the image is one."""
    if "musl" in image.soname or "ld-musl" in name:
        return "musl"
    if image.soname != "libc.so.6":
        return ""
    version = _scan(process, [(start, start + size) for start, size, _ in constant(image)], _BANNER)
    return f"glibc {version}" if version else "glibc"


def _returned(process: Process, function: int | None) -> int | None:
    """The constant that a function returns, if it is one that does nothing else."""
    if function is None:
        return None
    try:
        code = process.read(function, 24)
    except MirrorError:
        return None
    if os.uname().machine == "aarch64":
        return _arm_number(struct.unpack("<6I", code))
    match = _X86_NUMBER.match(code)
    return None if match is None else struct.unpack("<i", match[1] or bytes(4))[0]


def _arm_number(code: tuple[int, ...]) -> int | None:
    for first, second in itertools.pairwise(code):
        if first & _ARM_MOV_MASK == _ARM_MOV and second == _ARM_RET:
            return first >> 5 & 0xFFFF
    return None


def _scan(process: Process, places: list[tuple[int, int]], pattern: re.Pattern[bytes]) -> str:
    for each in _chunks(process, places):
        if match := pattern.search(each):
            return match[1].decode()
    return ""


def _chunks(process: Process, places: list[tuple[int, int]]) -> Iterator[bytes]:
    left = _SCAN_MAX
    for first, last in places:
        for start in range(first, last, _CHUNK):
            size = min(last - start, _CHUNK + 128)  # what is cut in two is whole in one of them
            if left < size:
                return
            left -= size
            try:
                yield process.read(start, size)
            except MirrorError:
                break  # a part of a file that has become shorter


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="backslashreplace")
