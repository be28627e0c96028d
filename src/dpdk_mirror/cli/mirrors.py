# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror list, info and stats: which mirrors there are, what they are like and what they have counted."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.live import Live

from ..errors import NotFoundError
from ..spec import MirrorStats
from .common import (
    add_command,
    add_common_arguments,
    console,
    open_application,
    print_json,
    print_table,
    record,
    remark,
    say,
    shown,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.table import Table

    from ..remote import Application, RemoteMirror

_LIST = {
    "help": "list an application's mirrors",
    "description": "Lists the mirrors of a running application, oldest first, whoever has added them.",
    "epilog": """\
examples:
  dpdk-mirror list
      of the only application that has the plugin
  dpdk-mirror list --app ovs --json
      of one of several, with all that info tells
""",
}
_INFO = {
    "help": "describe mirrors",
    "description": "Tells all about mirrors: the mode that was chosen and why, why one is not running, which of the "
    "source's\nqueues the application polls.",
    "epilog": """\
examples:
  dpdk-mirror info web
      by name
  dpdk-mirror info 1 --json
      by id, for other programs
""",
}
_STATS = {
    "help": "show the counters of mirrors",
    "description": "Shows how many packets mirrors were offered (seen), sent to their targets (packets, bytes), and "
    "left out, by\nreason. Those that are 0 for all are not shown.",
    "epilog": """\
examples:
  dpdk-mirror stats
      of all mirrors
  dpdk-mirror stats web --watch
      every second, with rates, until Ctrl-C
""",
}
_ALWAYS = ("seen", "packets", "bytes")


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "list", run_list, _LIST))
    info = add_command(commands, "info", run_info, _INFO)
    info.add_argument("mirrors", metavar="MIRROR", nargs="+", help="its name or id")
    add_common_arguments(info)
    stats = add_command(commands, "stats", run_stats, _STATS)
    stats.add_argument("mirrors", metavar="MIRROR", nargs="*", help="only these, by name or id")
    stats.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C; --json: a line each time")
    stats.add_argument("--interval", metavar="S", type=_seconds, default=1.0, help="seconds between two looks (1)")
    add_common_arguments(stats)


def run_list(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        rows = list(_present(app.mirrors(), lambda mirror: record(mirror.info())))
    if arguments.json:
        print_json(rows)
    elif rows:
        print_table(("id", "name", "source", "target", "directions", "mode", "state"), rows)
        for row in rows:
            if row["state"] in {"waiting", "stopped"}:
                remark(f"{row['name']} is {row['state']}: {row['reason']}")
    else:
        remark(f"{app} has no mirrors")
    return 0


def run_info(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        rows = [record(app.find(mirror).info()) for mirror in arguments.mirrors]
    if arguments.json:
        print_json(rows)
        return 0
    width = max(len(key) for key in rows[0])
    for number, row in enumerate(rows):
        if number:
            say("")
        for key, value in row.items():
            say(f"{key:{width}}  {shown(value)}")
    return 0


def run_stats(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        if arguments.watch:
            _watch(app, arguments)
            return 0
        rows = _counted(app, arguments.mirrors)
    if arguments.json:
        print_json(rows)
    elif rows:
        console().print(_table(rows))
    else:
        remark(f"{app} has no mirrors")
    return 0


def _watch(app: Application, arguments: argparse.Namespace) -> None:
    """Until Ctrl-C, which is a good end, or until something goes wrong."""
    to = console()
    live = Live(console=to, auto_refresh=False) if to.is_terminal and not arguments.json else None
    before: dict[int, tuple[float, int, int]] = {}
    try:
        if live is not None:
            live.start()
        while True:
            rows = _counted(app, arguments.mirrors)
            _add_rates(rows, before)
            if arguments.json:
                print(json.dumps(rows), flush=True)
            elif live is not None:
                live.update(_table(rows), refresh=True)
            else:
                to.print(_table(rows))
            time.sleep(arguments.interval)
    except KeyboardInterrupt:
        return
    finally:
        if live is not None:
            live.stop()


def _counted(app: Application, names: list[str]) -> list[dict[str, Any]]:
    """Of the mirrors that are named, all of which must be there, or of all."""
    if names:
        return [_count(app.find(name)) for name in names]
    return list(_present(app.mirrors(), _count))


def _count(mirror: RemoteMirror) -> dict[str, Any]:
    return {"id": mirror.id, "name": mirror.info().name, **asdict(mirror.stats())}


def _present(mirrors: list[RemoteMirror], ask: Callable[[RemoteMirror], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is answered for each that nobody has removed since they were listed."""
    for mirror in mirrors:
        try:
            yield ask(mirror)
        except NotFoundError:
            continue


def _add_rates(rows: list[dict[str, Any]], before: dict[int, tuple[float, int, int]]) -> None:
    """Since the last look; None at the first."""
    now = time.monotonic()
    for row in rows:
        row["packets_per_s"] = row["bits_per_s"] = None
        if row["id"] in before:
            then, packets, size = before[row["id"]]
            row["packets_per_s"] = round(max(row["packets"] - packets, 0) / (now - then))
            row["bits_per_s"] = round(max(row["bytes"] - size, 0) * 8 / (now - then))
        before[row["id"]] = now, row["packets"], row["bytes"]


def _table(rows: list[dict[str, Any]]) -> Table:
    counters = [key for key in MirrorStats.__slots__ if key in _ALWAYS or any(row[key] for row in rows)]
    rates = [key for key in ("packets_per_s", "bits_per_s") if any(key in row for row in rows)]
    return table(("id", "name", *counters, *rates), rows)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value
