# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror extcap: DPDK ports in Wireshark's list of interfaces."""

from __future__ import annotations

import argparse
import errno
import tempfile
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError, NoPluginError
from ..remote import Application
from ..tap import wireshark
from ..tap.caller import end_with_parent
from ..tap.expression import resolve
from ..tap.extcap import KEYS, SSH, dlts, feed, interfaces, open_fifo, options, port_values
from ..tap.pcapfilter import why_refused
from ..tap.ports import find_port, local_ports
from ..tap.session import Tap
from .common import add_command, add_common_arguments, add_host_argument, print_json, say
from .host import call
from .options import add_parameter_arguments, spec_of, texts_of
from .signals import Signals
from .version import version

if TYPE_CHECKING:
    from ..spec import MirrorSpec
    from ..tap.ports import LocalPort

_EXTCAP = {
    "help": "show DPDK ports in Wireshark's list of interfaces",
    "description": """\
Have Wireshark and tshark list the DPDK ports of this machine, and those of other hosts as "DPDK over ssh". Run it once
with --install, for this user, or as root with --install --global, for all users of this Wireshark.

All other options are for Wireshark, which asks by them what there is, and has a capture run. See extcap(4).
""",
    "epilog": """\
examples:
  dpdk-mirror extcap --extcap-interfaces
      list the ports, as Wireshark reads it
  dpdk-mirror extcap --extcap-interface dpdk-ssh --extcap-config
      list what can be set before a capture
""",
}
_STDOUT = "-"
_IGNORED = ("--extcap-control-in", "--extcap-control-out", "--log-level", "--log-file")


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "extcap", run, _EXTCAP)
    parser.add_argument("--install", action="store_true", help="put a launcher to where Wireshark looks for it")
    parser.add_argument("--remove", action="store_true", help="with --install: take it away; nothing else is touched")
    parser.add_argument("--global", dest="for_all", action="store_true", help="with --install: for all users")
    parser.add_argument("--extcap-interfaces", action="store_true", help="list the ports")
    parser.add_argument("--extcap-interface", metavar="NAME", help="a port, by its name in that list")
    parser.add_argument("--extcap-dlts", action="store_true", help="list its link types")
    parser.add_argument("--extcap-config", action="store_true", help="list its options")
    parser.add_argument("--extcap-reload-option", metavar="OPTION", help="list what can be chosen there")
    parser.add_argument("--extcap-version", metavar="VERSION", help="of Wireshark; ignored")
    parser.add_argument(
        "--extcap-capture-filter", metavar="EXPRESSION",
        help="capture packets that match, see pcap-filter(7); without --capture, print why it will not do",
    )  # fmt: skip
    parser.add_argument("--capture", action="store_true", help="capture until nobody reads")
    parser.add_argument("--fifo", metavar="FILE", type=_fifo, help="where to write pcapng; - is stdout")
    parser.add_argument("--remote-host", metavar="HOST", help=f"host of {SSH}")
    parser.add_argument("--remote-port", metavar="NAME", help=f"port of {SSH}, by its name over there")
    for name in _IGNORED:
        parser.add_argument(name, metavar="VALUE", help="ignored")
    parser.add_argument("--attach", action="store_true", help="load the library into the application first")
    add_parameter_arguments(parser, KEYS)
    add_host_argument(parser)
    add_common_arguments(parser, app=None)


def _fifo(path: str) -> int:
    """An option's type. Opened while others are still to come, which may be refused: without it Wireshark waits."""
    if path == _STDOUT:
        return 1
    try:
        return open_fifo(path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror or error}") from None


def run(arguments: argparse.Namespace) -> int:
    if arguments.install:
        return _install(arguments)
    if arguments.capture:
        return _capture(arguments)
    for line in _answer(arguments):
        say(line)
    return 0


def _answer(arguments: argparse.Namespace) -> list[str]:
    if arguments.extcap_interfaces:
        return interfaces(version(), local_ports())
    if arguments.extcap_interface is not None and arguments.extcap_config:
        reload = (arguments.extcap_reload_option or "").lstrip("-")
        return _ports_there(arguments) if reload == "remote-port" else options(arguments.extcap_interface)
    if arguments.extcap_dlts:
        return dlts()
    if arguments.extcap_capture_filter is None:
        arguments.parser.refuse("give --install; all else is for Wireshark to ask")
    why = why_refused(arguments.extcap_capture_filter)
    return [why] if why else []


def _install(arguments: argparse.Namespace) -> int:
    change = wireshark.remove if arguments.remove else wireshark.install
    path = change(for_all=arguments.for_all)
    if arguments.json:
        print_json({"path": None if path is None else str(path), "installed": not arguments.remove})
    elif path is None:
        say("nothing is installed")
    elif arguments.remove:
        say(f"removed {path}")
    else:
        say(f"installed {path}")
        say("Wireshark lists DPDK ports when it starts, and by Capture, Refresh Interfaces")
    return 0


def _ports_there(arguments: argparse.Namespace) -> list[str]:
    """Asked for by somebody who has pressed that button: this one connects."""
    if not arguments.remote_host:
        raise InvalidConfigError(errno.EINVAL, "list ports over ssh: no host is chosen", "choose the host first")
    with tempfile.TemporaryFile("r+", encoding="utf-8", errors="replace") as said:
        call(arguments.remote_host, ["extcap", "--extcap-interfaces"], said.fileno())
        said.seek(0)
        return port_values(said.read().splitlines())


def _capture(arguments: argparse.Namespace) -> int:
    if arguments.fifo is None or arguments.extcap_interface is None:
        arguments.parser.refuse("argument --capture: give --extcap-interface and --fifo, too")
    if arguments.fifo != 1:
        end_with_parent()
    if arguments.extcap_interface == SSH:
        return _capture_there(arguments)
    spec = spec_of(arguments, **_filter(arguments))
    port = find_port(arguments.extcap_interface)
    with (
        Signals().caught(),
        _application(port, attach=arguments.attach) as app,
        _tap(app, port, spec) as tap,
    ):
        if feed(arguments.fifo, tap.stream):
            raise tap.why_ended()
    return 0


def _capture_there(arguments: argparse.Namespace) -> int:
    if not arguments.remote_host or not arguments.remote_port:
        hint = "choose them among the interface's options"
        raise InvalidConfigError(errno.EINVAL, "capture over ssh: a host and its port are to be chosen", hint)
    words = ["extcap", "--capture", f"--extcap-interface={arguments.remote_port}", f"--fifo={_STDOUT}"]
    words += [f"--extcap-capture-filter={text}" for text in _filter(arguments).values()]
    words += ["--attach"] if arguments.attach else []
    words += [f"--{key}={text}" for key, text in texts_of(arguments).items()]
    return call(arguments.remote_host, words, arguments.fifo)


def _filter(arguments: argparse.Namespace) -> dict[str, str]:
    """Of the mirror: names mean what they do where Wireshark runs."""
    chosen = arguments.extcap_capture_filter
    return {"filter": resolve(chosen)} if chosen else {}


def _application(port: LocalPort, *, attach: bool) -> Application:
    app = Application(port.path)
    if not attach or port.has_library:
        return app
    from ..remote.attaching import attach as load  # noqa: PLC0415  few need it, and it takes long

    with app:
        return load(app.pid)


def _tap(app: Application, port: LocalPort, spec: MirrorSpec) -> Tap:
    try:
        return Tap(app, [port.port], spec, "wireshark")
    except NoPluginError as error:
        hint = f'check "Load the library" in the options of the interface, or run dpdk-mirror attach {app.pid}'
        raise NoPluginError(error.errno, error.what, hint) from None
