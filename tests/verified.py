# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Verifies the drivers of docs/drivers.md, each on a way of its own, and keeps what comes of that.

    python tests/verified.py [WAY ...]   verifies, all ways by default, into docs/drivers/RELEASE/WAY.json
    python tests/verified.py --write     writes what is made of these: docs/drivers.md's tables, csrc/control/found.h

Interfaces are made in a network namespace of their own, in which IPv6 keeps quiet: root, or user namespaces.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from programs import pkg_config

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "docs" / "drivers"
PAGE = ROOT / "docs" / "drivers.md"
HEADER = ROOT / "csrc" / "control" / "found.h"
MARKS = "<!-- tests/verified.py writes what follows -->\n", "<!-- as far as here -->\n"

_WIDTH = 128
_FAR = "net_pcap1,iface=v1"
_VETH = "ip link add v0 mtu {mtu} type veth peer name v1 mtu {mtu} && ip link set v1 up && ip link set v0 up"
_LONG = _VETH.format(mtu=9000)
_SHORT = _VETH.format(mtu=1500)  # veth has XDP for frames of one page


@dataclass(frozen=True)
class Way:
    """A driver, and what is at its other end. ``setup`` is a shell's command.

    ``{0}`` in devices is a folder, ``{member}`` what this release's net_bonding calls its ports.
    """

    devices: tuple[str, ...]
    setup: str = "true"
    vdevs: tuple[str, ...] = ()

    @property
    def driver(self) -> str:
        """As its file calls it."""
        return re.match(r"[a-z_]*[a-z]", self.devices[0])[0]


WAYS = {
    "net_null": Way(("net_null0",)),
    "net_ring": Way(("net_ring0",)),
    "net_pcap": Way(("net_pcap0,iface=v0", _FAR), _LONG),
    "net_tap": Way(("net_tap0,iface=t0", "net_pcap1,iface=t0")),
    "net_af_packet": Way(("net_af_packet0,iface=v0", _FAR), _LONG),
    "net_af_xdp": Way(("net_af_xdp0,iface=v0", _FAR), _SHORT),
    "net_vhost": Way(("net_vhost0,iface={0}/s,queues=2", "net_virtio_user0,path={0}/s,queues=2")),
    "net_virtio_user": Way(("net_virtio_user0,path={0}/s,queues=2", "net_vhost0,iface={0}/s,queues=2")),
    "net_memif": Way(
        (
            "net_memif0,role=server,socket={0}/m,socket-abstract=no",
            "net_memif1,role=client,socket={0}/m,socket-abstract=no",
        )
    ),
    "net_failsafe": Way(("net_failsafe0,dev(net_pcap9,iface=v0)", _FAR), _LONG),
    "net_bonding": Way(
        ("net_bonding0,mode=1,{member}=net_af_packet9", _FAR), _LONG, vdevs=("net_af_packet9,iface=v0",)
    ),
}


