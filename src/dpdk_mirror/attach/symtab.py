# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The symbol table of a program's file: names that the program keeps for debuggers, and not for libraries."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import MalformedError, MirrorError, UnsupportedError
from .image import KINDS, SymbolKind

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

    from .process import Process

__all__ = ["FileSymbol", "ProgramFile", "program_file"]

_FILE_MAX = 512 << 20
_TABLE_MAX = 128 << 20
_SECTIONS_MAX = 4096
_FOUND_MAX = 64
"""Symbols of one name, and names that end in it. A static function that many files have is there as often."""
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1
_SYMENT = 24


@dataclass(frozen=True, slots=True)
class FileSymbol:
    """``value`` is an address before the program is loaded, of TLS an offset."""

    name: str
    value: int
    size: int
    kind: SymbolKind
    is_local: bool


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A symbol table as it is in a program's file; empty after strip(1)."""

    names: bytes
    table: bytes

    def find(self, wanted: Iterable[str]) -> dict[str, list[FileSymbol]]:
        """All that it defines under each of these names, local ones too."""
        # A name may be the end of another's.
        offsets = {offset: name for name in wanted for offset in _offsets(self.names, os.fsencode(name))}
        found: dict[str, list[FileSymbol]] = {name: [] for name in offsets.values()}
        whole = len(self.table) - len(self.table) % _SYMENT
        for offset, info, _other, section, value, size in struct.iter_unpack("<IBBHQQ", self.table[:whole]):
            if offset in offsets and section != _SHN_UNDEF and len(found[offsets[offset]]) < _FOUND_MAX:
                name = offsets[offset]
                kind = KINDS.get(info & 15, SymbolKind.OTHER)
                found[name].append(FileSymbol(name, value, size, kind, info >> 4 == 0))
        return found

    def has_clones(self, name: str) -> bool:
        """Whether there is what a compiler makes of a function for some of its callers: NAME.constprop.0, say."""
        return f"{name}.".encode() in self.names


def program_file(process: Process) -> ProgramFile:
    """The program that the process runs, whatever is in its place now; read on a private copy."""
    doing = f"look at the program of process {process.pid}"
    with contextlib.closing(_copy(process, doing)) as stream:
        try:
            return _read(stream)
        except MirrorError:
            raise
        except ImportError:
            what = f"{doing}: DPDK is part of it, and pyelftools, which could read it, is not installed"
            raise UnsupportedError(errno.ENOTSUP, what, "pip install pyelftools") from None
        except Exception as error:  # noqa: BLE001  pyelftools has many ways to fail
            raise _malformed(f"{doing}: {type(error).__name__}: {error!s:.80}") from None


def _read(stream: io.BufferedReader) -> ProgramFile:
    # What controls applications does without it.
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    file = ELFFile(stream)
    names = table = b""
    if file.elfclass == 64 and file.little_endian and 0 < file.header["e_shnum"] <= _SECTIONS_MAX:
        for section in file.iter_sections():
            if section["sh_type"] == "SHT_SYMTAB":
                table = _content(stream, section)
                names = _content(stream, file.get_section(section["sh_link"]))
    return ProgramFile(names, table)


def _content(stream: io.BufferedReader, section: Any) -> bytes:
    """Not by section.data(), which may be told to uncompress more than there is room for."""
    if section["sh_size"] > _TABLE_MAX:
        raise _malformed(f"its symbol table has more than {_TABLE_MAX >> 20} MB")
    stream.seek(section["sh_offset"])
    return stream.read(section["sh_size"])


def _copy(process: Process, doing: str) -> io.BufferedReader:
    """Nobody else can change it while it is read."""
    source = process.open("exe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        size = os.fstat(source).st_size
        if size > _FILE_MAX:
            raise UnsupportedError(errno.ENOTSUP, f"{doing}: it has {size >> 20} MB", "use one without debug symbols")
        copy = os.fdopen(os.memfd_create("program", os.MFD_CLOEXEC), "r+b")
        try:
            offset = 0
            while offset < size and (count := os.sendfile(copy.fileno(), source, offset, size - offset)):
                offset += count
        except BaseException:
            copy.close()
            raise
    except OSError as error:
        raise _malformed(f"{doing}: {error.strerror}") from None
    finally:
        os.close(source)
    copy.seek(0)
    return copy  # type: ignore[return-value]  # BufferedRandom reads as well


def _offsets(names: bytes, name: bytes) -> Iterator[int]:
    start = -1
    for _ in range(_FOUND_MAX):
        start = names.find(name + b"\0", start + 1)
        if start < 0:
            return
        yield start


def _malformed(what: str) -> MirrorError:
    return MalformedError(errno.ENOEXEC, what)
