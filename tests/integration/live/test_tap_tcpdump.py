# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror tcpdump on a port of testpmd: it shows what passes, with tcpdump's options, and counts it."""

import os
import re
import signal
import subprocess

import pytest
from captures import read_capture
from livekit.frames import udp_frame, udp_frames
from livekit.tapped import Tapped, is_running, wait_until_gone

from dpdk_mirror.remote import Application

COUNT = 20
SENT = udp_frames(COUNT, longest=1400)


def summary(tapped):
    """How many packets were captured, seen and dropped."""
    found = re.findall(rb"^(\d+) packets? (captured|seen by the mirror|dropped)", tapped.said, re.MULTILINE)
    return {what.decode(): int(count) for count, what in found}


@pytest.fixture
def tap(testpmd, telemetry):
    """``tap(port, *words)`` starts it; ``telemetry`` sees that nothing is left in the application."""
    return lambda *words, **options: Tapped(testpmd.telemetry_path, *words, **options)


@pytest.mark.parametrize("port", ["net_tap0", "0"])
def test_it_shows_what_passes_until_ctrl_c(tap, forward, port):
    """At once, line by line; all of it is counted, and Ctrl-C is a good end."""
    with tap(port, "-n", "-l") as tapped:
        tapped.ready()
        forward(SENT)
        lines = tapped.lines(COUNT)
        assert all("IP 10.0.0.1." in line and "> 10.0.0.2.2000: UDP" in line for line in lines)
        assert tapped.end() == 0
    assert summary(tapped) == {"captured": COUNT, "seen by the mirror": COUNT, "dropped": 0}


def test_a_signal_of_ours_alone_ends_tcpdump_too(tap, forward):
    """As kill sends it; what has passed before is shown."""
    with tap("net_tap0", "-n") as tapped:
        tapped.ready()
        forward(SENT)
        os.kill(tapped.process.pid, signal.SIGTERM)
        assert tapped.wait() == 0
        assert tapped.process.stdout.read().count(b" UDP") == COUNT
    assert summary(tapped)["captured"] == COUNT


def test_the_expression_keeps_packets_in_the_application(tap, forward, testpmd):
    """It is the mirror's filter; names are resolved here."""
    with tap("net_tap0", "-n", "-l", "udp", "src", "port", "1003", "or", "domain") as tapped:
        tapped.ready()
        with Application(testpmd.telemetry_path) as app:
            (mirror,) = app.mirrors()
            assert mirror.spec.select.filter == "udp src port 1003 or 53"
        forward(SENT)
        (line,) = tapped.lines(1)
        assert "10.0.0.1.1003 >" in line
        with Application(testpmd.telemetry_path) as app:
            assert app.mirrors()[0].stats().filtered == COUNT - 1
        assert tapped.end() == 0
    assert summary(tapped) == {"captured": 1, "seen by the mirror": COUNT, "dropped": 0}


def test_where_the_mirror_cannot_filter_tcpdump_alone_does(tap, forward):
    """What is longer than a request of telemetry's: with a warning."""
    ports = " or ".join(f"src port {number}" for number in range(1003, 1103))
    with tap("net_tap0", "-n", "-l", ports) as tapped:
        tapped.ready()
        forward(SENT)
        assert len(tapped.lines(COUNT - 3)) == COUNT - 3
        assert tapped.end() == 0
    assert b"dpdk-mirror: the mirror cannot filter, so tcpdump alone does: " in tapped.said
    assert summary(tapped)["seen by the mirror"] == COUNT


@pytest.mark.parametrize("expression", ["tcp prt 80", "inbound", "host nobody.invalid"])
def test_an_expression_that_tcpdump_refuses_makes_no_mirror(tap, testpmd, expression):
    with tap("net_tap0", expression) as tapped:
        assert tapped.wait() == 1
    assert tapped.said.startswith(b"dpdk-mirror: tcpdump " + expression.encode() + b": ")
    assert (b"-Q in" in tapped.said) == (expression == "inbound")
    assert b"captured" not in tapped.said
    with Application(testpmd.telemetry_path) as app:
        assert app.mirrors() == []


def test_files_of_so_many_seconds_follow_each_other_by_the_clock(tap, forward, tmp_path):
    """Of a stream, too, which tcpdump takes for a file."""
    words = ("-G", "1", "-W", "2", "-Z", "root", "-w", f"{tmp_path}/%s.pcap")
    with tap("net_tap0", "-n", *words) as tapped:
        tapped.ready()
        while tapped.process.poll() is None:
            forward(SENT)
        assert tapped.wait() == 0
    first, second = (read_capture(path).frames for path in sorted(tmp_path.iterdir()))
    # Where the first packet comes late, its second may be over.
    assert {frame for frame, _ in first + second} == set(SENT)
    assert summary(tapped)["captured"] >= len(first + second)


def test_c_ends_it_and_the_mirror(tap, forward):
    """No more are counted as captured than are shown."""
    with tap("net_tap0", "-n", "-c", "7") as tapped:
        tapped.ready()
        forward(SENT)
        assert tapped.wait() == 0
        assert tapped.process.stdout.read().count(b" UDP") == 7
    assert summary(tapped)["captured"] == 7


