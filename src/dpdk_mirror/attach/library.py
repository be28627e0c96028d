# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The file that is loaded into others: which DPDK it is for, and whether anybody else could have written it."""

from __future__ import annotations

import errno
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidConfigError, NotPermittedError, error_for
from .bind import BINDING
from .dpdk import STATUS, parse_status

if TYPE_CHECKING:
    from typing import BinaryIO

    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    from .dpdk import Status

__all__ = ["Library", "read_library"]

_SIZE_MAX = 64 << 20
_PROGRAM = Path(__file__)
"""One of the files that run here. Root may be running an ordinary user's, by sudo."""


@dataclass(frozen=True, slots=True)
class Library:
    """``dpdk`` is the series of releases that it was built for, such as 22.11.

    ``fp_ops_size`` is how many bytes DPDK's table of what is inlined has for it; 0: it does not say.
    """

    path: Path
    content: bytes
    version: str
    dpdk: str
    fp_ops_size: int


def read_library(path: Path) -> Library:
    """Read librte_mirror.so, to which nobody may write but root, the caller, and who may write to this program, too."""
    doing = f"read {path}"
    try:
        # A pipe would keep whoever opens it waiting.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            is_file = stat.S_ISREG(status.st_mode) and status.st_size <= _SIZE_MAX
            content = file.read() if is_file else b""
            found, fp_ops_size = _records(file) if is_file else (None, 0)
    except OSError as error:
        raise error_for(error.errno or errno.EIO, doing) from None
    if found is None:
        raise InvalidConfigError(errno.EINVAL, f"{doing}: it is no librte_mirror.so", "see dpdk-mirror plugin-path")
    if not _is_as_safe(status, _PROGRAM.stat()):
        hint = "have it owned by root, or by you, with mode 0755"
        raise NotPermittedError(errno.EPERM, f"{doing}: others may write to it", hint)
    return Library(path, content, found.version, found.dpdk, fp_ops_size)


def _is_as_safe(file: os.stat_result, program: os.stat_result) -> bool:
    """Whether nobody may write to a file who could not have the program do whatever it does with the file."""
    if file.st_uid not in {0, os.geteuid(), program.st_uid} or file.st_mode & stat.S_IWOTH:
        return False
    is_the_same_group = file.st_gid == program.st_gid and program.st_mode & stat.S_IWGRP
    return not file.st_mode & stat.S_IWGRP or bool(is_the_same_group)


def _records(file: BinaryIO) -> tuple[Status | None, int]:
    """What it says before it is loaded: of itself, None if it does not, and of what it was built for."""
    # Not needed by those who never attach.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415
    from elftools.elf.sections import SymbolTableSection  # noqa: PLC0415

    try:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".dynsym")
        if not isinstance(symbols, SymbolTableSection):
            return None, 0
        status, binding = _data(elf, symbols, STATUS), _data(elf, symbols, BINDING)
    except (ELFError, ValueError, KeyError):
        return None, 0
    return parse_status(status), struct.unpack_from("<I", binding, 8)[0] if len(binding) >= 12 else 0


def _data(elf: ELFFile, symbols: SymbolTableSection, name: str) -> bytes:
    """What the file has from a symbol on; nothing without the symbol."""
    found = symbols.get_symbol_by_name(name)
    if not found:
        return b""
    section = elf.get_section(found[0]["st_shndx"])
    data: bytes = section.data()[found[0]["st_value"] - section["sh_addr"] :]
    return data
