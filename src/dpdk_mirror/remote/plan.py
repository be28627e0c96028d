# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What has to be done for an application's mirrors to become what a file says.

A mirror is what it mirrors to where: one of the same source, target and target queues stays, and is updated to what is
wanted of it, be it another name. Else it is the successor of one that has its target, or its name. Mirrors that the
file does not name stay, unless they are to be pruned; those of the application's own making are left alone.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..info import MirrorState
from ..spec import PARAMETERS
from .records import spec_of
from .targets import is_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..spec import MirrorSpec
    from .application import Application
    from .desired import Desired
    from .records import RemoteMirrorInfo
    from .wanted import Wanted

__all__ = ["Change", "Plan", "make_plan"]

_ORDER = ("remove", "replace", "update", "add", "keep")
_FIXED = [key for key, parameter in PARAMETERS.items() if parameter.fixed]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about a mirror, and because of which differences: what is, and what should be.

    ``mirror_id``, ``old_name`` and ``old_target`` are of the mirror that is there, if there is one.
    """

    name: str
    action: str  # keep, add, update, replace or remove
    differences: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    mirror_id: int | None = None
    old_name: str | None = None
    old_target: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """``changes`` in the order in which they are to be made; ``others`` are the mirrors that stay as they are."""

    changes: list[Change]
    others: list[str]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A mirror that should be, and one that is there."""

    name: str
    wanted: Wanted
    info: RemoteMirrorInfo
    old: MirrorSpec
    same_source: bool

    @property
    def is_same(self) -> bool:
        """Whether an update makes one of the other."""
        if self.info.state is MirrorState.STOPPED or not self.same_source or not self.has_target:
            return False
        return all(getattr(self.old, key) == getattr(self.wanted.spec, key) for key in _FIXED)

    @property
    def has_target(self) -> bool:
        return is_at(self.info.target, self.wanted.to)

    @property
    def has_name(self) -> bool:
        return self.name == self.info.name

    @property
    def distance(self) -> int:
        """How far they are apart, the directions before the names: two mirrors cannot exchange those one by one."""
        old, new = self.old.directions, self.wanted.spec.directions
        return 2 * (old != new) + (not self.has_name) + 2 * (not old & new)


def make_plan(app: Application, desired: Desired, *, prune: bool = False) -> Plan:
    present = list(_present(app))
    pairs = list(_pairs(app, desired, present))
    mine = desired.mirrors.keys()

    def may_go(pair: _Pair) -> bool:
        return prune or pair.info.name in mine

    def is_in_the_way(pair: _Pair) -> bool:
        return bool(pair.old.directions & pair.wanted.spec.directions)

    chosen = _choose(pairs, lambda pair: pair.is_same and (may_go(pair) or is_in_the_way(pair)), {})
    # Then nobody waits for a source, a target and directions that another has until it gets those of the first.
    chosen = _choose(pairs, lambda pair: pair.same_source and pair.has_target and may_go(pair), chosen)
    chosen = _choose(pairs, lambda pair: pair.has_target and may_go(pair), chosen)
    chosen = _choose(pairs, lambda pair: pair.has_name, chosen)
    changes = [_change(name, wanted, chosen.get(name)) for name, wanted in desired.mirrors.items()]
    taken = {pair.info.id for pair in chosen.values()}
    left = [info for info in present if info.id not in taken]
    # Of those that the file names, another has become what it says.
    gone = [info for info in left if prune or info.name in mine]
    changes += [Change(info.name, "remove", _gone(info), info.id, info.name, info.target) for info in gone]
    # What goes makes room for what comes.
    changes.sort(key=lambda change: _ORDER.index(change.action))
    return Plan(changes, [info.name for info in left if info not in gone])


def _present(app: Application) -> Iterator[RemoteMirrorInfo]:
    for mirror in app.mirrors():
        with contextlib.suppress(NotFoundError):  # somebody has removed it meanwhile
            info = mirror.info()
            if info.added:
                yield info


def _pairs(app: Application, desired: Desired, present: list[RemoteMirrorInfo]) -> Iterator[_Pair]:
    specs = [(info, spec_of(info)) for info in present]
    for name, wanted in desired.mirrors.items():
        source = _source_id(app, wanted.source) if present else None
        for info, spec in specs:
            same = wanted.source in (info.source, str(info.source_port)) or source == info.source_port
            yield _Pair(name, wanted, info, spec, same)


def _source_id(app: Application, source: str) -> int | None:
    """A port has a name and a number; either will do."""
    try:
        return app.port(source).id
    except NotFoundError:
        return None


def _choose(pairs: Iterable[_Pair], fits: Callable[[_Pair], bool], before: dict[str, _Pair]) -> dict[str, _Pair]:
    """Besides those of before, the nearest of the pairs that fit; each mirror is in one at most."""
    chosen = dict(before)
    taken = {pair.info.id for pair in chosen.values()}
    for pair in sorted(filter(fits, pairs), key=lambda pair: pair.distance):
        if pair.name not in chosen and pair.info.id not in taken:
            chosen[pair.name] = pair
            taken.add(pair.info.id)
    return chosen


def _change(name: str, wanted: Wanted, pair: _Pair | None) -> Change:
    if pair is None:
        new = {"source": wanted.source, "to": wanted.to, **wanted.spec.said()}
        del new["name"]
        return Change(name, "add", {key: (None, text) for key, text in new.items()})
    info = pair.info
    differences: dict[str, tuple[str | None, str | None]] = {}
    if info.state is MirrorState.STOPPED:
        differences["state"] = f"stopped: {info.reason}", "running"
    if not pair.has_name:
        differences["name"] = info.name, name
    if not pair.same_source:
        differences["source"] = info.source, wanted.source
    if not pair.has_target:
        differences["to"] = info.target, wanted.to
    old, new = pair.old.texts(), wanted.spec.texts()
    for key in PARAMETERS:
        if key != "name" and old.get(key) != new.get(key):
            differences[key] = old.get(key), new.get(key)
    fixed = any(key in {"state", "source", "to", *_FIXED} for key in differences)
    action = "replace" if fixed else "update" if differences else "keep"
    return Change(name, action, differences, info.id, info.name, info.target)


def _gone(info: RemoteMirrorInfo) -> dict[str, tuple[str | None, str | None]]:
    return {"source": (info.source, None), "to": (info.target, None)}
