# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Load librte_mirror into a DPDK application that runs and was never prepared for it.

Everything is checked from outside first. Then one of EAL's own threads, which sleeps in the kernel, is made to call
dlopen(); pollers never stop.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import (
    BusyTimeoutError,
    ConflictError,
    MirrorError,
    NoPluginError,
    NotFoundError,
    NotPermittedError,
    UnsupportedError,
)
from . import outside
from .cpus import elsewhere
from .dpdk import STATUS, SocketState, Status, status_of
from .hidden import FP_OPS, check_alone, check_fp_ops, with_hidden
from .identify import DpdkProcess, Kind, identify
from .inject import Injector
from .libc import Libc, find_libc
from .memfd import memfd
from .memory import images, settled
from .parked import Parked, check_free, find_parked
from .scope import carriers
from .seccomp import forbidden
from .socketpath import check_socket, choose_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .image import Image
    from .library import Library
    from .process import Process

__all__ = ["TIMEOUT_S", "Attachment", "Options", "load"]

TIMEOUT_S = 10.0
"""How long the application's dynamic loader may be busy with other libraries."""

_RTLD_NOW, _RTLD_NOLOAD, _RTLD_GLOBAL = 2, 4, 0x100
_LOOK_S = 0.001
_NAMED_MAX = 5
# For the file in memory, what the loader opens, the library's socket, and a client of that.
_FILES_MIN = 4
_AT_START = "load the library when it starts, with EAL's -d"


@dataclass(frozen=True, slots=True)
class Attachment:
    """What has been done. ``stops_s`` is how long one thread of the application stood still, each time."""

    process: DpdkProcess
    version: str
    loaded: bool
    """Whether the library has been loaded now; else it was there."""
    socket: str
    """The library's own, as the process sees it; "" if it has none."""
    thread: str
    stops_s: tuple[float, ...]
    took_s: float


class _Target:
    """A process that is being attached to."""

    def __init__(self, process: Process, found: DpdkProcess, timeout_s: float) -> None:
        self.process = process
        self.found = found
        self.timeout_s = timeout_s
        self.libc: Libc = find_libc(process)
        self.parked: Parked = find_parked(process)
        check_free(process, self.parked)
        self.injector = Injector(process, self.parked, self.libc, timeout_s)
        self.is_filtered = outside.status(process, "Seccomp", self.parked.tid) > 0

    def call(self, function: int, *arguments: int | bytes, check: Callable[[], None] = lambda: None) -> None:
        self.injector.call(function, *arguments, check=check)


@dataclass(frozen=True, slots=True)
class Options:
    """How to attach."""

    socket: str = ""
    """A path as the process sees it, for a socket of the library's own; "": it chooses one where telemetry is off."""
    dry_run: bool = False
    """Make all checks, and change nothing."""
    force: bool = False
    """Go on where it cannot be read what the process's seccomp filters allow."""
    timeout_s: float = TIMEOUT_S


def load(process: Process, library: Callable[[str], Library], options: Options, busy: Mapping[int, int]) -> Attachment:
    """Load what ``library`` gives for a DPDK release, unless it is there; and have it listen if telemetry does not.

    ``busy`` is what ``busy_cpus()`` says.
    """
    try:
        return _attach(process, library, options, busy)
    except MirrorError:
        # Whatever it looks like: if it has ended, that is why.
        process.check()
        raise


def _attach(
    process: Process, library: Callable[[str], Library], options: Options, busy: Mapping[int, int]
) -> Attachment:
    began = time.monotonic()
    found = _identified(process)
    is_there = bool(found.plugin) and not found.inert
    wants_socket = _wants_socket(found, options.socket)
    if is_there and not wants_socket:
        return _result(found, began)
    _check_machine(process, found)
    chosen, carried = (None, []) if is_there else _choose(process, found, library)
    _check_files(process)
    if wants_socket and options.socket:
        check_socket(process, options.socket)
    target = _Target(process, found, options.timeout_s)
    path = _path_for(target, chosen, _forbidden(target, force=options.force))
    if options.dry_run:
        return _result(found, began, target)
    with elsewhere(process, target.parked.tid, busy):
        loaded = _load(target, chosen, carried, path) if chosen is not None else None
        image = _library_in(process, loaded)
        status = _check_works(process, image)
        if wants_socket:
            status = _listen(target, image, options.socket or choose_socket(process))
    found.plugin, found.inert = status.version, ""
    found.socket = status.socket if status.socket_state is SocketState.LISTENS else ""
    return _result(found, began, target, loaded=loaded is not None and image.base == loaded.base)