@pytest.mark.parametrize(("direction", "count"), [("in", 0), ("out", COUNT), ("inout", COUNT)])
def test_directions_are_the_ports(tap, forward, direction, count):
    """net_tap1 sends what net_tap0 receives."""
    with tap("net_tap1", "-Q", direction, "-n") as tapped:
        tapped.ready()
        forward(SENT)
        assert tapped.end() == 0
    assert summary(tapped) == {"captured": count, "seen by the mirror": count, "dropped": 0}


def test_a_snapshots_length_cuts_what_is_written_and_not_what_is_looked_at(tap, forward, tmp_path):
    """As the kernel would, which filters before it cuts."""
    path = tmp_path / "short.pcap"
    wanted = [frame for frame in SENT if len(frame) > 100 and frame[100] >= 0x44]
    assert 0 < len(wanted) < COUNT
    with tap("net_tap0", "-s", "64", "-U", "-Z", "root", "-w", str(path), "ether[100] >= 0x44") as tapped:
        tapped.ready()
        forward(SENT)
        assert tapped.end() == 0
    assert read_capture(path).frames == [(frame[:64], len(frame)) for frame in wanted]


def test_w_writes_to_stdout_what_another_program_reads(tap, forward):
    """As in: dpdk-mirror tcpdump PORT -U -w - | wireshark -k -i -."""
    with tap("net_tap0", "-U", "-w", "-") as tapped:
        tapped.ready()
        reader = subprocess.Popen(
            ["tcpdump", "-r", "-", "-n", "-l"], stdin=tapped.process.stdout, stdout=subprocess.PIPE
        )
        forward(SENT)
        for _ in range(COUNT):
            assert b" UDP" in reader.stdout.readline()
        assert tapped.end() == 0
        assert reader.wait(30) == 0
        reader.stdout.close()


def test_files_are_tcpdumps(tap, forward, tmp_path):
    """-C, -W and -z: of so many bytes, so many of them, and what is to be done with each."""
    with tap("net_tap0", "-C", "1", "-W", "2", "-Z", "root", "-w", str(tmp_path / "ring")) as tapped:
        tapped.ready()
        forward([udp_frame(number, bytes(1400)) for number in range(800)])
        assert tapped.end() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ring0", "ring1"]
    written = sum(len(read_capture(path).frames) for path in tmp_path.iterdir())
    # A reader that comes late, on a busy machine, loses some.
    assert written == 800 - summary(tapped)["dropped"] > 700


def test_a_tcpdump_that_fails_says_why_and_nothing_counts_as_captured(tap):
    with tap("net_tap0", "-n", "-w", "/nonexistent/x") as tapped:
        assert tapped.wait() == 1
    # From 4.99.6 on it may want to give the file to another user first.
    said = rb"tcpdump: (/nonexistent/x: No such file or directory|Couldn.t change ownership of savefile)\n"
    assert re.search(said, tapped.said)
    assert summary(tapped) == {}


def test_two_people_see_the_same_port(tap, forward):
    """Neither knows of the other; each has its own packets."""
    with tap("net_tap0", "-n", "-l") as one, tap("net_tap0", "-n", "-l", "src port 1003") as other:
        one.ready()
        other.ready()
        forward(SENT)
        assert len(one.lines(COUNT)) == COUNT
        assert one.end() == 0
        forward(SENT)
        assert all(".1003 >" in line for line in other.lines(2))
        assert other.end() == 0, other.said
    assert (summary(one)["captured"], summary(other)["captured"]) == (COUNT, 2)


def test_ports_are_listed_by_d(tap):
    with tap("-D") as tapped:
        assert tapped.wait() == 0
        shown = tapped.process.stdout.read()
    assert b"net_tap0" in shown
    assert b"net_tap1" in shown


def test_a_port_that_is_not_there_is_said(tap):
    with tap("net_tap7", "-n", "udp") as tapped:
        assert tapped.wait() == 1
    assert b"there is no port net_tap7" in tapped.said
    assert b"did you mean" in tapped.said


@pytest.mark.parametrize("end", ["tcpdump", "command", "pipe", "removed"])
def test_whoever_goes_the_mirror_goes(tap, forward, testpmd, end):
    """tcpdump or the command killed, a pipe closed, the mirror removed by another: nothing stays in the data path."""
    with tap("net_tap0", "-n", "-l") as tapped:
        tapped.ready()
        forward(SENT)
        tapped.lines(1)
        tcpdump = tapped.tcpdump
        if end == "tcpdump":
            os.kill(tcpdump, signal.SIGKILL)
        elif end == "command":
            tapped.process.kill()
        elif end == "pipe":
            tapped.process.stdout.close()  # and nothing comes that tcpdump would print
        else:
            with Application(testpmd.telemetry_path) as app:
                app.remove_all()
        code = tapped.wait()
        wait_until_gone(testpmd.telemetry_path)
    assert not is_running(tcpdump)
    if end == "tcpdump":
        assert code == 128 + signal.SIGKILL
        assert b"dpdk-mirror: tcpdump was ended by SIGKILL\n" in tapped.said
    elif end == "removed":
        assert code == 1
        assert b"dpdk-mirror: capture from live: somebody has removed the mirrors [ENOENT]\n" in tapped.said
    if end != "command":
        assert b"Traceback" not in tapped.said
