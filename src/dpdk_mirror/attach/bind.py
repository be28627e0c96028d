# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library with addresses in it that the dynamic loader would not find. x86-64.

A program that keeps DPDK's names to itself leaves the loader nothing to find. So what the library refers to is looked
up from outside and written where the loader would have written it, and its relocations are left with nothing to do.
Unlike an object that defines those names for all, that changes nothing for what the program loads later. And no
other object can say which of the program's thread-local variables are meant.
"""

from __future__ import annotations

import errno
import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..errors import UnsupportedError
from .image import SymbolKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    from .library import Library

__all__ = ["BINDING", "Definition", "bind", "undefined"]

BINDING = "rte_mirror_binding"
"""C type: struct rte_mirror_binding: size, is_bound, fp_ops_size."""

_DPDK = re.compile(r"(?:__)?rte_|per_lcore__")

_R_NONE, _R_64, _R_GLOB_DAT, _R_JUMP_SLOT, _R_DTPMOD64, _R_DTPOFF64 = 0, 1, 6, 7, 16, 17
# The loader numbers those with thread-local variables, and the program is the first.
_PROGRAM_MODULE = 1


@dataclass(frozen=True, slots=True)
class Definition:
    """``address`` is in the process; of a thread-local variable, its offset from the beginning of the program's."""

    address: int
    kind: SymbolKind


def undefined(library: Library) -> set[str]:
    """The names of DPDK's that the library refers to."""
    named = (each.name for each in _symbols(_elf(library)).iter_symbols() if each["st_shndx"] == "SHN_UNDEF")
    return {name for name in named if _DPDK.match(name)}


def bind(library: Library, definitions: Mapping[str, Definition]) -> bytes:
    """The library's bytes, with its references to these bound; to others they are the loader's, as before."""
    elf = _elf(library)
    content = bytearray(library.content)
    symbols = _symbols(elf)
    found = symbols.get_symbol_by_name(BINDING)
    if not found:
        raise _unsupported(library, "it is too old to be loaded where a program hides its DPDK")
    struct.pack_into("<I", content, _offset(elf, found[0]["st_value"] + 4, 4, library), 1)  # is_bound
    for where, entry in _relocations(elf):
        definition = definitions.get(symbols.get_symbol(entry["r_info_sym"]).name)
        if definition is not None:
            value = _value(entry["r_info_type"], definition, entry["r_addend"], library)
            struct.pack_into("<Q", content, _offset(elf, entry["r_offset"], 8, library), value)
            struct.pack_into("<Q", content, where + 8, _R_NONE)
    return bytes(content)


def _value(kind: int, definition: Definition, addend: int, library: Library) -> int:
    """What the loader would write."""
    if (definition.kind is SymbolKind.TLS) == (kind in {_R_DTPMOD64, _R_DTPOFF64}):
        if kind == _R_DTPMOD64:
            return _PROGRAM_MODULE
        if kind in {_R_64, _R_GLOB_DAT, _R_JUMP_SLOT, _R_DTPOFF64}:
            return (definition.address + addend) % (1 << 64)
    raise _unsupported(library, f"it has a relocation of kind {kind}, which is not known here")


def _elf(library: Library) -> ELFFile:
    # Not needed by those who never attach.
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    return ELFFile(io.BytesIO(library.content))


def _symbols(elf: ELFFile) -> SymbolTableSection:
    return cast("SymbolTableSection", elf.get_section_by_name(".dynsym"))


def _relocations(elf: ELFFile) -> Iterator[tuple[int, Mapping[str, int]]]:
    """Each, with its offset in the file."""
    from elftools.elf.relocation import RelocationSection  # noqa: PLC0415

    for section in elf.iter_sections("SHT_RELA"):
        if isinstance(section, RelocationSection) and elf.get_section(section["sh_link"]).name == ".dynsym":
            for number, each in enumerate(section.iter_relocations()):
                yield section["sh_offset"] + number * section["sh_entsize"], each.entry


def _offset(elf: ELFFile, address: int, size: int, library: Library) -> int:
    """Where in the file is what will be there."""
    for offset in elf.address_offsets(address, size):
        return int(offset)
    raise _unsupported(library, f"its file has nothing of what will be at {address:#x}")


def _unsupported(library: Library, reason: str) -> UnsupportedError:
    return UnsupportedError(errno.ENOTSUP, f"load {library.path}: {reason}", "reinstall dpdk-mirror, or name another")