def _result(found: DpdkProcess, began: float, target: _Target | None = None, *, loaded: bool = False) -> Attachment:
    thread, stops_s = ("", ()) if target is None else (target.parked.comm, tuple(target.injector.stops_s))
    version = "" if found.inert else found.plugin
    return Attachment(found, version, loaded, found.socket, thread, stops_s, time.monotonic() - began)


# Checks, which change nothing.


def _identified(process: Process) -> DpdkProcess:
    """What it is, if it has DPDK and this user may know."""
    found = identify(process)
    if found is None:
        what = f"attach to process {process.pid}: it has no DPDK"
        raise NotFoundError(errno.ENOENT, what, "dpdk-mirror apps lists those that have")
    if not found.permitted:
        raise NotPermittedError(errno.EPERM, f"attach to process {process.pid}: {found.obstacle}")
    return found


def _wants_socket(found: DpdkProcess, path: str) -> bool:
    """Whether a socket of the library's own is to be opened."""
    if path and found.socket and path != found.socket:
        what = f"attach to process {found.pid}: its library listens at {found.socket} already"
        raise ConflictError(errno.EEXIST, what, "use that: it has one socket of its own at a time")
    return not found.socket and bool(path or not found.telemetry)


def _check_machine(process: Process, found: DpdkProcess) -> None:
    """That its threads can be made to call something."""
    doing = f"attach to process {process.pid}"
    if outside.is_frozen(process):
        raise ConflictError(errno.EBUSY, f"{doing}: its control group is frozen", "thaw it, as by docker unpause")
    if found.architecture != "x86_64" or os.uname().machine != "x86_64":
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: only x86-64 is supported", _AT_START)
    if re.search(r"^x86_Thread_features:.*\bshstk\b", process.text("status"), re.MULTILINE):
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: its threads have shadow stacks", _AT_START)


def _check_files(process: Process) -> None:
    """That it may open some more."""
    limit = outside.file_limit(process)
    if outside.open_files(process, below=limit) > limit - _FILES_MIN:
        what = f"attach to process {process.pid}: it has as many files open as it may, {limit}"
        raise ConflictError(errno.EMFILE, what, f"let it have more: prlimit --pid {process.pid} --nofile={2 * limit}:")


def _choose(process: Process, found: DpdkProcess, library: Callable[[str], Library]) -> tuple[Library, list[str]]:
    """The library for the process, if one can be loaded, and what is to be made known to it."""
    doing = f"attach to process {process.pid}"
    if found.obstacle:
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: {found.obstacle}")
    series = ".".join(found.dpdk.split(".")[:2])
    chosen = library(series)
    if series and chosen.dpdk != series:
        what = f"{doing}: it has DPDK {found.dpdk}, and {chosen.path} is for {chosen.dpdk}"
        hint = f"put one for {series} beside it as librte_mirror-{series}.so, or see dpdk-mirror attach --library"
        raise UnsupportedError(errno.ENOTSUP, what, hint)
    _check_size(process, chosen)
    if found.kind in {Kind.EXPORTED, Kind.STATIC}:
        return replace(chosen, content=with_hidden(process, chosen)), []
    check_alone(process)
    return chosen, carriers(process, chosen)


def _check_size(process: Process, library: Library) -> None:
    """Of the first table that there is, which is the one that all use."""
    sizes = (symbol.size for _, image in images(process) if (symbol := image.find(FP_OPS)) is not None)
    if (size := next(sizes, None)) is not None:
        check_fp_ops(process, size, library)


def _path_for(target: _Target, library: Library | None, lacks: list[str]) -> str:
    """The library's path as the process sees it; "": it makes a file in memory, which it has to see by /proc."""
    process = target.process
    doing = f"attach to process {process.pid}"
    if others := [name for name in lacks if name != "memfd_create"]:
        more = f" and {len(others) - _NAMED_MAX} more" if len(others) > _NAMED_MAX else ""
        what = f"{doing}: it has seccomp filters, which do not allow {', '.join(others[:_NAMED_MAX])}{more}"
        raise UnsupportedError(errno.ENOTSUP, what, _AT_START)
    if library is None or (not lacks and _sees(process, "/proc/thread-self")):
        return ""
    path = str(library.path.resolve())
    if _sees(process, path, library.content):
        return path
    why = "its seccomp filters do not allow memfd_create" if lacks else "it sees no /proc"
    hint = "copy it to where it does, for dpdk-mirror attach --library"
    raise UnsupportedError(errno.ENOTSUP, f"{doing}: {why}, and it does not see {path}", hint)


def _sees(process: Process, path: str, content: bytes | None = None) -> bool:
    """Whether there is something at a path; ``content``: such a file."""
    try:
        flags = os.O_PATH | os.O_NOFOLLOW if content is None else os.O_RDONLY
        with open(process.open_below_root(path, flags), "rb") as file:  # noqa: PTH123  a descriptor
            return content is None or file.read(len(content) + 1) == content
    except (MirrorError, OSError):
        return False


