# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Virtual devices by name and devargs."""

from __future__ import annotations

import difflib
import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from . import pmdinfo
from .errors import InvalidConfigError
from .parameter import takes_keywords

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Vdev"]

# EAL's RTE_DEV_NAME_MAX_LEN, without the terminating 0.
_MAX_NAME = 63
# A net_ring device has up to 16 rings called ETH_RXTX15_<name>, and fails halfway, in silence, when that is too long.
_MAX_RING_NAME = 17


@takes_keywords(otherwise='for an argument of the driver, give args=("{}=...",)')
@dataclass(frozen=True, slots=True)
class Vdev:
    """A virtual device: a driver, a name and the driver's arguments.

    EAL tells a device's driver by its name, so a name that does not begin with the driver's gets that in front:
    ``Vdev("net_ring", "source").name`` is ``net_ring_source``.

    Each argument is ``key=value``, or a form of the driver's own. The constructors for drivers take them as keywords:
    a list stands for the same key several times, a bool for 0 or 1; keys with a hyphen go as ``**{"no-rx": 1}``.
    """

    driver: str
    name: str
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(isinstance(text, str) for text in (self.driver, self.name, *self.args)):
            raise TypeError("a Vdev's driver, name and arguments must be str")
        if not self.name.startswith(self.driver):
            between = "" if self.name[:1].isdigit() else "_"
            object.__setattr__(self, "name", f"{self.driver}{between}{self.name}")
        self._check_name()
        for arg in self.args:
            if len(list(_split(arg))) != 1 or not arg.strip() or not arg.isprintable():
                self._refuse(f"{arg!r} is not one argument")

    @classmethod
    def ring(cls, name: str, **args: object) -> Vdev:
        """A queue in memory: what is sent on it is received from it."""
        return cls("net_ring", name, _join(args))

    @classmethod
    def null(cls, name: str, **args: object) -> Vdev:
        """A source of endless zeroes, which discards what is sent on it."""
        return cls("net_null", name, _join(args))

    @classmethod
    def tap(cls, name: str, **args: object) -> Vdev:
        """A network interface of the kernel; ``iface`` names it."""
        return cls("net_tap", name, _join(args))

    @classmethod
    def pcap(cls, name: str, **args: object) -> Vdev:
        """Read ``rx_pcap`` and write ``tx_pcap``, or use ``iface`` through libpcap."""
        return cls("net_pcap", name, _join(args))

    @classmethod
    def parse(cls, devargs: str) -> Vdev:
        """A device from EAL's form, ``net_tap0,iface=t0``; NotFoundError if its driver is none of this DPDK."""
        name, *args = _split(devargs)
        if not name:
            raise InvalidConfigError(errno.EINVAL, f"virtual device {devargs!r}: no driver is given")
        driver = pmdinfo.virtual_driver_of(name)
        if driver is None:
            return cls(name.rstrip("0123456789"), name, tuple(args))
        return cls(next(known for known in driver.names if name.startswith(known)), name, tuple(args))

    def __str__(self) -> str:
        return self.devargs

    @property
    def devargs(self) -> str:
        """The device in EAL's form."""
        return ",".join((self.name, *self.args))

    @property
    def params(self) -> str:
        """What the driver's file says about its arguments; "" when nothing."""
        driver = pmdinfo.virtual_driver_of(self.name)
        return driver.params if driver is not None else ""

    def check(self) -> None:
        """Refuses, as far as the drivers' files tell, a driver that is not there and arguments that it does not take.

        EAL itself would only say that it cannot attach the device, or not even that.
        """
        driver = pmdinfo.virtual_driver_of(self.name)
        if driver is None:
            return
        if driver.name == "net_ring" and not self.args and len(self.name.encode()) > _MAX_RING_NAME:
            self._refuse(f"the name of a net_ring device may have {_MAX_RING_NAME} bytes")
        for arg in self.args:
            key = arg.partition("=")[0]
            if "(" not in key and driver.refuses(key):
                near = difflib.get_close_matches(key, driver.devargs)
                self._refuse(
                    f"{driver.name} takes no {key!r}",
                    f"did you mean {' or '.join(near)}?" if near else f"it takes {', '.join(driver.devargs)}",
                )

    def _check_name(self) -> None:
        if not self.driver or self.name == f"{self.driver}_":
            self._refuse("it has no driver, or no name")
        if not self.name.isprintable() or any(c.isspace() or c in ",=()[]" for c in self.name):
            self._refuse("its name has a character that EAL's devargs cannot have there")
        if len(self.name.encode()) > _MAX_NAME:
            self._refuse(f"its name is longer than {_MAX_NAME} bytes")

    def _refuse(self, reason: str, hint: str = "") -> NoReturn:
        raise InvalidConfigError(errno.EINVAL, f"virtual device {self.name!r}: {reason}", hint)


def _split(devargs: str) -> Iterable[str]:
    """The parts between commas; those in brackets part nothing."""
    depth, start = 0, 0
    for position, character in enumerate(devargs):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth <= 0:
            yield devargs[start:position]
            start = position + 1
    yield devargs[start:]


def _join(args: dict[str, object]) -> tuple[str, ...]:
    values = ((key, value if isinstance(value, list | tuple) else [value]) for key, value in args.items())
    return tuple(f"{key}={int(v) if isinstance(v, bool) else v}" for key, each in values for v in each)
