# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror add, update, pause, resume, reset and remove: changes to an application's mirrors."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError, NotFoundError
from ..remote.ovs import source_in, target_in
from ..remote.owner import process_text
from ..remote.targets import KINDS, absolute
from ..spec import ANY, PARAMETERS
from .common import add_command, add_common_arguments, open_application, print_json, record, remark, say
from .options import add_parameter_arguments, spec_of, texts_of
from .shell import name_of, shell

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..remote import RemoteMirror, RemoteMirrorInfo


_LOOK_S = 0.25
"""How long a new mirror is watched, where there is traffic."""

_MUCH = 100
"""Cycles for each packet that passes: as much as all else that a poller does, in fast applications."""


def _said_here(text: str) -> str:
    """What the library says to any client, in the command's own words."""
    return text.replace("force=yes", "--force")


def _kinds() -> str:
    lines = [(f"{name}:{kind.value}", _said_here(kind.meaning)) for name, kind in KINDS.items()]
    width = max(len(text) for text, _ in lines)
    return "\n".join(f"  {text:{width}}  {meaning}" for text, meaning in lines)


_ADD = {
    "help": "mirror a port of a running application",
    "description": f"""\
Mirror SOURCE, a port of a running application, to TARGET, until the mirror is removed or the application ends. With
--for or --with-shell the application removes it by itself; with both, whichever comes first.

The application makes a TARGET that does not exist, and removes it with the last mirror that uses it:

{_kinds()}

Without --mode, the mode is auto. Name ports as DPDK does, or as Open vSwitch does where ovs-vsctl knows that name.
A relative path in TARGET starts at the working directory.
""",
    "epilog": """\
examples:
  dpdk-mirror add 0000:03:00.0 --to tap:m0
      then run: tcpdump -ni m0
  dpdk-mirror add 0000:03:00.0 --to file:/tmp/web.pcapng --directions rx --snaplen 96 --name headers
      write what 0000:03:00.0 receives, the first 96 bytes of each packet
  dpdk-mirror add 0000:03:00.0 --to tap:m1 --filter 'tcp port 443' --name https
      mirror only HTTPS
  dpdk-mirror add 0000:03:00.0 --to tap:m2 --for 10m --with-shell
      for ten minutes, or until this shell ends
""",
}
_UPDATE = {
    "help": "change a mirror's parameters",
    "description": "Change a mirror's parameters while packets flow: each queue changes over between two bursts, and "
    'counters go on.\nParameters that are not given stay. An empty value removes a test: --vlans "" mirrors any VLAN.',
    "epilog": """\
examples:
  dpdk-mirror update web --snaplen 128
      mirror more of each packet
  dpdk-mirror update web --filter 'tcp port 80 or tcp port 443' --vlans ""
      mirror other packets, of any VLAN
  dpdk-mirror update web --directions both --mode copy
      mirror both directions, as copies
  dpdk-mirror update web --for 1h
      remove it an hour from now
""",
}


def _texts(verb: str, what: str, more: str = "") -> dict[str, str]:
    """Of a command that does one thing to mirrors."""
    return {
        "help": f"{verb} {what}",
        "description": f"{verb.capitalize()} {what}.{more}",
        "epilog": f"""\
examples:
  dpdk-mirror {verb} web
      by name
  dpdk-mirror {verb} web 2 --app ovs
      two mirrors of an application, the second one by its id
""",
    }


_PAUSE = _texts("pause", "mirrors", " They keep their targets, parameters and counters.")
_RESUME = _texts("resume", "paused mirrors")
_RESET = _texts("reset", "the counters of mirrors")
_REMOVE = {
    "help": "remove mirrors",
    "description": "Remove mirrors. When the command ends, no thread of the application is inside them.",
    "epilog": """\
examples:
  dpdk-mirror remove web
      by name
  dpdk-mirror remove --all --app ovs
      all mirrors of an application; it is no error if there are none
""",
}

_PROCESS = "ends_with"
"""The parameter that --with-shell gives."""

_STAYS = "a mirror's source and target cannot change: remove the mirror, and add it again"


def add_parsers(commands: Any) -> None:
    _add_add(commands)
    update = add_command(commands, "update", run_update, _UPDATE)
    update.add_argument("mirror", metavar="MIRROR", help="name or id of a mirror")
    _add_with_shell(update)
    changeable = [key for key, parameter in PARAMETERS.items() if not parameter.fixed and key != _PROCESS]
    add_parameter_arguments(update, changeable)
    fixed = ["to", "force", *(key.replace("_", "-") for key, parameter in PARAMETERS.items() if parameter.fixed)]
    update.unknown_hints = {f"--{name}": _STAYS for name in fixed}
    add_common_arguments(update)
    for name, run, texts in (
        ("pause", run_pause, _PAUSE), ("resume", run_resume, _RESUME), ("reset", run_reset, _RESET)
    ):  # fmt: skip
        parser = add_command(commands, name, run, texts)
        parser.add_argument("mirrors", metavar="MIRROR", nargs="+", help="name or id of a mirror")
        add_common_arguments(parser)
    remove = add_command(commands, "remove", run_remove, _REMOVE)
    remove.add_argument("mirrors", metavar="MIRROR", nargs="*", help="name or id of a mirror")
    remove.add_argument(
        "--all", action="store_true", help="remove all but the mirrors that the application made itself"
    )
    add_common_arguments(remove)


