# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd, mirrored while it rewrites packets in place: what the mirrors give is what was on the wire."""

import pytest
from captures import read_capture, write_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.testpmd import Testpmd, TestpmdOptions

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
        assert telemetry.call("info", mirror="in")["mode"] == "share"
        assert telemetry.call("remove", all="yes") == {"removed": 2}
    assert frames_of(tmp_path / "rx.pcap") == sent
    assert frames_of(tmp_path / "tx.pcap") == frames_of(out)
    # Or this would say nothing about rewriting in place.
    assert (frames_of(out) == sent) == (mode == "io")
    assert testpmd.quit() == 0


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
