# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror apply: an application's mirrors become what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..remote import converge, desired
from ..remote.plan import make_plan
from .common import add_command, add_common_arguments, open_application, print_json, remark, say

if TYPE_CHECKING:
    import argparse

    from ..errors import MirrorError
    from ..remote.plan import Change

_APPLY = {
    "help": "make an application's mirrors match a file",
    "description": """\
Make the mirrors of a running application match FILE, which is TOML:

  app = "ovs"               # as --app, which overrides it; optional

  [mirrors.web]             # the mirror's name
  source = "0000:03:00.0"   # required, as the next one
  to = "tap:m0"
  directions = "rx"         # parameters, named as options of add, with _ for -
  snaplen = 96
  force = false             # as --force of add

Relative paths in targets start at FILE's folder, those of standard input at the working directory.

A mirror that matches stays untouched, and a paused one stays paused. A mirror with the source and target of one in
FILE is updated, whatever its name. Where an update cannot do, or the mirror has stopped, it is replaced; if the new one
is refused, the old one goes on. Mirrors that FILE does not name stay, unless --prune is given. Mirrors that the
application made itself always stay.
Applying a file twice changes nothing the second time. Mirrors end with their application: apply the file again after a
restart. If it has a target file:FILE, move FILE away first: captures are never overwritten.

Sources, parameters, filters and targets are checked first. If one would be refused, nothing changes, and the exit
status is 1. A later failure gives 1, too, and does not stop the other changes.
""",
    "epilog": """\
examples:
  dpdk-mirror apply mirrors.toml --dry-run
      check, and print what would change
  dpdk-mirror apply mirrors.toml --prune
      remove the mirrors that the file does not name
""",
}


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "apply", run, _APPLY)
    parser.add_argument("file", metavar="FILE", type=Path, help="the file; - is standard input")
    parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
    parser.add_argument("--prune", action="store_true", help="remove mirrors that FILE does not name")
    add_common_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    wanted = desired.read(arguments.file)
    if arguments.app is None:
        arguments.app = wanted.app
    with open_application(arguments) as app:
        wanted = converge.with_sources(app, wanted)
        plan = make_plan(app, wanted, prune=arguments.prune)
        refused = converge.check(app, wanted, plan)
        only_say = arguments.dry_run or bool(refused)
        failed = refused if only_say else converge.carry_out(app, wanted, plan)
    if arguments.json:
        rows = [_row(change, failed.get(change.name)) for change in plan.changes]
        print_json({"app": str(app), "dry_run": arguments.dry_run, "done": not only_say, "changes": rows})
    elif not refused or arguments.dry_run:
        for change in plan.changes:
            _print(change, failed.get(change.name), only_say=only_say)
    for name in plan.others:
        remark(f"{name} stays, though {arguments.file} does not name it: --prune removes it")
    _raise(failed, refused)
    return 0


def _raise(failed: dict[str, MirrorError], refused: dict[str, MirrorError]) -> None:
    """The first failure, when the others have been said."""
    if not failed:
        return
    first, *others = failed.values()
    for error in others:
        remark(str(error))
    hint = "; ".join(text for text in (first.hint, "nothing has been changed" if refused else "") if text)
    raise type(first)(first.errno, first.what, hint)


def _row(change: Change, error: MirrorError | None) -> dict[str, Any]:
    return {
        "name": change.name,
        "action": change.action,
        "differences": {key: list(pair) for key, pair in change.differences.items()},
        "error": None if error is None else str(error),
    }


def _print(change: Change, error: MirrorError | None, *, only_say: bool) -> None:
    verb = f"would {change.action}" if only_say and change.action != "keep" else change.action
    details = ", ".join(_difference(key, *pair) for key, pair in change.differences.items())
    failed = " (failed)" if error is not None else ""
    say(f"{verb} {change.name}{failed}{': ' if details else ''}{details}")


def _difference(key: str, old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return f"{key} {new if old is None else old}"
    return f"{key} {old or '-'} -> {new or '-'}"
