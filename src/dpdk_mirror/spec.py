# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a mirror is asked to do and what it has done, under the names of rte_mirror.h. Plain Python: needs no DPDK."""

from __future__ import annotations

import difflib
import enum
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypedDict

from .keywords import check_keywords, shows_keywords
from .pairs import join_pairs, refuse, split_pairs
from .parameter import (
    add_elsewhere,
    aliases_in,
    by_key,
    choice,
    duration,
    flag,
    live,
    number,
    of_target,
    parameters_of,
    scaled_number,
    takes_keywords,
    text_of,
    written,
)
from .selection import Flow, Mac, Sample, Select, SelectOptions, nested_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

__all__ = [
    "ALIASES",
    "ANY",
    "COUNTERS",
    "ELSEWHERE",
    "LEFT_OUT",
    "LEN_MIN",
    "LOST",
    "NOT_CHOSEN",
    "PARAMETERS",
    "CommonOptions",
    "Direction",
    "MirrorSpec",
    "MirrorStats",
    "Mode",
    "Named",
    "RateUnit",
    "SpecOptions",
    "nested",
]


class Direction(enum.IntFlag):
    """Packets that the source receives, sends, or both. Values as in C."""

    RX = 1
    TX = 2
    BOTH = 3

    def __str__(self) -> str:
        return (self.name or "none").lower()


class Named(enum.IntEnum):
    """An enumeration of C's: as text, each is its name."""

    def __str__(self) -> str:
        return self.name.lower()


class Mode(Named):
    """What the target gets of each packet. Values as in C."""

    SHARE = 0
    SPLIT = 1
    COPY = 2
    AUTO = 3


class RateUnit(Named):
    """What a mirror's rate is a number of. Values as in C."""

    PACKETS = 0
    BITS = 1


_LOSS = "loss"


def _not_chosen() -> int:
    """A counter of packets that the mirror was not asked for."""
    return field(default=0, metadata={_LOSS: None})


def _lost(why: str) -> int:
    """A counter of packets that it was asked for and that its target did not get; ``why`` is the reason."""
    return field(default=0, metadata={_LOSS: why})


@takes_keywords()
@dataclass(frozen=True, slots=True)
class MirrorStats:
    """A mirror's counters. ``seen`` is the sum of all the others but ``bytes``."""

    seen: int = 0
    packets: int = 0
    bytes: int = 0
    filtered: int = _not_chosen()
    unsampled: int = _not_chosen()
    declined: int = _not_chosen()
    unsupported: int = _lost("they could not be read, or mirrored")
    oversize: int = _lost("they were too long")
    nombuf: int = _lost("no buffer was left to copy them to")
    full: int = _lost("the target was full")
    limited: int = _not_chosen()

    def counts(self) -> dict[str, int]:
        """All of them, by name."""
        return {name: getattr(self, name) for name in COUNTERS}


COUNTERS = tuple(each.name for each in fields(MirrorStats))
"""The counters' names."""

_LOSSES = {each.name: each.metadata[_LOSS] for each in fields(MirrorStats) if _LOSS in each.metadata}

LEFT_OUT = tuple(_LOSSES)
"""The counters of packets that were seen and not mirrored."""

NOT_CHOSEN = tuple(name for name, why in _LOSSES.items() if why is None)
"""Those of packets that the mirror was not asked for."""

LOST: dict[str, str] = {name: why for name, why in _LOSSES.items() if why is not None}
"""Those of packets that it was, and that its target did not get, with the reason."""

LEN_MIN = 14
"""The smallest snaplen and split_len, RTE_MIRROR_LEN_MIN: an Ethernet header."""


def _check_length(key: str, value: int) -> None:
    if 0 < value < LEN_MIN:
        refuse(f"{key}={value}: less than an Ethernet header", f"give {LEN_MIN} or more, or 0")


def _check_name(key: str, name: Any) -> Any:
    if name is None:
        return name
    if not isinstance(name, str):
        raise TypeError(f"{key} must be a str, not {type(name).__name__}")
    try:
        name.encode()
    except UnicodeEncodeError:
        refuse(f"{key}={name!r}: not UTF-8")
    if re.fullmatch("[0-9]+", name):
        refuse(f"{key}={name}: would be taken for an id", "give a name that is not digits alone")
    return name


def _read_process(key: str, text: str) -> str | None:
    match = re.fullmatch("([0-9]{1,4000}):([0-9]{1,4000})", text)
    if text and (not match or not 0 < int(match[1]) < 1 << 31 or int(match[2]) >= 1 << 64):
        refuse(f"{key}={text}: not a process, as PID:START")
    return f"{int(match[1])}:{int(match[2])}" if match else None


