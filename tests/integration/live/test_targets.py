# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Targets that are made on demand in a running application: the kinds, and what is left of them."""

import stat
from pathlib import Path

import pytest
from captures import read_capture
from children import child
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.telemetry import RefusedError
from livekit.wire import Wire, run_in

COUNT = 100


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
    make_veth(testpmd, "lkv", "lkw")
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


def wait_for_stats(telemetry, **expected):
    """What a target does not take is offered to it for a second."""
    wait_until(lambda: expected.items() <= telemetry.call("stats", mirror="in").items(), f"counters of {expected}")


def test_a_ring_that_nobody_reads_costs_the_mirror_alone(telemetry, forward):
    """What it cannot hold is counted; what it holds stays until somebody says that nobody reads it."""
    before = telemetry.call("ports")
    telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in")
    for _ in range(12):
        forward(udp_frames(COUNT, longest=200))
    wait_for_stats(telemetry, seen=12 * COUNT, packets=1023, full=12 * COUNT - 1023)
    telemetry.call("remove", mirror="in")
    with pytest.raises(RefusedError, match="give force=yes"):
        telemetry.call("target/remove", to="ring:lkr")
    # The same ring, which still holds what it held.
    telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in")
    forward(udp_frames(COUNT, longest=200))
    wait_for_stats(telemetry, seen=COUNT, packets=0, full=COUNT)
    telemetry.call("remove", mirror="in")
    assert telemetry.call("target/remove", to="ring:lkr", force="yes") == {"removed": 1}
    assert telemetry.call("ports") == before


def test_what_goes_nowhere_is_counted(telemetry, forward):
    """A selection is tried, and another; nothing is left of it."""
    telemetry.call("add", source=0, to="null:what is it", directions="rx", filter="greater 700", name="in")
    assert telemetry.call("info", mirror="in")["mode"] == "share"
    sent = udp_frames(COUNT, longest=1400)
    for smallest in (700, 300):
        telemetry.call("update", mirror="in", filter=f"greater {smallest}")
        telemetry.call("reset", mirror="in")
        forward(sent)
        wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] == COUNT, "all packets seen")
        stats = telemetry.call("stats", mirror="in")
        chosen = [len(frame) for frame in sent if len(frame) >= smallest]
        assert 0 < len(chosen) < COUNT
        assert (stats["packets"], stats["bytes"]) == (len(chosen), sum(chosen))
        assert stats["filtered"] == COUNT - len(chosen)


def test_a_target_that_is_there_has_the_queues_that_it_was_made_with(telemetry):
    telemetry.call("target/add", to="ring:lkq", tx_queues=2)
    telemetry.call("target/add", to="ring:lkq", tx_queues=2)
    with pytest.raises(RefusedError, match="is there, and has 2 queues") as refusal:
        telemetry.call("target/add", to="ring:lkq", tx_queues=3)
    assert refusal.value.error == "EEXIST"
    telemetry.call("target/remove", to="ring:lkq", force="yes")


def make_veth(testpmd, near, far):
    run_in(testpmd.pid, "ip", "link", "add", near, "type", "veth", "peer", "name", far)
    for interface in (near, far):
        run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        run_in(testpmd.pid, "ip", "link", "set", "dev", interface, "up")


@pytest.mark.parametrize("kind", ["tap", "af_packet", "af_packet, its peer", "vhost"])
def test_what_a_target_sends_to_may_go_and_come_back(testpmd, telemetry, forward, tmp_path, kind):
    """An interface is deleted, which ends the mirror, or a socket's path is unlinked, which does not.

    The application forwards on, and every command answers.
    """
    ends = kind != "vhost"
    target = {"tap": "tap:lkg", "vhost": f"vhost:{tmp_path}/gone"}.get(kind, "af_packet:lkg")

    def begin():
        if target.startswith("af_packet"):
            make_veth(testpmd, "lkg", "lkh")
        telemetry.call("add", source=0, to=target, directions="rx", name="in")

    def take_away():
        if kind == "vhost":
            (tmp_path / "gone").unlink()
        else:
            run_in(testpmd.pid, "ip", "link", "del", "lkh" if kind.endswith("peer") else "lkg")

    for _ in range(3):
        begin()
        forward(udp_frames(COUNT, longest=1400))
        take_away()
        forward(udp_frames(COUNT, longest=1400))
        if ends:
            wait_until(lambda: telemetry.call("info", mirror="in")["state"] == "stopped", "the mirror's end")
            assert "interface of its target" in "".join(telemetry.call("info", mirror="in")["reason"])
            with pytest.raises(RefusedError, match=r"interface of port [0-9]+ has gone: remove the mirrors to it"):
                telemetry.call("add", source=1, to=target, directions="rx", name="more")
            telemetry.call("remove", all="yes")
            continue
        wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] == 2 * COUNT, "all packets seen")
        assert len(telemetry.call("list")) == 1
        assert telemetry.call("info", mirror="in")["target"] == target
        port = telemetry.call("info", mirror="in")["target_port"]
        assert telemetry.call("ports", port=port)["is_target"] == 1
        # The target is there still: another mirror gets it, too.
        telemetry.call("add", source=1, to=target, directions="rx", name="more")
        assert telemetry.call("info", mirror="more")["target_port"] == port
        telemetry.call("remove", all="yes")
        assert telemetry.call("list") == []
    begin()
    assert telemetry.call("remove", mirror="in") == {"removed": 1}
    if target.startswith("af_packet"):
        take_away()


