# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror list, info and stats: which mirrors there are, what they are like and what they have counted."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.live import Live

from ..errors import NotFoundError
from ..remote.owner import user_name
from ..remote.records import QUEUE_LISTS
from ..spec import COUNTERS, LEFT_OUT
from .common import (
    add_command,
    add_common_arguments,
    console,
    open_application,
    open_applications,
    print_json,
    print_table,
    record,
    remark,
    say,
    seconds,
    shown,
    table,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from rich.table import Table

    from ..remote import Application, RemoteMirror

_LIST = {
    "help": "list the mirrors of applications",
    "description": "List the mirrors of running applications, oldest first, whoever added them.",
    "epilog": """\
examples:
  dpdk-mirror list
      all applications that have the library
  dpdk-mirror list --app ovs --json
      one application, with all that info shows
""",
}
_INFO = {
    "help": "describe mirrors",
    "description": "Describe mirrors: the mode and why it was chosen, why a mirror is not running, which queues of the "
    "source\nthe application polls.",
    "epilog": """\
examples:
  dpdk-mirror info web
      by name
  dpdk-mirror info 1 --json
      by id, as JSON
""",
}
_STATS = {
    "help": "show the counters of mirrors",
    "description": "Show how many packets mirrors were offered (seen), sent to their targets (packets, bytes), and "
    "left out, by\nreason. Hide the reasons that are 0 for all.",
    "epilog": """\
examples:
  dpdk-mirror stats
      all mirrors of all applications
  dpdk-mirror stats web --watch
      update every second, with rates, until Ctrl-C
""",
}


_INTERVAL_S = 1.0
_RATES = ("packets_per_s", "bits_per_s")


def add_parsers(commands: Any) -> None:
    which = "default: DPDK_MIRROR_APP, or all that have the library"
    add_common_arguments(add_command(commands, "list", run_list, _LIST), app=which)
    info = add_command(commands, "info", run_info, _INFO)
    info.add_argument("mirrors", metavar="MIRROR", nargs="+", help="name or id of a mirror")
    add_common_arguments(info)
    stats = add_command(commands, "stats", run_stats, _STATS)
    stats.add_argument("mirrors", metavar="MIRROR", nargs="*", help="name or id of a mirror; default: all")
    stats.add_argument("--watch", action="store_true", help="update until Ctrl-C; with --json, print a line each time")
    stats.add_argument("--interval", metavar="S", type=seconds, help="time between updates of --watch in seconds (1)")
    add_common_arguments(stats, app=which)


def run_list(arguments: argparse.Namespace) -> int:
    with _opened(arguments) as apps:
        rows = [
            {**_label(app, apps), **row}
            for app in apps
            for row in _present(app.mirrors(), lambda mirror: record(mirror.info()))
        ]
        if not rows and not arguments.json:
            _remark_none(apps)
    if arguments.json:
        print_json(rows)
    elif rows:
        shown_rows = [row | _owner(row) for row in rows]
        ends = ("ends",) if any(row["ends"] for row in shown_rows) else ()
        columns = (*_columns(rows), "source", "target", "directions", "mode", "state", "age", "by", *ends)
        print_table(columns, shown_rows)
        for row in rows:
            if row["state"] in {"waiting", "stopped"}:
                remark(f"{row['name']} is {row['state']}: {row['reason']}")
    return 0


def _owner(row: dict[str, Any]) -> dict[str, str]:
    """Whose a mirror is, and for how long: the user by the kernel's word where there is that."""
    uid, ends_in_s, ends_with = row["added_uid"], row["ends_in_s"], row["ends_with"]
    in_time = [] if ends_in_s is None else [f"in {_rough(ends_in_s)}"]
    with_process = [] if ends_with is None else [f"with {ends_with}"]
    age = datetime.now(UTC) - datetime.fromisoformat(row["added_at"]) if row["added_at"] else None
    return {
        "age": "" if age is None else _rough(max(int(age.total_seconds()), 0)),
        "by": re.sub(r", process \d+$", "", row["added_by"]) if uid is None else user_name(uid),
        "ends": ", or ".join(in_time + with_process),
    }


def _rough(seconds: int) -> str:
    """A time in one unit: 90s, 10m, 3h, 2d."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def run_info(arguments: argparse.Namespace) -> int:
    with open_application(arguments) as app:
        infos = [app.find(mirror).info() for mirror in arguments.mirrors]
    rows = [record(info) for info in infos]
    if arguments.json:
        print_json(rows)
        return 0
    width = max(len(key) for key in rows[0])
    for number, (row, info) in enumerate(zip(rows, infos, strict=True)):
        if number:
            say("")
        for key, value in row.items():
            say(f"{key:{width}}  {_queues(value) if key in QUEUE_LISTS else shown(value)}")
        if info.cycles_per_packet is not None:
            say(f"{'cycles_per_packet':{width}}  {info.cycles_per_packet:.1f}")
    return 0


def _queues(numbers: str) -> str:
    """A list of queues, which is not to be taken for how many there are."""
    return f"queue{'' if numbers.isdigit() else 's'} {numbers}" if numbers else "none"


def run_stats(arguments: argparse.Namespace) -> int:
    if arguments.interval is not None and not arguments.watch:
        arguments.parser.refuse("argument --interval: it is for --watch: give that, too")
    with _opened(arguments) as apps:
        if arguments.watch:
            _watch(apps, arguments)
            return 0
        rows = _counted(apps, arguments.mirrors)
        if not rows and not arguments.json:
            _remark_none(apps)
    if arguments.json:
        print_json(rows)
    elif rows:
        console().print(_table(rows))
    return 0


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[list[Application]]:
    with ExitStack() as stack:
        yield [stack.enter_context(app) for app in open_applications(arguments)]


def _label(app: Application, apps: list[Application]) -> dict[str, str]:
    """What tells an application's rows from others', where there are others."""
    return {"app": str(app)} if len(apps) > 1 else {}


def _columns(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return ("app", "id", "name") if "app" in rows[0] else ("id", "name")


def _remark_none(apps: list[Application], then: str = "") -> None:
    have = "has" if len(apps) == 1 else "have"
    remark(f"{', '.join(map(str, apps))} {have} no mirrors{then}")


def _watch(apps: list[Application], arguments: argparse.Namespace) -> None:
    """Until Ctrl-C, which is a good end, or until something goes wrong."""
    to = console()
    live = Live(console=to, auto_refresh=False) if to.is_terminal and not arguments.json else None
    before: dict[tuple[str, int], tuple[float, int, int]] = {}
    was_empty = False
    with live or nullcontext(), suppress(KeyboardInterrupt):
        while True:
            rows = _counted(apps, arguments.mirrors)
            _add_rates(rows, before)
            if not rows and not was_empty:
                _remark_none(apps, "; waiting for some")
            was_empty = not rows
            if arguments.json:
                print_json(rows, indent=None)
            elif live is not None:
                live.update(_table(rows) if rows else "", refresh=True)
            elif rows:
                to.print(_table(rows))
            time.sleep(arguments.interval or _INTERVAL_S)


def _counted(apps: list[Application], names: list[str]) -> list[dict[str, Any]]:
    """Of the mirrors that are named, each of which must be there, or of all."""
    if not names:
        return [{**_label(app, apps), **row} for app in apps for row in _present(app.mirrors(), _count)]
    return [{**_label(app, apps), **_count(mirror)} for name in names for app, mirror in _find(apps, name)]


def _find(apps: list[Application], name: str) -> list[tuple[Application, RemoteMirror]]:
    """The mirrors of that name; there must be one."""
    found = []
    for app in apps:
        try:
            found.append((app, app.find(name)))
        except NotFoundError:
            if not found and app is apps[-1]:
                raise
    return found


def _count(mirror: RemoteMirror) -> dict[str, Any]:
    info = mirror.info()
    cycles = None if info.cycles_per_packet is None else round(info.cycles_per_packet, 1)
    return {"id": mirror.id, "name": info.name, **mirror.stats().counts(), "cycles_per_packet": cycles}


def _present(mirrors: list[RemoteMirror], ask: Callable[[RemoteMirror], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is answered for each that nobody has removed since they were listed."""
    for mirror in mirrors:
        try:
            yield ask(mirror)
        except NotFoundError:
            continue


def _add_rates(rows: list[dict[str, Any]], before: dict[tuple[str, int], tuple[float, int, int]]) -> None:
    """Since the last look; None at the first."""
    now = time.monotonic()
    for row in rows:
        row.update(dict.fromkeys(_RATES))
        key = row.get("app", ""), row["id"]
        if key in before:
            then, packets, size = before[key]
            row["packets_per_s"] = round(max(row["packets"] - packets, 0) / (now - then))
            row["bits_per_s"] = round(max(row["bytes"] - size, 0) * 8 / (now - then))
        before[key] = now, row["packets"], row["bytes"]


def _table(rows: list[dict[str, Any]]) -> Table:
    counters = [key for key in COUNTERS if key not in LEFT_OUT or any(row[key] for row in rows)]
    rates = [key for key in _RATES if any(key in row for row in rows)]
    known = {"app", "id", "name", *COUNTERS, *_RATES}
    others = dict.fromkeys((key for row in rows for key in row if key not in known and row[key]), 0)
    return table((*_columns(rows), *counters, *others, *rates), [others | row for row in rows])
