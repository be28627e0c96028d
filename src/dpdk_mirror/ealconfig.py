# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What EAL is to be started with, checked and made into its arguments."""

from __future__ import annotations

import errno
import mmap
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypedDict

from . import hugepages, pmdinfo
from .errors import ConflictError, InvalidConfigError, NotFoundError, OutOfMemoryError
from .parameter import takes_keywords
from .vdev import Vdev

__all__ = ["EalConfig", "EalOptions", "is_pci"]

_MB = 1 << 20
# A packet buffer beside its data: the pool's header, mbuf, headroom, alignment; and its slot in the pool's ring.
_BUFFER_OVERHEAD = 64 + 128 + 128 + 64
_RING_SLOT = 16
# What EAL, lcores, drivers and rings take. EAL itself starts with 16 MB.
_BASE_MB = 128
# The pools that the library makes for a target, as rte_mirror.h has them: so many buffers of so many bytes; and what
# such a pool takes beside, for lcores' caches and between its chunks of memory: measured with pools of long buffers.
_TARGET_POOLS = ((8191, 2048), (2047, 9216))
_BESIDE_MB = 16
# Ports that may come later can be targets, too.
_LEAST_TARGETS = 4
_MAX_MEMORY_MB = 1 << 24
_HUGEPAGE_SIZE = 2 << 20  # or more
_PCI = re.compile(r"(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]")


def is_pci(devargs: str) -> bool:
    """Whether EAL's devargs name a PCI device, as ``0000:03:00.0`` or ``03:00.0,key=value``."""
    return _PCI.fullmatch(devargs.partition(",")[0]) is not None


def pci_address(devargs: str) -> str:
    """The address as EAL writes it: with its domain, in lower case."""
    address = devargs.partition(",")[0].lower()
    return address if address.count(":") == 2 else f"0000:{address}"


class EalOptions(TypedDict, total=False):
    """EalConfig's fields as keywords."""

    vdevs: Iterable[Vdev | str]
    devices: Iterable[str]
    workers: int
    hugepages: bool | None
    buffers: int
    data_room: int
    targets: int | None
    memory_mb: int | None
    telemetry: bool
    lcores: str | None
    args: Iterable[str]


