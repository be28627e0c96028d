# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which packets a mirror is to take: struct rte_mirror_select, and its text. Plain Python: needs no DPDK."""

from __future__ import annotations

import socket
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from .pairs import join_pairs, refuse
from .values import (
    check_flag,
    check_number,
    family_of,
    mac,
    one_range,
    prefix,
    protocol,
    ranges,
    split_nested,
    to_flag,
    to_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .values import Address, Numbers

__all__ = ["Flow", "Mac", "Sample", "Select"]

_VERSIONS = {socket.AF_INET: 4, socket.AF_INET6: 6}


class _Said:
    """Says only what is not the default, in a form that can be pasted into a program."""

    __slots__ = ()

    def said(self) -> dict[str, Any]:
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in values.items() if value != default}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, repr=False)
class Mac(_Said):
    """Packets by their Ethernet addresses, struct rte_mirror_mac.

    ``src`` and ``dst`` are like "02:00:00:00:00:01", or "02:00:00:00:00:00/ff:ff:ff:00:00:00" with a mask of the bits
    that count. ``both_ways``: those with src and dst exchanged, too.
    """

    src: str | None = None
    dst: str | None = None
    both_ways: bool = False

    def __post_init__(self) -> None:
        check_flag("mac: both_ways", self.both_ways)
        for key in ("src", "dst"):
            if (value := getattr(self, key)) is not None:
                self._set(**{key: mac(f"mac: {key}", value)})
        if self.src is None and self.dst is None:
            refuse("mac: no bit of any address counts", "give src or dst, or leave mac out")

    def to_text(self) -> str:
        return join_pairs({key: _text(value) for key, value in self.said().items()})

    @classmethod
    def from_text(cls, text: str) -> Mac:
        texts = split_nested("mac", text, ("src", "dst", "both_ways"))
        both_ways = to_flag("mac: both_ways", texts.pop("both_ways", "no"))
        return cls(**texts, both_ways=both_ways)


@dataclass(frozen=True, slots=True, repr=False)
class Flow(_Said):
    """Packets of a flow of IPv4 or IPv6, struct rte_mirror_flow.

    ``src`` and ``dst`` are addresses or prefixes, as text or of ``ipaddress``; ``protocol`` is a number, or a name such
    as "tcp"; ports are a number, a range() or text such as "1024-65535". ``ip_version`` need not be said where an
    address says it. None is any. ``both_ways``: those the other way round, too.
    """

    ip_version: int | None = None
    protocol: int | str | None = None
    src: Address | None = None
    dst: Address | None = None
    src_port: Numbers | None = None
    dst_port: Numbers | None = None
    both_ways: bool = False

    def __post_init__(self) -> None:
        check_flag("flow: both_ways", self.both_ways)
        if self.ip_version is not None:
            check_number("flow: ip_version", self.ip_version, 0, 6)
            if self.ip_version not in {4, 6}:
                refuse(f"flow: ip_version={self.ip_version}: neither 4 nor 6")
        if self.protocol is not None:
            self._set(protocol=protocol("flow: protocol", self.protocol))
        for key in ("src", "dst"):
            self._read_address(key)
        for key in ("src_port", "dst_port"):
            self._read_port(key)
        if not self.said().keys() - {"both_ways"} and self.ip_version is None:
            refuse("flow: nothing is asked for", "say more of it, or leave flow out")

    def said(self) -> dict[str, Any]:
        """Without what an address says."""
        said = _Said.said(self)
        if "src" in said or "dst" in said:
            said.pop("ip_version", None)
        return said

    def to_text(self) -> str:
        return join_pairs({key: _text(value) for key, value in self.said().items()})

    @classmethod
    def from_text(cls, text: str) -> Flow:
        values: dict[str, Any] = {**split_nested("flow", text, _FLOW_KEYS)}
        if "ip_version" in values:
            values["ip_version"] = to_number("flow: ip_version", values["ip_version"])
        values["both_ways"] = to_flag("flow: both_ways", values.get("both_ways", "no"))
        return cls(**values)

    def _read_address(self, key: str) -> None:
        if getattr(self, key) is None:
            return
        text = prefix(f"flow: {key}", getattr(self, key))
        version = _VERSIONS[family_of(text)]
        if self.ip_version not in (None, version):
            refuse(f"flow: {key}={text}: of IPv{version}, but the flow is of IPv{self.ip_version}")
        # A prefix of no bits says no more than which IP it is.
        self._set(ip_version=version, **{key: None if text.endswith("/0") else text})

    def _read_port(self, key: str) -> None:
        if getattr(self, key) is None:
            return
        text = one_range(f"flow: {key}", getattr(self, key), 0xFFFF)
        if text == "0":
            # To the library 0 to 0 is any port.
            refuse(f"flow: {key}=0: not to be had alone", f'use a filter: "{key.replace("_", " ")} 0"')
        self._set(**{key: text})


