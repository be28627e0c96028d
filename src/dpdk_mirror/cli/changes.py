# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror add, update, pause, resume, reset and remove: changes to an application's mirrors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError
from ..remote.ovs import source_in
from ..remote.targets import absolute
from ..spec import PARAMETERS
from .common import add_command, add_common_arguments, open_application, print_json, record, say
from .options import add_parameter_arguments, spec_of, texts_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ..remote import RemoteMirror, RemoteMirrorInfo

_ADD = {
    "help": "mirror a port of a running application",
    "description": """\
Mirrors SOURCE, a port of a running application, to TARGET, until the mirror is removed or the application ends.

A TARGET is made inside the application when it is not there yet, and goes with the last mirror that uses it:

  tap:IFACE        a network interface, for tcpdump and the like
  af_packet:IFACE  an interface that exists
  vhost:SOCKET     a virtual machine, or a virtio-user port of another process
  pcap:FILE        a capture file
  ring:NAME        a ring, for other threads of the application
  port:NAME        a port that exists, and on which nobody else transmits: takes --force

Without --mode, the mode is auto. SOURCE is called as DPDK knows it, or as Open vSwitch does, if ovs-vsctl knows that
name here. A relative path in TARGET starts at the working directory.
""",
    "epilog": """\
examples:
  dpdk-mirror add 0000:03:00.0 --to tap:m0
      then look: tcpdump -ni m0
  dpdk-mirror add 0000:03:00.0 --to pcap:/tmp/web.pcap --directions rx --snaplen 96 --name headers
      what 0000:03:00.0 receives, the first 96 bytes of each packet
  dpdk-mirror add 0000:03:00.0 --to tap:m1 --filter 'tcp port 443' --name https
      nothing but HTTPS
""",
}
_UPDATE = {
    "help": "give a mirror other parameters",
    "description": "Changes a mirror's parameters while packets flow: each queue changes over between two bursts, and "
    'counters go on.\nWhat is not named stays. "" for what chooses packets lets all through again.',
    "epilog": """\
examples:
  dpdk-mirror update web --snaplen 128
      more of each packet
  dpdk-mirror update web --filter 'tcp port 80 or tcp port 443' --vlan ""
      other packets, of whatever VLAN
  dpdk-mirror update web --directions both --mode copy
      both directions, as copies
""",
}
_PAUSE = {
    "help": "have mirrors be offered nothing for a while",
    "description": "Pauses mirrors. They keep their targets, parameters and counters.",
    "epilog": """\
examples:
  dpdk-mirror pause web
      by name
  dpdk-mirror pause web 2 --app ovs
      two, the second one by its id
""",
}
_RESUME = {
    "help": "have paused mirrors go on",
    "description": "Has mirrors go on that were paused.",
    "epilog": """\
examples:
  dpdk-mirror resume web
      by name
  dpdk-mirror resume web 2 --app ovs
      two, the second one by its id
""",
}
_RESET = {
    "help": "set the counters of mirrors to 0",
    "description": "Sets the counters of mirrors to 0.",
    "epilog": """\
examples:
  dpdk-mirror reset web
      by name
  dpdk-mirror reset web 2 --app ovs
      two, the second one by its id
""",
}
_REMOVE = {
    "help": "remove mirrors",
    "description": "Removes mirrors. When it ends, the application is in no way inside them any more.",
    "epilog": """\
examples:
  dpdk-mirror remove web
      by name
  dpdk-mirror remove --all --app ovs
      all of an application; none is no error
""",
}

_STAYS = "a mirror's source and target cannot change: remove the mirror, and add it again"


def add_parsers(commands: Any) -> None:
    _add_add(commands)
    update = add_command(commands, "update", run_update, _UPDATE)
    update.add_argument("mirror", metavar="MIRROR", help="its name or id")
    add_parameter_arguments(update, [key for key, parameter in PARAMETERS.items() if not parameter.fixed])
    fixed = ["to", "force", *(key.replace("_", "-") for key, parameter in PARAMETERS.items() if parameter.fixed)]
    update.unknown_hints = {f"--{name}": _STAYS for name in fixed}
    add_common_arguments(update)
    for name, run, texts in (
        ("pause", run_pause, _PAUSE), ("resume", run_resume, _RESUME), ("reset", run_reset, _RESET)
    ):  # fmt: skip
        parser = add_command(commands, name, run, texts)
        parser.add_argument("mirrors", metavar="MIRROR", nargs="+", help="its name or id")
        add_common_arguments(parser)
    remove = add_command(commands, "remove", run_remove, _REMOVE)
    remove.add_argument("mirrors", metavar="MIRROR", nargs="*", help="its name or id")
    remove.add_argument("--all", action="store_true", help="all but those of the application's own making")
    add_common_arguments(remove)


def _add_add(commands: Any) -> None:
    parser = add_command(commands, "add", run_add, _ADD)
    parser.add_argument("source", metavar="SOURCE", help="the port to mirror: its name or id, as ports lists them")
    parser.add_argument("--to", metavar="TARGET", required=True, help="where the mirror sends packets")
    parser.add_argument("--force", action="store_true", help="nobody else transmits on port:NAME")
    add_parameter_arguments(parser)
    add_common_arguments(parser)


def run_add(arguments: argparse.Namespace) -> int:
    spec = spec_of(arguments)
    with open_application(arguments) as app:
        try:
            source, to = source_in(app, arguments.source), absolute(arguments.to, Path.cwd())
            mirror = app.mirror(source, to=to, spec=spec, force=arguments.force)
        except InvalidConfigError as error:
            what = error.what.replace("force=yes", "--force")  # as it is said here
            raise InvalidConfigError(error.errno, what, error.hint) from None
        _print_info(arguments, mirror.info(), "added")
    return 0


def run_update(arguments: argparse.Namespace) -> int:
    spec_of(arguments)  # what contradicts itself asks nothing
    texts = texts_of(arguments)
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
    if info.reason:
        say(f"{info.state}: {info.reason}")
    if info.warning:
        say(f"warning: {info.warning}")
