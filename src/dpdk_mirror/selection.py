# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which packets a mirror is to take: struct rte_mirror_select, and its text. Plain Python: needs no DPDK."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypedDict

from .pairs import join_pairs, refuse
from .parameter import add_places, numbers, parameters_of, takes_keywords, text_of, written
from .values import (
    check_flag,
    check_number,
    check_ports,
    family_of,
    mac,
    one_range,
    prefix,
    protocol,
    split_nested,
    to_flag,
    to_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from .parameter import Parameter
    from .values import Address, Numbers

__all__ = ["Flow", "Mac", "Sample", "Select", "SelectOptions", "nested_in"]

_VERSIONS = {socket.AF_INET: 4, socket.AF_INET6: 6}


class _Said:
    """Says only what is not the default, in a form that can be pasted into a program."""

    __slots__ = ()

    def said(self) -> dict[str, Any]:
        values = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in values.items() if value != default}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


@takes_keywords()
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
        return join_pairs({key: text_of(value) for key, value in self.said().items()})

    @classmethod
    def from_text(cls, text: str) -> Mac:
        texts = split_nested("mac", text, ("src", "dst", "both_ways"), "src=02:00:00:00:00:01")
        both_ways = to_flag("mac: both_ways", texts.pop("both_ways", "no"))
        return cls(**texts, both_ways=both_ways)


@takes_keywords()
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
        if self.protocol is not None and (self.src_port, self.dst_port) != (None, None):
            check_ports("flow: protocol", str(self.protocol))
        if not self.said().keys() - {"both_ways"} and self.ip_version is None:
            refuse("flow: nothing is asked for", "say more of it, or leave flow out")

    def said(self) -> dict[str, Any]:
        """Without what an address says."""
        said = _Said.said(self)
        if "src" in said or "dst" in said:
            said.pop("ip_version", None)
        return said

    def to_text(self) -> str:
        return join_pairs({key: text_of(value) for key, value in self.said().items()})

    @classmethod
    def from_text(cls, text: str) -> Flow:
        values: dict[str, Any] = {**split_nested("flow", text, _FLOW_KEYS, "protocol=tcp,dst_port=443")}
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


_FLOW_KEYS = tuple(each.name for each in fields(Flow))


@takes_keywords()
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
        pairs = join_pairs({key: text_of(value) for key, value in self.said().items() if key != "one_in"})
        return f"{self.one_in},{pairs}" if pairs else str(self.one_in)

    @classmethod
    def from_text(cls, text: str) -> Sample:
        one_in, comma, rest = text.partition(",")
        values = split_nested("sample", rest, ("random", "seed"), "1000,random=yes") if comma else {}
        random = to_flag("sample: random", values.get("random", "no"))
        return cls(
            to_number("sample", one_in, ", such as 1000 for one packet in 1000"),
            random,
            to_number("sample: seed", values.get("seed", "0")),
        )


def _check_filter(key: str, expression: Any) -> str:
    """Check what is not left to libpcap."""
    if not isinstance(expression, str):
        raise TypeError(f"{key} must be a str, not {type(expression).__name__}")
    if not expression.strip():
        refuse(f"{key} is empty", "give an expression, or leave it out for every packet")
    try:
        is_text = b"\0" not in expression.encode()
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        refuse(f"{key}={expression!r}: not UTF-8, or has a NUL")
    return expression


def _nested(meaning: str, value: str, kind: type[Mac | Flow | Sample]) -> Mapping[str, Parameter]:
    """Of one of the classes above; a Sample may be just its number."""

    def check(key: str, value: Any) -> Any:
        if kind is Sample and isinstance(value, int):
            return Sample(value)
        if not isinstance(value, kind):
            raise TypeError(f"{key} must be a {kind.__name__}, not {type(value).__name__}")
        return value

    return written(meaning, value, check, lambda _key, text: kind.from_text(text))


