# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror plugin-path and completion: what others load, applications and shells."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError
from ..plugin import plugin_path, writable_parents
from .common import add_command, add_common_arguments, print_json, remark, say

if TYPE_CHECKING:
    import argparse

SHELLS = ("bash", "zsh", "fish")
"""The shells that can complete the command; a build has docs/generate.py make a file for each, of that name."""

_PLUGIN_PATH = {
    "help": "print the path of the plugin, for -d",
    "description": "Print the path of librte_mirror.so. Start a DPDK application with it, as -d PATH among its EAL "
    "arguments,\nto make its ports ready for mirrors. It does nothing until it is asked to.",
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
_COMPLETION = {
    "help": "print a shell completion script",
    "description": "Print a script that lets a shell complete this command's words.",
    "epilog": """\
examples:
  dpdk-mirror completion bash
      eval "$(dpdk-mirror completion bash)" in ~/.bashrc
  dpdk-mirror completion zsh
      > a file _dpdk-mirror in a folder of $fpath
""",
}


def add_parsers(commands: Any) -> None:
    add_common_arguments(add_command(commands, "plugin-path", run_plugin_path, _PLUGIN_PATH), app=None)
    completion = add_command(commands, "completion", run_completion, _COMPLETION)
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.add_argument("--debug", action="store_true", help="tracebacks")


def run_plugin_path(arguments: argparse.Namespace) -> int:
    path = plugin_path()
    folders = writable_parents(path)
    if arguments.json:
        print_json({"path": str(path), "world_writable": [str(folder) for folder in folders]})
        return 0
    say(str(path))
    if folders:
        remark(f"EAL refuses it: anybody may write to {', '.join(map(str, folders))}; {without_path(path)}")
    return 0


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
