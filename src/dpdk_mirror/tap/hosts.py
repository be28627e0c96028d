# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Other hosts, and how dpdk-mirror is run there: what a file of this user's says, else what is given."""

from __future__ import annotations

import errno
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidConfigError

__all__ = ["VARIABLE", "Host", "find_host", "hosts", "hosts_file"]

VARIABLE = "DPDK_MIRROR_REMOTE"
_COMMAND = "dpdk-mirror"
_KEYS = {"ssh", "command"}


@dataclass(frozen=True, slots=True)
class Host:
    """``ssh`` is what ssh is given, ``command`` is what the shell over there is."""

    name: str
    ssh: str
    command: str

    def __post_init__(self) -> None:
        if not self.ssh or self.ssh.startswith("-"):
            hint = "give [USER@]HOST, or a name of ssh's configuration"
            raise InvalidConfigError(errno.EINVAL, f"host {self.name!r}: ssh would not take {self.ssh!r} for one", hint)


def hosts_file() -> Path:
    """Where hosts are described; there need be none."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(folder) if folder.startswith("/") else Path.home() / ".config") / "dpdk-mirror" / "hosts.toml"


def hosts() -> list[Host]:
    """The hosts of the file, in its order."""
    path = hosts_file()
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8")).get("hosts", {})
    except FileNotFoundError:
        return []
    except ValueError as error:  # of UTF-8, too
        raise _bad(path, str(error)) from None
    if not isinstance(described, dict):
        raise _bad(path, "hosts is no table")
    return [_host(path, name, keys) for name, keys in described.items()]


def find_host(name: str) -> Host:
    """The host of that name in the file, or the one that ssh knows by it."""
    for host in hosts():
        if host.name == name:
            return host
    return Host(name, name, _command())


def _command() -> str:
    return os.environ.get(VARIABLE) or _COMMAND


def _host(path: Path, name: str, keys: Any) -> Host:
    if not isinstance(keys, dict):
        raise _bad(path, f"hosts.{name} is no table")
    for key, value in keys.items():
        if key not in _KEYS:
            raise _bad(path, f"hosts.{name}.{key}: there is no such key")
        if not isinstance(value, str):
            raise _bad(path, f"hosts.{name}.{key} is no text")
    return Host(name, keys.get("ssh", name), keys.get("command") or _command())


def _bad(path: Path, why: str) -> InvalidConfigError:
    hint = f'write [hosts.NAME], ssh = "[USER@]HOST" and command = "{_COMMAND}"'
    return InvalidConfigError(errno.EINVAL, f"read {path}: {why}", hint)
