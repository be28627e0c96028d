# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""DPDK that is part of a program which exports none of it, or not all: found by the symbol table of its file."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from .bind import Definition, bind, undefined
from .identify import EAL_INIT
from .image import SymbolKind
from .memory import executable
from .symtab import program_file

if TYPE_CHECKING:
    from collections.abc import Collection

    from .image import Image
    from .library import Library
    from .process import Mapping, Process
    from .symtab import FileSymbol

__all__ = ["FP_OPS", "OPTIONAL", "check_alone", "check_fp_ops", "with_hidden"]

FP_OPS = "rte_eth_fp_ops"
"""What DPDK's inlined functions read: an array whose form is compiled into whoever calls them."""

_PT_TLS = 7
OPTIONAL = re.compile(r"rte_tel|rte_vdev_|rte_eth_bond_")
"""Telemetry and drivers, without which the library does less: see csrc/symbols.h."""

_THREAD_LOCAL = "per_lcore__"
_INT = 4


def with_hidden(process: Process, library: Library) -> bytes:
    """The library's bytes, bound to what the program has and does not export; as they are if that is nothing.

    UnsupportedError: it is not certain where something is.
    """
    program = executable(process)
    hidden = {name for name in {EAL_INIT, *undefined(library)} if program.find(name) is None}
    needed = {name for name in hidden if not OPTIONAL.match(name)}
    if not needed:
        return library.content
    file = program_file(process)
    table = file.find(hidden)
    finder = _Finder(process, program)
    definitions, wrong = {}, {}
    for name in sorted(hidden):
        found = finder.find(name, table.get(name, ()))
        if isinstance(found, Definition):
            definitions[name] = found
        elif name in needed:
            wrong[name] = found if table.get(name) or not file.has_clones(name) else "clones of the compiler's alone"
    if wrong:
        raise _refusal(process, wrong)
    if FP_OPS in definitions:
        check_fp_ops(process, table[FP_OPS][0].size, library)
    return bind(library, definitions)


def check_alone(process: Process) -> None:
    """That the program does not hide a DPDK of its own, beside the one that others find."""
    try:
        found = program_file(process).find([EAL_INIT])
    except UnsupportedError:  # it cannot be read, and need not be
        return
    if found.get(EAL_INIT):
        what = f"attach to process {process.pid}: DPDK is in it twice, and which one has its ports is not known"
        raise UnsupportedError(errno.ENOTSUP, what, "link it with one of them alone")


def check_fp_ops(process: Process, size: int, library: Library) -> None:
    """That the library's inlined functions go through the array as the application's do."""
    if library.fp_ops_size in {0, size}:
        return
    what = (
        f"attach to process {process.pid}: its {FP_OPS} has {size} bytes, and {library.path} was built for"
        f" {library.fp_ops_size}: its DPDK was configured otherwise"
    )
    raise UnsupportedError(errno.ENOTSUP, what, "build librte_mirror with that DPDK, for dpdk-mirror attach --library")


class _Finder:
    """Where a program's symbols are in a process."""

    def __init__(self, process: Process, program: Image) -> None:
        self._base = program.base
        self._start, self._end = program.extent
        self._maps: list[Mapping] = process.maps()
        self._tls = sum(each.size for each in program.segments if each.kind == _PT_TLS)

    def find(self, name: str, symbols: Collection[FileSymbol]) -> Definition | str:
        """Its definition; or what there is instead."""
        if len(symbols) != 1:
            return "several" if symbols else "nothing"
        (symbol,) = symbols
        if symbol.is_local:
            return "a local one, which may be another's"
        if symbol.kind is SymbolKind.IFUNC:
            return "one that is chosen when the program starts (IFUNC)"
        if name.startswith(_THREAD_LOCAL):
            fits = symbol.kind is SymbolKind.TLS and symbol.size == _INT and symbol.value <= self._tls - _INT
            return Definition(symbol.value, symbol.kind) if fits else "no thread-local number"
        definition = Definition((self._base + symbol.value) % (1 << 64), symbol.kind)
        return definition if self._is_there(definition, symbol.size) else "one that is not where the program is"

    def _is_there(self, definition: Definition, size: int) -> bool:
        perms = {SymbolKind.FUNCTION: "x", SymbolKind.OBJECT: "w"}.get(definition.kind)
        end = definition.address + max(size, 1)
        return (
            perms is not None
            and self._start <= definition.address
            and end <= self._end
            and any(each.start <= definition.address and end <= each.end and perms in each.perms for each in self._maps)
        )


def _refusal(process: Process, wrong: dict[str, str]) -> UnsupportedError:
    name, reason = next(iter(wrong.items()))
    more = f", and {len(wrong) - 1} more are not as they must be" if len(wrong) > 1 else ""
    what = (
        f"attach to process {process.pid}: its program hides the DPDK in it from libraries, and its symbol table has"
        f" {reason} by the name of {name}{more}"
    )
    return UnsupportedError(errno.ENOTSUP, what, "link it with all of DPDK's libraries and --export-dynamic")
