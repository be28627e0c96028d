# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd changes while it is mirrored: ports stop, start, close, come, and change their queues."""

import pytest
from livekit.application import wait_until
from livekit.telemetry import RefusedError
from livekit.testpmd import Testpmd, TestpmdOptions


@pytest.fixture(scope="module")
def shared_testpmd():
    """Two paired ports of packets without end."""
    with Testpmd(TestpmdOptions(["net_null0", "net_null1"])) as testpmd:
        yield testpmd


@pytest.fixture
def testpmd(shared_testpmd):
    """Stopped, its counters at 0, and nothing mirrored, before and after."""
    shared_testpmd.command("clear port stats all")
    yield shared_testpmd
    shared_testpmd.stop()
    with shared_testpmd.telemetry() as telemetry:
        telemetry.call("remove", all="yes")


def stats_of(telemetry, mirror):
    stats = telemetry.call("stats", mirror=mirror)
    assert stats["seen"] == sum(stats.values()) - stats["seen"] - stats["bytes"]
    return stats


def run_briefly(testpmd, telemetry, mirror, more=100_000):
    """Forwards until so many more packets were offered to the mirror."""
    before = stats_of(telemetry, mirror)["seen"]
    testpmd.start()
    wait_until(lambda: stats_of(telemetry, mirror)["seen"] >= before + more, "packets mirrored")
    testpmd.stop()


def test_the_mirror_sees_what_the_application_counts(testpmd):
    """Each packet once, in both directions, with a target that is soon full."""
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", directions="rx", name="in")
        telemetry.call("add", source=0, to="ring:r", directions="tx", name="out")
        run_briefly(testpmd, telemetry, "in")
        counted = testpmd.counters(0)
        assert stats_of(telemetry, "in")["seen"] == counted["RX-packets"] > 0
        assert stats_of(telemetry, "out")["seen"] == counted["TX-packets"] > 0
        assert stats_of(telemetry, "in")["full"] > 0


def test_the_application_does_not_take_targets_for_its_own_ports(testpmd):
    before = testpmd.command("show port summary all")
    with testpmd.telemetry() as telemetry:
        target = telemetry.call("target/add", to="ring:alone")
        assert target["target"] == "ring:alone"
        assert telemetry.call("ports", port=target["port"])["is_target"] == 1
        assert testpmd.command("show port summary all") == before
        testpmd.command("port stop all")
        testpmd.command("port start all")
        assert telemetry.call("ports", port=target["port"])["started"] == 1
        assert telemetry.call("target/remove", to="ring:alone", force="yes") == {"removed": 1}
        assert target["port"] not in telemetry.call("ports")


def test_a_target_in_use_is_not_removed(testpmd):
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", directions="rx", name="in")
        with pytest.raises(RefusedError) as refusal:
            telemetry.call("target/remove", to="ring:r")
        assert refusal.value.error == "EBUSY"


def test_a_source_that_stops_is_waited_for(testpmd):
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", directions="rx", name="in")
        run_briefly(testpmd, telemetry, "in")
        testpmd.command("port stop 0")
        assert telemetry.call("info", mirror="in")["state"] == "waiting"
        testpmd.command("port start 0")
        assert telemetry.call("info", mirror="in")["state"] == "running"
        run_briefly(testpmd, telemetry, "in")


def test_queues_that_come_are_mirrored_and_those_that_go_are_forgotten(testpmd):
    """Within a second; the counters of what went through older queues stay."""
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", directions="rx", name="in")
        for queues in (2, 1):
            testpmd.command("port stop all")
            testpmd.command(f"port config all rxq {queues}")
            testpmd.command(f"port config all txq {queues}")
            testpmd.command("port start all")
            wait_until(
                lambda: telemetry.call("info", mirror="in")["rx_queues"] == queues,  # noqa: B023
                f"{queues} queues mirrored",
            )
            testpmd.command("clear port stats all")
            telemetry.call("reset", mirror="in")
            run_briefly(testpmd, telemetry, "in")
            assert stats_of(telemetry, "in")["seen"] == testpmd.counters(0)["RX-packets"]
            info = telemetry.call("info", mirror="in")
            assert info["rx_polled"] == ("0-1" if queues == 2 else "0")


def test_a_mirror_ends_with_its_device_and_never_moves_to_the_next(testpmd):
    """A port that is closed and another that is attached under its number."""
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", directions="rx", name="in")
        run_briefly(testpmd, telemetry, "in")
        for command in ("port stop 0", "port close 0"):
            testpmd.command(command)
        info = telemetry.call("info", mirror="in")
        assert (info["state"], "removed" in info["reason"]) == ("stopped", True)
        # Else testpmd sets up whatever port there is a new one of, the target, too.
        testpmd.command("set port setup on iterator")
        assert "Port 0 is attached" in testpmd.command("port attach net_null7")
        testpmd.command("port start 0")
        seen = stats_of(telemetry, "in")["seen"]
        telemetry.call("add", source="net_null7", to="ring:next", directions="rx", name="next")
        run_briefly(testpmd, telemetry, "next")
        assert stats_of(telemetry, "in")["seen"] == seen
        assert telemetry.call("remove", mirror="in") == {"removed": 1}
        run_briefly(testpmd, telemetry, "next")


def test_several_pollers_and_queues():
    """Two forwarding cores, two queues, one target queue: nothing is counted twice or lost."""
    options = TestpmdOptions(
        ["net_null0", "net_null1"], arguments=["--rxq=2", "--txq=2", "--nb-cores=2"], lcores="0@0,1@1,2@(0,1)"
    )
    with Testpmd(options) as testpmd, testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:many", nb_target_queues=1, name="both")
        run_briefly(testpmd, telemetry, "both")
        counted = testpmd.counters(0)
        assert stats_of(telemetry, "both")["seen"] == counted["RX-packets"] + counted["TX-packets"]
        info = telemetry.call("info", mirror="both")
        assert (info["rx_polled"], info["tx_polled"], info["rx_unpolled"]) == ("0-1", "0-1", "")
        telemetry.call("remove", mirror="both")
        assert testpmd.quit() == 0


@pytest.mark.parametrize("target", ["ring:left", "tap:left0", "pcap:{}/left.pcap", "vhost:{}/left"])
def test_an_application_that_quits_while_it_is_mirrored_ends_well(tmp_path, target):
    """Neither forwarding nor the mirror is stopped before."""
    with (
        Testpmd(TestpmdOptions(["net_null0", "net_null1,size=100"], interfaces=True)) as testpmd,
        testpmd.telemetry() as telemetry,
    ):
        telemetry.call("add", source=0, to=target.format(tmp_path), name="left", snaplen=60)
        testpmd.start()
        wait_until(lambda: stats_of(telemetry, "left")["seen"] > 1000, "packets mirrored")
        assert testpmd.quit() == 0
