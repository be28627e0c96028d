# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The drivers that the installed DPDK has, read from their ELF files. Needs neither the extension nor EAL."""

from __future__ import annotations

import contextlib
import difflib
import errno
import functools
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "Driver",
    "PciId",
    "driver_directory",
    "drivers",
    "installed_release",
    "library_directories",
    "note_loaded",
    "read_only_data",
    "virtual_driver_of",
]

_ANY = 0xFFFF
_INFO = re.compile(rb"PMD_INFO_STRING= (\{[^\0]*\})\0")
_loaded: set[Path] = set()
"""Files that EAL is told to load, -d; one that is not there may be found by the dynamic loader."""
# EAL knows some drivers under a second name, which their files do not tell.
_ALIASES = {"net_bonding": "eth_bond", "net_virtio_user": "virtio_user"}


@dataclass(frozen=True, slots=True)
class PciId:
    """A PCI device that a driver is for; None: whichever."""

    vendor: int
    device: int | None
    subsystem_vendor: int | None
    subsystem_device: int | None

    @property
    def parts(self) -> tuple[int | None, ...]:
        return self.vendor, self.device, self.subsystem_vendor, self.subsystem_device

    def __str__(self) -> str:
        return ":".join("*" if part is None else f"{part:04x}" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver, as its file describes it.

    ``params`` is the driver's own text on its devargs, ``devargs`` the keys in it. Neither need be complete.
    """

    name: str
    path: Path
    params: str
    devargs: tuple[str, ...]
    pci_ids: tuple[PciId, ...]
    kmod: str

    @property
    def virtual(self) -> bool:
        """Whether it is for no PCI device."""
        return not self.pci_ids

    @property
    def names(self) -> tuple[str, ...]:
        """All the names that EAL may know it by."""
        return self.name, _ALIASES.get(self.name, re.sub("^net_", "eth_", self.name))

    def refuses(self, key: str) -> bool:
        """Whether the driver takes no such devarg, as far as its file tells.

        It is believed only where it describes its devargs at all, and where the key is no string in it either:
        several drivers take more than they say.
        """
        if not self.devargs or f"{key}=" in self.params:
            return False
        return key.encode() + b"\0" not in read_only_data(self.path)


def driver_directory() -> Path:
    """Where EAL of the loaded, else of the installed, DPDK takes its drivers from; NotFoundError if nowhere."""
    for library_directory in library_directories():
        # One for each ABI that is installed; EAL takes the one of its own.
        found = sorted(library_directory.glob("dpdk/pmds-*"), key=_version)
        if found:
            return found[-1]
    raise NotFoundError(
        errno.ENOENT, "look for DPDK's drivers: no folder of them is found", "is DPDK installed with shared libraries?"
    )


def installed_release() -> str:
    """The release of DPDK that programs are built with here, such as 22.11.11; "" if there is none."""
    return _output_of("pkg-config", "--modversion", "libdpdk").strip()


@functools.cache
def drivers(directory: Path | None = None) -> tuple[Driver, ...]:
    """All drivers in a folder, EAL's own by default, by name."""
    files = _files_in(directory or driver_directory())
    return tuple(sorted((driver for path in files for driver in _drivers_in(path)), key=lambda driver: driver.name))


def driver_names() -> list[str]:
    """Only their names, wherever in their files they stand, which is found sooner."""
    found = (_INFO.findall(path.read_bytes()) for path in _files_in(driver_directory()))
    return sorted({json.loads(info)["name"] for infos in found for info in infos})


def note_loaded(arguments: Sequence[str]) -> None:
    """Drivers in what EAL is told to load, a file or a folder, are known from now on."""
    for at, argument in enumerate(arguments):
        if argument == "-d":
            _loaded.update(map(Path, arguments[at + 1 : at + 2]))
        elif argument.startswith("-d"):
            _loaded.add(Path(argument[2:]))


def _drivers_loaded() -> Iterator[Driver]:
    for path in _loaded:
        for file in _files_in(path) if path.is_dir() else {path}:
            yield from _drivers_in(file)


def _files_in(directory: Path) -> set[Path]:
    return {path.resolve() for path in directory.glob("*.so*")}


def virtual_driver_of(device: str) -> Driver | None:
    """The driver of a virtual device, which is the one whose name the device's begins with.

    None when nothing is known about drivers here; NotFoundError when there is none of that name.
    """
    try:
        known = drivers()
    except NotFoundError:
        return None
    every = (*known, *_drivers_loaded())
    fitting = [(len(name), driver) for driver in every for name in driver.names if device.startswith(name)]
    virtual = [(length, driver) for length, driver in fitting if driver.virtual]
    if virtual:
        return max(virtual, key=lambda pair: pair[0])[1]
    what = f"look for the driver of {device}"
    if fitting:
        name = fitting[0][1].name
        raise NotFoundError(errno.ENODEV, f"{what}: {name} is for PCI devices", "give the device's PCI address")
    if not all(path.exists() for path in _loaded):
        return None
    near = _nearest(device, [driver.name for driver in every if driver.virtual])
    hint = f"did you mean {' or '.join(near)}?" if near else "dpdk-mirror drivers lists them"
    raise NotFoundError(errno.ENODEV, f"{what}: DPDK has no virtual driver of that name", hint)


def _nearest(device: str, names: list[str]) -> list[str]:
    """The names most like the beginning of a device's name, wherever its driver's part ends."""
    near: list[str] = []
    stem = re.sub(r"\d+$", "", device)
    while stem:
        near += difflib.get_close_matches(stem, names, cutoff=0.75)
        stem = stem.rpartition("_")[0]
    return list(dict.fromkeys(near))[:3]


def _version(directory: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", directory.name)]


def library_directories() -> Iterator[Path]:
    """Folders with librte_eal: of the one in this process, of the one to build with, of those the loader knows."""
    with contextlib.suppress(OSError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        yield from (Path(path).parent for path in re.findall(r"(/.*/librte_eal\.so\S*)", maps)[:1])
    output = _output_of("pkg-config", "--variable=libdir", "libdpdk").strip()
    if output:
        yield Path(output)
    output = _output_of("/sbin/ldconfig", "-p")
    yield from (Path(path).parent for path in re.findall(r"=> (/.*/librte_eal\.so\S*)", output))


def _output_of(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


@functools.cache
def read_only_data(path: Path) -> bytes:
    """Texts and constants of a library; nothing of what is none."""
    # Few commands come here, and a tenth of the time that starting takes is for these.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with path.open("rb") as stream:
            section = ELFFile(stream).get_section_by_name(".rodata")
            return section.data() if section is not None else b""
    except (ELFError, OSError):
        return b""  # not a library: some are linker scripts


def _drivers_in(path: Path) -> Iterator[Driver]:
    data = read_only_data(path)
    for match in _INFO.finditer(data):
        info = json.loads(match[1])
        params, devargs = _read_params(info.get("params", ""), data)
        yield Driver(
            name=info["name"],
            path=path,
            params=params,
            devargs=devargs,
            pci_ids=tuple(_pci_id(*ids) for ids in info.get("pci_ids", ())),
            kmod=info.get("kmod", "").strip(),
        )


def _read_params(text: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text with blanks before its keys, which drivers write as "key=<type>key=a|bkey=c", too; and the keys.

    Where a value without an end comes before it, a key is the longest that a string in the driver's file ends in.
    """
    keys = []

    def part(match: re.Match[str]) -> str:
        before, word = match[1], match[2]
        glued = before.isdigit() or before in ("|", ":")
        suffixes = [word[start:] for start in range(len(word))] if glued else [word]
        key = next((suffix for suffix in suffixes if suffix.encode() + b"\0" in data), word)
        keys.append(key)
        head = before + word.removesuffix(key)
        return f"{head} {key}=" if head and head not in "([<{," else f"{head}{key}="

    spaced = re.sub(r"(\S?)(?<![A-Za-z_-])([A-Za-z_][\w-]*)=", part, text)
    return " ".join(spaced.split()), tuple(dict.fromkeys(keys))


def _pci_id(vendor: int, device: int, subsystem_vendor: int, subsystem_device: int) -> PciId:
    rest = (None if part == _ANY else part for part in (device, subsystem_vendor, subsystem_device))
    return PciId(vendor, *rest)
