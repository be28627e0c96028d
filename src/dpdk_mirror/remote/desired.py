# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application's mirrors as a TOML file says that they should be, and what is to be done for that.

The file is all there is to know: mirrors that it does not name are removed, unless others are to be kept; those of the
application's own making are left alone. A mirror is the file's by its name.
"""

from __future__ import annotations

import contextlib
import errno
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError, NotFoundError
from ..info import MirrorState
from ..pairs import join_pairs
from ..spec import PARAMETERS, MirrorSpec

if TYPE_CHECKING:
    from pathlib import Path

    from .application import Application
    from .records import RemoteMirrorInfo

__all__ = ["Change", "Desired", "Wanted", "changes", "make", "read"]

_DEFAULTS = {"mode": "auto"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mirror that should be."""

    source: str
    to: str
    force: bool
    spec: MirrorSpec


@dataclass(frozen=True, slots=True)
class Desired:
    """All that a file says."""

    app: str | None
    mirrors: dict[str, Wanted]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about a mirror, and because of which differences: what is, and what should be."""

    name: str
    action: str  # keep, add, update, replace or remove
    differences: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    mirror_id: int | None = None


def read(path: Path) -> Desired:
    """The file's content; InvalidConfigError where it makes no sense, OSError where it cannot be read."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidConfigError(errno.EINVAL, f"read {path}: not TOML: {error}") from None
    try:
        return _desired(content)
    except InvalidConfigError as error:
        raise InvalidConfigError(error.errno, f"read {path}: {error.what}", error.hint) from None


def changes(app: Application, desired: Desired, *, keep_others: bool = False) -> list[Change]:
    """What makes the application's mirrors what they should be, in the order in which it is to be done."""
    present: dict[str, RemoteMirrorInfo] = {}
    for mirror in app.mirrors():
        with contextlib.suppress(NotFoundError):  # somebody has removed it meanwhile
            info = mirror.info()
            if info.added:
                present[info.name] = info
    found = [_compare(app, name, wanted, present.get(name)) for name, wanted in desired.mirrors.items()]
    others = [] if keep_others else [info for name, info in present.items() if name not in desired.mirrors]
    found += [Change(info.name, "remove", _gone(info), info.id) for info in others]
    # What goes makes room for what comes.
    order = ("remove", "replace", "update", "add", "keep")
    return sorted(found, key=lambda change: order.index(change.action))


def make(app: Application, desired: Desired, change: Change) -> None:
    """Does what a change says."""
    if change.action in {"remove", "replace"}:
        with contextlib.suppress(NotFoundError):
            app.find(_known(change)).remove()
    if change.action in {"add", "replace"}:
        wanted = desired.mirrors[change.name]
        app.mirror(wanted.source, to=wanted.to, spec=wanted.spec, force=wanted.force)
    if change.action == "update":
        app.find(_known(change)).change({key: new or "" for key, (_, new) in change.differences.items()})


def _known(change: Change) -> int:
    if change.mirror_id is None:
        raise InvalidConfigError(errno.EINVAL, f"{change.action} mirror {change.name}: it is not there")
    return change.mirror_id


def _compare(app: Application, name: str, wanted: Wanted, info: RemoteMirrorInfo | None) -> Change:
    new = {"source": wanted.source, "to": wanted.to, **wanted.spec.said()}
    del new["name"]
    if info is None:
        return Change(name, "add", {key: (None, text) for key, text in new.items()})
    if info.state is MirrorState.STOPPED:
        return Change(name, "replace", {"state": (f"stopped: {info.reason}", "running")}, info.id)
    differences: dict[str, tuple[str | None, str | None]] = {}
    if not _is_source(app, wanted.source, info):
        differences["source"] = info.source, wanted.source
    if wanted.to != info.target:
        differences["to"] = info.target, wanted.to
    old_texts, new_texts = MirrorSpec.from_pairs(info.spec).texts(), wanted.spec.texts()
    for key in PARAMETERS:
        if key != "name" and old_texts.get(key) != new_texts.get(key):
            differences[key] = old_texts.get(key), new_texts.get(key)
    fixed = any(key in {"source", "to"} or PARAMETERS[key].fixed for key in differences)
    action = "replace" if fixed else "update" if differences else "keep"
    return Change(name, action, differences, info.id)


def _is_source(app: Application, wanted: str, info: RemoteMirrorInfo) -> bool:
    """A port has a name and a number; either will do."""
    if wanted in (info.source, str(info.src_port)):
        return True
    try:
        return app.port(wanted).id == info.src_port
    except NotFoundError:
        return False


def _gone(info: RemoteMirrorInfo) -> dict[str, tuple[str | None, str | None]]:
    return {"source": (info.source, None), "to": (info.target, None)}


def _desired(content: dict[str, Any]) -> Desired:
    for key in content:
        if key not in {"app", "mirrors"}:
            raise InvalidConfigError(errno.EINVAL, f"{key}: no such setting", "there are app and mirrors")
    app, mirrors = content.get("app"), content.get("mirrors", {})
    if not isinstance(app, str | None):
        raise InvalidConfigError(errno.EINVAL, "app: not a text")
    if not isinstance(mirrors, dict) or not all(isinstance(each, dict) for each in mirrors.values()):
        raise InvalidConfigError(errno.EINVAL, "mirrors: not tables", "write [mirrors.NAME]")
    return Desired(app, {name: _wanted(name, dict(values)) for name, values in mirrors.items()})


def _wanted(name: str, values: dict[str, Any]) -> Wanted:
    try:
        return _wanted_of(name, values)
    except InvalidConfigError as error:
        raise InvalidConfigError(error.errno, f"mirrors.{name}: {error.what}", error.hint) from None


def _wanted_of(name: str, values: dict[str, Any]) -> Wanted:
    force = values.pop("force", False)
    if not isinstance(force, bool):
        raise InvalidConfigError(errno.EINVAL, "force: neither true nor false")
    texts = {key: _text(key, value) for key, value in values.items()}
    for key in ("source", "to"):
        if key not in texts:
            raise InvalidConfigError(errno.EINVAL, f"{key}: not given")
    if "name" in texts:
        raise InvalidConfigError(errno.EINVAL, "name: that is what stands in [mirrors.NAME]")
    source, to = texts.pop("source"), texts.pop("to")
    return Wanted(source, to, force, MirrorSpec.from_texts({**_DEFAULTS, **texts, "name": name}))


def _text(key: str, value: object) -> str:
    """A value as it stands in pairs; a table becomes pairs itself, an array what it holds with commas between."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, dict):
        return join_pairs({inner: _text(inner, each) for inner, each in value.items()})
    if isinstance(value, list):
        return ",".join(_text(key, each) for each in value)
    raise InvalidConfigError(errno.EINVAL, f"{key}: neither a text nor a number, a truth value, a table or an array")
