# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""PCI devices: which of DPDK's drivers takes one, what it is bound to, and how to bind it. Needs no extension."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InvalidConfigError, NotFoundError
from .pmdinfo import PciId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .pmdinfo import Driver

__all__ = ["Advice", "PciDevice", "Wanted", "advise", "find_devices", "parse_wanted", "takers"]

_SYSFS = Path("/sys")
_VFIO = "vfio-pci"
# What gives a device to user space, best first. Other drivers of the kernel's, which DPDK's name, keep it.
_FOR_ALL = (_VFIO, "uio_pci_generic", "igb_uio")
_ADDRESS = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])")
_ID = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")


@dataclass(frozen=True, slots=True)
class PciDevice:
    """A device of this machine. ``driver`` is the kernel's, "" for none; ``up`` are interfaces that are."""

    address: str
    ids: PciId
    driver: str
    interfaces: tuple[str, ...]
    up: tuple[str, ...]
    iommu_group: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: the devices of an id, or the one at an address."""

    ids: PciId
    address: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether DPDK can have a device as it is; else what to know, and what to run, as root, in this order."""

    ready: bool
    says: str
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def parse_wanted(text: str) -> Wanted:
    """``8086:1572``, or the address of a device, ``0000:03:00.0`` or ``03:00.0``."""
    if match := _ID.fullmatch(text.lower()):
        return Wanted(PciId(int(match[1], 16), int(match[2], 16), None, None))
    if match := _ADDRESS.fullmatch(text.lower()):
        address = f"{match[1] or '0000'}:{match[2]}"
        for device in _devices():
            if device.address == address:
                return Wanted(device.ids, address)
        raise NotFoundError(errno.ENODEV, f"look for device {text}: this machine has none at that address")
    what = f"look for device {text}: that is no id and no address of a PCI device"
    raise InvalidConfigError(errno.EINVAL, what, "write 8086:1572, or 0000:03:00.0")


def find_devices(wanted: Wanted) -> list[PciDevice]:
    """Those of this machine that are meant, by address."""
    return [
        device
        for device in _devices()
        if (device.address == wanted.address if wanted.address else _covers(wanted.ids, device.ids))
    ]


def takers(ids: PciId, drivers: Iterable[Driver]) -> list[Driver]:
    """The drivers that take such a device. Of an id without a subsystem, also those that take some of its devices."""
    return [driver for driver in drivers if any(_meet(each, ids) for each in driver.pci_ids)]


def advise(device: PciDevice, driver: Driver) -> Advice:
    """How that driver of DPDK's gets the device."""
    kernels = _kernel_drivers(driver)
    is_shared = not set(kernels) & set(_FOR_ALL)
    if device.driver in kernels:
        return Advice(ready=True, says="DPDK works beside that driver" if is_shared else "ready for DPDK")
    if is_shared:
        kernel = next((each for each in kernels if each.endswith("_core")), kernels[-1])
        return Advice(ready=False, says=f"DPDK works beside {kernel}", commands=(_bind(kernel, device.address),))
    kernel = next(each for each in _FOR_ALL if each in kernels)
    says = f"DPDK takes it from {kernel}"
    return Advice(ready=False, says=says, notes=tuple(_notes(device)), commands=tuple(_commands(device, kernel)))


def _notes(device: PciDevice) -> Iterator[str]:
    for name in device.up:
        yield f"{name} is up: the kernel loses it, and so does whoever is connected by it"
    if not device.iommu_group:
        yield "no IOMMU: start the kernel with intel_iommu=on or amd_iommu=on; or do without, where that is acceptable"
        return
    others = [
        each.address
        for each in _devices()
        if each.iommu_group == device.iommu_group
        and each.address != device.address
        and each.driver not in {"", "pcieport", *_FOR_ALL}
    ]
    if others:
        yield f"{', '.join(others)} is in the same IOMMU group, and has to be bound, too, or unbound"


def _commands(device: PciDevice, kernel: str) -> Iterator[str]:
    if not (_SYSFS / "bus/pci/drivers" / kernel).is_dir():
        yield f"modprobe {kernel}"
    if kernel == _VFIO and not device.iommu_group:
        yield "echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
    yield from (f"ip link set {name} down" for name in device.up)
    yield _bind(kernel, device.address)


def _bind(driver: str, address: str) -> str:
    return f"dpdk-devbind.py --bind={driver} {address}"


def _kernel_drivers(driver: Driver) -> list[str]:
    """What the driver's file says that a device is to be bound to: "* igb_uio | vfio-pci", "* mlx5_core & mlx5_ib"."""
    words = [_VFIO if word == "vfio" else word for word in re.split(r"[\s|&*]+", driver.kmod) if word]
    return words or list(_FOR_ALL)


def _devices() -> Iterator[PciDevice]:
    for path in sorted((_SYSFS / "bus/pci/devices").glob("*")):
        ids = [_number(path / name) for name in ("vendor", "device", "subsystem_vendor", "subsystem_device")]
        if ids[0] is None:
            continue  # it has just gone
        # Some devices have another of the kernel's between them and their interfaces: virtio2/net/eth0.
        interfaces = {each.name: each for where in ("net/*", "*/net/*") for each in path.glob(where)}
        yield PciDevice(
            address=path.name,
            ids=PciId(ids[0], *ids[1:]),
            driver=_link(path / "driver"),
            interfaces=tuple(sorted(interfaces)),
            up=tuple(name for name, each in sorted(interfaces.items()) if _is_up(each)),
            iommu_group=_link(path / "iommu_group"),
        )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None


def _link(path: Path) -> str:
    """What a link of sysfs leads to, by name; "" if it is not there."""
    try:
        return path.readlink().name
    except OSError:
        return ""


def _is_up(interface: Path) -> bool:
    flags = _number(interface / "flags")
    return flags is not None and bool(flags & 1)  # IFF_UP


def _covers(wanted: PciId, ids: PciId) -> bool:
    return all(want is None or want == has for want, has in zip(wanted.parts, ids.parts, strict=True))


def _meet(taken: PciId, ids: PciId) -> bool:
    """Whether some device is both."""
    return all(None in pair or pair[0] == pair[1] for pair in zip(taken.parts, ids.parts, strict=True))
