# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An object in a process's memory: the program or a library, and its dynamic symbols by their names."""

from __future__ import annotations

import enum
import errno
import functools
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .process import Process

__all__ = ["KINDS", "PT_LOAD", "Image", "Segment", "Symbol", "SymbolKind"]

PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ, _DT_SYMENT, _DT_SONAME, _DT_DEBUG = (
    0,
    1,
    4,
    5,
    6,
    10,
    11,
    14,
    21,
)
_DT_GNU_HASH, _DT_VERSYM = 0x6FFFFEF5, 0x6FFFFFF0
_ADDRESSES = {_DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH, _DT_VERSYM}
_SYMENT = 24
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1
_HIDDEN = 0x8000  # of a version: not the one that programs are linked with

_DYNAMIC_MAX = 65536  # bytes
_PAGE = 4096
_BUCKETS_MAX, _BLOOM_MAX, _BLOOM_KEPT = 1 << 24, 1 << 24, 1 << 12
_CHAIN_MAX = 1 << 16
"""Symbols in one bucket. Thousands are in none that a linker has made."""
_NAME_MAX = 4096
_WORD = 1 << 64


class SymbolKind(enum.Enum):
    """What is at a symbol's address."""

    FUNCTION = 2
    OBJECT = 1
    IFUNC = 10
    """What is called, once, to say where the function is."""
    TLS = 6
    """Each thread has its own, at an offset that is no address."""
    OTHER = 0


