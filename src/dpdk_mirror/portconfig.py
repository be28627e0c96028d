# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How a port is to be set up, and DPDK's names of offloads."""

from __future__ import annotations

import errno
import functools
from dataclasses import dataclass
from typing import Any, TypedDict

from ._binding import ffi, lib
from .errors import InvalidConfigError, UnsupportedError
from .parameter import takes_keywords

__all__ = ["PortConfig", "PortOptions", "offload_names"]


class PortOptions(TypedDict, total=False):
    """PortConfig's fields as keywords."""

    rx_queues: int
    tx_queues: int
    rx_descriptors: int
    tx_descriptors: int
    rx_offloads: tuple[str, ...]
    tx_offloads: tuple[str, ...]
    multi_segs: bool
    promiscuous: bool
    mtu: int


@takes_keywords()
@dataclass(frozen=True, slots=True)
class PortConfig:
    """How to set up a port.

    Descriptors are per queue; 0 is the driver's default. Offloads have DPDK's names, without prefix. ``multi_segs``
    enables SCATTER on rx and MULTI_SEGS on tx, which frames of several buffers need, where the driver has them.
    ``mtu`` 0 is the driver's default.
    """

    rx_queues: int = 1
    tx_queues: int = 1
    rx_descriptors: int = 0
    tx_descriptors: int = 0
    rx_offloads: tuple[str, ...] = ()
    tx_offloads: tuple[str, ...] = ()
    multi_segs: bool = True
    promiscuous: bool = True
    mtu: int = 0

    def __post_init__(self) -> None:
        for name in ("rx_queues", "tx_queues", "rx_descriptors", "tx_descriptors", "mtu"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} must be an int, not {type(value).__name__}")
            if not 0 <= value <= 0xFFFF:
                raise InvalidConfigError(errno.ERANGE, f"set up a port with {name}={value}: not within 0 to 65535")
        if self.rx_queues == self.tx_queues == 0:
            raise InvalidConfigError(errno.EINVAL, "set up a port with no queue: it could neither receive nor transmit")

    def to_c(self, info: Any, pool: Any) -> Any:
        """C type: ``struct ffi_port_config *``, for the port that ``info`` (``struct ffi_port_info *``) describes."""
        rx = _enabled("rx", self.rx_offloads, info.rx_capabilities)
        tx = _enabled("tx", self.tx_offloads, info.tx_capabilities)
        if self.multi_segs:
            rx |= info.rx_capabilities & _bits("rx")["SCATTER"]
            tx |= info.tx_capabilities & _bits("tx")["MULTI_SEGS"]
        config = ffi.new("struct ffi_port_config *")
        for name in ("rx_queues", "tx_queues", "rx_descriptors", "tx_descriptors", "mtu", "promiscuous"):
            setattr(config, name, getattr(self, name))
        config.pool, config.rx_offloads, config.tx_offloads = pool, rx, tx
        return config


def offload_names(way: str, offloads: int) -> frozenset[str]:
    """The names of a set of offloads; ``way`` is "rx" or "tx"."""
    return frozenset(name for name, bit in _bits(way).items() if offloads & bit)


def _enabled(way: str, names: tuple[str, ...], capabilities: int) -> int:
    able = offload_names(way, capabilities)
    for name in names:
        if name not in able:
            have = ", ".join(sorted(able)) or "none"
            raise UnsupportedError(
                errno.ENOTSUP, f"enable the {way} offload {name}: the port's driver does not have it", f"it has {have}"
            )
    return sum(_bits(way)[name] for name in set(names))


@functools.cache
def _bits(way: str) -> dict[str, int]:
    """DPDK's offloads: name to bit."""
    bits = {}
    name = ffi.new("char[]", lib.FFI_PORT_NAME_SIZE)
    for bit in (1 << i for i in range(64)):
        lib.ffi_port_offload_name(way == "tx", bit, name)
        bits[ffi.string(name).decode()] = bit
    bits.pop("UNKNOWN", None)
    return bits
