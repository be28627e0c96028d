# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror apps and ports: what runs, and what there is to mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DisconnectedError, MirrorError
from ..remote.discovery import not_found, scan, sockets_of
from ..remote.sockets import SUDO, closed_directories, label, listener
from .common import add_command, add_common_arguments, open_application, print_json, print_table, record, remark

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ..remote import Application

_APPS = {
    "help": "list running DPDK applications",
    "description": "List the DPDK applications that have a telemetry socket, and the version of librte_mirror in each.",
    "epilog": """\
examples:
  dpdk-mirror apps
      all that run here
  dpdk-mirror apps --app ovs --json
      one of them, as JSON
""",
}
_PORTS = {
    "help": "list an application's ports",
    "description": "List the ports of a running application, the targets of mirrors included.",
    "epilog": """\
examples:
  dpdk-mirror ports
      if only one application has the plugin
  dpdk-mirror ports --app ovs --json
      one of several applications, as JSON
""",
}


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "apps", run_apps, _APPS), app="default: all")
    add_common_arguments(add_command(commands, "ports", run_ports, _PORTS))


def run_apps(arguments: argparse.Namespace) -> int:
    paths = None if arguments.app is None else sockets_of(arguments.app)
    rows = [row for path, found in scan(paths) if (row := _row(path, found)) is not None]
    if arguments.app is not None and not rows:
        raise not_found(arguments.app)
    if arguments.json:
        print_json(rows)
    elif rows:
        print_table(("app", "pid", "dpdk", "plugin", "socket"), rows)
        for row in rows:
            if row["error"]:
                remark(row["error"])
    else:
        remark("no DPDK application with a telemetry socket is found")
    for folder in closed_directories():
        remark(f"no permission to read {folder}; {SUDO}")
    return 0


def run_ports(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        rows = [record(port) for port in app.ports()]
    if arguments.json:
        print_json(rows)
    elif rows:
        columns = ("id", "name", "driver", "started", "rx_queues", "tx_queues", "mtu", "mac", "is_target")
        print_table(columns, rows)
    else:
        remark(f"{app} has no ports")
    return 0


def _row(path: Path, found: Application | MirrorError) -> dict[str, Any] | None:
    """None of an application that has ended meanwhile."""
    row: dict[str, Any] = {"app": label(path), "pid": None, "dpdk": None, "plugin": None, "socket": str(path)}
    row["error"] = None
    if isinstance(found, MirrorError):
        return row | {"pid": listener(path), "error": str(found)}
    with found as app:
        try:
            row |= {"pid": app.pid, "dpdk": app.dpdk.removeprefix("DPDK ")}
            row["plugin"] = app.plugin if app.has_plugin else None
        except DisconnectedError:
            return None
        except MirrorError as error:
            row["error"] = str(error)
    return row
