# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a driver is judged by: properties, each a function, and what comes of one."""

from __future__ import annotations

import enum
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import MirrorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .testbed import Testbed

__all__ = [
    "PROPERTIES",
    "Failed",
    "Finding",
    "Needs",
    "NotApplicable",
    "Property",
    "Result",
    "Verdict",
    "judge",
    "verifies",
]


class Needs(enum.Enum):
    """What a property cannot be looked at without."""

    PORT = "a port"
    FRAMES = "a port that receives frames"
    FAR_END = "a far end: a port that receives what it sends, or a second one"
    WAY = "a far end, or a second port where nothing arrives"


class Verdict(enum.Enum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"

    def __str__(self) -> str:
        return self.value


class Failed(Exception):  # noqa: N818 - it is a verdict
    """The driver lacks the property, for this reason."""


class NotApplicable(Exception):  # noqa: N818 - it is a verdict
    """The property cannot be looked at, for this reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a property that a driver has: in words, and as facts."""

    text: str
    facts: dict[str, bool | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Property:
    """``check(testbed)`` returns a Finding, a text or nothing, or raises Failed or NotApplicable."""

    name: str
    says: str
    needs: Needs
    destructive: bool
    check: Callable[[Testbed], Finding | str | None]


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    verdict: Verdict
    reason: str = ""
    facts: dict[str, bool | int] = field(default_factory=dict)


PROPERTIES: list[Property] = []
"""All of them, in the order in which they are looked at."""


def verifies(
    group: str, needs: Needs, *, destructive: bool = False
) -> Callable[[Callable[[Testbed], Finding | str | None]], Callable[[Testbed], Finding | str | None]]:
    """Makes a function a property: its name and docstring are the property's. ``destructive``: it changes a device."""

    def register(check: Callable[[Testbed], Finding | str | None]) -> Callable[[Testbed], Finding | str | None]:
        says = " ".join((inspect.getdoc(check) or "").split("\n\n")[0].split())
        PROPERTIES.append(Property(f"{group}.{check.__name__}", says, needs, destructive, check))
        return check

    return register


def judge(each: Property, testbed: Testbed) -> Result:
    """Looks at a property. Whatever it leaves open is closed, and a buffer that is still in use then is a failure."""
    result = _judge(each, testbed)
    try:
        leaked = testbed.finish()
    except MirrorError as error:
        leaked = str(error)
    if leaked and result.verdict is not Verdict.FAIL:
        return Result(each.name, Verdict.FAIL, leaked)
    return result


def _judge(each: Property, testbed: Testbed) -> Result:
    try:
        if reason := _obstacle(each, testbed):
            return Result(each.name, Verdict.NOT_APPLICABLE, reason)
        found = each.check(testbed)
    except NotApplicable as reason:
        return Result(each.name, Verdict.NOT_APPLICABLE, str(reason))
    except (Failed, MirrorError) as reason:
        return Result(each.name, Verdict.FAIL, str(reason))
    if isinstance(found, Finding):
        return Result(each.name, Verdict.PASS, found.text, found.facts)
    return Result(each.name, Verdict.PASS, found or "")


def _obstacle(each: Property, testbed: Testbed) -> str:
    """Why it cannot be looked at on this testbed; "" if it can."""
    if each.destructive and not testbed.destructive:
        return "it changes the device, and --destructive is not given"
    is_blind = not testbed.plan.shows
    if (each.needs is Needs.FAR_END and is_blind) or (each.needs is Needs.WAY and is_blind and not testbed.has_peer):
        return "nothing shows what the port has sent"
    if each.needs is Needs.FRAMES and not testbed.plan.gives:
        return "the port receives nothing"
    return ""
