# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a mirror is asked to do and what it has done, under the names of rte_mirror.h. Plain Python: needs no DPDK."""

from __future__ import annotations

import difflib
import enum
import errno
import re
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from .errors import InvalidConfigError

__all__ = ["LEN_MIN", "Direction", "MirrorSpec", "MirrorStats", "Mode"]


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
    nombuf: int = 0
    full: int = 0


# The integer parameters, by the number of bits that C has for them.
_BITS = {"target_queue": 16, "nb_target_queues": 16, "snaplen": 32, "split_len": 32}

LEN_MIN = 14
"""The smallest snaplen and split_len, RTE_MIRROR_LEN_MIN: an Ethernet header."""


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """How to mirror, whatever the ports: struct rte_mirror_param without what only lives inside one process.

    0 and None mean the library's default. ``origin`` has the target's packets say where they come from
    (RTE_MIRROR_F_ORIGIN).
    """

    directions: Direction = Direction.BOTH
    mode: Mode = Mode.SHARE
    target_queue: int = 0
    nb_target_queues: int = 0
    snaplen: int = 0
    split_len: int = 0
    origin: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.directions, Direction) or not isinstance(self.mode, Mode):
            raise TypeError("a direction must be a Direction, such as Direction.RX, and a mode a Mode")
        if not isinstance(self.origin, bool):
            raise TypeError(f"origin must be a bool, not {type(self.origin).__name__}")
        if self.directions not in (Direction.RX, Direction.TX, Direction.BOTH):
            _refuse(f"directions={int(self.directions)}: neither rx nor tx nor both")
        for key, bits in _BITS.items():
            value = getattr(self, key)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{key} must be an int, not {type(value).__name__}")
            if not 0 <= value < 1 << bits:
                _refuse(f"{key}={value}: not within 0 to {(1 << bits) - 1}")
        _check_lengths(self)
        if self.origin and self.mode is Mode.SHARE:
            _refuse("origin: a shared packet has no room for it", "take mode split, copy or auto")
        if self.name is not None:
            _check_name(self.name)

    def to_pairs(self) -> str:
        """``key=value,...`` in printable ASCII; what from_pairs() reads back."""
        pairs = [("directions", str(self.directions)), ("mode", str(self.mode))]
        pairs += [(key, str(getattr(self, key))) for key in _BITS if getattr(self, key)]
        if self.origin:
            pairs.append(("origin", "yes"))
        if self.name is not None:
            pairs.append(("name", _quote(self.name)))
        return ",".join(f"{key}={value}" for key, value in pairs)

    @classmethod
    def from_pairs(cls, text: str) -> MirrorSpec:
        """The spec that ``text`` describes; what it does not name keeps its default."""
        values: dict[str, Any] = {}
        for key, value in _split_pairs(text):
            if key not in (known := [field.name for field in fields(cls)]):
                near = difflib.get_close_matches(key, known)
                _refuse(f"{key}: no such parameter", f"did you mean {' or '.join(near)}?" if near else "")
            if key in values:
                _refuse(f"{key}: given twice")
            values[key] = _from_text(key, value)
        return cls(**values)


def _refuse(reason: str, hint: str = "") -> NoReturn:
    raise InvalidConfigError(errno.EINVAL, f"mirror parameter {reason}", hint)


def _check_lengths(spec: MirrorSpec) -> None:
    for key in ("snaplen", "split_len"):
        if 0 < getattr(spec, key) < LEN_MIN:
            _refuse(f"{key}={getattr(spec, key)}: less than an Ethernet header", f"give {LEN_MIN} or more, or 0")
    if spec.split_len and spec.mode not in (Mode.SPLIT, Mode.AUTO):
        _refuse(f"split_len={spec.split_len}: mode {spec.mode} does not split", "take mode split or auto")
    if spec.split_len and 0 < spec.snaplen <= spec.split_len:
        what = f"split_len={spec.split_len}: nothing is left to be referenced within snaplen={spec.snaplen}"
        _refuse(what, "take mode copy, or a smaller split_len")


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, not {type(name).__name__}")
    try:
        name.encode()
    except UnicodeEncodeError:
        _refuse(f"name={name!r}: not to be written in UTF-8")


def _from_text(key: str, text: str) -> object:
    if key == "name":
        return text
    choices: dict[str, object]
    if key in _BITS:
        if re.fullmatch("[0-9]{1,10}", text):
            return int(text)
        _refuse(f"{key}={text}: not a number")
    if key == "mode":
        choices = {str(mode): mode for mode in Mode}
    elif key == "origin":
        choices = {"no": False, "yes": True}
    else:
        choices = {str(directions): directions for directions in (Direction.RX, Direction.TX, Direction.BOTH)}
    if text not in choices:
        _refuse(f"{key}={text}: none of {', '.join(choices)}")
    return choices[text]


# Plain values need no quotes. Others have them, and \xHH, the only escape, for each byte of UTF-8 that is a quote,
# a backslash or no printable ASCII: little to parse for a reader in C.
_PLAIN = r"[A-Za-z0-9_.:/+-]+"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*"'
_PAIR = re.compile(rf"(\w+)=({_PLAIN}|{_QUOTED})(,(?=.)|$)", re.ASCII | re.DOTALL)


def _quote(text: str) -> str:
    if re.fullmatch(_PLAIN, text):
        return text
    escaped = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}" for byte in text.encode())
    return f'"{"".join(escaped)}"'


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    raw = re.sub(rb"\\x(..)", lambda match: bytes.fromhex(match[1].decode()), value[1:-1].encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        _refuse(f"value {value}: not UTF-8")


def _split_pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            _refuse(f"{text[position:]!r}: not key=value,...")
        pairs.append((match[1], _unquote(match[2])))
        position = match.end()
    return pairs
