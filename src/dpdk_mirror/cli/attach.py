# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror attach: make a running application one whose ports can be mirrored."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

from ..attach.load import TIMEOUT_S, Options
from ..errors import MirrorError
from ..remote.attaching import load_apart
from ..remote.discovery import connect_to, find_process
from .common import (
    add_command,
    add_common_arguments,
    add_host_argument,
    application_name,
    attached,
    named,
    patience,
    print_json,
    say,
    seconds,
)

if TYPE_CHECKING:
    import argparse

    from ..attach.load import Attachment
    from ..remote import Application, RemotePort

_ATTACH = {
    "help": "load the library into a running application",
    "description": """\
Load librte_mirror into a DPDK application that runs without it. One of EAL's own threads, which sleeps, is made to load
it, and stands still for moments, which are told; no other thread is stopped. Without mirrors the library does nothing.
It stays until the application ends.
""",
    "epilog": """\
examples:
  dpdk-mirror attach ovs-vswitchd
      by the program's name
  dpdk-mirror attach 4711 --dry-run
      check whether it can be, and change nothing
  dpdk-mirror attach rte --socket /run/app/mirror
      have the library listen there, too, as the application sees that path
""",
}


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "attach", run, _ATTACH)
    parser.add_argument(
        "application", metavar="PID|PREFIX|NAME", nargs="?",
        help="process id, file prefix or program; default: DPDK_MIRROR_APP, or the only one without the library",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="make all checks, and change nothing")
    parser.add_argument(
        "--socket", metavar="PATH",
        help="have the library open a socket of its own at a path that the application sees;"
        " default: it chooses one where telemetry is off",
    )  # fmt: skip
    parser.add_argument(
        "--library", metavar="FILE", help="load another librte_mirror.so, of the application's DPDK release"
    )
    parser.add_argument(
        "--force", action="store_true", help="attach though the application's seccomp filters cannot be read"
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=TIMEOUT_S,
        help=f"how long its dynamic loader may be busy; default: {TIMEOUT_S:g}",
    )  # fmt: skip
    add_host_argument(parser)
    add_common_arguments(parser, app=None)


def run(arguments: argparse.Namespace) -> int:
    options = Options(arguments.socket or "", arguments.dry_run, arguments.force, arguments.timeout)
    with patience():
        done = load_apart(find_process(named(arguments.application)).pid, options, arguments.library)
    if arguments.dry_run:
        _say_checks(arguments, done)
        return 0
    if not arguments.json:  # whether or not it answers
        for line in attached(done) if done.loaded else (_had(done), *attached(done)):
            say(line)
    try:
        with connect_to(done.process) as app:
            ports = [port for port in app.ports() if not port.is_target]
    except MirrorError:
        if arguments.json:
            print_json(_record(done) | {"app": None, "ports": None})
        raise
    if arguments.json:
        print_json(_record(done) | {"app": str(app), "ports": [port.name for port in ports]})
    else:
        _tell(done, app, ports)
    return 0


def _say_checks(arguments: argparse.Namespace, done: Attachment) -> None:
    if arguments.json:
        print_json(_record(done))
    elif done.version:
        say(_had(done))
    else:
        say(f"{application_name(done)} can be attached to, by its thread {done.thread}; nothing has been changed")


def _tell(done: Attachment, app: Application, ports: list[RemotePort]) -> None:
    if not ports:
        say("it has no ports yet")
        return
    say(f"ports: {' '.join(port.name for port in ports)}")
    name = str(done.process.pid if "/" in str(app) else app)
    # For a shell, and the application has chosen the names.
    say(f"mirror one: dpdk-mirror add {quote(ports[0].name)} --to tap:m0 --app {quote(name)}")


def _had(done: Attachment) -> str:
    return f"{application_name(done)} has librte_mirror {done.version} already"


def _record(done: Attachment) -> dict[str, Any]:
    return {
        "pid": done.process.pid,
        "program": done.process.name,
        "dpdk": done.process.dpdk or None,
        "plugin": done.version or None,
        "loaded": done.loaded,
        "socket": done.socket or None,
        "thread": done.thread or None,
        "stops_ms": [round(each * 1000, 3) for each in done.stops_s],
        "took_ms": round(done.took_s * 1000, 1),
    }
