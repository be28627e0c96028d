# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whether a process is a DPDK application, which one, and whether the library can be loaded into it."""

from __future__ import annotations

import enum
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MirrorError, NotFoundError, NotPermittedError
from . import outside
from .dpdk import STATUS, SocketState, Status, libc_of, release_by_abi, release_in, release_of, status_of
from .memory import executable, images, linked, settled
from .symtab import program_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from .image import Image
    from .process import Process

__all__ = ["EAL_INIT", "EAL_THREADS", "DpdkProcess", "Kind", "identify"]

EAL_THREADS = frozenset({"eal-intr-thread", "dpdk-intr"})
"""Names of the control thread that EAL has wherever it runs: until 23.07, and since."""

EAL_INIT = "rte_eal_init"
"""What every DPDK has."""

_OWN_SOCKET = "DPDK_MIRROR_SOCKET"
_VERSIONS = [f"rte_version_{part}" for part in ("year", "month", "minor", "release")]
# Names of files. What comes before may be anything, and long.
_SHARED = re.compile(rb"/librte_eal\.so\.(\d{1,4})[^/\n]*$", re.MULTILINE)
_OWN = re.compile(rb"/dpdk_mirror/_[^/\n]*\.so")
_YAMA = {1: "only its parents", 2: "only processes with CAP_SYS_PTRACE", 3: "nobody"}


class Kind(enum.StrEnum):
    """How a process comes by its DPDK, which says how a library that is loaded there finds DPDK's functions."""

    SHARED = "shared"
    """The program is linked with DPDK's shared libraries."""
    EXPORTED = "exported"
    """DPDK is part of the program, which was linked with --export-dynamic."""
    STATIC = "static"
    """DPDK is part of the program, and only the program's symbol table names its functions."""
    STRIPPED = "stripped"
    """DPDK is part of the program, and nothing names its functions."""
    LOADED = "loaded"
    """The program has loaded it with dlopen(): others find its functions only if that was with RTLD_GLOBAL."""
    UNKNOWN = "unknown"
    """This user may not know."""


@dataclass(slots=True)
class DpdkProcess:
    """A process with DPDK in it. What this user may not know, or what cannot be found out, is "" or None."""

    pid: int
    name: str
    """As ps -e shows it, but whole: the kernel keeps 15 bytes of it."""
    program: str = ""
    """The path of its file, as the process sees it."""
    user: int | None = None
    started: bool = True
    """Whether EAL runs there."""
    own: bool = False
    """Whether it is Python with dpdk_mirror in it."""
    kind: Kind = Kind.UNKNOWN
    dpdk: str = ""
    """The release, such as 22.11.11, or 22.11 if no more is known."""
    libc: str = ""
    architecture: str = ""
    secondary: bool | None = None
    prefix: str = ""
    """EAL's file prefix."""
    container: str = ""
    namespaces: tuple[str, ...] = ()
    """Those that it does not share with this process."""
    root: str = "/"
    """The folder that it has for its root."""
    tracer: int = 0
    seccomp: bool = False
    plugin: str = ""
    """The version of librte_mirror in it, "unknown" of one that does not say."""
    inert: str = ""
    """Why that does nothing."""
    socket: str = ""
    """The library's own, as the process sees it. Without the library, where that is to have one."""
    telemetry: tuple[str, ...] = ()
    """DPDK's sockets, as the process sees them."""
    permitted: bool = True
    """Whether this user may look into it, and so attach to it."""
    obstacle: str = ""
    """Why librte_mirror cannot be loaded into it, and what to do; "" if nothing is known against it."""


def identify(process: Process) -> DpdkProcess | None:
    """What the process is; None without DPDK. Raises NotFoundError if it ends meanwhile."""
    names = process.thread_names()
    runs = not EAL_THREADS.isdisjoint(names)
    found = DpdkProcess(process.pid, "", started=runs)
    try:
        maps = process.maps_text()
        shared = _SHARED.search(maps)
        if not runs and shared is None:
            return None
        if shared is not None:
            found.kind, found.dpdk = Kind.SHARED, release_by_abi(int(shared[1]))
        found.own = _OWN.search(maps) is not None
    except MirrorError:  # if it matters, the looks that follow say so
        if not runs:
            return None
    _look_outside(process, found)
    try:
        settled(process, lambda: _look_inside(process, found))
    except NotFoundError:  # it ends
        raise
    except NotPermittedError as error:
        found.permitted, found.obstacle = False, _no_rights(error)
    except MirrorError as error:
        process.check()
        found.obstacle = str(error)
    process.check()
    found.obstacle = found.obstacle or _obstacle(found)
    return found


