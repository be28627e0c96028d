# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Every DPDK port of this machine, under a name that stays the same while applications come and go."""

from __future__ import annotations

import errno
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ConflictError, MirrorError, NotFoundError
from ..remote import Application
from ..remote.discovery import PROBE_S, scan
from ..remote.ovs import interfaces_in

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LocalPort", "find_port", "local_ports"]

PREFIX = "dpdk"


@dataclass(frozen=True, slots=True)
class LocalPort:
    """A port of the application that has its socket at ``path``; ``has_library``: it can be mirrored as it is.

    ``interface`` is what Open vSwitch calls it, "" in other applications.
    """

    port: str
    application: str
    path: Path
    has_library: bool
    interface: str = ""

    @property
    def name(self) -> str:
        return _name(self.application, self.interface or self.port)

    @property
    def others(self) -> tuple[str, ...]:
        """What it may be called besides."""
        return (_name(self.application, self.port), self.port, self.interface)


def local_ports() -> list[LocalPort]:
    """The ports of all applications that answer this user, those that librte_mirror has made left out."""
    apps = [found for _, found in scan(timeout_s=PROBE_S) if isinstance(found, Application)]
    same = Counter(map(str, apps))
    with ThreadPoolExecutor(max_workers=16) as pool:
        return [port for ports in pool.map(lambda app: _ports(app, alone=same[str(app)] == 1), apps) for port in ports]


def find_port(name: str) -> LocalPort:
    """The port that has this name, or that its application calls so."""
    ports = local_ports()
    found = [each for each in ports if each.name == name] or [each for each in ports if name in each.others]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise ConflictError(errno.EEXIST, f"find port {name}: there are several: {names}", "name one of these")
    hint = "see that its application runs, and that you may look at it: dpdk-mirror apps"
    raise NotFoundError(errno.ENODEV, f"find port {name}: no application that answers has it", hint)


def _ports(app: Application, *, alone: bool) -> list[LocalPort]:
    """``alone``: no other application is called so. Nothing of one that has ended, or does not answer."""
    with app:
        try:
            able = app.has_plugin
            names = {each.id: each.name for each in app.ports() if not each.is_target} if able else app.port_names()
            label = str(app) if alone else f"{app}@{app.pid}"
            called = interfaces_in(app, names)
        except MirrorError:
            return []
    return [LocalPort(port, label, app.path, able, called.get(port, "")) for port in names.values()]


def _name(application: str, port: str) -> str:
    """Without anything that Wireshark, or a file's name, would take for something else."""
    return ":".join([PREFIX, *(re.sub(r"[^\w.:@-]", "_", each).strip("_") for each in (application, port))])
