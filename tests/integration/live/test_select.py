# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Packets that are chosen, in unmodified applications that forward, and rewrite, all of them."""

import pytest
from captures import read_capture
from livekit.application import wait_until
from livekit.frames import udp_frame
from livekit.ovs import Ovs
from livekit.telemetry import RefusedError
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in

COUNT = 120


def frame(number):
    """From port 1000 + number and one of four addresses; every third has one of five tags."""
    whole = udp_frame(number, bytes(number + position & 0xFF for position in range(18 + 11 * number)))
    tag = b"\x81\x00" + (100 + number % 5).to_bytes(2, "big") if number % 3 == 0 else b""
    return whole[:11] + bytes([number % 4]) + tag + whole[12:]


FRAMES = [frame(number) for number in range(COUNT)]

CHOICES = {
    "filter": ({"filter": "udp[0:2] >= 1050"}, lambda n: n % 3 != 0 and n >= 50, "filtered"),
    "filter behind a tag": ({"filter": "vlan 102 and udp"}, lambda n: n % 3 == 0 and n % 5 == 2, "filtered"),
    "mac": ({"mac": "src=02:00:00:00:00:02"}, lambda n: n % 4 == 2, "filtered"),
    "vlan": ({"vlans": "101,103-104"}, lambda n: n % 3 == 0 and n % 5 in {1, 3, 4}, "filtered"),
    "flow": ({"flow": "protocol=udp,src=10.0.0.0/24,src_port=1020-1049"}, lambda n: 20 <= n < 50, "filtered"),
    "sample": ({"sample": 10}, lambda n: n % 10 == 9, "unsampled"),
    "queues": ({"queues": 0}, lambda n: True, "filtered"),
    "several": (
        {"mac": "src=02:00:00:00:00:02", "vlans": "100-104", "filter": "vlan and udp[0:2] < 1100"},
        lambda n: n % 12 == 6 and n < 100,
        "filtered",
    ),
}


def mirror_chosen(telemetry, path, source, choice):
    """Mirrors what is chosen of that to a file; returns what ends that, and says what the file has."""
    parameters, _, counter = CHOICES[choice]
    telemetry.call("add", source=source, to=f"pcap:{path}", directions="rx", name="chosen", **parameters)

    def end():
        wait_until(lambda: telemetry.call("stats", mirror="chosen")["seen"] == COUNT, "all packets seen")
        stats = telemetry.call("stats", mirror="chosen")
        telemetry.call("remove", mirror="chosen")
        assert stats["packets"] + stats[counter] == COUNT
        return [data for data, _ in read_capture(path).frames]

    return end


def expected(choice):
    chosen = [FRAMES[number] for number in range(COUNT) if CHOICES[choice][1](number)]
    assert chosen
    return chosen


@pytest.fixture(scope="module")
def testpmd():
    taps = ["net_tap0,iface=sel0", "net_tap1,iface=sel1"]
    with Testpmd(TestpmdOptions(taps, "5tswap", interfaces=True)) as testpmd:
        for interface in ("sel0", "sel1"):
            run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        testpmd.start()
        yield testpmd


@pytest.fixture(scope="module")
def ovs():
    with Ovs() as ovs:
        wires = [ovs.add_wire(name) for name in ("a", "b")]
        ovs.flows(["in_port=a,actions=mod_dl_src:02:00:00:00:00:77,output:b"])
        yield ovs, *wires


@pytest.mark.parametrize("choice", CHOICES)
def test_testpmd_is_mirrored_by_choice(testpmd, tmp_path, choice):
    """It swaps addresses and ports of what it has received; the mirror has them as they came."""
    with testpmd.telemetry() as telemetry, testpmd.wire("sel0") as near, testpmd.wire("sel1") as far:
        end = mirror_chosen(telemetry, tmp_path / "chosen.pcap", 0, choice)
        near.send(FRAMES)
        assert len(far.receive(COUNT)) == COUNT
        assert end() == expected(choice)


@pytest.mark.parametrize("choice", CHOICES)
def test_open_vswitch_is_mirrored_by_choice(ovs, tmp_path, choice):
    """Its driver takes tags out of what it receives, and the mirror has them again."""
    switch, a, b = ovs
    with switch.telemetry() as telemetry:
        end = mirror_chosen(telemetry, tmp_path / "chosen.pcap", "net_af_packet_a", choice)
        a.send(FRAMES)
        assert len(b.receive(COUNT)) == COUNT
        assert end() == expected(choice)


def test_a_choice_is_changed_and_what_is_none_changes_nothing(testpmd, tmp_path):
    """The same mirror, the same file."""
    with testpmd.telemetry() as telemetry, testpmd.wire("sel0") as near, testpmd.wire("sel1") as far:

        def forward():
            near.send(FRAMES)
            assert len(far.receive(COUNT)) == COUNT

        telemetry.call("add", source=0, to=f"pcap:{tmp_path}/c.pcap", directions="rx", name="chosen", filter="vlan")
        with pytest.raises(RefusedError, match="can't parse filter expression"):
            telemetry.call("update", mirror="chosen", filter="tcp prt 443")
        forward()
        telemetry.call("update", mirror="chosen", filter="", mac="src=02:00:00:00:00:02")
        forward()
        wait_until(lambda: telemetry.call("stats", mirror="chosen")["seen"] == 2 * COUNT, "all packets seen")
        telemetry.call("remove", mirror="chosen")
    tagged = [FRAMES[number] for number in range(COUNT) if number % 3 == 0]
    assert [data for data, _ in read_capture(tmp_path / "c.pcap").frames] == tagged + expected("mac")
