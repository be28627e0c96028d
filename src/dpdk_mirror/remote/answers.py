# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Answers, read with suspicion: what is missing or of another type is a ProtocolError that says so."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ..errors import MirrorError, ProtocolError, error_for
from ..pairs import unescape

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Answer", "numbers", "refusal"]

_NUMBER_MAX = 1 << 64

T = TypeVar("T")


class Answer:
    """An object; ``doing`` is what errors say that was tried."""

    def __init__(self, doing: str, value: object) -> None:
        self.doing = doing
        if not isinstance(value, dict):
            _refuse(doing, f"the answer is no object: {value!r:.80}")
        self._values: dict[str, Any] = value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def number(self, key: str, *, default: int | None = None) -> int:
        """``default`` is what it means when the answer, an older library's, does not say."""
        if default is not None and key not in self._values:
            return default
        value = self._value(key)
        if type(value) is not int or not 0 <= value < _NUMBER_MAX:
            _refuse(self.doing, f"{key} in the answer is no number: {value!r:.80}")
        return value

    def other_numbers(self, known: Collection[str]) -> dict[str, int]:
        """Those under keys that are not known here, a newer library's."""
        return {key: self.number(key) for key, value in self._values.items() if key not in known and type(value) is int}

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """``default`` is what it means when the answer does not say."""
        if default is not None and key not in self._values:
            return default
        return self.number(key) != 0

    def string(self, key: str) -> str:
        """A short text that needs no escapes."""
        value = self._value(key)
        if not isinstance(value, str):
            _refuse(self.doing, f"{key} in the answer is no string: {value!r:.80}")
        return value

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text of any length and kind, which comes in pieces."""
        if default is not None and key not in self._values:
            return default
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(piece, str) for piece in value):
            _refuse(self.doing, f"{key} in the answer is no text: {value!r:.80}")
        try:
            return unescape("".join(value))
        except UnicodeEncodeError:
            _refuse(self.doing, f"{key} in the answer is no text: {value!r:.80}")

    def word(self, key: str, known: dict[str, T]) -> T | str:
        """What a word means; as it is if it is not known here, a newer library's."""
        value = self.string(key)
        return known.get(value, value)

    def choice(self, key: str, choices: dict[str, T]) -> T:
        value = self.string(key)
        if value not in choices:
            _refuse(self.doing, f"{key} in the answer is none of {', '.join(choices)}: {value!r:.80}")
        return choices[value]

    def _value(self, key: str) -> Any:
        if key not in self._values:
            _refuse(self.doing, f"the answer has no {key}")
        return self._values[key]


def numbers(doing: str, value: object, start: int) -> list[int]:
    """A page of a list of numbers, which ascend from ``start`` on: so there is an end to pages."""
    if not isinstance(value, list) or not all(type(number) is int for number in value):
        _refuse(doing, f"the answer is no list of numbers: {value!r:.80}")
    if any(number <= before for before, number in zip([start - 1, *value], value, strict=False)):
        _refuse(doing, f"the numbers in the answer do not ascend from {start} on: {value!r:.80}")
    return value


def refusal(doing: str, value: object) -> MirrorError | None:
    """The exception that an answer stands for, if it is a refusal."""
    if not isinstance(value, dict) or "error" not in value:
        return None
    answer = Answer(doing, value)
    return error_for(answer.number("errno") or errno.EPROTO, f"{doing}: {answer.text('reason')}")


def _refuse(doing: str, reason: str) -> NoReturn:
    raise ProtocolError(errno.EPROTO, f"{doing}: {reason}")
