# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror apply: an application's mirrors become what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MirrorError
from ..remote import desired
from .common import add_command, add_common_arguments, open_application, print_json, remark, say

if TYPE_CHECKING:
    import argparse

    from ..remote.desired import Change

_APPLY = {
    "help": "make an application's mirrors what a file says",
    "description": """\
Makes the mirrors of a running application what FILE says, which is TOML:

  app = "ovs"               # as --app, which overrides it; may be left out, too

  [mirrors.web]             # the mirror's name
  source = "0000:03:00.0"   # these two must be there
  to = "tap:m0"
  directions = "rx"         # as the parameters of add, in their long form with _ for -
  snaplen = 96
  force = false             # as --force of add

Mirrors that are as they should be stay untouched, paused ones stay paused; others are updated, or, where that cannot be
done, removed and added again, as are those that have ended. The file says all: mirrors that it does not name are
removed, whoever has added them, unless --keep-others is given; those of the application's own making are left alone.
Done twice, it changes nothing the second time. Mirrors end with their application: apply the file again when that has
been restarted.

What fails does not keep the rest from being done; the exit status then is 1.
""",
    "epilog": """\
examples:
  dpdk-mirror apply mirrors.toml --dry-run
      only say what would be done
  dpdk-mirror apply mirrors.toml --keep-others
      leave mirrors alone that the file does not name
""",
}


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "apply", run, _APPLY)
    parser.add_argument("file", metavar="FILE", type=Path, help="what should be")
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be")
    parser.add_argument("--keep-others", action="store_true", help="leave mirrors alone that FILE does not name")
    add_common_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    wanted = desired.read(arguments.file)
    if arguments.app is None:
        arguments.app = wanted.app
    failures: list[MirrorError] = []
    rows: list[dict[str, Any]] = []
    with open_application(arguments) as app:
        for change in desired.changes(app, wanted, keep_others=arguments.keep_others):
            error = None
            if not arguments.dry_run:
                try:
                    desired.make(app, wanted, change)
                except MirrorError as caught:
                    failures.append(error := caught)
            rows.append(_row(change, error))
            if not arguments.json:
                _print(change, error, dry_run=arguments.dry_run)
    if arguments.json:
        print_json({"app": str(app), "dry_run": arguments.dry_run, "changes": rows})
    if failures:
        for error in failures[1:]:
            remark(str(error))
        raise failures[0]
    return 0


def _row(change: Change, error: MirrorError | None) -> dict[str, Any]:
    return {
        "name": change.name,
        "action": change.action,
        "differences": {key: list(pair) for key, pair in change.differences.items()},
        "error": None if error is None else str(error),
    }


def _print(change: Change, error: MirrorError | None, *, dry_run: bool) -> None:
    verb = f"would {change.action}" if dry_run and change.action != "keep" else change.action
    details = ", ".join(_difference(key, *pair) for key, pair in change.differences.items())
    failed = " (failed)" if error is not None else ""
    say(f"{verb} {change.name}{failed}{': ' if details else ''}{details}")


def _difference(key: str, old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return f"{key} {new if old is None else old}"
    return f"{key} {old or '-'} -> {new or '-'}"
