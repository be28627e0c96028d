# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The blocks of a pcapng as they come from an application: of this machine's byte order, times in nanoseconds.

Of a packet only its block's two lengths and its kind are looked at; its bytes are moved with all around them. All
positions are in bytes, and multiples of 4. What looks at each block is in C, csrc/blocks; where that is not compiled
Python does the same, and takes twenty times as long.
"""

from __future__ import annotations

import errno
import importlib
import os
from typing import Any, NamedTuple

from ..errors import ProtocolError

_blocks: Any
try:
    _blocks = importlib.import_module("dpdk_mirror._blocks")
except ImportError:
    _blocks = None

__all__ = [
    "LONGEST",
    "SECTION",
    "Passed",
    "block_end",
    "changed",
    "find_statistics",
    "find_time",
    "header_length",
    "pass_blocks",
    "words_of",
    "write_some",
]

LONGEST = 1 << 19
"""Bytes of the longest block that is believed in: more than any packet's."""

SECTION = 0x0A0D0D0A
_INTERFACE, _STATISTICS, _PACKET = 1, 5, 6
_HEADERS = (SECTION, _INTERFACE)
_AT_ONCE = 1 << 17  # bytes
_SHORTEST = 12  # bytes: a kind, and the length twice
_TIME_END = 20  # bytes: where a packet's time ends
_BYTE_ORDER = 0x1A2B3C4D


class Passed(NamedTuple):
    """``stop``: where the next block begins; how many of those before it are packets."""

    stop: int
    packets: int


def words_of(buffer: memoryview) -> memoryview:
    """The buffer as pcapng has its numbers. Its length is a multiple of 4."""
    return buffer.cast("B").cast("I")


def pass_blocks(words: memoryview, start: int, end: int, most: int = -1) -> Passed:
    """Pass whole blocks from ``start`` on, up to a header, one that is broken, or one that ends beyond ``end``.

    ``most``: pass no more packets than that.
    """
    if _blocks is None:
        return _pass_blocks(words, start, end, most)
    passed = _blocks.lib.mirror_blocks_pass(_in_c(words), start, min(end, words.nbytes), most)
    return Passed(passed.stop, passed.packets)


def _pass_blocks(words: memoryview, start: int, end: int, most: int) -> Passed:
    at, last, packets = start >> 2, end >> 2, 0
    while at + 1 < last and packets != most:
        length = words[at + 1]
        behind = at + (length >> 2)
        if behind > last or not _SHORTEST <= length <= LONGEST or length & 3 or words[behind - 1] != length:
            break
        kind = words[at]
        if kind == _PACKET:
            packets += 1
        elif kind in _HEADERS:
            break
        at = behind
    return Passed(at << 2, packets)


def _check_block(words: memoryview, start: int, end: int) -> None:
    """ProtocolError: what is at ``start`` is the beginning of no block."""
    at, last = start >> 2, end >> 2
    if at + 1 >= last:
        return
    length = words[at + 1]
    behind = at + (length >> 2)
    if not _is_length(length):
        raise _broken(f"a block of {length} bytes")
    if behind <= last and words[behind - 1] != length:
        raise _broken(f"a block's two lengths differ, {length} and {words[behind - 1]}")


def header_length(words: memoryview, start: int, end: int) -> int:
    """The length of the whole block at ``start``, if that is one which a reader needs before all packets; else 0.

    ProtocolError: it is no block, or begins a section that cannot be read here.
    """
    _check_block(words, start, end)
    at = start >> 2
    if end - start < _SHORTEST or words[at] not in _HEADERS:
        return 0
    if words[at] == SECTION and words[at + 2] != _BYTE_ORDER:
        raise _broken("it is of another byte order")
    return int(words[at + 1]) if start + words[at + 1] <= end else 0


def block_end(words: memoryview, start: int, stop: int) -> int:
    """Where a block ends that was found to be whole. ProtocolError: it is not."""
    if not (length := _whole_block(words, start >> 2, stop >> 2)):
        raise changed()
    return start + length


def changed() -> ProtocolError:
    """A block that was found to be whole is not: an application has written to what it has lent."""
    return _broken("a block has changed while it was read")


def _whole_block(words: memoryview, at: int, last: int) -> int:
    """How many bytes it has; 0: it is broken, or ends behind ``last``."""
    length = words[at + 1] if at + 1 < last else 0
    behind = at + (length >> 2)
    return length if _is_length(length) and behind <= last and words[behind - 1] == length else 0


def find_time(words: memoryview, start: int, stop: int, since_ns: int) -> Passed:
    """Pass whole blocks, up to the first packet that has that time or a later one."""
    if _blocks is None:
        return _find_time(words, start, stop, since_ns)
    passed = _blocks.lib.mirror_blocks_find_time(_in_c(words), start, min(stop, words.nbytes), since_ns)
    return Passed(passed.stop, passed.packets)


def _find_time(words: memoryview, start: int, stop: int, since_ns: int) -> Passed:
    at, last, packets = start >> 2, stop >> 2, 0
    while length := _whole_block(words, at, last):
        if words[at] == _PACKET:
            if length >= _TIME_END and words[at + 3] << 32 | words[at + 4] >= since_ns:
                break
            packets += 1
        at += length >> 2
    return Passed(at << 2, packets)


def find_statistics(words: memoryview, start: int, stop: int) -> int:
    """Pass whole blocks, up to the first one that counts what became of packets."""
    if _blocks is None:
        return _find_statistics(words, start, stop)
    return int(_blocks.lib.mirror_blocks_find_statistics(_in_c(words), start, min(stop, words.nbytes)))


def _find_statistics(words: memoryview, start: int, stop: int) -> int:
    at, last = start >> 2, stop >> 2
    while (length := _whole_block(words, at, last)) and words[at] != _STATISTICS:
        at += length >> 2
    return at << 2


def write_some(fd: int, data: memoryview) -> int:
    """Write to a file: all, or as much as it takes; of what takes nothing, raise OSError.

    128 KiB at a time: with more the kernel takes memory for the file in larger parts. In a virtual machine those are
    what the host has taken back, and gives anew page by page, at 2.3 us each.
    """
    if _blocks is None:
        return os.write(fd, data[:_AT_ONCE])
    written = _blocks.lib.mirror_blocks_write(fd, _blocks.ffi.from_buffer(data), len(data))
    if written.error and not written.size and written.error != errno.EINTR:
        raise OSError(written.error, os.strerror(written.error))
    return int(written.size)


def _in_c(words: memoryview) -> Any:
    """As C has it; it keeps the buffer."""
    return _blocks.ffi.from_buffer("uint32_t[]", words)  # C type: const uint32_t *


def _is_length(length: int) -> bool:
    return _SHORTEST <= length <= LONGEST and not length & 3


def _broken(why: str) -> ProtocolError:
    return ProtocolError(errno.EPROTO, f"read the application's stream: {why}", "use its library's dpdk-mirror")
