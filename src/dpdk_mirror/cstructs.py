# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What C is given for a mirror: a selection as struct rte_mirror_select, and pointers of the user's own."""

from __future__ import annotations

import ctypes
import errno
import socket
from typing import Any

from ._binding import ffi
from .errors import InvalidConfigError, NotFoundError
from .selection import Flow, Mac, Sample, Select
from .values import PROTOCOLS, family_of

__all__ = ["pointer", "select_struct"]

_LIBRARIES: dict[str, ctypes.CDLL] = {}
"""Libraries of offload functions, which stay loaded."""
_CTYPES_POINTERS: Any = (
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_int).__base__,  # of all pointers
    ctypes.CFUNCTYPE(None).__base__,  # of all functions
)


def select_struct(select: Select | None) -> tuple[Any, list[Any]]:
    """C type: const struct rte_mirror_select *, NULL for all; and what it points to, which is to be kept as long."""
    if select is None:
        return ffi.NULL, []
    made = ffi.new("struct rte_mirror_select *")
    kept = [made]  # what a struct points to, cffi frees when only that does

    def keep(value: Any) -> Any:
        kept.append(value)
        return value

    for name in ("queues", "vlans", "inner_vlans"):
        if (text := getattr(select, name)) is not None:
            ranges = [_range(part) for part in text.split(",")]
            setattr(made, name, keep(ffi.new("struct rte_mirror_range[]", ranges)))
            setattr(made, f"nb_{name}", len(ranges))
    if select.filter is not None:
        made.filter = keep(ffi.new("char[]", select.filter.encode()))
    if select.mac is not None:
        made.mac = keep(ffi.new("struct rte_mirror_mac *", _mac(select.mac)))
    if select.flow is not None:
        made.flow = keep(ffi.new("struct rte_mirror_flow *", _flow(select.flow)))
    if isinstance(select.sample, Sample):
        made.sample_one_in, made.sample_random = select.sample.one_in, select.sample.random
        made.sample_seed = select.sample.seed
    return made, kept


def pointer(c_type: str, value: Any) -> Any:
    """An address, a cffi or ctypes pointer, or, of a function, "symbol@library.so", as a pointer of that type."""
    if value is None:
        return ffi.NULL
    if isinstance(value, str) and c_type.endswith("_fn"):
        value = _symbol(value)
    if isinstance(value, _CTYPES_POINTERS):
        if any(type(each).__name__ == "CThunkObject" for each in (value._objects or {}).values()):  # noqa: SLF001  ctypes documents it
            raise TypeError(f"a {c_type} must be C, not Python: no Python runs per packet")
        value = ctypes.cast(value, ctypes.c_void_p).value or 0
    if not isinstance(value, int | ffi.CData) or isinstance(value, bool):
        what = "an address or a cffi or ctypes pointer"
        raise TypeError(f"a {c_type} must be {what}, not {type(value).__name__}")
    return ffi.cast(c_type, value)


def _symbol(text: str) -> int:
    """The address of a function in a library, which is loaded for that and stays so."""
    name, _, library = text.partition("@")
    if not name or not library:
        raise InvalidConfigError(errno.EINVAL, f"find offload function {text!r}: not SYMBOL@LIBRARY.so")
    try:
        loaded = _LIBRARIES.setdefault(library, ctypes.CDLL(library))
        function = getattr(loaded, name)
    except (OSError, AttributeError, ValueError) as error:
        raise NotFoundError(errno.ENOENT, f"find offload function {text}: {error}") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _mac(mac: Mac) -> dict[str, Any]:
    values: dict[str, Any] = {"both_ways": mac.both_ways}
    for key in ("src", "dst"):
        if (text := getattr(mac, key)) is not None:
            address, _, mask = text.partition("/")
            values[key] = [bytes.fromhex(address.replace(":", ""))]
            values[f"{key}_mask"] = [bytes.fromhex((mask or "ff:ff:ff:ff:ff:ff").replace(":", ""))]
    return values


def _flow(flow: Flow) -> dict[str, Any]:
    values: dict[str, Any] = {"ip_version": flow.ip_version or 0, "both_ways": flow.both_ways}
    if flow.protocol is not None:
        values["protocol"] = PROTOCOLS.get(str(flow.protocol)) or int(flow.protocol)
    for key in ("src", "dst"):
        if (text := getattr(flow, key)) is not None:
            address, _, length = text.partition("/")
            data = socket.inet_pton(family_of(address), address)
            values[key], values[f"{key}_len"] = data.ljust(16, b"\0"), int(length or 8 * len(data))
    for key in ("src_port", "dst_port"):
        if (text := getattr(flow, key)) is not None:
            values[key] = _range(text)
    return values
