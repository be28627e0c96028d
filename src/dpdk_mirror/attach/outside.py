# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the kernel says of a process: whose it is, where it lives, what it listens on."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import MirrorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .process import Process

__all__ = [
    "NAME_MAX",
    "Sockets",
    "architecture",
    "container",
    "effective_user",
    "environment",
    "file_limit",
    "is_frozen",
    "is_stopped",
    "name",
    "namespaces",
    "open_files",
    "ptrace_scope",
    "sockets",
    "status",
    "unix_sockets",
]

NAME_MAX = 15
"""Bytes that the kernel keeps of a program's name."""

_NAMESPACES = ("mnt", "pid", "user", "net", "ipc", "uts", "cgroup")
_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 3: "i386", 0x28: "arm", 0x15: "ppc64le", 0xF3: "riscv64"}
# Docker, containerd, CRI-O and Podman name groups by the container's id, LXC by its name.
_CONTAINER = re.compile(r"([0-9a-f]{64})(?:\.scope)?(?:/|$)|/lxc(?:\.payload)?[./]([\w.-]{1,64})", re.MULTILINE)
# Where control groups of version 2 are; of version 1, below the first.
_FROZEN = re.compile(r"^(frozen 1|FREEZING|FROZEN)$", re.MULTILINE)
_GROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_ENVIRON_MAX = 8 << 20
_DESCRIPTORS_MAX = 1 << 16
_UNIX_MAX = 32 << 20
# Of net/unix: reference count, protocol, flags, type, state, inode, path. Telemetry's listens, and is SEQPACKET.
_UNIX = re.compile(rb"^\S+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]{8} [0-9A-F]{4}) \S+ +(\d+) (/[^\n]*)$", re.MULTILINE)
_LISTENS = b"00010000 0005"
_TELEMETRY = re.compile(r".*/dpdk_telemetry\.v2(:\d+)?")
_MP = re.compile(r".*/mp_socket(_\d+_[0-9a-f]+)?")


@dataclass(frozen=True, slots=True)
class Sockets:
    """What EAL has bound there, paths as the process sees them. ``mp`` is for other processes of its prefix."""

    telemetry: tuple[str, ...]
    mp: str

    @property
    def secondary(self) -> bool:
        """Whether another process has the memory: only then is there a number in the name."""
        match = _MP.fullmatch(self.mp)
        return match is not None and match[1] is not None

    @property
    def prefix(self) -> str:
        """EAL's file prefix, the folder that they are in."""
        return next((Path(path).parent.name for path in (self.mp, *self.telemetry) if path), "")


def name(process: Process) -> str:
    """What the kernel calls it, made whole, where that has been cut off, by how it was called, or by its program."""
    kept = process.text("comm").removesuffix("\n")
    if len(os.fsencode(kept)) < NAME_MAX:
        return kept
    with contextlib.suppress(MirrorError):
        for path in (process.text("cmdline").partition("\0")[0], process.link("exe")):
            whole = PurePosixPath(path).name.removesuffix(" (deleted)")
            if whole.startswith(kept):
                return whole
    return kept


def status(process: Process, field: str, tid: int = 0) -> int:
    """A number of its status, or of a thread's: the first, if there are several; 0 if there is none."""
    text = process.text(f"task/{tid}/status" if tid else "status")
    match = re.search(rf"^{field}:\t(\d{{1,10}})", text, re.MULTILINE)
    return int(match[1]) if match else 0


def is_stopped(process: Process, tid: int) -> bool:
    """Whether a signal has stopped a thread, and with it its process."""
    return re.search(r"^State:\tT", process.text(f"task/{tid}/status"), re.MULTILINE) is not None


def effective_user(process: Process) -> int:
    """Whose rights it has, by the number here."""
    match = re.search(r"^Uid:\t\d+\t(\d+)", process.text("status"), re.MULTILINE)
    return int(match[1]) if match else -1


def architecture(process: Process) -> str:
    """What machine its program is for."""
    descriptor = process.open("exe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        header = os.pread(descriptor, 20, 0)
    finally:
        os.close(descriptor)
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return ""
    (machine,) = struct.unpack_from("<H", header, 18)
    return _MACHINES.get(machine, f"machine {machine}")


def namespaces(process: Process) -> tuple[str, ...]:
    """Those that it does not share with this process."""
    return tuple(_different(process))


def container(process: Process) -> str:
    """The id of its container, as docker ps shows it, or the name; "" if nothing says that it is in one."""
    with contextlib.suppress(MirrorError):
        if match := _CONTAINER.search(process.text("cgroup")):
            return match[1][:12] if match[1] else match[2]
    return ""


def is_frozen(process: Process) -> bool:
    """Whether its control group is, as a paused container's."""
    for line in process.text("cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files = [Path(f"{root}{path}/cgroup.events") for root in _GROUPS]
        elif "freezer" in controllers.split(","):
            files = [Path(f"{_GROUPS[0]}/freezer{path}/freezer.state")]
        else:
            continue
        if any(_FROZEN.search(_read(file)) for file in files):
            return True
    return False


def _read(path: Path) -> str:
    """Nothing, if there is no such file."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def environment(process: Process, name: str) -> str:
    """A variable that it was started with, "" if without."""
    match = re.search(rb"(?:^|\0)" + name.encode() + rb"=([^\0]+)", process.raw("environ", _ENVIRON_MAX))
    return os.fsdecode(match[1]) if match else ""


def ptrace_scope() -> int:
    """Yama's word on who may trace whom; 0 where there is no Yama."""
    try:
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def sockets(process: Process) -> Sockets:
    """Which of its own sockets are EAL's. Another's path may claim to be one: whoever connects asks whose it is."""
    own = set(_inodes(process))
    telemetry, mp = [], ""
    for listens, inode, name in unix_sockets(process.raw("net/unix", _UNIX_MAX)) if own else ():
        if inode not in own:
            continue
        if listens and _TELEMETRY.fullmatch(name):
            telemetry.append(name)
        elif _MP.fullmatch(name):
            mp = name
    return Sockets(tuple(sorted(set(telemetry))), mp)


def unix_sockets(raw: bytes) -> Iterator[tuple[bool, str, str]]:
    """Those with a path in net/unix of a folder in /proc: whether each listens as telemetry does, inode, path."""
    for flags, inode, path in _UNIX.findall(raw):
        yield flags == _LISTENS, inode.decode(), os.fsdecode(path)


def file_limit(process: Process) -> int:
    """Numbers of files that it opens are below."""
    match = re.search(r"^Max open files +(\d{1,18})", process.text("limits"), re.MULTILINE)
    return int(match[1]) if match else _DESCRIPTORS_MAX


def open_files(process: Process, below: int) -> int:
    """How many it has, with numbers below that; more than are looked at count as none."""
    folder = process.open("fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(folder) as entries:
            return sum(int(each.name) < below for each in itertools.islice(entries, _DESCRIPTORS_MAX))
    finally:
        os.close(folder)


def _different(process: Process) -> Iterator[str]:
    for name in _NAMESPACES:
        with contextlib.suppress(MirrorError, OSError):
            if process.link(f"ns/{name}") != str(Path(f"/proc/self/ns/{name}").readlink()):
                yield name


def _inodes(process: Process) -> Iterator[str]:
    """Of the sockets that it has open."""
    folder = process.open("fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _DESCRIPTORS_MAX:
                    return
                with contextlib.suppress(OSError):  # closed meanwhile
                    link = os.readlink(entry.name, dir_fd=folder)
                    if link.startswith("socket:["):
                        yield link[8:-1]
    except OSError:
        return  # it has ended, which others say
    finally:
        os.close(folder)
