# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Parameters of a mirror, each described once, as the metadata of a dataclass's field.

Checks, text, options of commands, completion, the manual and what C is given follow from it.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .keywords import check_keywords
from .pairs import refuse
from .values import (
    FLAGS,
    check_flag,
    check_number,
    flag_text,
    ranges,
    to_flag,
    to_number,
    to_scaled_number,
    to_seconds,
)

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable, Mapping

__all__ = [
    "Parameter",
    "add_elsewhere",
    "aliases_in",
    "by_key",
    "choice",
    "duration",
    "flag",
    "live",
    "number",
    "numbers",
    "of_target",
    "parameters_of",
    "scaled_number",
    "takes_keywords",
    "text_of",
    "written",
]

_KEY = "parameter"

T = TypeVar("T")


def _same(_key: str, value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Parameter:
    """A key of a spec's text; the command line, TOML files and telemetry use it, too.

    ``value`` names its text in help, ``choices`` are all its texts if they are few. What is ``fixed`` cannot change
    while the mirror exists; what is ``of_target`` is asked of a target that an application makes, and fixed, too;
    what is ``live`` only mirrors of running applications have.
    ``field`` is the spec's field that it is a part of, if that has another name; ``alias`` is a second name, where
    users type. ``read`` makes a value of its text, ``check`` puts a value into its one form; both are given the key,
    for what they refuse.
    """

    meaning: str
    value: str = ""
    choices: tuple[str, ...] = ()
    fixed: bool = False
    of_target: bool = False
    live: bool = False
    field: str = ""
    alias: str = ""
    read: Callable[[str, str], Any] = _same
    check: Callable[[str, Any], Any] = _same

    def metadata(self) -> dict[str, Parameter]:
        """Of the field that it describes."""
        return {_KEY: self}


def parameters_of(described: Any) -> dict[str, Parameter]:
    """The parameters that a dataclass describes, by their keys."""
    return {each.name: each.metadata[_KEY] for each in fields(described) if _KEY in each.metadata}


def aliases_in(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """The second names of parameters, with their keys."""
    return {parameter.alias: key for key, parameter in parameters.items() if parameter.alias}


def by_key(named: Mapping[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """What is given under keys, or their second names."""
    for alias, key in aliases.items():
        if alias in named and key in named:
            raise TypeError(f"{alias}: another name of {key}: give one of them")
    return {aliases.get(name, name): value for name, value in named.items()}


_ELSEWHERE: dict[type, dict[str, str]] = {}
"""By class, what is no keyword of its constructor, and what to do instead."""


def takes_keywords(elsewhere: Mapping[str, str] | None = None, otherwise: str = "") -> Callable[[type[T]], type[T]]:
    """Lets a class's constructor take the second names of its parameters, too.

    A wrong keyword is told what is near, or ``otherwise``; ``elsewhere`` says of some what to do instead.
    """

    def decorate(described: type[T]) -> type[T]:
        make = described.__init__
        aliases = aliases_in(parameters_of(described)) if is_dataclass(described) else {}
        known = [*list(inspect.signature(make).parameters)[1:], *aliases]
        told = _ELSEWHERE[described] = dict(elsewhere or {})

        @functools.wraps(make)
        def init(self: T, *values: Any, **named: Any) -> None:
            check_keywords(named, known, told, otherwise)
            make(self, *values, **by_key(named, aliases))

        described.__init__ = init  # type: ignore[assignment]
        return described

    return decorate


def add_elsewhere(described: type, more: Mapping[str, str]) -> None:
    """Says of more keywords what to do instead, where classes are made that have them."""
    _ELSEWHERE[described] |= more


def number(
    meaning: str, bits: int, *, fixed: bool = False, also: Callable[[str, int], object] = _same
) -> Mapping[str, Parameter]:
    """A number of so many bits; ``also`` is a check of its own."""

    def check(key: str, value: int) -> int:
        check_number(key, value, 0, (1 << bits) - 1)
        also(key, value)
        return value

    return Parameter(meaning, "N", fixed=fixed, read=to_number, check=check).metadata()


def of_target(described: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    """The same, asked of a target that an application makes."""
    return replace(described[_KEY], fixed=True, of_target=True, live=True).metadata()


def scaled_number(meaning: str, bits: int) -> Mapping[str, Parameter]:
    """A number of so many bits, whose text may have k, M or G behind it."""
    return replace(number(meaning, bits)[_KEY], read=to_scaled_number).metadata()


def duration(meaning: str, bits: int, *, alias: str = "") -> Mapping[str, Parameter]:
    """A number of seconds of so many bits, whose text may have a unit behind it."""
    return replace(number(meaning, bits)[_KEY], value="TIME", read=to_seconds, alias=alias).metadata()


def live(described: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    """The same, of mirrors of running applications alone."""
    return replace(described[_KEY], live=True).metadata()


def choice(meaning: str, *values: enum.IntEnum | enum.IntFlag, alias: str = "") -> Mapping[str, Parameter]:
    """One of an enumeration's values."""
    kind, of_text = type(values[0]), {str(each): each for each in values}

    def check(key: str, value: Any) -> Any:
        if not isinstance(value, kind):
            like = f"{kind.__name__}.{values[0].name}"
            raise TypeError(f"{key} must be a {kind.__name__}, such as {like}, not {type(value).__name__}")
        if value not in values:
            refuse(f"{key}={int(value)}: neither {' nor '.join(of_text)}")
        return value

    def read(key: str, text: str) -> Any:
        if text not in of_text:
            refuse(f"{key}={text}: not one of {', '.join(of_text)}")
        return of_text[text]

    return Parameter(meaning, choices=tuple(of_text), alias=alias, read=read, check=check).metadata()


def flag(meaning: str) -> Mapping[str, Parameter]:
    """A truth value."""

    def check(key: str, value: bool) -> bool:  # noqa: FBT001  it is what is checked
        check_flag(key, value)
        return value

    return Parameter(meaning, choices=FLAGS, read=to_flag, check=check).metadata()


def numbers(meaning: str, value: str, last: int, *, alias: str) -> Mapping[str, Parameter]:
    """Numbers and ranges up to ``last``."""

    def check(key: str, value: Any) -> str:
        return ranges(key, value, last)

    return Parameter(meaning, value, alias=alias, check=check).metadata()


def written(meaning: str, value: str, check: Callable[[str, Any], Any], read: Any = _same) -> Mapping[str, Parameter]:
    """What has a grammar of its own."""
    return Parameter(meaning, value, check=check, read=read).metadata()


def text_of(value: object) -> str:
    """A value as text; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return flag_text(value)
    return str(value.to_text()) if hasattr(value, "to_text") else str(value)
