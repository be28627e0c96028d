# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application for tests that need no other: what is sent to one interface comes out of another."""

import pytest
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in


@pytest.fixture(scope="module")
def testpmd():
    """Forwards between two interfaces of the kernel."""
    taps = ["net_tap0,iface=lk0", "net_tap1,iface=lk1"]
    with Testpmd(TestpmdOptions(taps, interfaces=True, disk_kb=4096)) as testpmd:
        for interface in ("lk0", "lk1"):
            run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        testpmd.start()
        yield testpmd
        testpmd.stop()
        assert testpmd.quit() == 0


@pytest.fixture
def forward(testpmd):
    """Passes frames through testpmd; what it has forwarded already, from before, is gone."""
    with testpmd.wire("lk0") as near, testpmd.wire("lk1") as far:
        far.receive_rest()

        def pass_through(sent):
            near.send(sent)
            assert far.receive(len(sent)) == sent

        yield pass_through


@pytest.fixture
def telemetry(testpmd):
    with testpmd.telemetry() as telemetry:
        ports = telemetry.call("ports")
        yield telemetry
        telemetry.call("remove", all="yes")
        assert telemetry.call("ports") == ports
