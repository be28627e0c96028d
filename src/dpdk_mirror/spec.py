# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a mirror is asked to do and what it has done, under the names of rte_mirror.h. Plain Python: needs no DPDK."""

from __future__ import annotations

import difflib
import enum
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .pairs import join_pairs, refuse, split_pairs
from .selection import Select

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LEFT_OUT", "LEN_MIN", "PARAMETERS", "Direction", "MirrorSpec", "MirrorStats", "Mode", "Parameter"]


class Direction(enum.IntFlag):
    """Which packets of the source, as its application sees them; the values are C's."""

    RX = 1
    TX = 2
    BOTH = 3

    def __str__(self) -> str:
        return (self.name or "none").lower()


class Mode(enum.IntEnum):
    """What the target is given of each packet; the values are C's."""

    SHARE = 0
    SPLIT = 1
    COPY = 2
    AUTO = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class MirrorStats:
    """A mirror's counters. ``seen`` is the sum of all the others but ``bytes``."""

    seen: int = 0
    packets: int = 0
    bytes: int = 0
    filtered: int = 0
    unsampled: int = 0
    declined: int = 0
    unsupported: int = 0
    oversize: int = 0
    nombuf: int = 0
    full: int = 0


LEFT_OUT = tuple(name for name in MirrorStats.__slots__ if name not in ("seen", "packets", "bytes"))
"""The counters of packets that were seen and not mirrored."""

LEN_MIN = 14
"""The smallest snaplen and split_len, RTE_MIRROR_LEN_MIN: an Ethernet header."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A key of a spec's text. The command line, TOML files and telemetry know it by that, too.

    ``value`` is how its text is spoken of, ``choices`` are all the texts there are, if they are few; ``bits``
    is how many C has for a number. What is ``fixed`` cannot be changed while the mirror exists. ``field`` is the
    spec's field that it is a part of, if that has another name, ``option`` what the command line calls it, likewise.
    ``alias`` is a second name there.
    """

    meaning: str
    value: str = ""
    choices: tuple[str, ...] = ()
    bits: int = 0
    fixed: bool = False
    field: str = ""
    option: str = ""
    alias: str = ""


