# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror plugin, plugin-path and completion: what others load, applications and shells."""

from __future__ import annotations

import argparse
import errno
import re
from pathlib import Path
from typing import Any

from .. import installing
from ..errors import NotFoundError
from ..plugin import library_for, plugin_path, writable_parents
from .common import add_command, add_common_arguments, print_json, remark, say

SHELLS = ("bash", "zsh", "fish")
"""The shells that can complete the command; a build has docs/generate.py make a file for each, of that name."""

_PLUGIN_PATH = {
    "help": "print the path of the library, for -d",
    "description": "Print the path of librte_mirror.so. Start a DPDK application with it, as -d PATH among its EAL "
    "arguments,\nto make its ports ready for mirrors. It does nothing until it is asked to.\n\n"
    "With --dpdk it is that for applications with another release of DPDK, if there is one beside this package's own.",
    "epilog": """\
examples:
  dpdk-mirror plugin-path
      the path
  dpdk-mirror plugin-path --json
      with the folders above it that make EAL refuse it

  dpdk-testpmd --no-pci --vdev net_null0 -d $(dpdk-mirror plugin-path) -- --forward-mode=io
      start an application with it
""",
}
_PLUGIN = {
    "help": "install the library where DPDK loads its drivers",
    "description": """\
Put librte_mirror.so into the folder from which DPDK loads its drivers. Every application that is linked with the shared
libraries of that DPDK then loads it when it starts, without an argument. It does nothing until it is asked to.

The file is first loaded with that DPDK, as a test, and then put there whole. Running applications are not affected.
""",
    "epilog": """\
examples:
  dpdk-mirror plugin install --dry-run
      check whether it can be, for the DPDK that this package was built with; without --dry-run, as root, do it
  dpdk-mirror plugin install --remove --dry-run
      print what would be removed
""",
}
_COMPLETION = {
    "help": "print a shell completion script",
    "description": "Print a script that lets a shell complete this command's words, and the names of what is there: "
    "applications, ports,\nmirrors, kinds of targets, drivers.",
    "epilog": """\
examples:
  dpdk-mirror completion bash
      eval "$(dpdk-mirror completion bash)" in ~/.bashrc
  dpdk-mirror completion zsh
      > a file _dpdk-mirror in a folder of $fpath
""",
}


def add_parsers(commands: Any) -> None:
    path = add_command(commands, "plugin-path", run_plugin_path, _PLUGIN_PATH)
    path.add_argument("--dpdk", metavar="RELEASE", type=_series, help="such as 24.11; default: this package's")
    add_common_arguments(path, app=None)
    plugin = add_command(commands, "plugin", run_plugin, _PLUGIN)
    plugin.add_argument("action", metavar="install", choices=("install",), help="what to do; with --remove, undo it")
    plugin.add_argument(
        "--dpdk", metavar="RELEASE", type=_series,
        help="such as 22.11; default: this package's; with --remove, all that are here",
    )  # fmt: skip
    plugin.add_argument("--remove", action="store_true", help="remove the library, and no other file")
    plugin.add_argument("--dry-run", action="store_true", help="make all checks, and change nothing")
    add_common_arguments(plugin, app=None)
    completion = add_command(commands, "completion", run_completion, _COMPLETION)
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.add_argument("--debug", action="store_true", help="tracebacks")


def _series(text: str) -> str:
    """An option's type: a release, of which the first two numbers count."""
    match = re.fullmatch(r"(\d\d\.\d\d)(?:\.\d+)*", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no release of DPDK's, such as 22.11")
    return match[1]


def run_plugin_path(arguments: argparse.Namespace) -> int:
    path = plugin_path() if arguments.dpdk is None else library_for(arguments.dpdk, "look for the plugin").path
    folders = writable_parents(path)
    if arguments.json:
        print_json({"path": str(path), "world_writable": [str(folder) for folder in folders]})
        return 0
    say(str(path))
    if folders:
        remark(f"EAL refuses it: anybody may write to {', '.join(map(str, folders))}; {without_path(path)}")
    return 0


def run_plugin(arguments: argparse.Namespace) -> int:
    change = installing.remove if arguments.remove else installing.install
    outcomes = change(arguments.dpdk, dry_run=arguments.dry_run)
    if arguments.json:
        print_json([_record(each) for each in outcomes])
        return 0
    for each in outcomes:
        for line in [_foretold(each)] if arguments.dry_run and each.changed else _told(each):
            say(line)
    if not outcomes:
        say("no DPDK that loads drivers from a folder is here, so nothing is installed")
    return 0


def _record(done: installing.Outcome) -> dict[str, Any]:
    return {
        "dpdk": done.folder.dpdk,
        "path": str(done.folder.library),
        "changed": done.changed,
        "version": done.version or None,
        "before": done.before or None,
    }


def _foretold(done: installing.Outcome) -> str:
    what = f"install librte_mirror {done.version}" if done.version else f"remove librte_mirror {done.before}"
    return f"would {what}: {done.folder.library}; nothing has been changed"


def _told(done: installing.Outcome) -> list[str]:
    path, version, before = done.folder.library, done.version, done.before
    if not done.changed:
        return [f"librte_mirror {version} is there already: {path}" if version else f"not installed: {path}"]
    if not version:
        return [f"removed librte_mirror {before}: {path}", "applications that run keep it until they end"]
    instead = f" in place of {before}" if before else ""
    later = f"applications with the shared libraries of DPDK {done.folder.dpdk} have it when they start next"
    return [f"installed librte_mirror {version}{instead}: {path}", later]


def without_path(path: Path) -> str:
    """How to load a plugin whose path EAL refuses."""
    return f"give -d {path.name} instead, and LD_LIBRARY_PATH={path.parent} in the environment"


def run_completion(arguments: argparse.Namespace) -> int:
    path = Path(__file__).parents[1] / "completions" / arguments.shell
    if not path.is_file():
        raise NotFoundError(
            errno.ENOENT, f"complete for {arguments.shell}: {path} is not there", "reinstall dpdk-mirror"
        )
    print(path.read_text(encoding="utf-8"), end="")
    return 0
