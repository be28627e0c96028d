# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Soak: a dpdk-testpmd forwards while mirrors and targets come, change and go, and its ports stop and start.

It must not crash, hang or lose a packet or an mbuf, and its own counters must add up as without the library.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from livekit.telemetry import RefusedError, Telemetry
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in

PORTS = 4
TARGETS = ["ring:soak0", "ring:soak1", "tap:soak0", "af_packet:soak1", "null:soak", "vhost:{}/vhost"]
TARGETS += ["file:{}/disk/{}.pcapng", "file:{}/disk/{}.pcap", "stream:"]
GUEST = "net_virtio_user0,path={}/vhost,queues=1"
DISK_KB = 4096
PATIENCE_S = 30
CHOICES = {
    "filter": ["ether[0] & 1 = 0", "greater 500", "vlan 5", "tcp prt 1"],
    "mac": ["src=02:00:00:00:00:01", "dst=00:00:00:00:00:00/01:00:00:00:00:00"],
    "vlans": ["1-10", "4096"],
    "flow": ["protocol=tcp,dst_port=443", "ip_version=6"],
    "sample": ["3", "2,random=yes,seed=1"],
    "queues": ["0", "1"],
}
MOST_MIRRORS = 12
POOL = "mb_pool_0"


class Soak:
    """One random change after another, of an application that runs."""

    def __init__(self, testpmd: Testpmd, telemetry: Telemetry, seed: int) -> None:
        self.testpmd = testpmd
        self.telemetry = telemetry
        self.random = random.Random(seed)
        self.rare = [self.stop_and_start_a_port, self.have_a_port_come_and_go, self.have_a_guest_come_and_go]
        self.rare += [self.take_an_interface_away, self.remove_files]
        self.refused = 0
        self.done: dict[str, int] = {}
        self.stopped: set[int] = set()

    def call(self, command: str, **parameters: object) -> Any:
        """What waits for a target's driver says so after a second, and is called again: the machine may be busy."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.telemetry.call(command, **parameters)
            except RefusedError as refusal:
                if refusal.error != "ETIMEDOUT" or time.monotonic() > deadline:
                    raise

    def mirrors(self) -> list[int]:
        return self.call("list")

    def spec(self) -> dict[str, object]:
        """Parameters of a mirror, most of which make sense."""
        spec: dict[str, object] = {"mode": self.random.choice(["auto", "share", "split", "copy"])}
        if self.random.random() < 0.5:
            spec["snaplen"] = self.random.choice([14, 60, 64, 1000])
        spec["directions"] = self.random.choice(["rx", "tx", "both"])
        for key, values in CHOICES.items():
            if self.random.random() < 0.15:
                # "": no longer.
                spec[key] = self.random.choice([*values, ""])
        return spec

    def add(self) -> None:
        if len(self.mirrors()) < MOST_MIRRORS:
            source = self.random.randrange(PORTS)
            self.call("add", source=source, to=self.target(TARGETS), **self.spec())

    def target(self, choices: list[str]) -> str:
        """A file that is there is no target: so they have a few names, and are removed now and then."""
        return self.random.choice(choices).format(self.testpmd.directory, self.random.randrange(4))

    def any_mirror(self) -> int:
        return self.random.choice(self.mirrors() or [0])

    def remove(self) -> None:
        self.call("remove", mirror=self.any_mirror())

    def update(self) -> None:
        self.call("update", mirror=self.any_mirror(), **self.spec())

    def pause(self) -> None:
        self.call("pause", mirror=self.any_mirror())

    def resume(self) -> None:
        self.call("resume", mirror=self.any_mirror())

    def look(self) -> None:
        for mirror in self.mirrors():
            self.call("info", mirror=mirror)
            stats = self.call("stats", mirror=mirror)
            parts = sum(stats.values()) - stats["seen"] - stats["bytes"]
            # A poller goes on while its counters are summed: what is seen is counted first.
            assert stats["seen"] <= parts + 4096, stats

    def stop_and_start_a_port(self) -> None:
        """testpmd wants forwarding to be stopped for that."""
        port = self.random.randrange(PORTS)
        self.testpmd.stop()
        self.testpmd.command(f"port stop {port}")
        if self.random.random() < 0.5:
            self.testpmd.command(f"port config {port} rxq 1")
        time.sleep(self.random.choice([0, 0.6]))  # the library looks every 0.5 s
        self.testpmd.command(f"port start {port}")
        self.testpmd.start()

    def have_a_port_come_and_go(self) -> None:
        """Mirrored or not, with a target that is this mirror's alone or not."""
        self.testpmd.stop()
        name = f"net_null_guest{self.random.randrange(3)}"
        attached = self.testpmd.command(f"port attach {name},size=100")
        (guest,) = re.findall(r"Port (\d+) is attached", attached)
        self.testpmd.command(f"port start {guest}")
        try:
            if self.random.random() < 0.8:
                target = self.target([*TARGETS, "ring:guest", "tap:guest"])
                self.call("add", source=name, to=target, **self.spec())
            if self.random.random() < 0.5:
                self.call("remove", all="yes")
        finally:
            self.testpmd.command(f"port stop {guest}")
            self.testpmd.command(f"port close {guest}")
            self.testpmd.command(f"device detach {name}")
            self.testpmd.start()

    def take_an_interface_away(self) -> None:
        """From under its target, or down; a veth is there again."""
        interface = self.random.choice(["soak0", "soak1", "soak2"])
        if self.testpmd.has_interface(interface):
            how = self.random.choice([["del", interface], ["set", interface, "down"], ["set", interface, "up"]])
            run_in(self.testpmd.pid, "ip", "link", *how)
        self.make_veth()

    def make_veth(self) -> None:
        if not self.testpmd.has_interface("soak1"):
            run_in(self.testpmd.pid, "ip", "link", "add", "soak1", "up", "type", "veth", "peer", "name", "soak2")
            run_in(self.testpmd.pid, "ip", "link", "set", "soak2", "up")

    def have_a_guest_come_and_go(self) -> None:
        """It is killed, or ends by itself."""
        if not (self.testpmd.directory / "vhost").is_socket():
            return
        with Testpmd(TestpmdOptions([GUEST.format(self.testpmd.directory)], "rxonly", plugin=False)) as guest:
            guest.start()
            self.random.choice([guest.kill, guest.quit])()

    def remove_files(self) -> None:
        """Captures, whether they are being written or not."""
        for path in self.testpmd.disk.iterdir():
            path.unlink()

    def step(self) -> None:
        actions = [self.add, self.add, self.remove, self.update, self.pause, self.resume, self.look]
        weights = [4, 4, 5, 4, 1, 2, 2]
        if self.random.random() < 0.05:
            action = self.random.choice(self.rare)
        else:
            (action,) = self.random.choices(actions, weights)
        try:
            action()
        except RefusedError as refusal:
            # Random parameters are refused now and then, and so are mirrors that are not there.
            if refusal.error in {"ETIMEDOUT", "EDEADLK", "EIO"}:
                raise
            self.refused += 1
        self.done[action.__name__] = self.done.get(action.__name__, 0) + 1