@takes_keywords()
@dataclass(frozen=True, slots=True)
class EalConfig:
    """How to start EAL.

    vdevs: virtual devices, each a Vdev or a text in EAL's form.
    devices: PCI devices, by address and arguments; no others are touched.
    workers: number of threads for forwarders; may be more than there are CPUs.
    hugepages: True or False; None: use them if enough are free.
    buffers, data_room: number of packet buffers of all pools together, and their size.
    targets: number of ports that will be targets of mirrors; the library may make a pool for each. None: the number of
    devices, at least 4.
    memory_mb: memory for DPDK; None: computed from buffers and targets.
    telemetry: let other processes read DPDK's state through a socket.
    lcores: lcores and their CPUs in the form of EAL's --lcores, instead of workers; the first is the calling thread.
    args: more arguments for EAL. With them, or lcores, EAL is started in a child first: what it refuses it may end the
    process for.
    """

    vdevs: tuple[Vdev | str, ...] = ()
    devices: tuple[str, ...] = ()
    workers: int = 1
    hugepages: bool | None = None
    buffers: int = 65536
    data_room: int = 2048
    targets: int | None = None
    memory_mb: int | None = None
    telemetry: bool = False
    lcores: str | None = None
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_texts()
        for key in ("vdevs", "devices"):
            value = getattr(self, key)
            if isinstance(value, str | Vdev) or not isinstance(value, Iterable):
                raise TypeError(f"{key} must be a list of devices")
            object.__setattr__(self, key, tuple(value))
        for device in self.devices:
            _check_pci(device)

    def _check_texts(self) -> None:
        if isinstance(self.args, str) or not isinstance(self.args, Iterable):
            raise TypeError("args must be a list of arguments")
        object.__setattr__(self, "args", tuple(self.args))
        for text in (*self.args, *([] if self.lcores is None else [self.lcores])):
            if not isinstance(text, str):
                raise TypeError(f"an argument of EAL must be a str, not {type(text).__name__}")
            if not text or "\0" in text:
                refuse(f"argument {text!r}: that is none")

    @property
    def is_ours(self) -> bool:
        """Whether all that EAL is told has been checked here."""
        return self.lcores is None and not self.args

    def _check_numbers(self) -> None:
        for key in ("workers", "buffers", "data_room", "targets", "memory_mb"):
            value = getattr(self, key)
            if value is None and key in ("targets", "memory_mb"):
                continue
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{key} must be an int, not {type(value).__name__}")
        if self.workers < 0:
            refuse(f"workers={self.workers}: less than 0")
        if not 0 <= self.buffers < 1 << 32 or not 1 <= self.data_room <= 0xFFFF:
            refuse(f"buffers={self.buffers} of data_room={self.data_room}: more than a pool of DPDK can have")
        if self.targets is not None and not 0 <= self.targets <= 0xFFFF:
            refuse(f"targets={self.targets}: not within 0 to 65535")
        if self.memory_mb is not None and not 64 <= self.memory_mb <= _MAX_MEMORY_MB:
            refuse(f"memory_mb={self.memory_mb}: not within 64 to {_MAX_MEMORY_MB}")

    def needed_mb(self, page_size: int) -> int:
        """The memory that EAL is to have, in pages of that size."""
        if self.memory_mb is not None:
            return self.memory_mb
        targets = max(_LEAST_TARGETS, len(self.vdevs) + len(self.devices)) if self.targets is None else self.targets
        target_pool = max(_pool_mb(count, data_room, page_size) for count, data_room in _TARGET_POOLS)
        return _BASE_MB + _pool_mb(self.buffers, self.data_room, page_size) + targets * (target_pool + _BESIDE_MB)

    def checked_vdevs(self) -> list[Vdev]:
        """The virtual devices, once no driver's file speaks against any of them."""
        pmdinfo.note_loaded(self.args)
        vdevs = [vdev if isinstance(vdev, Vdev) else Vdev.parse(vdev) for vdev in self.vdevs]
        names = set()
        for vdev in vdevs:
            vdev.check()
            if vdev.name in names:
                raise ConflictError(errno.EEXIST, f"start EAL with {vdev}: there are two devices of that name")
            names.add(vdev.name)
        return vdevs

    def arguments(self, max_lcores: int) -> list[str]:
        """EAL's command line. What EAL would refuse is refused here: some releases then end the process.

        Unless hugepages is False, it holds as long as nobody else takes any: until the end of hugepages.turn().
        """
        arguments = ["dpdk-mirror", "--lcores", self._lcores(max_lcores)]
        arguments += self._memory()
        if not self.telemetry:
            arguments.append("--no-telemetry")
        if not self.devices:
            arguments.append("--no-pci")
        for device in self.devices:
            arguments += ["-a", device]
        return [*arguments, *self.args]

    def _lcores(self, max_lcores: int) -> str:
        """Lcore 0 on all CPUs that the process may use, each worker from 1 on on one of them, in turns.

        EAL pins the thread that starts it to lcore 0's, and threads and processes that this starts inherit that: so it
        changes nothing for them.
        """
        if self.lcores is not None:
            return self.lcores
        if self.workers >= max_lcores:
            refuse(f"workers={self.workers}: this DPDK has {max_lcores - 1} at most")
        cpus = sorted(os.sched_getaffinity(0))
        main = f"0@({','.join(map(str, cpus))})"
        # The first worker stays clear of the first CPU, which is where the rest of the process tends to run.
        return ",".join([main, *(f"{worker}@{cpus[worker % len(cpus)]}" for worker in range(1, self.workers + 1))])

    def _memory(self) -> list[str]:
        if self.hugepages is not False:
            needed = self.needed_mb(_HUGEPAGE_SIZE)
            free = hugepages.free_mb(needed)
            if free >= needed:
                # With -m, EAL takes them as it starts, and not as they are needed.
                return ["--in-memory", "-m", str(needed)]
            if self.hugepages:
                hint = "reserve more, or hugepages=None"
                _lack(f"{needed} MB of hugepages", f"{free} MB are free and may be used", hint)
        needed, available = self.needed_mb(mmap.PAGESIZE), available_mb()
        if needed > available:
            _lack(f"{needed} MB of memory", f"{available} MB are available", "ask for fewer buffers, targets or queues")
        return ["--no-huge", "--no-shconf", "-m", str(needed)]


def _pool_mb(count: int, data_room: int, page_size: int) -> int:
    size = -(-(data_room + _BUFFER_OVERHEAD) // 64) * 64
    # DPDK's pools do not let a buffer cross the end of a page that it would fit into.
    size = page_size // (page_size // size) if size <= page_size else -(-size // page_size) * page_size
    return -(-count * (size + _RING_SLOT) // _MB)


def refuse(reason: str, hint: str = "") -> NoReturn:
    raise InvalidConfigError(errno.EINVAL, f"start EAL with {reason}", hint)


def _lack(what: str, why: str, hint: str) -> NoReturn:
    raise OutOfMemoryError(errno.ENOMEM, f"start EAL with {what}: {why}", hint)


def _check_pci(devargs: object) -> None:
    if not isinstance(devargs, str):
        raise TypeError(f"a device must be a str, not {type(devargs).__name__}")
    if not is_pci(devargs) or not devargs.isprintable():
        refuse(f"device {devargs!r}: not a PCI address with arguments", "virtual devices go into vdevs")
    if not Path("/sys/bus/pci/devices", pci_address(devargs)).exists():
        what = f"start EAL with device {devargs}: no device with this address on this machine"
        raise NotFoundError(errno.ENODEV, what)


def available_mb() -> int:
    """Memory that can be had without swapping."""
    meminfo = Path("/proc/meminfo").read_text(encoding="ascii")
    match = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    return int(match[1]) // 1024 if match is not None else _MAX_MEMORY_MB