def _check_process(key: str, process: Any) -> Any:
    if not isinstance(process, str | None):
        raise TypeError(f"{key} must be a str, as process_text() writes it, not {type(process).__name__}")
    return process and _read_process(key, process)


class CommonOptions(TypedDict, total=False):
    """The fields of MirrorSpec that all mirrors have, and their second names, as keywords."""

    directions: Direction
    direction: Direction
    mode: Mode
    target_queue: int
    nb_target_queues: int
    snaplen: int
    split_len: int
    rate: int
    rate_unit: RateUnit
    origin: bool
    name: str | None
    select: Select | None


class SpecOptions(CommonOptions, total=False):
    """All fields of MirrorSpec, and their second names, as keywords."""

    seconds: int
    packets: int
    max_size: int
    linger: bool
    lease: int
    ends_with: str | None


def nested(form: str) -> dict[str, str]:
    """What is no option of a mirror's but a part of one, and how to give it; ``form`` says what to."""
    keys = {name: aliases_in(parameters_of(Select)).get(name, name) for name in SelectOptions.__annotations__}
    here = {name: f"give {form.format(f'select=Select({key}=...)')}" for name, key in keys.items()}
    return here | nested_in(form.format("select=Select({})"))


_IN_PROCESS = {name: f"for mirrors of this process alone: give Mirror({name}=...)" for name in ("hooks", "pool")}

for _part in (Select, Mac, Flow, Sample):
    _beside = {name: f"give the mirror {name}=..., beside select=Select(...)" for name in SpecOptions.__annotations__}
    add_elsewhere(_part, _beside | _IN_PROCESS)

ELSEWHERE = nested("{}") | _IN_PROCESS
"""What is no option of every mirror's, or is a part of one, and where it belongs."""