def _add_add(commands: Any) -> None:
    parser = add_command(commands, "add", run_add, _ADD)
    parser.add_argument("source", metavar="SOURCE", help="port to mirror: its name or id, as ports lists them")
    parser.add_argument("--to", metavar="TARGET", required=True, help="where to send packets")
    parser.add_argument("--force", action="store_true", help="confirm that nobody else transmits on port:NAME")
    _add_with_shell(parser)
    add_parameter_arguments(parser, [key for key in PARAMETERS if key != _PROCESS])
    add_common_arguments(parser)


def _add_with_shell(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with-shell",
        action=argparse.BooleanOptionalAction,
        help="remove the mirror when the shell, or program, that runs this command ends",
    )


def _process(arguments: argparse.Namespace) -> dict[str, str]:
    """What --with-shell says, and --no-with-shell."""
    if arguments.with_shell is None:
        return {}
    return {_PROCESS: process_text(shell()) if arguments.with_shell else ""}


def run_add(arguments: argparse.Namespace) -> int:
    spec = spec_of(arguments)
    spec = spec.changed(ends_with=_process(arguments).get(_PROCESS))
    with open_application(arguments) as app:
        try:
            source, to = source_in(app, arguments.source), target_in(app, absolute(arguments.to, Path.cwd()))
            mirror = app.mirror(source, to=to, spec=spec, force=arguments.force)
        except InvalidConfigError as error:
            raise InvalidConfigError(error.errno, _said_here(error.what), error.hint) from None
        _print_info(arguments, mirror.info(), "added")
        if not arguments.json:
            _warn_of_cost(mirror)
    return 0


def _warn_of_cost(mirror: RemoteMirror) -> None:
    """Where there is traffic, and what comes of it is much. A mirror may be removed at once."""
    with suppress(NotFoundError):
        if not mirror.stats().seen:
            return
        time.sleep(_LOOK_S)
        cycles = mirror.info().cycles_per_packet or 0
        if cycles >= _MUCH:
            less = "--filter, --sample, --rate or --snaplen make that less"
            remark(f"{mirror} costs {cycles:.0f} cycles a packet: {less}")


def run_update(arguments: argparse.Namespace) -> int:
    spec_of(arguments, **ANY.said())  # what contradicts itself asks nothing
    texts = texts_of(arguments) | _process(arguments)
    if not texts:
        arguments.parser.refuse("nothing to change: give a parameter")
    with open_application(arguments) as app:
        mirror = app.find(arguments.mirror)
        mirror.change(texts)
        _print_info(arguments, mirror.info(), "updated")
    return 0


def run_pause(arguments: argparse.Namespace) -> int:
    return _each(arguments, lambda mirror: mirror.pause(), "paused")


def run_resume(arguments: argparse.Namespace) -> int:
    return _each(arguments, lambda mirror: mirror.resume(), "resumed")


def run_reset(arguments: argparse.Namespace) -> int:
    return _each(arguments, lambda mirror: mirror.reset(), "reset")


def run_remove(arguments: argparse.Namespace) -> int:
    if not arguments.mirrors and not arguments.all:
        arguments.parser.refuse("give a mirror or --all")
    if arguments.mirrors and arguments.all:
        arguments.parser.refuse("give mirrors or --all, not both")
    if not arguments.all:
        return _each(arguments, lambda mirror: mirror.remove(), "removed")
    with open_application(arguments) as app:
        count = app.remove_all()
    if arguments.json:
        print_json({"removed": count})
    else:
        say(f"removed {count} mirror{'' if count == 1 else 's'}")
    return 0


def _each(arguments: argparse.Namespace, change: Callable[[RemoteMirror], None], done: str) -> int:
    """All must be there before the first is changed."""
    with open_application(arguments) as app:
        mirrors = [app.find(name) for name in dict.fromkeys(arguments.mirrors)]
        ids = [mirror.id for mirror in mirrors]
        for mirror in mirrors:
            change(mirror)
            if not arguments.json:
                say(f"{done} {mirror}")
    if arguments.json:
        print_json({done: ids})
    return 0


def _print_info(arguments: argparse.Namespace, info: RemoteMirrorInfo, done: str) -> None:
    if arguments.json:
        print_json(record(info))
        return
    say(f"{done} mirror {info.name}: {info.source} -> {info.target} ({info.directions})")
    say(f"{info.mode}, since {info.mode_reason}" if info.mode_reason else f"{info.mode}")
    if info.ends_in_s is not None:
        say(f"ends in {info.ends_in_s} s")
    if info.ends_with is not None:
        shell_name = f"{name_of(info.ends_with)}, " if arguments.with_shell else ""
        say(f"ends with {shell_name}process {info.ends_with}")
    if info.reason:
        say(f"{info.state}: {info.reason}")
    if info.warning:
        say(f"warning: {info.warning}")
