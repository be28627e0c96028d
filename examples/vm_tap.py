# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Two virtual machines talk, and a third one hears it: vm_tap.py

    alice ==== net_vhost0 ---- testpmd ---- net_vhost1 ==== bob
                         |
                         +-- a mirror ---- vhost:tap ==== tap

Each machine is a process of its own with a virtio-user card, which is to the switch what QEMU's is. The switch knows
nothing of mirrors: it has been started with -d librte_mirror.so, and gets one while the two talk.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from dpdk_mirror import Eal, Vdev
from dpdk_mirror.plugin import plugin_path
from dpdk_mirror.remote import Application, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

ALICE, BOB = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
NAMES = {ALICE: "alice", BOB: "bob"}
KNOCK = 0x88B5  # an Ethernet type for experiments
TALK = [
    (ALICE, BOB, "Does anybody hear us?"),
    (BOB, ALICE, "Nobody but our switch."),
    (ALICE, BOB, "Good."),
]
TIMEOUT_S = 30


def card(socket: Path, kernel: Connection) -> None:
    """A machine: sends what its kernel gives it, and gives it what it receives, until it is switched off."""
    with Eal(vdevs=[Vdev("net_virtio_user", "card", (f"path={socket}",))], hugepages=False) as eal:
        port = eal.port("card").start(eal.mempool("packets"))
        while True:
            if kernel.poll(0.001):
                port.send(kernel.recv())
            for frame in port.receive():
                kernel.send(frame)


@contextmanager
def machine(socket: Path) -> Iterator[Connection]:
    spawn = multiprocessing.get_context("spawn")
    kernel, theirs = spawn.Pipe()
    process = spawn.Process(target=card, args=(socket, theirs))
    process.start()
    try:
        yield kernel
    finally:
        process.kill()
        process.join()


@contextmanager
def switch(folder: Path) -> Iterator[Application]:
    """testpmd, which forwards between two vhost ports."""
    plugin = plugin_path()
    libraries = ":".join(filter(None, [str(plugin.parent), os.environ.get("LD_LIBRARY_PATH")]))
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(folder), "LD_LIBRARY_PATH": libraries}
    vhosts = [f"--vdev=net_vhost{number},iface={folder}/{name}" for number, name in enumerate(("alice", "bob"))]
    eal = ["--no-huge", "--no-shconf", "-m", "512", "--no-pci", "--lcores", "0,1", "-d", plugin.name, *vhosts]
    command = ["dpdk-testpmd", *eal, "--", "--no-flush-rx", "--total-num-mbufs=16384"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        try:
            telemetry = folder / "dpdk" / "rte" / "dpdk_telemetry.v2"
            wait_for(telemetry, folder / "bob")
            yield connect(telemetry)
        finally:
            process.kill()


def wait_for(*paths: Path) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not all(path.exists() for path in paths):
        if time.monotonic() > end:
            sys.exit(f"vm_tap: the switch does not come up:\n{(paths[0].parents[2] / 'log').read_text()}")
        time.sleep(0.05)


def knock(speaker: Connection, listener: Connection, src: str, dst: str) -> None:
    """Until somebody is there to hear it."""
    for _ in range(10 * TIMEOUT_S):
        speaker.send([bytes(Ether(src=src, dst=dst, type=KNOCK) / bytes(46))])
        if listener.poll(0.1):
            return
    sys.exit("vm_tap: nobody hears")


def hear(listener: Connection) -> bytes:
    """The next frame that is no knock."""
    while listener.poll(TIMEOUT_S):
        frame = bytes(listener.recv())
        if Ether(frame).type != KNOCK:
            return frame
    sys.exit("vm_tap: nothing is heard")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="vm-tap-") as name, ExitStack() as stack:
        folder = Path(name)
        app = stack.enter_context(switch(folder))
        alice, bob = (stack.enter_context(machine(folder / name)) for name in ("alice", "bob"))
        kernels = {ALICE: alice, BOB: bob}
        knock(alice, bob, ALICE, BOB)
        knock(bob, alice, BOB, ALICE)

        # All that passes alice's port, both ways. mac=Mac(src=ALICE) would be what she says; directions="rx", too.
        mirror = stack.enter_context(app.mirror("net_vhost0", to=f"vhost:{folder}/tap"))
        tap = stack.enter_context(machine(folder / "tap"))
        knock(alice, tap, ALICE, BOB)

        for src, dst, text in TALK:
            said = bytes(Ether(src=src, dst=dst) / IP(src="192.0.2.1", dst="192.0.2.2") / UDP() / text.encode())
            kernels[src].send([said])
            frame = hear(tap)
            if hear(kernels[dst]) != said or frame != said:
                sys.exit("vm_tap: what was heard is not what was said")
            print(f"{NAMES[Ether(frame).src]}: {bytes(Ether(frame)[UDP].payload).decode()}")
        print(f"tap has heard all of it, in mode {mirror.info().mode}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