def verify(way: Way, *options: str) -> dict:
    """What ``dpdk-mirror verify --json`` says of it."""
    namespace = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urnm"]
    quiet = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"
    with tempfile.TemporaryDirectory() as folder:
        member = "slave" if pkg_config("--modversion", "libdpdk") < ["23.11"] else "member"
        devices = [device.format(folder, member=member) for device in way.devices]
        script = f'{quiet}; ip link set lo up; {way.setup} && exec "$@"'
        command = [sys.executable, "-m", "dpdk_mirror", "verify", *devices, "--no-huge", "--json", *options]
        command += [part for vdev in way.vdevs for part in ("--vdev", vdev)]
        done = subprocess.run(
            [*namespace, "sh", "-c", script, "sh", *command], stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode not in {0, 1} or not done.stdout:
        sys.exit(f"{' '.join(way.devices)}: the command has failed, with status {done.returncode}")
    result = json.loads(done.stdout)
    result["devices"] = [device.replace(folder, "/tmp") for device in result["devices"]]
    return result


def kept() -> dict[str, dict[str, dict]]:
    """By release, and then by way, in the order of WAYS."""
    releases = sorted(path.name for path in DATA.iterdir() if path.is_dir()) if DATA.is_dir() else []
    return {
        release: {
            name: json.loads(path.read_text()) for name in WAYS if (path := DATA / release / f"{name}.json").exists()
        }
        for release in releases
    }


def keep(name: str, result: dict) -> Path:
    release = ".".join(result["dpdk"].split(".")[:2])
    path = DATA / release / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    for each in result["results"]:  # another run has others
        each["facts"] = {key: value for key, value in each["facts"].items() if not key.startswith("rate")}
        if each["name"] == "counters.rate":
            each["reason"] = ""
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


# What is made of it.

_CELLS = {"pass": "yes", "fail": "**no**", "not applicable": "-"}


def table(ways: dict[str, dict]) -> str:
    """A row for each property, a column for each way."""
    names = list(dict.fromkeys(each["name"] for result in ways.values() for each in result["results"]))
    rows = [["property", *(f"`{name}`" for name in ways)], ["---"] * (len(ways) + 1)]
    for name in names:
        verdicts = [
            next((each["verdict"] for each in result["results"] if each["name"] == name), "")
            for result in ways.values()
        ]
        rows.append([f"`{name}`", *(_CELLS.get(verdict, "") for verdict in verdicts)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def facts(results: list[dict]) -> dict[str, bool]:
    """What holds of a driver on all its ways."""
    found: dict[str, bool] = {}
    for result in results:
        for each in result["results"]:
            for key, value in each["facts"].items():
                found[key] = value and found.get(key, True)
    return found


def _facts_table(ways: dict[str, dict]) -> str:
    yes_no = {True: "yes", False: "no", None: ""}
    rows = [
        "| driver | looked at as | has read when tx burst returns | has freed then | takes chains unasked |",
        "|---|---|---|---|---|",
    ]
    for result in ways.values():
        found = facts([result])
        cells = [yes_no[found.get(key)] for key in ("reads_at_once", "frees_at_once", "takes_chains")]
        rows.append(f"| `{result['driver']}` | {result['plan']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _reasons(ways: dict[str, dict]) -> str:
    lines = [
        textwrap.fill(f"- `{name}`, `{each['name']}`: {each['reason']}", _WIDTH, subsequent_indent="  ")
        for name, result in ways.items()
        for each in result["results"]
        if each["verdict"] == "fail"
    ]
    return "\n".join(lines) or "None."


def _command(name: str, result: dict) -> str:
    """As people type it, on two lines if it is long."""
    first, *rest = [*map(quote, result["devices"]), *(f"--vdev {quote(vdev)}" for vdev in WAYS[name].vdevs)]
    line = " ".join([f"    dpdk-mirror verify {first}", *rest])
    return line if len(line) <= _WIDTH else f"    dpdk-mirror verify {first} \\\n        {' '.join(rest)}"


def page_part() -> str:
    parts = []
    for release, ways in kept().items():
        commands = "\n".join(_command(name, result) for name, result in ways.items())
        parts += [
            f"### DPDK {release}",
            table(ways),
            "What each does with packets that are shared with it:",
            _facts_table(ways),
            "What is not so, and why:",
            _reasons(ways),
            "The commands:",
            commands,
        ]
    return "\n\n".join(parts) + "\n"


def header() -> str:
    """What the library knows of drivers because it has been seen, on every way and release that is kept."""
    by_driver: dict[str, list[dict]] = {}
    for ways in kept().values():
        for result in ways.values():
            by_driver.setdefault(result["driver"], []).append(result)
    lines = []
    for driver, results in sorted(by_driver.items()):
        at_once = str(reads_at_once(results)).lower()
        lines.append(f'#define MIRROR_FOUND_{driver.upper()} .name = "{driver}", .reads_at_once = {at_once}')
    return _HEADER.format("\n".join(lines))


def reads_at_once(results: list[dict]) -> bool:
    """Whether it has read and freed packets when tx burst returns: what nothing shows, freeing tells."""
    found = facts(results)
    return found.get("frees_at_once", False) and found.get("reads_at_once", True)


_HEADER = """\
/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_FOUND_H
#define MIRROR_CONTROL_FOUND_H

/**
 * @file
 * Layer 1: what drivers were seen to do. Made by tests/verified.py --write of what it keeps in docs/drivers.
 */

/* clang-format off */
{}
/* clang-format on */

#endif /* MIRROR_CONTROL_FOUND_H */
"""


def page() -> str:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{page_part()}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", metavar="WAY", nargs="*", choices=[[], *WAYS])
    parser.add_argument("--write", action="store_true", help="write the tables and the header, and verify nothing")
    options = parser.parse_args(arguments)
    if options.write:
        HEADER.write_text(header(), encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    for name in options.ways or WAYS:
        keep(name, verify(WAYS[name]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
