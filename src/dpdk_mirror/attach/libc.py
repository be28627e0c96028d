# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a process is made to call: where it is in its C library, from its memory. x86-64."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from .image import SymbolKind
from .memory import constant, images, settled

if TYPE_CHECKING:
    from .image import Image
    from .memory import Loaded
    from .process import Process

__all__ = ["Libc", "find_libc"]

# mov $15,%rax; syscall: what libc has signal handlers return to.
_RESTORER = b"\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"
# syscall; ret
_SYSCALL_RET = b"\x0f\x05\xc3"
_CODE_MAX = 16 << 20


@dataclass(frozen=True, slots=True)
class Libc:
    """Addresses in the process."""

    dlopen: int
    memfd_create: int
    close: int
    restorer: int
    """rt_sigreturn()"""
    syscall_ret: int
    dlerror: int
    """0: there is none, or it would not tell."""
    loader: tuple[int, int]
    """Where the loader has its own data, its locks among it: from, to; empty if that is not known."""


def find_libc(process: Process) -> Libc:
    """Raises UnsupportedError where something is not there, or not as it must be."""
    return settled(process, lambda: _find_libc(process))


def _find_libc(process: Process) -> Libc:
    loaded = images(process)
    libc = _named(process, loaded, "libc.so.6")
    dl = next((image for _, image in loaded if image.soname == "libdl.so.2" and _function(image, "dlopen")), libc)
    close = _function(libc, "close")
    dlopen = _function(dl, "dlopen") or _function(libc, "__libc_dlopen_mode")
    memfd_create = _function(libc, "memfd_create")
    if not dlopen or not memfd_create or not close:
        raise _unsupported(
            process, f"its libc has no {'memfd_create' if dlopen else 'dlopen'}()", "use glibc 2.27 or later"
        )
    code = _code(libc)
    return Libc(
        dlopen=dlopen,
        memfd_create=memfd_create,
        close=close,
        restorer=_find_code(process, code, _RESTORER),
        syscall_ret=_find_code(process, code, _SYSCALL_RET),
        dlerror=_function(dl, "dlerror"),
        loader=_loader_data(loaded),
    )


def _named(process: Process, loaded: list[tuple[Loaded, Image]], soname: str) -> Image:
    for _, image in loaded:
        if image.soname == soname:
            return image
    hint = "load the library when it starts, with EAL's -d, or build it against glibc"
    raise _unsupported(process, "its C library is not glibc", hint)


def _function(image: Image, name: str) -> int:
    """Its address; 0: there is none that can be called as it is."""
    symbol = image.find(name)
    return symbol.address if symbol is not None and symbol.kind is SymbolKind.FUNCTION else 0


def _loader_data(loaded: list[tuple[Loaded, Image]]) -> tuple[int, int]:
    for _, image in loaded:
        symbol = image.find("_rtld_global") if image.soname.startswith("ld-linux") else None
        if symbol is not None and symbol.size < 1 << 16:
            return symbol.address, symbol.address + symbol.size
    return 0, 0


def _code(image: Image) -> list[tuple[int, bytes]]:
    """What of it can be executed."""
    found: list[tuple[int, bytes]] = []
    left = _CODE_MAX
    for start, size, is_code in constant(image):
        if is_code and size <= left:
            found.append((start, image.process.read(start, size)))
            left -= size
    return found


def _find_code(process: Process, code: list[tuple[int, bytes]], wanted: bytes) -> int:
    for start, each in code:
        if (offset := each.find(wanted)) >= 0:
            return start + offset
    raise _unsupported(
        process, "its libc does not return from signals as glibc does", "load the library when it starts, with EAL's -d"
    )


def _unsupported(process: Process, reason: str, hint: str) -> UnsupportedError:
    return UnsupportedError(errno.ENOTSUP, f"attach to process {process.pid}: {reason}", hint)