@takes_keywords(ELSEWHERE)
@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """How to mirror, whatever the ports: struct rte_mirror_param without what lives inside one process only.

    0 and None mean the library's default. ``origin`` records in the mirror's packets where they come from
    (RTE_MIRROR_F_ORIGIN). ``seconds``, ``packets``, ``max_size`` and ``linger`` are for captures that a running
    application writes, file: and stream:. A running application removes a mirror ``lease`` seconds after it was given
    that, and when the process ``ends_with`` ends. ``select`` chooses packets; Select() and None choose all.
    """

    directions: Direction = field(
        default=Direction.BOTH,
        metadata=choice(
            "packets that the source receives (rx), that are sent on it (tx), or both",
            Direction.RX, Direction.TX, Direction.BOTH, alias="direction",
        ),
    )  # fmt: skip
    mode: Mode = field(
        default=Mode.SHARE,
        metadata=choice(
            "what to give the target: the same buffer (share), a copy of the headers and a reference to the rest "
            "(split), a copy (copy), or what suits the target (auto)",
            *Mode,
        ),
    )
    target_queue: int = field(default=0, metadata=number("first tx queue of the target to use", bits=16, fixed=True))
    nb_target_queues: int = field(
        default=0, metadata=number("number of tx queues of the target to use; 0: all", bits=16, fixed=True)
    )
    snaplen: int = field(
        default=0, metadata=number("cut packets to N bytes; 0: do not cut", bits=32, also=_check_length)
    )
    split_len: int = field(
        default=0,
        metadata=number("bytes that mode split copies; 0: 192", bits=32, also=_check_length),
    )
    rate: int = field(
        default=0,
        metadata=scaled_number("mirror at most N packets, or bits, a second; 1M is 1000000, 0: no limit", bits=64),
    )
    rate_unit: RateUnit = field(
        default=RateUnit.PACKETS, metadata=choice("count the rate in packets or in bits", *RateUnit)
    )
    origin: bool = field(default=False, metadata=flag("record in each mirrored packet where and when it was seen"))
    seconds: int = field(
        default=0, metadata=of_target(duration("end a file or stream after TIME: 90, 10m, 2h, 1d", bits=64))
    )
    packets: int = field(
        default=0, metadata=of_target(scaled_number("end a file or stream after N packets; 1M is 1000000", bits=64))
    )
    max_size: int = field(
        default=0, metadata=of_target(scaled_number("end a file or stream before it has more than N bytes", bits=64))
    )
    linger: bool = field(
        default=True,
        metadata=of_target(
            flag("have a stream wait for its next reader; no: remove the mirror with its reader, or if none comes")
        ),
    )
    lease: int = field(
        default=0,
        metadata=live(duration("remove the mirror after TIME: 90, 10m, 2h, 1d; 0: do not", bits=32, alias="for")),
    )
    ends_with: str | None = field(
        default=None,
        metadata=live(written("remove the mirror when that process ends", "PID:START", _check_process, _read_process)),
    )
    name: str | None = field(default=None, metadata=written("name of the mirror", "NAME", _check_name))
    select: Select | None = None

    if TYPE_CHECKING:  # dataclass() knows no second names

        def __init__(
            self, directions: Direction = ..., mode: Mode = ..., /, **options: Unpack[SpecOptions]
        ) -> None: ...

    def __post_init__(self) -> None:
        for key, parameter in parameters_of(self).items():
            parameter.check(key, getattr(self, key))
        _check_lengths(self)
        if self.rate_unit is not RateUnit.PACKETS and not self.rate:
            refuse(f"rate_unit={self.rate_unit}: there is no rate", "give rate, too, or leave it out")
        if self.origin and self.mode is Mode.SHARE and not self.snaplen:
            refuse("origin: a shared packet has no room for it", "take mode split, copy or auto, or a snaplen")
        if not isinstance(self.select, Select | None):
            raise TypeError(f"select must be a Select, not {type(self.select).__name__}")
        if self.select == Select():
            object.__setattr__(self, "select", None)

    @shows_keywords(SpecOptions)
    def changed(self, **options: Unpack[SpecOptions]) -> MirrorSpec:
        """Return a spec with these options changed; ``direction`` is another name of ``directions``."""
        check_keywords(options, SpecOptions.__annotations__, ELSEWHERE)
        changes = by_key(options, ALIASES)
        if changes.get("rate") == 0:
            changes.setdefault("rate_unit", RateUnit.PACKETS)  # a rate's unit goes with it
        return replace(self, **changes)

    def texts(self) -> dict[str, str]:
        """Return every parameter's value as text, by key; the name only if there is one."""
        texts = {key: text_of(getattr(self, key)) for key in parameters_of(self)}
        if self.name is None:
            del texts["name"]
        return texts | (self.select or Select()).texts()

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> MirrorSpec:
        """Make a spec from texts by key or alias; parameters that are not named keep their defaults."""
        given: dict[str, str] = {}
        for name, text in texts.items():
            key = ALIASES.get(name, name)
            if key not in PARAMETERS:
                near = difflib.get_close_matches(key, PARAMETERS)
                refuse(f"{key}: no such parameter", f"did you mean {' or '.join(near)}?" if near else "")
            if key in given:
                refuse(f"{PARAMETERS[key].alias}: given twice")
            given[key] = text
        parts = {key: text for key, text in given.items() if PARAMETERS[key].field == "select"}
        values = {key: PARAMETERS[key].read(key, text) for key, text in given.items() if key not in parts}
        return cls(select=Select.from_texts(parts), **values)

    def said(self) -> dict[str, str]:
        """Return the texts of directions, mode and all that differs from the library's default."""
        always = ("directions", "mode")
        return {key: text for key, text in self.texts().items() if key in always or text != _DEFAULTS.get(key)}

    def to_pairs(self) -> str:
        """Return ``key=value,...`` in printable ASCII, for from_pairs()."""
        return join_pairs(self.said())

    @classmethod
    def from_pairs(cls, text: str) -> MirrorSpec:
        """Make a spec from ``key=value,...``; parameters that are not named keep their defaults."""
        return cls.from_texts(split_pairs(text))


PARAMETERS = parameters_of(MirrorSpec) | {
    key: replace(parameter, field="select") for key, parameter in parameters_of(Select).items()
}
"""All keys of a spec's text, in their order there."""

ALIASES = aliases_in(PARAMETERS)
"""Second names of keys."""


def _check_lengths(spec: MirrorSpec) -> None:
    if spec.split_len and spec.mode not in (Mode.SPLIT, Mode.AUTO):
        refuse(f"split_len={spec.split_len}: mode {spec.mode} does not split", "take mode split or auto")
    if spec.split_len and 0 < spec.snaplen <= spec.split_len:
        what = f"split_len={spec.split_len}: nothing is left to be referenced within snaplen={spec.snaplen}"
        refuse(what, "take mode copy, or a smaller split_len")


_DEFAULTS = MirrorSpec().texts()

ANY = MirrorSpec(mode=Mode.AUTO, snaplen=(1 << 32) - 1, rate=1)
"""Contradicts nothing: an update is checked on it where the mirror's own spec is not known."""
