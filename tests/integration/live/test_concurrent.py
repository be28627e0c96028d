# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Several clients, each served by a thread of telemetry's, while the application forwards and changes its ports."""

import threading
from concurrent.futures import ThreadPoolExecutor

from livekit.testpmd import Testpmd, TestpmdOptions

ROUNDS = 25
PORTS = 2
ENDS = [(port, end) for port in range(PORTS) for end in ("rx", "tx")]
"""What each client mirrors."""


def come_and_go(testpmd, port, end, over):
    """Mirrors with a target of the client's own and with one that all have; how often. One that hangs is timed out."""
    rounds = 0
    with testpmd.telemetry() as telemetry:
        while rounds < ROUNDS or not over.is_set():
            for target in (f"ring:own{port}{end}", "tap:all0"):
                name = f"{port} {end} {target}"
                telemetry.call("add", source=port, to=target, directions=end, name=name)
                telemetry.call("update", mirror=name, snaplen=60, mode="copy")
                assert telemetry.call("info", mirror=name)["mode"] == "copy"
                assert telemetry.call("remove", mirror=name) == {"removed": 1}
            rounds += 1
    return rounds


def test_clients_that_change_mirrors_at_once_hold_up_neither_each_other_nor_the_application():
    """Ports of the application's come and go meanwhile, whose events run in a thread that holds DPDK's own locks."""
    options = TestpmdOptions(["net_null0", "net_null1"], lcores="0@0,1@1", interfaces=True)
    testpmd = Testpmd(options)
    # A change waits for the poller, for 5 s at most.
    testpmd.niceness = 0
    with testpmd, ThreadPoolExecutor(len(ENDS)) as clients:
        # Else testpmd sets up the targets, too.
        testpmd.command("set port setup on iterator")
        testpmd.start()
        over = threading.Event()
        running = [clients.submit(come_and_go, testpmd, *end, over) for end in ENDS]
        try:
            for number in range(ROUNDS):
                assert "is attached" in testpmd.command(f"port attach net_null_guest{number}")
                testpmd.command(f"device detach net_null_guest{number}")
        finally:
            over.set()
        assert min(client.result() for client in running) >= ROUNDS
        testpmd.stop()
        with testpmd.telemetry() as telemetry:
            assert telemetry.call("list") == []
            for port, end in ENDS:
                telemetry.call("target/remove", to=f"ring:own{port}{end}", force="yes")
            assert telemetry.call("ports") == list(range(PORTS))
        assert testpmd.counters(0)["RX-packets"] == testpmd.counters(1)["TX-packets"] > 0
        assert testpmd.quit() == 0
