# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd, mirrored while it rewrites packets in place: what the mirrors give is what was on the wire."""

import pytest
from captures import read_capture, write_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in

COUNT = 300


def frames_of(path):
    return [frame for frame, _ in read_capture(path).frames]


@pytest.fixture
def player(tmp_path):
    """Starts testpmd between two capture files; returns it, what port 0 will receive, and what port 1 has sent."""
    sent, out = udp_frames(COUNT), tmp_path / "out.pcap"
    write_capture(tmp_path / "in.pcap", sent)
    opened = []

    def play(mode, *vdevs):
        files = [f"net_pcap0,rx_pcap={tmp_path}/in.pcap", f"net_pcap1,tx_pcap={out}"]
        testpmd = Testpmd(TestpmdOptions([*files, *vdevs], mode))
        opened.append(testpmd)
        return testpmd, sent, out

    yield play
    for testpmd in opened:
        testpmd.__exit__(None, None, None)


def by_queue(frames):
    """Those of each file, as they came: its frames have numbers of their own."""
    numbers = [int.from_bytes(frame[18:20], "big") for frame in frames]
    return [
        [frame for frame, number in zip(frames, numbers, strict=True) if number // COUNT == queue] for queue in range(2)
    ]


def run_until_mirrored(testpmd, telemetry, mirror, count=COUNT):
    testpmd.start()
    wait_until(lambda: telemetry.call("stats", mirror=mirror)["seen"] >= count, "all frames mirrored")
    testpmd.stop()


@pytest.mark.parametrize("mode", ["io", "mac", "5tswap"])
def test_mirrors_of_both_ends_give_what_was_on_the_wire(player, tmp_path, mode):
    """Byte for byte: rx as it came in, tx as it went out, whatever the application does in between."""
    testpmd, sent, out = player(mode)
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to=f"pcap:{tmp_path}/rx.pcap", directions="rx", name="in")
        telemetry.call("add", source="net_pcap1", to=f"pcap:{tmp_path}/tx.pcap", directions="tx", name="out")
        run_until_mirrored(testpmd, telemetry, "out")
        assert telemetry.call("info", mirror="in")["mode"] == "split"
        assert telemetry.call("remove", all="yes") == {"removed": 2}
    assert frames_of(tmp_path / "rx.pcap") == sent
    assert frames_of(tmp_path / "tx.pcap") == frames_of(out)
    # Or this would say nothing about rewriting in place.
    assert (frames_of(out) == sent) == (mode == "io")
    assert testpmd.quit() == 0


@pytest.mark.parametrize("mode", ["io", "mac", "5tswap"])
def test_mirrors_of_several_queues_give_what_was_on_the_wire(tmp_path, mode):
    """Two files, each a queue with a core of its own: mirrors of both queues, of the second alone, of what was sent."""
    sent = [udp_frames(COUNT, first=first) for first in (0, COUNT)]
    for queue, frames in enumerate(sent):
        write_capture(tmp_path / f"in{queue}.pcap", frames)
    ends = [
        f"net_pcap0,rx_pcap={tmp_path}/in0.pcap,rx_pcap={tmp_path}/in1.pcap",
        f"net_pcap1,tx_pcap={tmp_path}/out0.pcap,tx_pcap={tmp_path}/out1.pcap",
    ]
    queues = ["--rxq=2", "--txq=2", "--nb-cores=2"]
    with Testpmd(TestpmdOptions(ends, mode, arguments=queues, lcores="0@0,1@1,2@(0,1)")) as testpmd:
        with testpmd.telemetry() as telemetry:
            telemetry.call("add", source=0, to=f"pcap:{tmp_path}/all.pcap", directions="rx", name="all")
            telemetry.call("add", source=0, to=f"pcap:{tmp_path}/one.pcap", directions="rx", name="one", queues=1)
            telemetry.call("add", source=1, to=f"pcap:{tmp_path}/tx.pcap", directions="tx", name="out")
            run_until_mirrored(testpmd, telemetry, "out", 2 * COUNT)
            assert telemetry.call("info", mirror="out")["tx_polled"] == "0-1"
            telemetry.call("remove", all="yes")
        assert testpmd.quit() == 0
    assert frames_of(tmp_path / "one.pcap") == sent[1]
    # Two cores send to one file: each in its order.
    assert by_queue(frames_of(tmp_path / "all.pcap")) == sent
    out = [frames_of(tmp_path / f"out{queue}.pcap") for queue in range(2)]
    assert sorted(frames_of(tmp_path / "tx.pcap")) == sorted(out[0] + out[1])
    assert (out == sent) == (mode == "io")


