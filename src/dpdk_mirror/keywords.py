# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Keywords of the public calls: a TypedDict names them, and help() and errors follow from it."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

__all__ = ["check_keywords", "shows_keywords"]

F = TypeVar("F", bound="Callable[..., Any]")


class _Unchanged:
    def __repr__(self) -> str:
        return "..."


def check_keywords(
    given: Iterable[str], known: Collection[str], elsewhere: Mapping[str, str] | None = None, otherwise: str = ""
) -> None:
    """Raises TypeError for a keyword that is not known.

    ``elsewhere`` says of some what to do instead, ``otherwise`` of the others; {} in it is the keyword.
    """
    elsewhere = elsewhere or {}
    for key in given:
        if key in known:
            continue
        if key in elsewhere:
            raise TypeError(f"{key}: {elsewhere[key]}")
        near = difflib.get_close_matches(key, dict.fromkeys([*known, *elsewhere]))
        if near and near[0] in known:
            near = [name for name in near if name in known]
        others = otherwise.format(key) or f"there are {', '.join(known)}"
        hint = f"did you mean {' or '.join(near)}?" if near else others
        hints = [f"{name}: {elsewhere[name]}" for name in near if name in elsewhere and name not in known]
        raise TypeError(" ".join([f"{key}: no such option;", hint, *hints]))


def shows_keywords(known: type, described: Any = None) -> Callable[[F], F]:
    """Has help() and editors list the keywords that ``**options`` stands for, with a dataclass's defaults."""
    defaults = {each.name: each.default for each in fields(described)} if described is not None else {}

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        named = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(key, _Unchanged()),
                annotation=getattr(kind, "__forward_arg__", kind),
            )
            for key, kind in known.__annotations__.items()
        ]
        function.__signature__ = signature.replace(parameters=[*named, *keywords])  # type: ignore[attr-defined]
        return function

    return decorate