KINDS = {each.value: each for each in SymbolKind}


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header: PT_ kind, PF_ flags, offset in the file, address before it is loaded, size."""

    kind: int
    flags: int
    offset: int
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """``address`` is where it is in the process; what is said of it need not be true."""

    name: str
    address: int
    size: int
    kind: SymbolKind


class Image:
    """``base`` is what addresses of its file are off by. ``dynamic`` is where its dynamic section is, if known."""

    def __init__(self, process: Process, base: int, segments: list[Segment], dynamic: int = 0) -> None:
        self.process = process
        self.base = base
        self.segments = segments
        for each in segments:
            if each.kind == _PT_DYNAMIC:
                dynamic = (base + each.address) % _WORD
        self._at = dynamic
        self._needed: list[int] = []
        self._found: dict[str, Symbol | None] = {}

    @property
    def extent(self) -> tuple[int, int]:
        """From where to where its segments are."""
        loaded = [each for each in self.segments if each.kind == PT_LOAD]
        starts, ends = [each.address for each in loaded], [each.address + each.size for each in loaded]
        return self.base + min(starts, default=0), self.base + max(ends, default=0)

    @property
    def debug(self) -> int:
        """Where the dynamic loader's struct r_debug is; 0: there is none."""
        return self._dynamic.get(_DT_DEBUG, 0)

    @functools.cached_property
    def soname(self) -> str:
        """The name that it has for its users, "" if none."""
        offset = self._dynamic.get(_DT_SONAME)
        return "" if offset is None else self._string(offset)

    @functools.cached_property
    def needed(self) -> list[str]:
        """The names of the libraries that it is linked with."""
        return [self._string(offset) for offset in self._needed] if self._dynamic else []

    def find(self, name: str) -> Symbol | None:
        """The symbol that it defines for others under that name, in the version that programs are linked with."""
        if name not in self._found:
            self._found[name] = self._look_for(name)
        return self._found[name]

    # The inside: all of it may be a lie.

    def _look_for(self, name: str) -> Symbol | None:
        found = None
        for index in self._candidates(name):
            symbol = self._symbol(name, index)
            if symbol is None:
                continue
            if not self._is_hidden(index):
                return symbol
            found = found or symbol
        return found

    @functools.cached_property
    def _dynamic(self) -> dict[int, int]:
        """The dynamic section, addresses as they are in the process."""
        found: dict[int, int] = {}
        if not self._at:
            return found
        for key, value in self._entries():
            if key == _DT_NULL:
                return found
            # The loader writes addresses over what the file has, but not everywhere.
            missing = self.base if key in _ADDRESSES and value < self.base else 0
            found.setdefault(key, value + missing)
            if key == _DT_NEEDED:
                self._needed.append(value)
        raise self._malformed(f"its dynamic section has more than {_DYNAMIC_MAX} bytes")

    def _entries(self) -> Iterator[tuple[int, int]]:
        """Of the dynamic section, read up to the end of a page: what is beyond may not be there."""
        at = self._at
        while at < self._at + _DYNAMIC_MAX:
            size = -at % _PAGE & ~15 or 16
            yield from struct.iter_unpack("<qQ", self.process.read(at, size))
            at += size

    def _candidates(self, name: str) -> Iterator[int]:
        """Numbers of symbols that may have that name."""
        if _DT_GNU_HASH in self._dynamic:
            return self._by_gnu_hash(self._dynamic[_DT_GNU_HASH], os.fsencode(name))
        if _DT_HASH in self._dynamic:
            return self._by_hash(self._dynamic[_DT_HASH], os.fsencode(name))
        return iter(())

    def _by_gnu_hash(self, table: int, name: bytes) -> Iterator[int]:
        buckets, first, words, shift, bloom = self._gnu_table
        wanted = _gnu_hash(name)
        if bloom and not _may_have(bloom, wanted, shift):
            return
        start = table + 16 + 8 * words
        (index,) = self._words(start + 4 * (wanted % buckets), 1)
        if not index:
            return
        if index < first:
            raise self._malformed(f"its table of symbols has one before the first, {index}")
        for number in range(index, index + _CHAIN_MAX):
            (here,) = self._words(start + 4 * (buckets + number - first), 1)
            if here | 1 == wanted | 1:
                yield number
            if here & 1:
                return
        raise self._malformed("its table of symbols has no end")

    @functools.cached_property
    def _gnu_table(self) -> tuple[int, int, int, int, bytes]:
        """How it begins, and its filter, which tells of most names that they are not there; none of a large one."""
        table = self._dynamic[_DT_GNU_HASH]
        buckets, first, words, shift = self._words(table, 4)
        if not 0 < buckets <= _BUCKETS_MAX or words > _BLOOM_MAX or shift >= 64:
            raise self._malformed(f"its table of symbols has {buckets} buckets and {words} words before them")
        bloom = self.process.read(table + 16, 8 * words) if words <= _BLOOM_KEPT else b""
        return buckets, first, words, shift, bloom

    def _by_hash(self, table: int, name: bytes) -> Iterator[int]:
        buckets, chains = self._words(table, 2)
        if not 0 < buckets <= _BUCKETS_MAX or chains > _BUCKETS_MAX:
            raise self._malformed(f"its table of symbols has {buckets} buckets for {chains}")
        (index,) = self._words(table + 8 + 4 * (_sysv_hash(name) % buckets), 1)
        for _ in range(_CHAIN_MAX):
            if not index:
                return
            if index >= chains:
                raise self._malformed(f"its table of symbols has one beyond the last, {index}")
            yield index
            (index,) = self._words(table + 8 + 4 * (buckets + index), 1)
        raise self._malformed("its table of symbols is a circle")

    def _symbol(self, name: str, index: int) -> Symbol | None:
        """A symbol, if it has that name and is defined here."""
        if self._dynamic.get(_DT_SYMENT, _SYMENT) != _SYMENT:
            raise self._malformed("its symbols are of another size")
        where = self._table(_DT_SYMTAB) + _SYMENT * index
        offset, info, _other, section, value, size = struct.unpack("<IBBHQQ", self.process.read(where, _SYMENT))
        if section == _SHN_UNDEF or not self._is_named(offset, os.fsencode(name) + b"\0"):
            return None
        kind = KINDS.get(info & 15, SymbolKind.OTHER)
        absolute = section == _SHN_ABS or kind is SymbolKind.TLS
        return Symbol(name, value if absolute else (self.base + value) % _WORD, size, kind)

    def _is_hidden(self, index: int) -> bool:
        if _DT_VERSYM not in self._dynamic:
            return False
        (version,) = struct.unpack("<H", self.process.read(self._dynamic[_DT_VERSYM] + 2 * index, 2))
        return bool(version & _HIDDEN)

    def _string(self, offset: int) -> str:
        if offset >= self._table(_DT_STRSZ):
            raise self._malformed("a name in it is beyond its names")
        return self.process.string(self._table(_DT_STRTAB) + offset, _NAME_MAX)

    def _is_named(self, offset: int, name: bytes) -> bool:
        if offset + len(name) > self._table(_DT_STRSZ):
            return False
        return self.process.read(self._table(_DT_STRTAB) + offset, len(name)) == name

    def _table(self, key: int) -> int:
        if key not in self._dynamic:
            raise self._malformed("its dynamic section is not complete")
        return self._dynamic[key]

    def _words(self, address: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self.process.read(address, 4 * count))

    def _malformed(self, reason: str) -> MalformedError:
        what = f"look at what is loaded at {self.base:#x} into process {self.process.pid}: {reason}"
        return MalformedError(errno.ENOEXEC, what)


@functools.lru_cache(1024)
def _gnu_hash(name: bytes) -> int:
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def _may_have(bloom: bytes, wanted: int, shift: int) -> bool:
    (word,) = struct.unpack_from("<Q", bloom, 8 * (wanted // 64 % (len(bloom) // 8)))
    return bool(word >> wanted % 64 & word >> (wanted >> shift) % 64 & 1)


def _sysv_hash(name: bytes) -> int:
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value