class Onlooker(threading.Thread):
    """Asks, as fast as it gets answers, while the mirrors change."""

    def __init__(self, testpmd: Testpmd) -> None:
        super().__init__()
        self._testpmd = testpmd
        self._end = threading.Event()
        self.looks = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with self._testpmd.telemetry() as telemetry:
                while not self._end.is_set():
                    self.look(telemetry)
                    self.looks += 1
        except BaseException as failure:  # noqa: BLE001 - for end() to raise
            self.failure = failure

    def look(self, telemetry: Telemetry) -> None:
        for command, key in (("list", "mirror"), ("ports", "port")):
            for number in telemetry.call(command):
                try:
                    telemetry.call("info" if key == "mirror" else "ports", **{key: number})
                except RefusedError as refusal:
                    # It may have gone meanwhile.
                    if refusal.error not in {"ENOENT", "ENODEV", "ENETDOWN"}:
                        raise

    def end(self) -> int:
        self._end.set()
        self.join()
        if self.failure is not None:
            raise self.failure
        return self.looks


def free_mbufs(testpmd: Testpmd) -> int:
    """How many of the application's mbufs are in its pool."""
    shown = testpmd.command(f"dump_mempool {POOL}")
    return sum(int(number) for number in re.findall(r"(?:total_cache|common_pool)_count=(\d+)", shown))


def check_counters(testpmd: Testpmd) -> int:
    """What one port of a pair has received, the other has sent: how many packets that were."""
    counters = [testpmd.counters(port) for port in range(PORTS)]
    for port, counted in enumerate(counters):
        peer = counters[port ^ 1]
        assert counted["RX-packets"] == peer["TX-packets"], (port, counted, peer)
        assert counted["RX-nombuf"] == counted["TX-errors"] == 0, counted
    return sum(counted["RX-packets"] for counted in counters)


def soak(seed: int, duration_s: float) -> str:
    """What was done, in one line."""
    options = TestpmdOptions(
        [f"net_null{port},size={64 + 300 * port}" for port in range(PORTS)],
        "mac",
        arguments=["--nb-cores=2"],
        lcores="0@0,1@1,2@(0,1)",
        interfaces=True,
        disk_kb=DISK_KB,
    )
    with Testpmd(options) as testpmd, testpmd.telemetry() as telemetry:
        before = free_mbufs(testpmd)
        run = Soak(testpmd, telemetry, seed)
        run.make_veth()
        end = time.monotonic() + duration_s
        # Else testpmd sets up whatever ports are new, our targets, too.
        testpmd.command("set port setup on iterator")
        testpmd.start()
        onlooker = Onlooker(testpmd)
        onlooker.start()
        try:
            while time.monotonic() < end:
                run.step()
        finally:
            looks = onlooker.end()
        run.call("remove", all="yes")
        for target in (target for target in [*TARGETS, "ring:guest"] if target.startswith("ring:")):
            with contextlib.suppress(RefusedError):
                telemetry.call("target/remove", to=target, force="yes")
        testpmd.stop()
        packets = check_counters(testpmd)
        assert telemetry.call("list") == []
        assert [port for port in telemetry.call("ports") if port >= PORTS] == []
        assert free_mbufs(testpmd) == before
        assert packets > 0
        assert testpmd.quit() == 0
    actions = ", ".join(f"{count} {name}" for name, count in sorted(run.done.items()))
    return f"{packets} packets forwarded; {actions}; {run.refused} refused; {looks} looks"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    sys.stdout.write(f"live soak: {arguments.seconds:.0f} s, --seed {arguments.seed}\n")
    sys.stdout.flush()
    sys.stdout.write(f"{soak(arguments.seed, arguments.seconds)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
