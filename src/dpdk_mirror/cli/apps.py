# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror apps and ports: what runs, and what there is to mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DisconnectedError, MirrorError
from ..remote import DpdkProcess
from ..remote.discovery import PROBE_S, not_found, own_socket, processes, scan, sockets_of
from ..remote.ovs import interfaces_in
from ..remote.sockets import SUDO, closed_directories, label, listener
from .common import add_command, add_common_arguments, open_application, print_json, print_table, record, remark

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from ..remote import Application

_COLUMNS = ("app", "pid", "program", "dpdk", "process", "where", "plugin", "socket")
_APPS = {
    "help": "list running DPDK applications",
    "description": """\
List the DPDK applications that run here, in containers, too.

  process  primary, or secondary: shares a primary's memory
  where    its container, or the namespaces that it has of its own
  plugin   the version of librte_mirror in it; no (attach): it can be loaded; no, or inert: the reason follows the table
""",
    "epilog": """\
examples:
  dpdk-mirror apps
      all that this user may see
  dpdk-mirror apps --app ovs --json
      one of them, as JSON
""",
}
_OF_PORTS = ("driver", "started", "rx_queues", "tx_queues", "mtu", "mac", "is_target")
_PORTS = {
    "help": "list an application's ports",
    "description": "List the ports of a running application, the targets of mirrors included;\n"
    "for Open vSwitch, with its interface names.",
    "epilog": """\
examples:
  dpdk-mirror ports
      if only one application has the library
  dpdk-mirror ports --app ovs --json
      one of several applications, as JSON
""",
}


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "apps", run_apps, _APPS), app="default: all")
    add_common_arguments(add_command(commands, "ports", run_ports, _PORTS))


def run_apps(arguments: argparse.Namespace) -> int:
    rows = _rows(arguments.app)
    if arguments.json:
        print_json(rows)
    elif rows:
        print_table(_COLUMNS, [_shown(row) for row in rows])
        for line in filter(None, map(_ailing, rows)):
            remark(line)
    else:
        remark("no DPDK application is found")
    for folder in closed_directories():
        remark(f"no permission to read {folder}; {SUDO}")
    return 0


def run_ports(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        ports = app.ports()
        called = interfaces_in(app, {port.id: port.name for port in ports})
        rows = [record(port) | {"interface": called.get(port.name)} for port in ports]
    if arguments.json:
        print_json(rows)
    elif rows:
        interface = ("interface",) if called else ()
        print_table(("id", "name", *interface, *_OF_PORTS), rows)
    else:
        remark(f"{app} has no ports")
    return 0


def _rows(app: str | None) -> list[dict[str, Any]]:
    """Those that have a socket, by their names; then, unless ``app`` is given, those that have none, by their ids."""
    found = scan() if app is None else scan(sockets_of(app))
    if app is not None and not found:
        raise not_found(app)
    known = {process.pid: process for process in processes()}
    rows = [row for path, each in found if (row := _socket_row(path, each, known)) is not None]
    if app is not None:
        return rows
    told = {row["pid"] for row in rows}
    others = [process for process in known.values() if process.started and process.pid not in told]
    return rows + [_process_row(process) for process in others]


def _socket_row(
    path: Path, found: Application | MirrorError, known: Mapping[int, DpdkProcess]
) -> dict[str, Any] | None:
    """None of an application that has ended meanwhile."""
    names = {"app": label(path), "socket": str(path)}
    if isinstance(found, MirrorError):
        return _known_row(listener(path), known) | names | {"error": str(found)}
    row: dict[str, Any] = {}
    with found as app:
        app.timeout_s = PROBE_S
        try:
            row = _known_row(app.pid, known) | names
            row["dpdk"] = app.dpdk.removeprefix("DPDK ")
            row["plugin"] = app.plugin if app.has_plugin else None
        except DisconnectedError:
            return None
        except MirrorError as error:
            row = row or _known_row(listener(path), known) | names
            row["error"] = str(error)
    return row


def _known_row(pid: int | None, known: Mapping[int, DpdkProcess]) -> dict[str, Any]:
    return _process_row(known.get(pid or 0) or DpdkProcess(pid or 0, "")) | {"pid": pid or None}


def _process_row(process: DpdkProcess) -> dict[str, Any]:
    """Of a process, with the names that a socket's row has."""
    secondary = process.secondary
    socket = str(own_socket(process)) if process.plugin and process.socket else None
    return {
        "app": str(process.pid) if socket else process.prefix or None,
        "pid": process.pid,
        "program": process.name or None,
        "dpdk": process.dpdk or None,
        "process": None if secondary is None else "secondary" if secondary else "primary",
        "plugin": process.plugin or None,
        "socket": socket,
        "error": None,
        "where": process.container or ",".join(process.namespaces) or None,
        "container": process.container or None,
        "namespaces": list(process.namespaces),
        "kind": str(process.kind),
        "libc": process.libc or None,
        "architecture": process.architecture or None,
        "inert": process.inert or None,
        "obstacle": process.obstacle or None,
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """With words for people where there is no library that works."""
    if row["inert"]:
        return row | {"plugin": "inert"}
    if row["plugin"] is None and row["program"]:
        return row | {"plugin": "no" if row["obstacle"] else "no (attach)"}
    return row


def _ailing(row: dict[str, Any]) -> str:
    """What is the matter with it, "" if nothing is."""
    who = f"process {row['pid']} ({row['program']})"
    if row["error"]:
        return str(row["error"])
    if row["inert"]:
        return f"{who}: its library is inert: {row['inert']}"
    if row["plugin"] is None and row["obstacle"]:
        return f"{who} cannot be attached: {row['obstacle']}"
    return ""
