# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch has names of its own for its ports, which its database tells."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..programs import find_program
from .targets import at_port, port_in

if TYPE_CHECKING:
    from .application import Application

__all__ = ["source_in", "target_in"]

_TIMEOUT_S = 3
_PROGRAM = "ovs-vswitchd"


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
        if (name := _ask(app, source, is_switch=program is not None)) is not None:
            return name
        raise NotFoundError(error.errno, error.what, f"{app.near(source)}; {_hint(source)}") from None
    return source


def _hint(interface: str) -> str:
    """What to do about a name that leads to no port of DPDK's."""
    kind = _get(interface, "type")
    if kind is None or kind == "dpdk":  # nobody can be asked, or another switch has it
        number = f"ovs-vsctl get Interface {interface} status:port_no"
        return f"for an Open vSwitch interface of type=dpdk, get the number by: {number}"
    return f"the interface {interface} of Open vSwitch is of type={kind}, no port of DPDK's: ovs-tcpdump can show it"


def target_in(app: Application, to: str) -> str:
    """The same of a target, which names a port if it is port:NAME."""
    port = port_in(to)
    return to if port is None else at_port(source_in(app, port))


def _program(app: Application) -> str | None:
    """What the application is; None where that cannot be told from here."""
    try:
        return Path(f"/proc/{app.pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _ask(app: Application, interface: str, *, is_switch: bool) -> str | None:
    """The port of that interface, if the database is of this very switch: the device is the same, too."""
    number, devargs = _get(interface, "status:port_no"), _get(interface, "options:dpdk-devargs")
    if number is None:
        return None
    try:
        port = app.port(number)
    except NotFoundError:
        return None
    device = (devargs or "").partition(",")[0]
    # A device may be given by its address, too.
    return port.name if device == port.name or (is_switch and device.startswith("class=")) else None


def _get(interface: str, column: str) -> str | None:
    program = find_program("ovs-vsctl")
    if program is None or interface.startswith("-"):
        return None
    command = [program, f"--timeout={_TIMEOUT_S}", "--if-exists", "get", "Interface", interface, column]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S + 1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().strip('"') or None if done.returncode == 0 else None
