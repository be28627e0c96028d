# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Targets that are made on demand in a running application: the kinds, and what is left of them."""

import stat

import pytest
from captures import read_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.telemetry import RefusedError
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import Wire, run_in

COUNT = 100


@pytest.fixture(scope="module")
def testpmd():
    """Forwards between two interfaces of the kernel."""
    taps = ["net_tap0,iface=lk0", "net_tap1,iface=lk1"]
    with Testpmd(TestpmdOptions(taps, interfaces=True)) as testpmd:
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


def interfaces(testpmd):
    return {line.split()[0].partition("@")[0] for line in run_in(testpmd.pid, "ip", "-br", "link").splitlines()}


def test_a_tap_is_there_while_its_mirrors_are(testpmd, telemetry, forward):
    """It gets what both mirrors take, and nothing of the kernel's own."""
    telemetry.call("add", source=0, to="tap:lkm", directions="rx", name="in")
    telemetry.call("add", source="net_tap1", to="tap:lkm", directions="tx", name="out")
    with testpmd.wire("lkm") as seen:
        sent = udp_frames(COUNT, longest=1400)
        forward(sent)
        assert sorted(seen.receive(2 * COUNT)) == sorted(sent + sent)
        assert seen.receive_rest() == []
    telemetry.call("remove", mirror="in")
    assert "lkm" in interfaces(testpmd)
    telemetry.call("remove", mirror="out")
    assert "lkm" not in interfaces(testpmd)


def test_an_interface_that_is_there_is_sent_to(testpmd, telemetry, forward):
    run_in(testpmd.pid, "ip", "link", "add", "lkv", "type", "veth", "peer", "name", "lkw")
    for interface in ("lkv", "lkw"):
        run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        run_in(testpmd.pid, "ip", "link", "set", "dev", interface, "up")
    telemetry.call("add", source=0, to="af_packet:lkv", directions="rx", name="in")
    with Wire(testpmd.pid, "lkw") as seen:
        sent = udp_frames(COUNT, longest=1400)
        forward(sent)
        assert seen.receive(COUNT) == sent
    telemetry.call("remove", mirror="in")
    assert {"lkv", "lkw"} <= interfaces(testpmd)
    run_in(testpmd.pid, "ip", "link", "del", "lkv")


def test_what_an_interface_does_not_take_is_said_and_counted(testpmd, telemetry, forward):
    """The source's MTU is 1500; what arrives is what ``packets`` says, and long ones take no others with them."""
    run_in(testpmd.pid, "ip", "link", "add", "lkv", "mtu", "1300", "type", "veth", "peer", "name", "lkw")
    for interface in ("lkv", "lkw"):
        run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        run_in(testpmd.pid, "ip", "link", "set", "dev", interface, "up")
    added = telemetry.call("add", source=0, to="af_packet:lkv", directions="rx", name="in")
    assert "up to 1314 bytes" in added["warning"]
    assert telemetry.call("info", mirror="in")["warning"] == added["warning"]
    with Wire(testpmd.pid, "lkw") as seen:
        sent = udp_frames(COUNT, longest=1400)
        forward(sent)
        short = [frame for frame in sent if len(frame) <= 1314]
        assert seen.receive(len(short)) == short
        assert seen.receive_rest() == []
    stats = telemetry.call("stats", mirror="in")
    assert 0 < len(short) < COUNT
    assert (stats["packets"], stats["oversize"]) == (len(short), COUNT - len(short))
    run_in(testpmd.pid, "ip", "link", "set", "dev", "lkv", "mtu", "1500")
    wait_until(lambda: telemetry.call("info", mirror="in")["warning"] == "", "the new MTU")
    telemetry.call("remove", mirror="in")
    run_in(testpmd.pid, "ip", "link", "del", "lkv")


def test_a_capture_file_stays_and_is_its_owners(telemetry, forward, tmp_path):
    path = tmp_path / "some file.pcap"
    telemetry.call("add", source=0, to=f"pcap:{path}", directions="rx", name="in")
    sent = udp_frames(COUNT, longest=1400)
    forward(sent)
    telemetry.call("remove", mirror="in")
    assert [frame for frame, _ in read_capture(path).frames] == sent
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(RefusedError, match="would be overwritten") as refusal:
        telemetry.call("add", source=0, to=f"pcap:{path}", directions="rx")
    assert refusal.value.error == "EEXIST"
    assert [frame for frame, _ in read_capture(path).frames] == sent


def test_a_vhost_socket_is_there_while_its_mirror_is(telemetry, tmp_path):
    path = tmp_path / "vhost"
    telemetry.call("add", source=0, to=f"vhost:{path}", directions="rx", name="in")
    assert path.is_socket()
    telemetry.call("remove", mirror="in")
    assert not path.exists()


def test_a_ring_that_nobody_reads_costs_the_mirror_alone(telemetry, forward):
    """What it cannot hold is counted; what it holds goes with it."""
    telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in")
    for _ in range(12):
        forward(udp_frames(COUNT, longest=200))
    wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] == 12 * COUNT, "all packets seen")
    stats = telemetry.call("stats", mirror="in")
    assert (stats["packets"], stats["full"]) == (1023, 12 * COUNT - 1023)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("tap:lk0", "EEXIST"),
        ("tap:a,remote=lo", "EINVAL"),
        ("tap:\x1b[2J", "EINVAL"),
        ("tap:näme", "EINVAL"),
        ("af_packet:lk0", "EBUSY"),
        ("af_packet:none", "ENODEV"),
        ("pcap:relative", "EINVAL"),
        ("pcap:/nowhere/at/all", "ENOENT"),
        ("vhost:/nowhere/at/all", "ENOENT"),
        ("port:net_tap1", "EINVAL"),
        ("port:none", "EINVAL"),
        ("memif:/tmp/a", "EINVAL"),
        ("", "EINVAL"),
        ("x" * 700, "EINVAL"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_its_reason(telemetry, target, error):
    with pytest.raises(RefusedError) as refusal:
        telemetry.call("add", source=0, to=target, directions="rx")
    assert refusal.value.error == error
    assert len(str(refusal.value)) > 20
    assert telemetry.call("list") == []