def _forbidden(target: _Target, *, force: bool) -> list[str]:
    """What the thread's seccomp filters do not allow of what it will do; some kill whoever tries."""
    if force or not target.is_filtered:
        return []
    try:
        return forbidden(target.injector.seccomp_filters())
    except (BusyTimeoutError, ConflictError, NotFoundError):
        raise
    except MirrorError as error:
        what = f"attach to process {target.process.pid}: it has seccomp filters, which cannot be read"
        hint = (
            "be root with CAP_SYS_ADMIN; or dpdk-mirror attach --force, if you know that they let libraries be loaded"
        )
        raise NotPermittedError(error.errno, f"{what}: {os.strerror(error.errno)}", hint) from None


# What changes the process.


def _load(target: _Target, library: Library, carried: list[str], path: str) -> Image | None:
    """None: it is not needed any more. ``carried`` is loaded already, and is made known to all."""
    for name in carried:
        target.call(target.libc.dlopen, os.fsencode(name), _RTLD_NOW | _RTLD_NOLOAD | _RTLD_GLOBAL)
    try:
        if path:
            return _open(target, path)
        with memfd(target.process, target.injector, target.libc, library.content) as number:
            return _open(target, _new_name(number, {loaded.name for loaded, _ in images(target.process)}))
    except _LoadedError:
        return None


class _LoadedError(Exception):
    """Another has had the thread load the library meanwhile; who that was may have been killed."""


def _open(target: _Target, path: str) -> Image:
    def check() -> None:
        if _working(target.process) is not None:
            raise _LoadedError

    target.call(target.libc.dlopen, os.fsencode(path), _RTLD_NOW, check=check)
    for loaded, image in images(target.process):
        if loaded.name == path:
            return image
    raise _not_loaded(target)


def _new_name(number: int, names: set[str]) -> str:
    """A path that the loader does not know yet: of a known one it takes what it had by that name."""
    path = f"/proc/thread-self/fd/{number}"  # nothing is below /proc/self once the first thread has ended
    while path in names:
        path = path.replace("/fd/", "/./fd/", 1)
    return path


def _not_loaded(target: _Target) -> MirrorError:
    doing = f"attach to process {target.process.pid}: its dynamic loader refuses the library"
    reason = ""
    if target.libc.dlerror and not target.is_filtered:
        with contextlib.suppress(MirrorError):
            reason = target.injector.text_of(target.libc.dlerror)
    return UnsupportedError(errno.ENOTSUP, f"{doing}: {reason or 'it does not say why'}", _AT_START)


def _working(process: Process) -> Image | None:
    """The library in it that works, if there is one."""

    def look() -> Image | None:
        found = (image for _, image in images(process) if (status := _said(process, image)) and not status.inert)
        return next(found, None)

    return settled(process, look)


def _library_in(process: Process, loaded: Image | None) -> Image:
    """The one that works, or the one that has been loaded: if somebody was faster, that is inert."""
    image = _working(process) or loaded
    if image is None:
        raise _silent(process)
    return image


def _silent(process: Process) -> NoPluginError:
    what = f"attach to process {process.pid}: the librte_mirror in it does not say how it is"
    return NoPluginError(errno.ENOTSUP, what, "it is of an older version: restart the application")


def _check_works(process: Process, image: Image) -> Status:
    """The library's own answer."""
    status = _said(process, image)
    if status is None:
        raise _silent(process)
    if status.inert:
        raise NoPluginError(errno.ENOTSUP, f"attach to process {process.pid}: {status.reason}")
    return status


def _said(process: Process, image: Image) -> Status | None:
    symbol = image.find(STATUS)
    return None if symbol is None else status_of(process, symbol)


def _listen(target: _Target, image: Image, path: str) -> Status:
    """Have the library open a socket of its own, and wait until it listens."""
    process = target.process
    symbol = image.find("rte_mirror_socket_open")
    if symbol is None:
        raise NoPluginError(
            errno.ENOTSUP, f"attach to process {process.pid}: the library in it is too old for a socket"
        )
    target.call(symbol.address, os.fsencode(path))
    deadline = time.monotonic() + target.timeout_s
    while (status := _check_works(process, image)).socket_state in {SocketState.NONE, SocketState.ASKED}:
        if time.monotonic() > deadline:
            what = f"attach to process {process.pid}: its library does not come to listen at {path}"
            raise BusyTimeoutError(errno.ETIMEDOUT, what, "look again with dpdk-mirror apps")
        time.sleep(_LOOK_S)
    if status.socket_state is not SocketState.LISTENS:
        raise UnsupportedError(errno.ENOTSUP, f"attach to process {process.pid}: {status.socket_reason}")
    return status
