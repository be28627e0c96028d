# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror drivers: the drivers of the installed DPDK."""

from __future__ import annotations

import difflib
import errno
import fnmatch
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ..errors import NotFoundError
from ..pcidevices import Advice, PciDevice, advise, find_devices, parse_wanted, takers
from ..pmdinfo import Driver, drivers, installed_release
from .common import add_command, print_json, say

if TYPE_CHECKING:
    import argparse

_DRIVERS = {
    "help": "list the drivers of the installed DPDK",
    "description": """\
List the drivers of the installed DPDK, with the arguments that they document. With --device, tell which of them takes
a PCI device, what it is bound to now, and how to bind it.
""",
    "epilog": """\
examples:
  dpdk-mirror drivers 'net_*'
      all drivers for Ethernet ports
  dpdk-mirror drivers net_tap --json
      one driver, with all that its file says
  dpdk-mirror drivers --device 8086:1572
      which driver takes such a card, and what to do so that DPDK has it
""",
}


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "drivers", run, _DRIVERS)
    parser.add_argument(
        "pattern",
        metavar="NAME",
        nargs="?",
        default="*",
        help="name of a driver, or a shell pattern such as 'net_*'",
    )
    parser.add_argument(
        "--device", metavar="ID",
        help="drivers of this PCI device alone: 8086:1572, or an address, 0000:03:00.0",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")


def run(arguments: argparse.Namespace) -> int:
    chosen = _matching(arguments.pattern)
    if arguments.device is not None:
        return _tell_device(arguments.device, chosen, pattern=arguments.pattern, as_json=arguments.json)
    if arguments.json:
        print_json([_as_json(driver) for driver in chosen])
    elif sys.stdout.isatty():
        _print_table(chosen)
    else:
        for line in _lines(chosen):
            print(line)
    return 0


def _matching(pattern: str) -> list[Driver]:
    known = drivers()
    chosen = [driver for driver in known if fnmatch.fnmatchcase(driver.name, pattern)]
    if chosen:
        return chosen
    near = difflib.get_close_matches(pattern, [driver.name for driver in known])
    hint = f"did you mean {' or '.join(near)}?" if near else "dpdk-mirror drivers lists all"
    raise NotFoundError(errno.ENOENT, f"list drivers {pattern}: DPDK has none of that name", hint)


def _as_json(driver: Driver) -> dict[str, Any]:
    return {
        "name": driver.name,
        "path": str(driver.path),
        "virtual": driver.virtual,
        "devargs": list(driver.devargs),
        "params": driver.params,
        "pci_ids": [str(pci_id) for pci_id in driver.pci_ids],
        "kmod": driver.kmod,
    }


def _rows(chosen: list[Driver]) -> list[tuple[str, str, str]]:
    return [
        (driver.name, f"{len(driver.pci_ids)} PCI ids" if driver.pci_ids else "-", driver.params or "-")
        for driver in chosen
    ]


def _lines(chosen: list[Driver]) -> list[str]:
    """For other programs: columns that a blank parts, the arguments, which may have blanks, last."""
    rows = _rows(chosen)
    name, ids = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"{row[0]:{name}}  {row[1]:{ids}}  {row[2]}" for row in rows]


def _print_table(chosen: list[Driver]) -> None:
    table = Table(box=None, header_style="bold")
    for title in ("driver", "devices", "arguments"):
        table.add_column(title, no_wrap=title == "driver", overflow="fold")
    for row in _rows(chosen):
        table.add_row(*row)
    console = Console()
    console.print(table, markup=False, highlight=False)


def _of(pattern: str) -> str:
    return "" if pattern == "*" else f" of {pattern}"


def _tell_device(text: str, known: list[Driver], *, pattern: str, as_json: bool) -> int:
    """Who takes it, and of each that this machine has, how."""
    wanted = parse_wanted(text)
    taking = takers(wanted.ids, known)
    if not taking:
        what = f"look for a driver of device {text}: DPDK {installed_release()} has none{_of(pattern)} that takes it"
        raise NotFoundError(errno.ENODEV, what, "dpdk-mirror drivers --json has the ids of all")
    advices = [(device, _advice(device, known)) for device in find_devices(wanted)]
    if as_json:
        devices = [asdict(device) | {"ids": str(device.ids)} | asdict(advice) for device, advice in advices]
        print_json({"ids": str(wanted.ids), "drivers": [driver.name for driver in taking], "devices": devices})
        return 0
    say(f"{text}: taken by {', '.join(driver.name for driver in taking)}")
    for device, advice in advices:
        _tell_advice(device, advice)
    if not advices:
        say("this machine has none")
    return 0


def _advice(device: PciDevice, known: list[Driver]) -> Advice:
    """By the driver that takes it with its subsystem, which an id may not tell."""
    taking = takers(device.ids, known)
    return advise(device, taking[0]) if taking else Advice(ready=False, says=f"no driver takes {device.ids}")


def _tell_advice(device: PciDevice, advice: Advice) -> None:
    interfaces = f", as {' and '.join(device.interfaces)}" if device.interfaces else ""
    bound = f"bound to {device.driver}{interfaces}" if device.driver else "bound to nothing"
    say(f"{device.address}: {bound}; {advice.says}")
    for note in advice.notes:
        say(f"  {note}")
    for command in advice.commands:
        say(f"  # {command}")