def test_a_tap_may_be_moved_to_another_network_namespace(testpmd, telemetry, forward):
    """It gets what it got before, and goes with its mirror, though the application no longer finds it."""
    make_veth(testpmd, "lkv", "lkw")
    telemetry.call("add", source=0, to="tap:lkg", directions="rx", name="moved")
    telemetry.call("add", source=0, to="af_packet:lkv", directions="rx", name="deleted")
    sent = udp_frames(COUNT, longest=1400)
    with child(["unshare", "-n", "sleep", "infinity"]) as other:
        wait_until(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n", "another namespace")
        run_in(testpmd.pid, "ip", "link", "set", "dev", "lkg", "netns", str(other.pid))
        run_in(other.pid, "sysctl", "-q", "-w", "net.ipv6.conf.lkg.disable_ipv6=1")
        run_in(other.pid, "ip", "link", "set", "dev", "lkg", "up")
        # All mirrors are looked at, one after the other: who has seen the one's end has seen the other, too.
        run_in(testpmd.pid, "ip", "link", "del", "lkv")
        wait_until(lambda: telemetry.call("info", mirror="deleted")["state"] == "stopped", "the other mirror's end")
        assert telemetry.call("info", mirror="moved")["state"] == "running"
        with Wire(other.pid, "lkg") as seen:
            forward(sent)
            assert seen.receive(COUNT) == sent
        telemetry.call("remove", mirror="moved")
        assert "lkg" not in run_in(other.pid, "ip", "-br", "link")


# What can be told before a target is made, and what only the target tells.
REFUSALS = {
    "a filter that is none": ({"filter": "tcp prt 1"}, "EINVAL"),
    "a name that is taken": ({"name": "taken"}, "EEXIST"),
    "a name that is a number": ({"name": "17"}, "EINVAL"),
    "queues that are not there": ({"queues": "9"}, "ERANGE"),
    "too much to split": ({"mode": "split", "split_len": 3000}, "EINVAL"),
    "target queues that are not there": ({"target_queue": 40}, "ERANGE"),
    "a parameter that is none": ({"snapln": 64}, "EINVAL"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("kind", ["tap", "af_packet", "pcap", "vhost", "ring", "null"])
def test_a_refused_add_leaves_nothing_and_the_right_one_succeeds(testpmd, telemetry, tmp_path, kind, refusal):
    run_in(testpmd.pid, "ip", "link", "add", "lkv", "type", "veth", "peer", "name", "lkw")
    for interface in ("lkv", "lkw"):
        run_in(testpmd.pid, "ip", "link", "set", "dev", interface, "up")
    names = {"tap": "lkm", "af_packet": "lkv", "ring": "lkr", "null": "lkn"}
    to = f"{kind}:{names.get(kind, tmp_path / 'x')}"
    telemetry.call("add", source=1, to="tap:lkt", name="taken")
    before = interfaces(testpmd), telemetry.call("ports")
    parameters, error = REFUSALS[refusal]
    try:
        for _ in range(2):
            with pytest.raises(RefusedError) as refused:
                telemetry.call("add", source=0, to=to, directions="rx", **parameters)
            assert refused.value.error == error, str(refused.value)
            assert (interfaces(testpmd), telemetry.call("ports")) == before
            assert list(tmp_path.iterdir()) == []
        telemetry.call("add", source=0, to=to, directions="rx", name="right")
        if kind == "ring":
            telemetry.call("remove", mirror="right")
            telemetry.call("target/remove", to=to, force="yes")
    finally:
        telemetry.call("remove", all="yes")
        run_in(testpmd.pid, "ip", "link", "del", "lkv")


def test_a_dry_add_says_what_the_add_would_and_changes_nothing(testpmd, telemetry, tmp_path):
    before = interfaces(testpmd), telemetry.call("ports")
    for to in ("tap:lkm", f"pcap:{tmp_path}/x", f"vhost:{tmp_path}/x", "ring:lkr", "null:lkn"):
        assert telemetry.call("add", source=0, to=to, directions="rx", dry="yes") == {"checked": 1}
        for parameters, error in REFUSALS.values():
            if error != "ERANGE" and parameters.get("name") != "taken":
                with pytest.raises(RefusedError) as refused:
                    telemetry.call("add", source=0, to=to, dry="yes", **parameters)
                assert refused.value.error == error
    for to, error in (("tap:lk0", "EEXIST"), ("pcap:/nowhere/x", "ENOENT"), ("vhost:/nowhere/x", "ENOENT")):
        with pytest.raises(RefusedError) as refused:
            telemetry.call("add", source=0, to=to, dry="yes")
        assert refused.value.error == error
    for parameters in ({"without": "1,x"}, {"without": "1,"}, {"without": str(1 << 32)}, {"dry": "maybe"}):
        with pytest.raises(RefusedError, match="parameter"):
            telemetry.call("add", source=0, to="tap:lkm", **{"dry": "yes", **parameters})
    with pytest.raises(RefusedError, match="only dry=yes"):
        telemetry.call("add", source=0, to="tap:lkm", without="1")
    assert (interfaces(testpmd), telemetry.call("ports"), list(tmp_path.iterdir())) == (*before, [])
    assert telemetry.call("list") == []


def test_a_mirror_is_replaced_if_the_other_can_be(testpmd, telemetry, forward, tmp_path):
    """It goes on otherwise; what the same target has been given stays there."""
    path = tmp_path / "x.pcap"
    sent = udp_frames(COUNT, longest=1400)
    telemetry.call("add", source=0, to=f"pcap:{path}", directions="rx", name="in")
    forward(sent)
    ports = telemetry.call("ports")
    for parameters in (
        {"to": "tap:lk1"},
        {"to": "ring:r", "filter": "tcp prt 1"},
        {"to": "ring:r", "target_queue": 99},
    ):
        with pytest.raises(RefusedError):
            telemetry.call("add", source=0, replace="in", name="in", **parameters)
        assert telemetry.call("info", mirror="in")["state"] == "running"
        assert telemetry.call("ports") == ports
    forward(sent)
    telemetry.call("pause", mirror="in")
    telemetry.call("add", source=1, to=f"pcap:{path}", directions="tx", name="out", replace="in")
    assert [telemetry.call("info", mirror=each)["name"] for each in telemetry.call("list")] == ["out"]
    assert telemetry.call("info", mirror="out")["state"] == "paused"
    telemetry.call("resume", mirror="out")
    forward(sent)
    wait_until(lambda: telemetry.call("stats", mirror="out")["packets"] == COUNT, "all packets mirrored")
    telemetry.call("remove", all="yes")
    assert [frame for frame, _ in read_capture(path).frames] == sent * 3


def test_a_target_is_made_anew_for_a_mirror_that_needs_more_queues(telemetry):
    """As if its predecessor had never been."""
    telemetry.call("add", source=0, to="tap:lkm", directions="rx", name="in")
    assert telemetry.call("info", mirror="in")["nb_target_queues"] == 1
    new = {"source": 0, "to": "tap:lkm", "directions": "rx", "target_queue": 3, "filter": "udp"}
    telemetry.call("add", **new, name="in", replace="in")
    assert telemetry.call("info", mirror="in")["target_queue"] == 3
    with pytest.raises(RefusedError) as refused:
        telemetry.call("add", source=0, to="tap:lkm", name="in", target_queue=16, replace="in")
    assert refused.value.error == "ERANGE"
    info = telemetry.call("info", mirror="in")
    assert (info["target_queue"], info["filter_engine"]) == (3, "jit")


def test_a_ring_is_not_made_anew_for_a_mirror_that_replaces_another(telemetry, forward):
    """Who reads it goes on, and the old mirror does where the new one cannot be."""
    telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in")
    forward(udp_frames(COUNT, longest=200))
    wait_until(lambda: telemetry.call("stats", mirror="in")["packets"] == COUNT, "all packets mirrored")
    ports = telemetry.call("ports")
    with pytest.raises(RefusedError) as refused:
        telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in", target_queue=3, replace="in")
    assert refused.value.error == "ERANGE"
    assert telemetry.call("info", mirror="in")["state"] == "running"
    telemetry.call("add", source=0, to="ring:lkr", directions="rx", name="in", replace="in")
    assert telemetry.call("ports") == ports
    for _ in range(11):
        forward(udp_frames(COUNT, longest=200))
    # It still holds what its first mirror has sent.
    wait_for_stats(telemetry, seen=11 * COUNT, packets=1023 - COUNT)
    telemetry.call("remove", mirror="in")
    telemetry.call("target/remove", to="ring:lkr", force="yes")


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