@pytest.mark.parametrize("mode", ["mac", "5tswap"])
def test_a_ring_as_source_gives_what_was_on_the_wire(tmp_path, mode):
    """Port 1 is a ring that comes back: what goes out there comes in again, is rewritten again, and goes to a file."""
    write_capture(tmp_path / "in.pcap", sent := udp_frames(COUNT))
    ends = [f"net_pcap0,rx_pcap={tmp_path}/in.pcap,tx_pcap={tmp_path}/out.pcap", "net_ring0"]
    with Testpmd(TestpmdOptions(ends, mode)) as testpmd:
        with testpmd.telemetry() as telemetry:
            for name, source, end in (("in", 0, "rx"), ("there", 1, "tx"), ("back", 1, "rx"), ("out", 0, "tx")):
                path = f"pcap:{tmp_path}/{name}-seen.pcap"
                telemetry.call("add", source=source, to=path, directions=end, name=name)
            run_until_mirrored(testpmd, telemetry, "out")
            telemetry.call("remove", all="yes")
        assert testpmd.quit() == 0
    seen = {name: frames_of(tmp_path / f"{name}-seen.pcap") for name in ("in", "there", "back", "out")}
    assert seen["in"] == sent
    assert seen["there"] == seen["back"] != sent
    assert seen["out"] == frames_of(tmp_path / "out.pcap") != seen["back"]


@pytest.mark.parametrize("mode", ["mac", "5tswap"])
def test_an_interface_as_source_gives_what_was_on_the_wire(tmp_path, mode):
    taps = ["net_tap0,iface=lkf0", "net_tap1,iface=lkf1"]
    with Testpmd(TestpmdOptions(taps, mode, interfaces=True)) as testpmd, testpmd.telemetry() as telemetry:
        for interface in ("lkf0", "lkf1"):
            run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        testpmd.start()
        for name, source, end in (("in", 0, "rx"), ("out", 1, "tx")):
            telemetry.call("add", source=source, to=f"pcap:{tmp_path}/{name}.pcap", directions=end, name=name)
        with testpmd.wire("lkf0") as near, testpmd.wire("lkf1") as far:
            near.send(sent := udp_frames(COUNT))
            out = far.receive(COUNT)
        wait_until(lambda: telemetry.call("stats", mirror="out")["seen"] == COUNT, "all frames mirrored")
        telemetry.call("remove", all="yes")
    assert frames_of(tmp_path / "in.pcap") == sent
    assert frames_of(tmp_path / "out.pcap") == out != sent


@pytest.mark.parametrize(("mode", "shows_edits"), [("auto", False), ("split", False), ("copy", False), ("share", True)])
def test_a_target_that_reads_late_gets_what_was_on_the_wire_but_for_share(player, tmp_path, mode, shows_edits):
    """testpmd itself reads the ring, after it has rewritten and sent each burst; that reading is mirrored to a file."""
    # Port 2 is paired with port 3: what waits in the ring is received, and discarded.
    testpmd, sent, out = player("5tswap", "net_ring0", "net_null0,no-rx=1")
    for command in ("port stop 2", "port config 2 tx_offload multi_segs on", "port start 2"):
        testpmd.command(command)
    with testpmd.telemetry() as telemetry:
        parameters = {"source": 0, "directions": "rx", "mode": mode, "name": "late"}
        telemetry.call("add", to="port:net_ring0", force="yes", **parameters)
        telemetry.call("add", source="net_ring0", to=f"pcap:{tmp_path}/late.pcap", directions="rx", mode="share")
        run_until_mirrored(testpmd, telemetry, "mirror2")
        assert telemetry.call("info", mirror="late")["mode"] == ("split" if mode == "auto" else mode)
        telemetry.call("remove", all="yes")
    assert (frames_of(tmp_path / "late.pcap") == sent) == (not shows_edits)
    assert frames_of(out) != sent
    assert testpmd.quit() == 0


def test_cut_packets_are_cut_and_counted(player, tmp_path):
    """snaplen, live, and an update of it between two runs."""
    testpmd, sent, _ = player("mac")
    with testpmd.telemetry() as telemetry:
        telemetry.call("add", source=0, to=f"pcap:{tmp_path}/cut.pcap", directions="rx", snaplen=100, name="cut")
        telemetry.call("update", mirror="cut", snaplen=64)
        run_until_mirrored(testpmd, telemetry, "cut")
        stats = telemetry.call("stats", mirror="cut")
        telemetry.call("remove", mirror="cut")
    assert frames_of(tmp_path / "cut.pcap") == [frame[:64] for frame in sent]
    assert (stats["packets"], stats["bytes"]) == (COUNT, sum(min(64, len(frame)) for frame in sent))
