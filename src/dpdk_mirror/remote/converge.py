# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A plan, carried out: all of it is checked before anything changes, and then each change is made in its turn."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ConflictError, MirrorError, NotFoundError
from .ovs import source_in
from .targets import port_in

if TYPE_CHECKING:
    from .application import Application
    from .desired import Desired
    from .plan import Change, Plan

__all__ = ["carry_out", "check", "with_sources"]


def with_sources(app: Application, desired: Desired) -> Desired:
    """The same, with the application's own names of ports; those that are not there ``check()`` refuses."""
    mirrors = dict(desired.mirrors)
    for name, wanted in mirrors.items():
        with contextlib.suppress(NotFoundError):
            mirrors[name] = replace(wanted, source=source_in(app, wanted.source))
    return replace(desired, mirrors=mirrors)


def check(app: Application, desired: Desired, plan: Plan) -> dict[str, MirrorError]:
    """Why changes would be refused, by the names of their mirrors. Nothing changes."""
    refused: dict[str, MirrorError] = _contradictions(app, desired)
    for change in plan.changes:
        if change.action in {"add", "update", "replace"} and change.name not in refused:
            replaces = change.old_name if change.action == "replace" else None
            try:
                wanted = desired.mirrors[change.name]
                app.check(wanted, replaces=replaces, without=_in_the_way(plan, change.name, wanted.to))
            except MirrorError as error:
                refused[change.name] = error
    return refused


def _in_the_way(plan: Plan, name: str, to: str) -> list[int]:
    """Mirrors that are to change, and so will not be, of all that is there now. Others do not matter to this one."""
    return [
        change.mirror_id
        for change in plan.changes
        if change.action != "keep"
        and change.mirror_id is not None
        and (change.old_name == name or change.old_target == to or port_in(change.old_target))
    ]


def _contradictions(app: Application, desired: Desired) -> dict[str, MirrorError]:
    """Mirrors of the file that cannot be at once; and ports that are not there."""
    refused: dict[str, MirrorError] = {}
    seen: dict[tuple[int, str], list[str]] = {}
    for name, wanted in desired.mirrors.items():
        try:
            others = seen.setdefault((app.port(source_in(app, wanted.source)).id, wanted.to), [])
        except NotFoundError as error:
            refused[name] = error
            continue
        for other in others:
            if desired.mirrors[other].spec.directions & wanted.spec.directions:
                what = f"mirror {name}: {other} mirrors {wanted.source} to {wanted.to} in this direction, too"
                refused[name] = ConflictError(errno.EEXIST, what, "leave one of them out")
        others.append(name)
    return refused


def carry_out(app: Application, desired: Desired, plan: Plan) -> dict[str, MirrorError]:
    """Makes the changes; returns why some have failed, which keeps none of the others from being made."""
    return _Run(app, desired, plan).run()


class _Run:
    """One change may be in another's way, by a name or otherwise: it is tried again as long as others are made."""

    def __init__(self, app: Application, desired: Desired, plan: Plan) -> None:
        self._app, self._desired = app, desired
        self._pending = [change for change in plan.changes if change.action != "keep"]
        self._failed: dict[str, MirrorError] = {}
        # What each mirror that is there is called just now.
        self._names = {change.mirror_id: change.old_name for change in plan.changes if change.old_name is not None}

    def run(self) -> dict[str, MirrorError]:
        while self._pending and (self._make_what_can_be() or self._rename_one_aside()):
            pass
        for change in self._pending:
            self._give_name_back(change)
        return {change.name: self._failed.get(change.name) or self._blocked(change) for change in self._pending}

    def _make_what_can_be(self) -> bool:
        """Whether any could be."""
        made = []
        for change in self._pending:
            if self._is_hopeless(change) or not self._is_free(change):
                continue
            try:
                self._make(change)
            except MirrorError as error:
                self._failed[change.name] = error
            else:
                made.append(change)
        self._pending = [change for change in self._pending if change not in made]
        return bool(made)

    def _is_hopeless(self, change: Change) -> bool:
        error = self._failed.get(change.name)
        return error is not None and not isinstance(error, ConflictError)

    def _is_free(self, change: Change) -> bool:
        """Whether no mirror that is still to change has its name; of another's, the application tells."""
        holders = {self._names.get(other.mirror_id) for other in self._pending if other is not change}
        return change.action == "remove" or change.name not in holders

    def _make(self, change: Change) -> None:
        called = self._names.get(change.mirror_id)
        if change.action == "remove":
            with contextlib.suppress(NotFoundError):
                self._app.find(change.mirror_id or change.name).remove()
        elif change.action == "update":
            texts = {key: new or "" for key, (_, new) in change.differences.items() if key != "name"}
            if called != change.name:
                texts["name"] = change.name
            self._app.find(called or change.name).change(texts)
        else:
            self._app.add(self._desired.mirrors[change.name], replaces=called)
        self._names.pop(change.mirror_id, None)

    def _rename_one_aside(self) -> bool:
        """Where names go round in a circle, the first mirror that has one of them gets another for a while."""
        wanted = {change.name for change in self._pending if not self._is_hopeless(change)}
        for change in self._pending:
            called = self._names.get(change.mirror_id)
            is_old = called == change.old_name and not self._is_hopeless(change)
            if is_old and called != change.name and called in wanted:
                try:
                    self._app.find(called).change({"name": f"apply-{change.mirror_id}"})
                except MirrorError as error:
                    self._failed[change.name] = error
                    continue
                self._names[change.mirror_id] = f"apply-{change.mirror_id}"
                return True
        return False

    def _blocked(self, change: Change) -> MirrorError:
        what = f"{change.action} mirror {change.name} in {self._app}: a mirror that could not be changed has its name"
        return ConflictError(errno.EEXIST, what)

    def _give_name_back(self, change: Change) -> None:
        called = self._names.get(change.mirror_id)
        if called is not None and change.old_name is not None and called != change.old_name:
            with contextlib.suppress(MirrorError):
                self._app.find(called).change({"name": change.old_name})
