# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch, mirrored while its flows rewrite headers in place: what the mirrors give is what was on the wire."""

import pytest
from livekit.frames import udp_frames
from livekit.ovs import Ovs

COUNT = 100

# A ring of one queue, so that its packets are in order.
LATE = {"to": "ring:late", "nb_target_queues": 1, "name": "late"}

REWRITES = {
    "mod_dl_src": "mod_dl_src:02:00:00:00:00:77",
    "dec_ttl": "dec_ttl",
    "push_vlan": "push_vlan:0x8100,set_field:4196->vlan_vid",
    "all of them": "mod_dl_src:02:00:00:00:00:77,dec_ttl,push_vlan:0x8100,set_field:4196->vlan_vid",
}


class Bed:
    """A switch with the wires a, b and c."""

    def __init__(self, ovs):
        self.ovs = ovs
        self.a, self.b, self.c = (ovs.add_wire(name) for name in ("a", "b", "c"))

    def rewrite(self, actions):
        """What comes from a is rewritten and goes to b."""
        self.ovs.flows([f"ip,in_port=a,actions={actions},output:b"])

    def pass_through(self, sent):
        """Sends frames into a; those that come out of b."""
        self.a.send(sent)
        got = self.b.receive(len(sent))
        assert len(got) == len(sent)
        return got


@pytest.fixture(scope="module")
def bed():
    with Ovs() as ovs:
        yield Bed(ovs)


@pytest.fixture
def telemetry(bed):
    """Nothing is mirrored before and after."""
    with bed.ovs.telemetry() as telemetry:
        yield telemetry
        telemetry.call("remove", all="yes")
    for wire in (bed.a, bed.b, bed.c):
        assert wire.receive_rest() == []


@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("mode", ["auto", "split", "copy"])
@pytest.mark.parametrize("end", ["rx", "tx"])
def test_a_target_that_reads_late_gets_what_was_on_the_wire(bed, telemetry, end, mode, rewrite):
    """The ring is read when the switch has long rewritten, and sent, the packets."""
    bed.rewrite(REWRITES[rewrite])
    source = "a" if end == "rx" else "b"
    telemetry.call("add", source=f"net_af_packet_{source}", directions=end, mode=mode, **LATE)
    assert telemetry.call("info", mirror="late")["mode"] == ("split" if mode == "auto" else mode)
    sent = udp_frames(COUNT, longest=1400)
    out = bed.pass_through(sent)
    assert bed.ovs.take(telemetry, "late", COUNT) == (sent if end == "rx" else out)
    assert out != sent
    assert telemetry.call("stats", mirror="late")["packets"] == COUNT


@pytest.mark.parametrize("rewrite", ["all of them"])
def test_sharing_with_a_target_that_reads_late_shows_what_the_switch_writes(bed, telemetry, rewrite):
    """So the tests above can fail, and auto does not share."""
    bed.rewrite(REWRITES[rewrite])
    telemetry.call("add", source="net_af_packet_a", directions="rx", mode="share", **LATE)
    sent = udp_frames(COUNT, longest=1400)
    bed.pass_through(sent)
    taken = bed.ovs.take(telemetry, "late", COUNT)
    assert taken != sent


@pytest.mark.parametrize("rewrite", REWRITES)
def test_an_interface_gets_what_was_on_the_wire(bed, telemetry, rewrite):
    """Both ends at once, on an interface that the plugin makes: byte for byte, though a thread sends there later."""
    bed.rewrite(REWRITES[rewrite])
    telemetry.call("add", source="net_af_packet_a", to="tap:in0", directions="rx", name="in")
    telemetry.call("add", source="net_af_packet_b", to="tap:out0", directions="tx", name="out")
    with bed.ovs.wire("in0") as came_in, bed.ovs.wire("out0") as went_out:
        sent = udp_frames(COUNT, longest=1400)
        out = bed.pass_through(sent)
        assert came_in.receive(COUNT) == sent
        assert went_out.receive(COUNT) == out
        assert [telemetry.call("info", mirror=name)["mode"] for name in ("in", "out")] == ["split", "split"]
        telemetry.call("remove", all="yes")


def test_beside_the_switchs_own_mirror(bed, telemetry):
    """Each gets every frame once. The switch's own, from 3.5 on, gets those twice that it rewrites: so it doesn't."""
    bed.ovs.flows(["ip,in_port=a,actions=output:b"])
    bed.ovs.vsctl(
        *("--", "--id=@c", "get", "port", "c"),
        *("--", "--id=@m", "create", "mirror", "name=own", "select-all=true", "output-port=@c"),
        *("--", "set", "bridge", "br0", "mirrors=@m"),
    )
    bed.ovs.settle()
    try:
        telemetry.call("add", source="net_af_packet_a", to="tap:in0", directions="rx", name="in")
        with bed.ovs.wire("in0") as came_in:
            sent = udp_frames(COUNT, longest=1400)
            bed.pass_through(sent)
            assert came_in.receive(COUNT) == sent
            assert len(bed.c.receive(COUNT)) == COUNT
    finally:
        bed.ovs.vsctl("clear", "bridge", "br0", "mirrors")
        # Else the next test's packets may be mirrored, too.
        bed.ovs.settle()


def test_the_switch_does_not_take_targets_for_its_own(bed, telemetry):
    ports = bed.ovs.vsctl("list-ports", "br0")
    telemetry.call("add", source="net_af_packet_a", to="ring:quiet", directions="rx", name="in")
    bed.rewrite("dec_ttl")
    bed.pass_through(udp_frames(COUNT))
    assert bed.ovs.vsctl("list-ports", "br0") == ports
    assert telemetry.call("stats", mirror="in")["packets"] == COUNT