PARAMETERS = {
    "directions": Parameter(
        "what the source receives, what is sent on it, or both", choices=("rx", "tx", "both"), alias="direction"
    ),
    "mode": Parameter(
        "what the target gets of a packet: the same buffer (share), a copy of its headers and the rest by reference "
        "(split), a copy (copy), or what suits the target (auto)",
        choices=("share", "split", "copy", "auto"),
    ),
    "target_queue": Parameter("the first tx queue of the target to use", "N", bits=16, fixed=True),
    "nb_target_queues": Parameter("how many of the target's tx queues to use; 0: all", "N", bits=16, fixed=True),
    "snaplen": Parameter("bytes that the target gets of each packet; 0: all", "N", bits=32),
    "split_len": Parameter("bytes that mode split copies; 0: the library's default", "N", bits=32),
    "origin": Parameter("let the target's packets say where they come from", choices=("no", "yes")),
    "name": Parameter("what the mirror is called", "NAME"),
    "filter": Parameter(
        'only packets that this expression chooses, see pcap-filter(7); "": all', "EXPRESSION", field="select"
    ),
    "mac": Parameter(
        "only packets with these Ethernet addresses: src, dst or both, as in src=02:00:00:00:00:01; behind a slash a "
        "mask of the bits that count; and both_ways=yes for those with src and dst exchanged",
        "MACS",
        field="select",
    ),
    "vlan": Parameter("only packets whose first VLAN tag has one of these ids: 100,200-210", "IDS", field="select"),
    "inner_vlan": Parameter("only packets whose second VLAN tag has one of these ids", "IDS", field="select"),
    "flow": Parameter(
        "only packets of a flow of IPv4 or IPv6, as in protocol=tcp,dst_port=443: ip_version, protocol, src and dst, "
        "which are addresses or prefixes, src_port and dst_port, which may be ranges, and both_ways=yes",
        "FLOW",
        field="select",
    ),
    "sample": Parameter(
        "of those, every N-th of a queue only; N,random=yes,seed=S: each with a probability of 1 in N",
        "N",
        field="select",
    ),
    "queues": Parameter("only packets of these queues of the source: 0,2-3", "QUEUES", field="select", option="queue"),
}
"""All keys of a spec's text, in their order there."""


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """How to mirror, whatever the ports: struct rte_mirror_param without what only lives inside one process.

    0 and None mean the library's default. ``origin`` has the target's packets say where they come from
    (RTE_MIRROR_F_ORIGIN). ``select`` are the packets to mirror; Select() is all, and so None.
    """

    directions: Direction = Direction.BOTH
    mode: Mode = Mode.SHARE
    target_queue: int = 0
    nb_target_queues: int = 0
    snaplen: int = 0
    split_len: int = 0
    origin: bool = False
    name: str | None = None
    select: Select | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.directions, Direction) or not isinstance(self.mode, Mode):
            raise TypeError("a direction must be a Direction, such as Direction.RX, and a mode a Mode")
        if not isinstance(self.origin, bool):
            raise TypeError(f"origin must be a bool, not {type(self.origin).__name__}")
        if self.directions not in (Direction.RX, Direction.TX, Direction.BOTH):
            refuse(f"directions={int(self.directions)}: neither rx nor tx nor both")
        for key in _NUMBERS:
            _check_number(key, getattr(self, key))
        _check_lengths(self)
        if self.origin and self.mode is Mode.SHARE and not self.snaplen:
            refuse("origin: a shared packet has no room for it", "take mode split, copy or auto, or a snaplen")
        if self.name is not None:
            _check_name(self.name)
        if not isinstance(self.select, Select | None):
            raise TypeError(f"select must be a Select, not {type(self.select).__name__}")
        if self.select == Select():
            object.__setattr__(self, "select", None)

    def changed(self, **options: Any) -> MirrorSpec:
        """The same but for these options, of which ``direction`` is another name of ``directions``."""
        if "direction" in options:
            options["directions"] = options.pop("direction")
        return replace(self, **options)

    def texts(self) -> dict[str, str]:
        """Every parameter's value as text, by its key; the name only if it has one."""
        texts: dict[str, str] = {key: str(getattr(self, key)) for key in ("directions", "mode", *_NUMBERS)}
        texts["origin"] = "yes" if self.origin else "no"
        if self.name is not None:
            texts["name"] = self.name
        return texts | (self.select or Select()).texts()

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> MirrorSpec:
        """The spec of these parameters; what is not named keeps its default. ``direction`` is ``directions``, too."""
        if "direction" in texts:
            if "directions" in texts:
                refuse("direction: given twice")
            texts = {"directions" if key == "direction" else key: text for key, text in texts.items()}
        for key in texts:
            if key not in PARAMETERS:
                near = difflib.get_close_matches(key, PARAMETERS)
                refuse(f"{key}: no such parameter", f"did you mean {' or '.join(near)}?" if near else "")
        parts = {key: text for key, text in texts.items() if PARAMETERS[key].field == "select"}
        values = {key: _from_text(key, text) for key, text in texts.items() if key not in parts}
        return cls(select=Select.from_texts(parts), **values)

    def said(self) -> dict[str, str]:
        """The texts of directions, mode and all that is not the library's default."""
        always = ("directions", "mode")
        return {key: text for key, text in self.texts().items() if key in always or text != _DEFAULTS.get(key)}

    def to_pairs(self) -> str:
        """``key=value,...`` in printable ASCII; what from_pairs() reads back."""
        return join_pairs(self.said())

    @classmethod
    def from_pairs(cls, text: str) -> MirrorSpec:
        """The spec that ``text`` describes; what it does not name keeps its default."""
        return cls.from_texts(split_pairs(text))


_NUMBERS = tuple(key for key, parameter in PARAMETERS.items() if parameter.bits)


def _check_number(key: str, value: object) -> None:
    bits = PARAMETERS[key].bits
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{key} must be an int, not {type(value).__name__}")
    if not 0 <= value < 1 << bits:
        refuse(f"{key}={value}: not within 0 to {(1 << bits) - 1}")


def _check_lengths(spec: MirrorSpec) -> None:
    for key in ("snaplen", "split_len"):
        if 0 < getattr(spec, key) < LEN_MIN:
            refuse(f"{key}={getattr(spec, key)}: less than an Ethernet header", f"give {LEN_MIN} or more, or 0")
    if spec.split_len and spec.mode not in (Mode.SPLIT, Mode.AUTO):
        refuse(f"split_len={spec.split_len}: mode {spec.mode} does not split", "take mode split or auto")
    if spec.split_len and 0 < spec.snaplen <= spec.split_len:
        what = f"split_len={spec.split_len}: nothing is left to be referenced within snaplen={spec.snaplen}"
        refuse(what, "take mode copy, or a smaller split_len")


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, not {type(name).__name__}")
    try:
        name.encode()
    except UnicodeEncodeError:
        refuse(f"name={name!r}: not UTF-8")
    if re.fullmatch("[0-9]+", name):
        refuse(f"name={name}: would be taken for an id", "give one that is not digits alone")


_VALUES: dict[str, dict[str, Any]] = {
    "directions": {str(each): each for each in (Direction.RX, Direction.TX, Direction.BOTH)},
    "mode": {str(mode): mode for mode in Mode},
    "origin": {"no": False, "yes": True},
}


def _from_text(key: str, text: str) -> Any:
    if key in _NUMBERS:
        if re.fullmatch("[0-9]{1,10}", text):
            return int(text)
        refuse(f"{key}={text}: not a number")
    if key not in _VALUES:
        return text
    if text not in _VALUES[key]:
        refuse(f"{key}={text}: none of {', '.join(PARAMETERS[key].choices)}")
    return _VALUES[key][text]


_DEFAULTS = MirrorSpec().texts()
