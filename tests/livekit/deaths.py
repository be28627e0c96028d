# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How what a target sends to dies under a running application: in each way, under traffic; and what comes of it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Self

from programs import ahead

from .application import wait_until
from .testpmd import Testpmd, TestpmdOptions
from .wire import run_in

if TYPE_CHECKING:
    from pathlib import Path

    from .telemetry import Telemetry

MODES = ("copy", "split", "auto")
_POOL = "mb_pool_0"
_DISK_KB = 1024
# Enough for the mirror to have something on its way at any moment.
_SOME = 20_000


def sanitized(library: Path) -> dict[str, str]:
    """The environment of an application that loads the library as AddressSanitizer has it."""
    needed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    runtime = re.search(r"asan\S* => (\S+)", needed)
    assert runtime, f"{library} is linked to no runtime of AddressSanitizer:\n{needed}"
    return {
        "LD_LIBRARY_PATH": ahead("LD_LIBRARY_PATH", library.parent),
        "LD_PRELOAD": runtime[1],
        # EAL and testpmd free little as they end.
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }


class Testbed:
    """An application that forwards between two ports, where something is mirrored to."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        options = TestpmdOptions(["net_null0,size=300", "net_null1,size=300"], interfaces=True, disk_kb=_DISK_KB)
        self.testpmd = Testpmd(options, environment)
        self.telemetry: Telemetry = self.testpmd.telemetry()
        self.peer: Testpmd | None = None
        self._mbufs = self._free_mbufs()

    def __enter__(self) -> Self:
        self.testpmd.start()
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            if exception[0] is None:
                self._end_well()
        finally:
            if self.peer is not None:
                self.peer.__exit__(*exception)
            self.telemetry.__exit__()
            self.testpmd.__exit__(*exception)

    def _end_well(self) -> None:
        """It has lost nothing, and ends as if nothing had been."""
        self.testpmd.stop()
        assert self.telemetry.call("list") == []
        assert len(self.telemetry.call("ports")) == 2
        assert self._free_mbufs() == self._mbufs
        assert self.testpmd.counters(0)["RX-packets"] == self.testpmd.counters(1)["TX-packets"]
        assert self.testpmd.counters(0)["RX-nombuf"] == 0
        assert self.testpmd.quit() == 0

    def _free_mbufs(self) -> int:
        shown = self.testpmd.command(f"dump_mempool {_POOL}")
        return sum(int(number) for number in re.findall(r"(?:total_cache|common_pool)_count=(\d+)", shown))

    def run(self, *command: str) -> None:
        run_in(self.testpmd.pid, *command)

    def forwards_on(self) -> None:
        before = self.testpmd.counters(1)["TX-packets"]
        wait_until(lambda: self.testpmd.counters(1)["TX-packets"] > before + _SOME, "packets forwarded")

    def sends_on(self, some: int = _SOME) -> None:
        """More goes out to the target."""
        self.telemetry.call("reset", mirror="dying")
        wait_until(lambda: self.telemetry.call("stats", mirror="dying")["packets"] > some, "packets mirrored")


class Death:
    """Of what a mirror sends to. With a reason, it ends the mirror; without, the mirror goes on once that is back."""

    target = ""
    reason: str | None = None
    rate = 0  # of the mirror, in packets a second; 0: any

    def begin(self, testbed: Testbed) -> None:
        """Before the mirror is added."""

    def connect(self, testbed: Testbed) -> None:
        """When the target is there."""

    def strike(self, testbed: Testbed) -> None:
        raise NotImplementedError

    def come_back(self, testbed: Testbed) -> None:
        """The mirror is there still."""

    def clean(self, testbed: Testbed) -> None:
        """The mirror has gone."""


class DeletedTap(Death):
    target, reason = "tap:dead0", "interface of its target"

    def strike(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "del", "dead0")


class TapDown(Death):
    target = "tap:dead0"

    def strike(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "set", "dead0", "down")

    def come_back(self, testbed: Testbed) -> None:
        if testbed.testpmd.has_interface("dead0"):
            testbed.run("ip", "link", "set", "dead0", "up")


class DeletedVeth(Death):
    target, reason = "af_packet:dead0", "interface of its target"

    def begin(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "add", "dead0", "up", "type", "veth", "peer", "name", "dead1")
        testbed.run("ip", "link", "set", "dead1", "up")

    def strike(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "del", "dead0")


class DeletedPeer(DeletedVeth):
    def strike(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "del", "dead1")


class VethDown(DeletedVeth):
    reason = None

    def strike(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "set", "dead0", "down")

    def come_back(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "set", "dead0", "up")

    def clean(self, testbed: Testbed) -> None:
        testbed.run("ip", "link", "del", "dead0")


class KilledGuest(Death):
    """The other end of a vhost-user socket, in a process of its own."""

    target = "vhost:{}/dead.vhost"

    def connect(self, testbed: Testbed) -> None:
        vdev = f"net_virtio_user0,path={testbed.testpmd.directory}/dead.vhost,queues=1"
        testbed.peer = Testpmd(TestpmdOptions([vdev], "rxonly", plugin=False))
        testbed.peer.start()

    def strike(self, testbed: Testbed) -> None:
        assert testbed.peer is not None
        assert testbed.peer.end(signal.SIGKILL) == -signal.SIGKILL
        testbed.peer.__exit__(None)
        testbed.peer = None

    def come_back(self, testbed: Testbed) -> None:
        self.connect(testbed)

    def clean(self, testbed: Testbed) -> None:
        self.strike(testbed)


class FullDisk(Death):
    target = "file:{}/disk/dead.pcapng"
    reason = "cannot be written: No space left on device"
    rate = 1000  # else the mirror fills the disk

    def strike(self, testbed: Testbed) -> None:
        """Whatever the mirror has left of it."""
        with contextlib.suppress(OSError), (testbed.testpmd.disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(1024)) > 0:
                pass
        free = os.statvfs(testbed.testpmd.disk).f_bavail
        assert free == 0, free

    def clean(self, testbed: Testbed) -> None:
        (testbed.testpmd.disk / "filler").unlink()
        (testbed.testpmd.disk / "dead.pcapng").unlink()


DEATHS: dict[str, Death] = {
    "tap deleted": DeletedTap(),
    "tap down": TapDown(),
    "veth deleted": DeletedVeth(),
    "veth's peer deleted": DeletedPeer(),
    "veth down": VethDown(),
    "guest killed": KilledGuest(),
    "disk full": FullDisk(),
}


def _die(testbed: Testbed, death: Death, mode: str) -> None:
    """A target dies while much is mirrored to it: the application forwards on, and each command is answered."""
    target = death.target.format(testbed.testpmd.directory)
    death.begin(testbed)
    testbed.telemetry.call("add", source=0, to=target, mode=mode, rate=death.rate, directions="rx", name="dying")
    death.connect(testbed)
    testbed.sends_on(death.rate or _SOME)
    death.strike(testbed)
    testbed.forwards_on()


def die_and_come_back(testbed: Testbed, death: Death, mode: str) -> None:
    """The mirror ends by itself and says why, or goes on."""
    _die(testbed, death, mode)
    info = functools.partial(testbed.telemetry.call, "info", mirror="dying")
    if death.reason is None:
        assert info()["state"] == "running"
        death.come_back(testbed)
        testbed.sends_on()
    else:
        wait_until(lambda: info()["state"] == "stopped", "the mirror's end")
        assert death.reason in info()["reason"]
    testbed.telemetry.call("remove", mirror="dying")
    death.clean(testbed)


def die_and_go(testbed: Testbed, death: Death, mode: str) -> None:
    """The mirror is removed while its target is dead."""
    _die(testbed, death, mode)
    testbed.telemetry.call("remove", mirror="dying")
    testbed.forwards_on()
    if death.reason is None:
        death.come_back(testbed)
    death.clean(testbed)
