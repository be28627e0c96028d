# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is loaded into a process, and its dynamic symbols, from its memory.

After an upgrade the files are others, so none is read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..errors import MalformedError, UnsupportedError
from .image import PT_LOAD, Image, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .process import Process

__all__ = ["Loaded", "constant", "executable", "images", "link_map", "linked", "settled"]

_T = TypeVar("_T")

_AT_PHDR, _AT_PHENT, _AT_PHNUM = 3, 4, 5
_PT_PHDR = 6
_PHENT, _SEGMENTS_MAX = 56, 512
_PF_X, _PF_W, _PF_R = 1, 2, 4
# C type: Elf64_Ehdr: magic; where program headers are, how large each is, and how many.
_HEADER = struct.Struct("<4s28xQ14xHH6x")
_MAGIC = b"\x7fELF"
_PROGRAM = "program"  # what it is known by
_LOADED_MAX = 4096
_NAMESPACES_MAX = 16  # of dlmopen()
_NAME_MAX = 4096
# Of struct r_debug.
_STATE, _CONSISTENT = 24, 0
_SETTLE_S = 0.2
_LOOKS, _LOOKS_MAX = 6, 60


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the dynamic loader says of an object: what its addresses are off by, its name, its dynamic section.

    The program itself is the first, without a name. ``namespace`` is 0 but for what dlmopen() has loaded apart.
    """

    base: int
    name: str
    dynamic: int
    namespace: int = 0


def executable(process: Process) -> Image:
    """The program itself."""
    if _PROGRAM not in process.known:
        process.known[_PROGRAM] = _executable(process)
    found: Image = process.known[_PROGRAM]
    return found


def _executable(process: Process) -> Image:
    auxv = process.auxv()
    address, count = auxv.get(_AT_PHDR, 0), auxv.get(_AT_PHNUM, 0)
    if auxv.get(_AT_PHENT) != _PHENT:
        what = f"look at process {process.pid}: it is no 64-bit program"
        raise UnsupportedError(errno.ENOTSUP, what, "start a 64-bit one")
    segments = _segments(process, address, count)
    for each in segments:
        if each.kind == _PT_PHDR:
            return Image(process, address - each.address, segments)
    # A static program need not say where its headers are: after the ELF header, at the start of the file.
    for mapping in process.maps():
        if mapping.start <= address < mapping.end and mapping.offset == 0:
            return Image(process, mapping.start - _first(process, segments), segments)
    raise _malformed(process, "its program headers are nowhere")


def link_map(process: Process) -> list[Loaded]:
    """What the dynamic loader has loaded, in its order; nothing in a static program, or before that has started.

    Threads load and unload meanwhile: it is read again until none did, or for a while.
    """
    first = executable(process).debug
    deadline = time.monotonic() + _SETTLE_S
    while True:
        try:
            was_settled = _is_settled(process, first)
            found = _link_map(process, first)
        except MalformedError:
            if time.monotonic() > deadline:
                raise
        else:
            if (was_settled and _is_settled(process, first)) or time.monotonic() > deadline:
                return found


def settled(process: Process, look: Callable[[], _T]) -> _T:
    """What is found of loaded objects, if need be at another look: some may be unloaded while they are looked at."""
    seen: set[tuple[Loaded, ...]] = set()
    looks = 0
    while True:
        try:
            return look()
        except MalformedError:
            looks += 1
            with contextlib.suppress(MalformedError):
                seen.add(tuple(link_map(process)))
            if looks >= (_LOOKS_MAX if len(seen) > 1 else _LOOKS):
                raise


def _is_settled(process: Process, debug: int) -> bool:
    """Whether the loader is not at its list."""
    return not debug or struct.unpack("<i", process.read(debug + _STATE, 4))[0] == _CONSISTENT


def _link_map(process: Process, debug: int) -> list[Loaded]:
    found: list[Loaded] = []
    seen: set[int] = set()
    for namespace in range(_NAMESPACES_MAX):
        if not debug:
            return found
        version, first = struct.unpack("<i4xQ", process.read(debug, 16))
        found += _walk(process, first, seen, namespace)
        # Since its version 2, of glibc 2.35, another follows for each namespace of dlmopen()'s.
        debug = struct.unpack("<Q", process.read(debug + 40, 8))[0] if version >= 2 else 0
    raise _malformed(process, f"its loader has more than {_NAMESPACES_MAX} namespaces, or a circle of them")


def images(process: Process) -> list[tuple[Loaded, Image]]:
    """All that is loaded, the program itself first; an object that was there at another look is the same image."""
    loaded, known = link_map(process), process.known
    known |= {each: Image(process, each.base, [], each.dynamic) for each in loaded if each not in known}
    return [(each, known[each]) for each in loaded]


def linked(loaded: list[tuple[Loaded, Image]]) -> set[Image]:
    """The program, and what it is linked with, be it by others: what finds no symbol there need not find another's."""
    by_name = {image.soname or os.path.basename(each.name): image for each, image in loaded[1:]}  # noqa: PTH119  a name
    reached = {image for _, image in loaded[:1]}
    ahead = list(reached)
    while ahead:
        found = {by_name[name] for name in ahead.pop().needed if name in by_name} - reached
        reached |= found
        ahead += found
    return reached


def constant(image: Image) -> Iterator[tuple[int, int, bool]]:
    """Where a library has what it does not write: start, size, and whether that can be executed."""
    magic, start, size, count = _HEADER.unpack(image.process.read(image.base, _HEADER.size))
    if magic != _MAGIC or size != _PHENT:
        raise _malformed(image.process, f"what is loaded at {image.base:#x} does not begin as a library")
    for each in _segments(image.process, image.base + start, count):
        if each.kind == PT_LOAD and each.flags & _PF_R and not each.flags & _PF_W:
            yield image.base + each.address, each.size, bool(each.flags & _PF_X)


def _walk(process: Process, address: int, seen: set[int], namespace: int) -> Iterator[Loaded]:
    while address:
        if address in seen:
            raise _malformed(process, "its loader's list is a circle")
        if len(seen) >= _LOADED_MAX:
            raise _malformed(process, f"its loader's list has more than {_LOADED_MAX} objects")
        seen.add(address)
        base, name, dynamic, address = struct.unpack("<4Q", process.read(address, 32))
        yield Loaded(base, process.string(name, _NAME_MAX) if name else "", dynamic, namespace)


def _segments(process: Process, address: int, count: int) -> list[Segment]:
    if not 0 < count <= _SEGMENTS_MAX:
        raise _malformed(process, f"it says that a program has {count} segments")
    return [Segment(*each) for each in struct.iter_unpack("<IIQQ16xQ8x", process.read(address, count * _PHENT))]


def _first(process: Process, segments: list[Segment]) -> int:
    """The address that a file's beginning is to be loaded at."""
    for each in segments:
        if each.kind == PT_LOAD and each.offset == 0:
            return each.address
    raise _malformed(process, "no segment of it has the ELF header")


def _malformed(process: Process, reason: str) -> MalformedError:
    return MalformedError(errno.ENOEXEC, f"look at the memory of process {process.pid}: {reason}")
