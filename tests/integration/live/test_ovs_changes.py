# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch changes while it is mirrored: its threads, queues and ports; and it restarts."""

import json

import commands
import pytest
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.ovs import Ovs

from dpdk_mirror.cli import main

COUNT = 100
FORTH = ["ip,in_port=a,actions=dec_ttl,output:b"]


@pytest.fixture
def ovs():
    with Ovs() as ovs:
        yield ovs


def pass_through(a, b, count=COUNT):
    sent = udp_frames(count, longest=1400)
    a.send(sent)
    # Several queues of a wire may overtake each other.
    assert len(b.receive(count)) == count
    return sent


def test_queues_that_new_threads_bring_are_mirrored(ovs):
    """pmd-cpu-mask changes mid-run: the switch stops its ports, and starts them with more tx queues."""
    a, b = ovs.add_wire("a", queues=2), ovs.add_wire("b", queues=4)
    ovs.flows(FORTH)
    with ovs.telemetry() as telemetry:
        telemetry.call("add", source="net_af_packet_b", to="tap:out0", directions="tx", name="out")
        telemetry.call("add", source="net_af_packet_a", to="tap:in0", directions="rx", name="in")
        with ovs.wire("in0") as came_in, ovs.wire("out0") as went_out:
            for mask in ("0x3", "0x1", "0x2"):
                before = telemetry.call("ports", port="net_af_packet_b")["tx_queues"]
                ovs.vsctl("set", "Open_vSwitch", ".", f"other_config:pmd-cpu-mask={mask}")
                if mask == "0x3":
                    wait_until(
                        lambda: telemetry.call("ports", port="net_af_packet_b")["tx_queues"] > before,  # noqa: B023
                        "more tx queues",
                    )
                wait_until(
                    lambda: (
                        telemetry.call("info", mirror="out")["tx_queues"]
                        == telemetry.call("ports", port="net_af_packet_b")["tx_queues"]
                    ),
                    "all tx queues mirrored",
                )
                wait_until(
                    lambda: {telemetry.call("info", mirror=name)["state"] for name in ("in", "out")} == {"running"},
                    "mirrors at work",
                )
                sent = pass_through(a, b)
                assert sorted(came_in.receive(COUNT)) == sorted(sent)
                assert len(went_out.receive(COUNT)) == COUNT
    assert ovs.end_switch() == 0


def test_a_mirror_ends_with_its_port_and_never_moves_to_the_next(ovs):
    """A port is deleted, and another gets its number."""
    a, b = ovs.add_wire("a"), ovs.add_wire("b")
    ovs.flows(FORTH)
    with ovs.telemetry() as telemetry:
        telemetry.call("add", source="net_af_packet_a", to="ring:first", directions="rx", name="first")
        number = telemetry.call("info", mirror="first")["source_port"]
        pass_through(a, b)
        ovs.delete_port("a")
        info = wait_until(
            lambda: (info := telemetry.call("info", mirror="first"))["state"] == "stopped" and info, "the mirror's end"
        )
        assert "removed" in info["reason"]
        c = ovs.add_wire("c")
        assert telemetry.call("ports", port="net_af_packet_c")["port"] == number
        ovs.flows(["ip,in_port=c,actions=dec_ttl,output:b"])
        pass_through(c, b)
        assert telemetry.call("stats", mirror="first")["seen"] == COUNT
        telemetry.call("add", source="net_af_packet_c", to="ring:second", directions="rx", name="second")
        pass_through(c, b)
        assert telemetry.call("stats", mirror="second")["seen"] == COUNT
        assert telemetry.call("stats", mirror="first")["seen"] == COUNT
        assert telemetry.call("remove", all="yes") == {"removed": 2}
    assert ovs.end_switch() == 0


def apply(ovs, path):
    """What dpdk-mirror apply has done, by mirror."""
    command = [commands.COMMAND, "apply", path, "--json", "--app", ovs.telemetry_path]
    done = commands.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {change["name"]: change["action"] for change in json.loads(done.stdout)["changes"]}


def test_a_switch_that_restarts_has_its_mirrors_again_when_the_file_is_applied(ovs, tmp_path):
    """Nothing is left of the mirrors, nor of the targets, of the one that has ended."""
    ovs.add_port("n", "net_null0")
    path = tmp_path / "mirrors.toml"
    path.write_text('[mirrors.again]\nsource = "net_null0"\nto = "ring:again"\ndirections = "rx"\nsample = "2"\n')
    for _ in range(2):
        with ovs.telemetry() as telemetry:
            assert telemetry.call("list") == []
            assert apply(ovs, path) == {"again": "add"}
            assert apply(ovs, path) == {"again": "keep"}
            wait_until(lambda: telemetry.call("stats", mirror="again")["unsampled"] > 0, "packets")
            assert telemetry.call("list") == [1]
        assert ovs.end_switch() == 0
        ovs.start()


def test_a_port_is_found_by_the_switchs_name_for_it(ovs, monkeypatch, capsys):
    """Its database tells which it is, where there is none what to ask."""
    ovs.add_port("phy", "net_null_named")
    app = ["--app", str(ovs.telemetry_path)]
    monkeypatch.setenv("OVS_RUNDIR", str(ovs.directory))
    assert main(["add", "phy", "--to", "ring:named", "--name", "named", *app]) == 0
    assert capsys.readouterr().out.startswith("added mirror named: net_null_named -> ring:named (both)\n")
    with ovs.telemetry() as telemetry:
        telemetry.call("remove", mirror="named")
    monkeypatch.setenv("OVS_RUNDIR", str(ovs.directory))
    assert main(["add", "br0", "--to", "ring:named", *app]) == 1
    assert capsys.readouterr().err.endswith("is of type=internal, no port of DPDK's: ovs-tcpdump can show it\n")
    hint = "of type=dpdk, get the number by: ovs-vsctl get Interface {} status:port_no\n"
    for name, folder in (("nix", ovs.directory), ("phy", "/nowhere")):
        monkeypatch.setenv("OVS_RUNDIR", str(folder))
        assert main(["add", name, "--to", "ring:named", *app]) == 1
        assert capsys.readouterr().err.endswith(hint.format(name))
    ovs.delete_port("phy")