_PARTS: dict[str, list[str]] = {}
for _kind in (Mac, Flow, Sample):
    for _field in fields(_kind):
        _PARTS.setdefault(_field.name, []).append(f"{_kind.__name__.lower()}={_kind.__name__}({_field.name}=...)")


def nested_in(form: str) -> dict[str, str]:
    """What is a field of Mac, Flow or Sample, and how to give it; ``form`` says what such a part is given to."""
    return {name: f"give {' or '.join(map(form.format, parts))}" for name, parts in _PARTS.items()}


class SelectOptions(TypedDict, total=False):
    """Select's fields, and their second names, as keywords."""

    filter: str | None
    mac: Mac | None
    vlans: Numbers | None
    vlan: Numbers | None
    inner_vlans: Numbers | None
    inner_vlan: Numbers | None
    flow: Flow | None
    sample: Sample | int | None
    queues: Numbers | None
    queue: Numbers | None


@takes_keywords(nested_in("{}"))
@dataclass(frozen=True, slots=True, repr=False)
class Select(_Said):
    """Packets to mirror, struct rte_mirror_select: those that pass every test that is given.

    ``filter`` is an expression of pcap-filter(7). ``vlans`` and ``inner_vlans`` are ids of a packet's first and second
    tag, ``queues`` numbers of the source's queues: one, several, or text such as "100,200-210". ``sample`` comes last,
    and may be just the number. Values are kept as text in one form. ``vlan``, ``inner_vlan`` and ``queue`` are second
    names.
    """

    filter: str | None = field(
        default=None,
        metadata=written("mirror packets that match this expression, see pcap-filter(7)", "EXPRESSION", _check_filter),
    )
    mac: Mac | None = field(
        default=None,
        metadata=_nested(
            "mirror packets with these Ethernet addresses: src=MAC,dst=MAC, or one of them; MAC/MASK compares the bits "
            "of the mask; both_ways=yes matches them exchanged, too",
            "MACS",
            Mac,
        ),
    )
    vlans: Numbers | None = field(
        default=None,
        metadata=numbers(
            "mirror packets whose first VLAN tag has one of these ids: 100,200-210", "IDS", 4095, alias="vlan"
        ),
    )
    inner_vlans: Numbers | None = field(
        default=None,
        metadata=numbers("mirror packets whose second VLAN tag has one of these ids", "IDS", 4095, alias="inner_vlan"),
    )
    flow: Flow | None = field(
        default=None,
        metadata=_nested(
            "mirror packets of an IPv4 or IPv6 flow: protocol=tcp,dst_port=443; keys are ip_version, protocol, src and "
            "dst (addresses or prefixes), src_port and dst_port (numbers or ranges) and both_ways=yes",
            "FLOW",
            Flow,
        ),
    )
    sample: Sample | int | None = field(
        default=None,
        metadata=_nested(
            "of those, mirror every N-th of each queue; N,random=yes,seed=S: each with probability 1/N",
            "N",
            Sample,
        ),
    )
    queues: Numbers | None = field(
        default=None,
        metadata=numbers("mirror packets of these queues of the source: 0,2-3", "QUEUES", 0xFFFF, alias="queue"),
    )

    if TYPE_CHECKING:  # dataclass() knows no second names

        def __init__(
            self, expression: str | None = ..., mac: Mac | None = ..., /, **options: Unpack[SelectOptions]
        ) -> None: ...

    def __post_init__(self) -> None:
        for key, parameter in parameters_of(self).items():
            if (value := getattr(self, key)) is not None:
                self._set(**{key: parameter.check(key, value)})

    def texts(self) -> dict[str, str]:
        """Every test as text, by its key; "" if it is not given."""
        return {key: text_of(getattr(self, key)) for key in parameters_of(self)}

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Select:
        parameters = parameters_of(cls)
        values: dict[str, Any] = {key: parameters[key].read(key, text) for key, text in texts.items() if text}
        return cls(**values)


for _kind in (Mac, Flow, Sample):
    add_places(
        _kind, nested_in("Select({})") | {name: f"give Select({name}=...)" for name in SelectOptions.__annotations__}
    )
