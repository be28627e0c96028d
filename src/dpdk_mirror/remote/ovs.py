# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch has names of its own for its ports, which its database tells."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..programs import find_program
from .targets import at_port, port_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .application import Application

__all__ = ["interfaces_in", "source_in", "target_in"]

_TIMEOUT_S = 3
_PROGRAM = "ovs-vswitchd"
_COLUMNS = "name,type,status,options"


@dataclass(frozen=True, slots=True)
class _Interface:
    """What the database has of one. ``number`` is its port's with DPDK, or ""; ``device`` is what it was made of."""

    name: str
    kind: str
    number: str
    device: str

    def is_port(self, name: str, *, is_switch: bool) -> bool:
        """Whether it is the application's port of that number: the database may be another's, unless it is a switch."""
        # A device may be given by its address, too.
        return self.device == name or (is_switch and self.device.startswith("class="))


def source_in(app: Application, source: str) -> str:
    """The application's name of a port that it, or else the Open vSwitch that it is, calls ``source``.

    NotFoundError if neither does, but for an application that is no switch: that is left to say so itself.
    """
    try:
        app.port(source)
    except NotFoundError as error:
        program = _program(app)
        if re.fullmatch("[0-9]*", source) or not (program or _PROGRAM).startswith(_PROGRAM):
            return source
        interface = next((each for each in _ask(source) if each.name == source), None)
        if interface and (name := _port_of(app, interface, is_switch=program is not None)):
            return name
        others = interfaces_in(app, {port.id: port.name for port in app.ports()}) if interface is None else {}
        hint = f"{app.near(source, others.values())}; {_hint(source, interface)}"
        raise NotFoundError(error.errno, error.what, hint) from None
    return source


def target_in(app: Application, to: str) -> str:
    """The same of a target, which names a port if it is port:NAME."""
    port = port_in(to)
    return to if port is None else at_port(source_in(app, port))


def interfaces_in(app: Application, ports: Mapping[int, str], *, timeout_s: float | None = None) -> dict[str, str]:
    """What Open vSwitch calls these ports, by the names that the application has for them; {} if it is no switch."""
    if not (_program(app) or "").startswith(_PROGRAM):
        return {}
    interfaces = {each.number: each for each in _ask(timeout_s=timeout_s)}
    found = ((name, interfaces.get(str(number))) for number, name in ports.items())
    return {name: each.name for name, each in found if each is not None and each.is_port(name, is_switch=True)}


def _hint(source: str, interface: _Interface | None) -> str:
    """What to do about a name that leads to no port of DPDK's."""
    if interface is None or (interface.kind == "dpdk" and interface.number):  # nobody can be asked, or another has it
        number = f"ovs-vsctl get Interface {source} status:port_no"
        return f"for an Open vSwitch interface of type=dpdk, get the number by: {number}"
    if interface.kind == "dpdk":
        return f"the interface {source} of Open vSwitch has no port: ovs-vsctl get Interface {source} error"
    kind = interface.kind or "system"
    return f"the interface {source} of Open vSwitch is of type={kind}, no port of DPDK's: ovs-tcpdump can show it"


def _program(app: Application) -> str | None:
    """What the application is; None where that cannot be told from here."""
    try:
        return Path(f"/proc/{app.pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _port_of(app: Application, interface: _Interface, *, is_switch: bool) -> str | None:
    """The port of an interface, if the database is of this very switch."""
    if not interface.number:
        return None
    try:
        name = app.port(interface.number).name
    except NotFoundError:
        return None
    return name if interface.is_port(name, is_switch=is_switch) else None


def _ask(*names: str, timeout_s: float | None = None) -> list[_Interface]:
    """Those of the names that there are, or all."""
    program = find_program("ovs-vsctl")
    if program is None or any(name.startswith("-") for name in names):
        return []
    command = [program, "--format=json", f"--columns={_COLUMNS}", "--if-exists", "list", "Interface", *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s or _TIMEOUT_S, check=True)
        return [_interface(*row) for row in json.loads(done.stdout)["data"]]
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):  # what it says may be anything
        return []


def _interface(name: str, kind: str, status: list[list[list[str]]], options: list[list[list[str]]]) -> _Interface:
    """Maps are as the database has them: ["map", [[key, value], ...]]."""
    device = dict(options[1]).get("dpdk-devargs", "")
    return _Interface(name, kind, dict(status[1]).get("port_no", ""), device.partition(",")[0])
