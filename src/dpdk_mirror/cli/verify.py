# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror verify: whether a driver is a correct source and a correct target of mirrors."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError
from .common import add_command, print_json, say, seconds
from .signals import each_raises

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from ..conformance import Property, Result
    from ..conformance.verify import About, Request

_VERIFY = {
    "help": "verify that a driver works as source and target of mirrors",
    "description": """\
Verify that a driver is a correct source and a correct target of mirrors, property by property: what a mirror of the
port gets, what arrives behind it, which buffers it gives back when. Each property is pass, fail or not applicable,
with the reason. The exit status is 1 if one fails.

DEVARGS is a device in EAL's form. With PEER, a device that is connected to it, what the port sends is looked at there;
without, the port may receive what it sends itself. Where nothing shows what it has sent, only what it takes and gives
back is looked at. A driver that crashes, or never returns, fails the property that was being looked at.

Of a PCI device, no property that stops, resets or unplugs it is looked at without --destructive.
""",
    "epilog": """\
examples:
  dpdk-mirror verify net_ring0
      a port that receives what it sends
  dpdk-mirror verify net_tap0,iface=t0 net_pcap0,iface=t0
      a tap, whose other end in the kernel a second port looks at
  dpdk-mirror verify -d ./librte_net_new.so net_new0
      a driver that is being written
  dpdk-mirror verify net_null0 --only 'target.*' --json
      some properties, as JSON
""",
}


def add_parsers(commands: Any) -> None:
    parser = add_command(commands, "verify", run, _VERIFY)
    parser.add_argument(
        "port", metavar="DEVARGS", nargs="?", help="device to verify, as in net_tap0,iface=t0 or 0000:03:00.0"
    )
    parser.add_argument("peer", metavar="PEER", nargs="?", help="device that is connected to it")
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[],
        help="only this property, or a shell pattern such as 'target.*'; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--vdev", metavar="DEVARGS", action="append", default=[],
        help="virtual device that EAL is to have beside, as a bond's member; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "-d", metavar="FILE", dest="drivers", action="append", default=[],
        help="have EAL load a driver from FILE, which is not in DPDK's folder; may be repeated",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="list the properties, and verify nothing")
    parser.add_argument("--junit", metavar="FILE", help="write the results to FILE, as JUnit's XML")
    parser.add_argument("--destructive", action="store_true", help="also stop, reset and unplug a PCI device")
    parser.add_argument("--timeout", metavar="TIME", type=seconds, default=180.0, help="give a property so long (180)")
    parser.add_argument("--no-huge", action="store_true", help="use no hugepages; default: use them if enough are free")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--debug", action="store_true", help="show EAL's log and tracebacks")


def run(arguments: argparse.Namespace) -> int:
    # What takes long to load, and what no other command needs.
    from ..conformance import Verdict  # noqa: PLC0415
    from ..conformance.verify import Request  # noqa: PLC0415

    properties = _chosen(arguments.only)
    if arguments.list:
        return _list(properties, as_json=arguments.json)
    if arguments.port is None:
        arguments.parser.refuse("give the DEVARGS of a device, or --list")
    devices = tuple(each for each in (arguments.port, arguments.peer) if each is not None)
    request = Request(
        devices,
        vdevs=tuple(arguments.vdev),
        drivers=tuple(arguments.drivers),
        destructive=arguments.destructive,
        hugepages=False if arguments.no_huge else None,
        timeout_s=arguments.timeout,
    )
    with each_raises(), _report(arguments.junit) as report:
        about, results = _verify(request, properties, quietly=arguments.json)
        if arguments.json:
            print_json(_as_json(devices, about, results))
        else:
            say(_summary(results))
        report(about, results)
    return int(any(result.verdict is Verdict.FAIL for result in results))


@contextlib.contextmanager
def _report(path: str | None) -> Iterator[Callable[[About, Sequence[Result]], None]]:
    """Writes a report to where it is known to be possible before minutes have passed; none without a path."""
    if path is None:
        yield lambda _about, _results: None
        return
    from ..conformance.junit import junit  # noqa: PLC0415
    from ..outfile import OutFile  # noqa: PLC0415

    def write(about: About, results: Sequence[Result]) -> None:
        with _naming(path):
            with open(out.fd, "wb", closefd=False) as stream:
                stream.write(junit(about, results))
            out.commit()

    with _naming(path):
        out = OutFile(path)
    with out:
        try:
            yield write
        finally:
            out.discard()


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Has what the system says of a file name it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _verify(request: Request, properties: Sequence[Property], *, quietly: bool) -> tuple[About, list[Result]]:
    from ..conformance.verify import About, verify  # noqa: PLC0415

    about, results = About("", "", ""), []
    for said in verify(request, properties):
        if isinstance(said, About):
            about, line = said, _title(said, request.devices)
        else:
            results.append(said)
            line = _line(said, properties)
        if not quietly:
            say(line)
    return about, results


def _chosen(patterns: Sequence[str]) -> list[Property]:
    from ..conformance.catalog import PROPERTIES  # noqa: PLC0415

    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(each.name, pattern) for each in PROPERTIES):
            what = f"verify {pattern}: there is no such property"
            raise NotFoundError(errno.ENOENT, what, "dpdk-mirror verify --list lists all")
    return [
        each
        for each in PROPERTIES
        if not patterns or any(fnmatch.fnmatchcase(each.name, pattern) for pattern in patterns)
    ]


def _list(properties: Sequence[Property], *, as_json: bool) -> int:
    if as_json:
        print_json([{"name": each.name, "says": each.says, "needs": each.needs.value} for each in properties])
        return 0
    for each in properties:
        say(f"{each.name:23}  {each.says}")
    return 0


def _title(about: About, devices: Sequence[str]) -> str:
    silence = ", since no frame comes through both ways" if len(devices) > 1 and about.plan != "pair" else ""
    return f"{' '.join(devices)}: {about.driver} of DPDK {about.dpdk}, {about.plan}{silence}"


def _line(result: Result, properties: Sequence[Property]) -> str:
    """What was found, or else what is so; what is not as it should be is told with what should be."""
    says = next(each.says for each in properties if each.name == result.name)
    text = f"{says} But {result.reason}" if result.verdict.value == "fail" else result.reason or says
    return f"{result.verdict.value:14}  {result.name:23}  {text}"


def _summary(results: Sequence[Result]) -> str:
    from ..conformance import Verdict  # noqa: PLC0415

    counts = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _as_json(devices: Sequence[str], about: About, results: Sequence[Result]) -> dict[str, Any]:
    return {
        "devices": list(devices),
        "driver": about.driver,
        "plan": about.plan,
        "dpdk": about.dpdk,
        "results": [
            {"name": result.name, "verdict": str(result.verdict), "reason": result.reason, "facts": result.facts}
            for result in results
        ],
    }