_FLOW_KEYS = tuple(field.name for field in fields(Flow))


@dataclass(frozen=True, slots=True, repr=False)
class Sample(_Said):
    """One packet in ``one_in``: every one_in-th of a queue or, if ``random``, each with that probability.

    Equal seeds choose equally.
    """

    one_in: int
    random: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("sample", self.one_in, 1, 0xFFFFFFFF)
        check_flag("sample: random", self.random)
        check_number("sample: seed", self.seed, 0, 0xFFFFFFFFFFFFFFFF)
        if self.seed and not self.random:
            refuse(f"sample: seed={self.seed}: nothing is random", "take random=yes, too, or leave it out")

    def to_text(self) -> str:
        pairs = join_pairs({key: _text(value) for key, value in self.said().items() if key != "one_in"})
        return f"{self.one_in},{pairs}" if pairs else str(self.one_in)

    @classmethod
    def from_text(cls, text: str) -> Sample:
        one_in, comma, rest = text.partition(",")
        values = split_nested("sample", rest, ("random", "seed")) if comma else {}
        random = to_flag("sample: random", values.get("random", "no"))
        return cls(to_number("sample", one_in), random, to_number("sample: seed", values.get("seed", "0")))


@dataclass(frozen=True, slots=True, repr=False)
class Select(_Said):
    """Which packets to mirror, struct rte_mirror_select: those that pass every test that is given.

    ``filter`` is an expression of pcap-filter(7). ``vlan`` and ``inner_vlan`` are ids of a packet's first and second
    tag, ``queues`` numbers of the source's queues: one, several, or text such as "100,200-210". ``sample`` comes last,
    and may be just the number. Values are kept as text in one form.
    """

    filter: str | None = None
    mac: Mac | None = None
    vlan: Numbers | None = None
    inner_vlan: Numbers | None = None
    flow: Flow | None = None
    sample: Sample | int | None = None
    queues: Numbers | None = None

    def __post_init__(self) -> None:
        if isinstance(self.sample, int):
            self._set(sample=Sample(self.sample))
        for key, kind in (("filter", str), ("mac", Mac), ("flow", Flow), ("sample", Sample)):
            if not isinstance(getattr(self, key), kind | None):
                raise TypeError(f"{key} must be a {kind.__name__}, not {type(getattr(self, key)).__name__}")
        if self.filter is not None:
            _check_filter(self.filter)
        for key, last in _LAST.items():
            if getattr(self, key) is not None:
                self._set(**{key: ranges(key, getattr(self, key), last)})

    def texts(self) -> dict[str, str]:
        """Every test as text, by its key; "" if it is not given."""
        return {field.name: _text(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Select:
        values: dict[str, Any] = {key: _READ.get(key, str)(text) for key, text in texts.items() if text}
        return cls(**values)


_LAST = {"vlan": 4095, "inner_vlan": 4095, "queues": 0xFFFF}
_READ: dict[str, Any] = {"mac": Mac.from_text, "flow": Flow.from_text, "sample": Sample.from_text}


def _check_filter(expression: str) -> None:
    """Whether it is one that libpcap knows, libpcap says."""
    if not expression.strip():
        refuse("filter is empty", "give an expression, or leave it out for every packet")
    try:
        is_text = b"\0" not in expression.encode()
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        refuse(f"filter={expression!r}: not UTF-8, or has a NUL")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.to_text() if isinstance(value, Mac | Flow | Sample) else str(value)
