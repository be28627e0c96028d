# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What Wireshark asks a program that captures for it, and reads of its answers: extcap(4)."""

from __future__ import annotations

import errno
import os
import re
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import DisconnectedError, InvalidConfigError
from ..spec import PARAMETERS
from ..waiting import nap
from .hosts import hosts, hosts_file

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator

    from .ports import LocalPort

__all__ = ["KEYS", "SSH", "dlts", "feed", "interfaces", "open_fifo", "options", "port_values"]

SSH = "dpdk-ssh"
"""The interface that is a port of another host."""

KEYS = ("directions", "snaplen", "sample", "rate")
"""Parameters of mirrors that are options of interfaces; the filter is Wireshark's own field."""

_PORTS_NUMBER = "1"
"""Of the option for ports of another host, behind the one for the host."""

_DISPLAY = {
    "directions": "Direction",
    "snaplen": "Snapshot length",
    "sample": "One packet in",
    "rate": "Packets a second",
}
_DEFAULTS = {"directions": "both", "snaplen": "0"}
_PIECE = 1 << 20
_OPEN_S = 30  # for whoever is to read
_LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class _Option:
    """``more`` is what else Wireshark knows of it, ``values`` are what can be chosen, and what each is called."""

    call: str
    display: str
    kind: str
    tooltip: str
    more: dict[str, str]
    values: tuple[tuple[str, str], ...] = ()


def interfaces(version: str, ports: Iterable[LocalPort]) -> list[str]:
    """The list of interfaces: all ports, and the one whose hosts are only asked when a capture starts."""
    lines = [_sentence("extcap", version=version, display="DPDK ports")]
    for port in ports:
        lacks = "" if port.has_library else ", which lacks the library"
        called = f"{port.interface} ({port.port})" if port.interface else port.port
        lines.append(_sentence("interface", value=port.name, display=f"DPDK {called} of {port.application}{lacks}"))
    return [*lines, _sentence("interface", value=SSH, display="DPDK over ssh")]


def dlts() -> list[str]:
    return [_sentence("dlt", number="1", name="EN10MB", display="Ethernet")]


def options(interface: str) -> list[str]:
    """What can be set in Wireshark's dialog; nobody is asked for it."""
    lines = []
    for number, option in enumerate([*(_places() if interface == SSH else ()), *_parameters(), _ATTACH]):
        values = {"call": option.call, "display": option.display, "tooltip": option.tooltip, "type": option.kind}
        lines.append(_sentence("arg", number=str(number), **values, **option.more))
        default = option.more.get("default")
        for value, display in option.values:
            chosen = {"default": "true" if value == default else "false"}
            lines.append(_sentence("value", arg=str(number), value=value, display=display, **chosen))
    return lines


def port_values(listed: Iterable[str]) -> list[str]:
    """The list of interfaces of another host, as what can be chosen for the option for ports."""
    found = (re.fullmatch(r"interface \{value=(.*?)\}\{display=(.*?)\}", line) for line in listed)
    return [
        _sentence("value", arg=_PORTS_NUMBER, value=match[1], display=match[2])
        for match in found
        if match is not None and match[1] != SSH
    ]


def open_fifo(fifo: str) -> int:
    """Open what Wireshark reads from, once it does.

    Leave it open until the process ends, when stderr has all that went wrong: Wireshark looks there when the fifo ends.
    """
    end = time.monotonic() + _OPEN_S
    while True:
        try:
            fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        else:
            os.set_blocking(fd, True)
            return fd
        if time.monotonic() > end:
            raise DisconnectedError(errno.EPIPE, f"write to {fifo}: nobody reads it", "start the capture again")
        nap(0.02)


def feed(fd: int, stream: socket.socket) -> bool:
    """Write what comes until the stream ends, or nobody reads any more: whether it was the stream."""
    buffer = memoryview(bytearray(_PIECE))
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    poll.register(fd, 0)  # but for its reader's end
    try:
        while fd not in (events := dict(poll.poll(_LOOK_S * 1000))):
            nap(0)  # signals are heeded here
            if not events:
                continue
            size = stream.recv_into(buffer)
            if size == 0:
                return True
            done = 0
            while done < size:
                done += os.write(fd, buffer[done:size])
    except BrokenPipeError:
        pass
    return False


def _places() -> tuple[_Option, ...]:
    """Which port of which host: one of the file, if that has any. Wireshark 4.0 has no field with both."""
    known: tuple[tuple[str, str], ...] = ()
    what = f"[USER@]HOST, or one of {hosts_file()}"
    try:
        known = tuple((host.name, host.name) for host in hosts())
    except InvalidConfigError as error:  # else there would be no options at all
        what = str(error)
    load = {"required": "true", "reload": "true", "placeholder": "Load ports"}
    return (
        _Option("--remote-host", "Host", "selector" if known else "string", what, {"required": "true"}, known),
        _Option("--remote-port", "Port", "selector", "its name over there", load),
    )


def _parameters() -> Iterator[_Option]:
    for key in KEYS:
        parameter = PARAMETERS[key]
        values = tuple((each, each) for each in parameter.choices)
        more = {"default": _DEFAULTS[key]} if key in _DEFAULTS else {}
        kind = "selector" if values else "string"
        yield _Option(f"--{key}", _DISPLAY[key], kind, parameter.meaning, more, values)


_ATTACH = _Option(
    "--attach",
    "Load the library",
    "boolflag",
    "load it into the application first, if it lacks it",
    {"default": "false"},
)


def _sentence(kind: str, **values: str) -> str:
    """A line as Wireshark reads it, which knows no escapes."""
    clean = {key: re.sub(r"[{}\n\r]", "_", value) for key, value in values.items()}
    return f"{kind} {''.join(f'{{{key}={value}}}' for key, value in clean.items())}"
