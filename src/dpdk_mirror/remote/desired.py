# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application's mirrors as a TOML file says that they should be."""

from __future__ import annotations

import errno
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidConfigError
from ..pairs import join_pairs
from ..spec import MirrorSpec
from ..values import flag_text
from .targets import absolute
from .wanted import Wanted

__all__ = ["Desired", "read"]

_DEFAULTS = {"mode": "auto"}


@dataclass(frozen=True, slots=True)
class Desired:
    """All that a file says."""

    app: str | None
    mirrors: dict[str, Wanted]


def read(path: Path) -> Desired:
    """The file's content; InvalidConfigError where it makes no sense, OSError where it cannot be read.

    ``-`` is standard input. Relative paths are relative to the file's folder, to the working directory where it comes
    through a file descriptor.
    """
    path = Path("/dev/stdin") if str(path) == "-" else path
    folder = Path.cwd() if path.is_relative_to("/dev") or path.is_relative_to("/proc") else path.absolute().parent
    try:
        return _desired(_content(path), folder)
    except RecursionError:
        raise InvalidConfigError(errno.EINVAL, f"read {path}: nested too deeply") from None
    except InvalidConfigError as error:
        raise InvalidConfigError(error.errno, f"read {path}: {error.what}", error.hint) from None


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise InvalidConfigError(errno.EINVAL, f"not TOML: {error}") from None


def _desired(content: dict[str, Any], folder: Path) -> Desired:
    for key in content:
        if key not in {"app", "mirrors"}:
            raise InvalidConfigError(errno.EINVAL, f"{key}: no such setting", "there are app and mirrors")
    app, mirrors = content.get("app"), content.get("mirrors", {})
    if not isinstance(app, str | None):
        raise InvalidConfigError(errno.EINVAL, "app: not a text")
    if not isinstance(mirrors, dict) or not all(isinstance(each, dict) for each in mirrors.values()):
        raise InvalidConfigError(errno.EINVAL, "mirrors: not tables", "write [mirrors.NAME]")
    return Desired(app, {name: _wanted(name, dict(values), folder) for name, values in mirrors.items()})


def _wanted(name: str, values: dict[str, Any], folder: Path) -> Wanted:
    try:
        return _wanted_of(name, values, folder)
    except InvalidConfigError as error:
        raise InvalidConfigError(error.errno, f"mirrors.{name}: {error.what}", error.hint) from None


def _wanted_of(name: str, values: dict[str, Any], folder: Path) -> Wanted:
    force = values.pop("force", False)
    if not isinstance(force, bool):
        raise InvalidConfigError(errno.EINVAL, "force: neither true nor false")
    texts = {key: _text(key, value) for key, value in values.items()}
    for key in ("source", "to"):
        if key not in texts:
            raise InvalidConfigError(errno.EINVAL, f"{key}: not given")
    if "name" in texts:
        raise InvalidConfigError(errno.EINVAL, "name: use the table's name, [mirrors.NAME]")
    source, to = texts.pop("source"), texts.pop("to")
    return Wanted(source, absolute(to, folder), force, MirrorSpec.from_texts({**_DEFAULTS, **texts, "name": name}))


def _text(key: str, value: object) -> str:
    """A value as it stands in pairs; a table becomes pairs itself, an array what it holds with commas between."""
    if isinstance(value, bool):
        return flag_text(value)
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, dict):
        return join_pairs({inner: _text(inner, each) for inner, each in value.items()})
    if isinstance(value, list):
        return ",".join(_text(key, each) for each in value)
    raise InvalidConfigError(errno.EINVAL, f"{key}: neither a text nor a number, a truth value, a table or an array")