def _look_outside(process: Process, found: DpdkProcess) -> None:
    """What anybody may know, or whoever may read of it."""
    found.name = outside.name(process)
    found.user = outside.status(process, "Uid")
    found.tracer = outside.status(process, "TracerPid")
    found.seccomp = outside.status(process, "Seccomp") > 0
    found.container = outside.container(process)
    try:
        found.namespaces = outside.namespaces(process)
        found.root = process.link("root")
        found.program = process.link("exe").removesuffix(" (deleted)")
        found.architecture = outside.architecture(process)
        found.socket = outside.environment(process, _OWN_SOCKET)
        sockets = outside.sockets(process)
        found.telemetry, found.prefix, found.secondary = sockets.telemetry, sockets.prefix, sockets.secondary
    except MirrorError:
        process.check()


def _look_inside(process: Process, found: DpdkProcess) -> None:
    """What its memory says, in which anything may be a lie."""
    loaded = images(process)
    program = executable(process)
    having = [(each, image) for each, image in loaded[1:] if image.find(EAL_INIT) is not None]
    exported = program.find(EAL_INIT) is not None
    if exported:
        found.kind, find = Kind.EXPORTED, _finder(program)
    elif having:
        own = linked(loaded)
        is_own = any(image in own for _, image in having)
        found.kind, find = Kind.SHARED if is_own else Kind.LOADED, _finder(having[0][1])
    else:
        found.kind, find = _static(process, program)
    found.dpdk = release_of(process, find) or release_in(process, program) or found.dpdk
    found.libc = next((libc for each, image in loaded if (libc := libc_of(process, image, each.name))), "")
    for image in (image for _, image in loaded):
        _look_at_library(process, found, image)
    if exported + len(having) > 1:
        found.obstacle = "DPDK is in it twice, and which one has its ports is not known: load the library at its start"
    elif any(each.namespace for each, _ in having):
        found.obstacle = "it has loaded DPDK with dlmopen(), where no other library can be: load it there with EAL's -d"
    elif not loaded:
        found.obstacle = (
            "it is linked statically with its C library, too, and can load nothing: link it without -static"
        )


def _finder(image: Image) -> Callable[[str], int | None]:
    def find(name: str) -> int | None:
        symbol = image.find(name)
        return None if symbol is None else symbol.address

    return find


def _static(process: Process, program: Image) -> tuple[Kind, Callable[[str], int | None]]:
    """By the symbol table of the program's file."""
    found = program_file(process).find([EAL_INIT, *_VERSIONS])
    known = {name: program.base + symbols[0].value for name, symbols in found.items() if symbols}
    return Kind.STATIC if EAL_INIT in known else Kind.STRIPPED, known.get


def _look_at_library(process: Process, found: DpdkProcess, image: Image) -> None:
    symbol = image.find(STATUS)
    status: Status | None = status_of(process, symbol) if symbol is not None else None
    if status is None:
        if image.soname.startswith("librte_mirror.so") and not found.plugin:
            found.plugin = "unknown"
    elif not found.plugin or not status.inert:
        found.plugin = status.version
        found.socket = status.socket if status.socket_state is SocketState.LISTENS else ""
        found.inert = (status.reason or "it does not say why") if status.inert else ""


def _no_rights(error: NotPermittedError) -> str:
    yama = _YAMA.get(outside.ptrace_scope())
    if yama is None:
        return f"{error.what}; {error.hint}"
    return f"{error.what}: /proc/sys/kernel/yama/ptrace_scope lets {yama} trace it; {error.hint}"


def _obstacle(found: DpdkProcess) -> str:
    here = os.uname().machine
    if found.architecture and found.architecture != here:
        return f"its program is for {found.architecture}, and this is {here}: use one for {here}"
    if found.own:
        return "it is Python that has dpdk_mirror, and makes mirrors by itself: see dpdk_mirror.Mirror"
    if not found.started:
        return "EAL has not started in it: attach once it has"
    if found.tracer:
        return f"process {found.tracer} traces it: end that first"
    if found.kind is Kind.STRIPPED:
        return "nothing names the functions of the DPDK in it: link it with --export-dynamic, or do not strip it"
    return ""
