# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror run`` with each option that chooses packets: of real captures, and of what makes no sense."""

import os
import subprocess
from pathlib import Path

import pytest
from captures import ETHERNET, read_capture, write_capture
from runs import error_line, run, run_well
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether

from dpdk_mirror.cli import make_parser
from dpdk_mirror.cli.options import texts_of

FOLDER = os.environ.get("DPDK_MIRROR_PCAPS")
CAPTURES = [
    path for path in (sorted(Path(FOLDER).glob("*.pcap")) if FOLDER else []) if read_capture(path).link_type == ETHERNET
]

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
V4 = IP(src="10.0.0.1", dst="192.0.2.1")
FRAMES = [
    bytes(packet)
    for packet in (
        ETHER / V4 / TCP(sport=1024, dport=443),
        ETHER / V4 / UDP(sport=1024, dport=53),
        ETHER / Dot1Q(vlan=100) / V4 / UDP(sport=53, dport=1024),
        ETHER / Dot1AD(vlan=5) / Dot1Q(vlan=7) / V4 / TCP(sport=80, dport=1024),
        Ether(src="02:00:00:00:00:03", dst="ff:ff:ff:ff:ff:ff")
        / IP(src="10.1.0.1", dst="10.0.0.1")
        / UDP(sport=6, dport=5),
    )
]


@pytest.mark.parametrize(
    ("options", "chosen", "counter"),
    [
        (["--filter", "udp port 53"], [1], "filtered"),
        (["--mac", "src=02:00:00:00:00:03"], [4], "filtered"),
        (["--mac", "dst=02:00:00:00:00:00/ff:ff:ff:00:00:00"], [0, 1, 2, 3], "filtered"),
        (["--vlan", "5,99-101"], [2, 3], "filtered"),
        (["--inner-vlan", "7"], [3], "filtered"),
        (["--flow", "protocol=udp,dst=192.0.2.1,dst_port=53,both_ways=yes"], [1], "filtered"),
        (["--flow", "src=10.0.0.0/16"], [0, 1, 2, 3], "filtered"),
        (["--sample", "2"], [1, 3], "unsampled"),
        (["--sample", "1,random=yes,seed=7"], [0, 1, 2, 3, 4], None),
        (["--queue", "0"], [0, 1, 2, 3, 4], None),
        (["--filter", "udp", "--sample", "2"], [4], "unsampled"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and isinstance(value[0], str) else None,
)
@pytest.mark.parametrize("mode", ["share", "copy"])
def test_each_option_chooses_packets(tmp_path, options, chosen, counter, mode):
    """The capture has these and no others, and the counters say what became of the rest."""
    write_capture(tmp_path / "in.pcap", FRAMES)
    result = run_well("in.pcap", "--to", "out.pcapng", "--mode", mode, *options, cwd=tmp_path)
    assert [data for data, _ in read_capture(tmp_path / "out.pcapng").frames] == [FRAMES[each] for each in chosen]
    (mirror,) = result["mirrors"]
    assert (mirror["seen"], mirror["packets"]) == (len(FRAMES), len(chosen))
    assert mirror["filtered"] + mirror["unsampled"] == len(FRAMES) - len(chosen)
    assert counter is None or mirror[counter] > 0
    assert mirror["filter_engine"] == ("none" if "--filter" not in options else mirror["filter_engine"])
    assert ("--filter" in options) == (mirror["filter_engine"] in {"jit", "interpreter"})


def test_tables_show_what_was_left_out(tmp_path):
    write_capture(tmp_path / "in.pcap", FRAMES)
    done = run("in.pcap", "--to", "out.pcapng", "--filter", "udp", "--sample", 2, cwd=tmp_path)
    header, row = (line.split() for line in done.stdout.decode().splitlines()[3:5])
    assert header[-5:] == ["seen", "packets", "bytes", "filtered", "unsampled"]
    assert row[-5::3] == ["5", "3"]


@pytest.mark.parametrize(
    "expression", ["udp port 53", "arp or ip6 or vlan", "tcp[tcpflags] & tcp-syn != 0", "len > 200"]
)
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_a_filter_takes_what_tcpdump_would(tmp_path, capture, expression):
    """Of real captures, frame by frame."""
    run_well(capture, "--to", tmp_path / "mirror.pcapng", "--filter", expression)
    subprocess.run(
        ["tcpdump", "-r", capture, "-w", tmp_path / "tcpdump.pcap", expression], check=True, capture_output=True
    )
    expected = read_capture(tmp_path / "tcpdump.pcap").frames
    if expression.startswith("len") and any(len(data) != length for data, length in read_capture(capture).frames):
        pytest.skip("a mirror knows no lengths but those of what the capture has kept")
    # tcpdump cuts what is longer than the capture's header says.
    frames = read_capture(tmp_path / "mirror.pcapng").frames
    assert [(data[:65535], length) for data, length in frames] == expected


def test_what_is_no_ethernet_is_not_looked_into(tmp_path):
    """Nothing would be where a filter looks; by count or queue it can be chosen."""
    write_capture(tmp_path / "in.pcap", [bytes([0x45, *range(40)])] * 4, link_type=101)
    for option in (["--filter", "ip"], ["--vlan", "1"], ["--mac", "src=02:00:00:00:00:01"], ["--flow", "ip_version=4"]):
        line = error_line(run("in.pcap", "--to", "out.pcapng", *option, cwd=tmp_path))
        assert "its packets are no Ethernet frames (link type 101) [ENOTSUP]; choose by --sample and --queue" in line
    run_well("in.pcap", "--to", "out.pcapng", "--sample", 2, "--queue", 0, cwd=tmp_path)
    assert len(read_capture(tmp_path / "out.pcapng").frames) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--filter", "tcp prt 1"], 'filter "tcp prt 1": '),
        (["--filter", "tcp and and"], "syntax error"),
        (["--queue", "0,3"], "queues 3 to 3 selected, but port"),
    ],
)
def test_what_the_library_refuses_is_one_line_and_writes_nothing(tmp_path, options, message):
    write_capture(tmp_path / "in.pcap", FRAMES)
    assert message in error_line(run("in.pcap", "--to", "out.pcapng", *options, cwd=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["in.pcap"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vlan", "5-3"], "vlans=5-3: the range 5-3 is empty"),
        (["--vlan", "4096"], "not within 0 to 4095"),
        (["--mac", "02:00:00:00:00:01"], "with each of src, dst, both_ways at most once"),
        (["--flow", "src_port=0"], 'use a filter: "src port 0"'),
        (["--flow", "ip_version=4,src=::1"], "of IPv6, but the flow is of IPv4"),
        (["--sample", "9,seed=1"], "nothing is random"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(tmp_path, options, message):
    done = run("in.pcap", "--to", "out.pcapng", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_a_queue_of_several_can_be_chosen():
    """As many as --nb-queues says there are."""
    result = run_well("net_null0", "--to", "net_null1", "--nb-queues", 2, "--queue", 1, "--seconds", 0.3)
    assert 0 < result["mirrors"][0]["seen"] < result["ports"][0]["rx_packets"]


def test_how_many_queues_there_are_is_no_choice_of_them():
    parsed = make_parser().parse_args(["run", "net_null0", "--to", "net_null1", "--nb-queues", "3", "--queues", "0-1"])
    assert (parsed.nb_queues, texts_of(parsed)) == (3, {"queues": "0-1"})
