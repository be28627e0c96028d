# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Frames of real protocols are what they seem, as scapy reads them, and tshark, which finds what is malformed."""

import random
import subprocess

import pytest
from livekit.application import find_program
from scapy.layers import dns, vxlan  # noqa: F401 - which others' layers are made of then
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap
from scapy.volatile import RandIP, RandShort

from dpdk_mirror.errors import InvalidConfigError
from dpdk_mirror.testing import PROTOCOLS, make_frames

LAYERS = {
    "arp": "ARP", "icmp": "IP/ICMP", "icmp6": "IPv6/ICMPv6EchoRequest", "udp": "IP/UDP", "udp6": "IPv6/UDP",
    "tcp": "IP/TCP", "tcp6": "IPv6/TCP", "dns": "IP/UDP/DNS", "vlan": "Dot1Q/IP/UDP",
    "qinq": "Dot1AD/Dot1Q/IPv6/TCP", "fragment": "IP", "gre": "IP/GRE/IP/UDP", "vxlan": "IP/UDP/VXLAN/Ether/IP/UDP",
}  # fmt: skip
BAD = "_ws.malformed || _ws.expert.severity >= error || _ws.expert.group == checksum || " + " || ".join(
    f"{layer}.checksum.status == bad" for layer in ("ip", "tcp", "udp", "icmp", "icmpv6")
)


def tshark(path, shown):
    """The frames of a capture that a display filter shows."""
    sums = [f"-o{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    program = find_program("tshark")
    # Some protocols are only guessed from bytes, which are random here.
    guesses = subprocess.run([program, "-G", "heuristic-decodes"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[1] for line in guesses.splitlines()} - {"eth", "ip", "ipv6"}
    none = [f"--disable-protocol={name}" for name in sorted(names)]
    command = [program, "-r", path, *sums, *none, "-Y", shown]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def test_there_is_one_of_each_protocol_in_turns():
    assert tuple(LAYERS) == PROTOCOLS
    for name, frame in zip(PROTOCOLS * 8, make_frames(len(PROTOCOLS) * 8), strict=True):
        layers = "/".join(layer.__name__ for layer in Ether(frame).layers() if layer.__name__ not in ("Raw", "Padding"))
        assert layers.removeprefix("Ether/") == LAYERS[name]


def test_nothing_of_them_is_malformed_and_checksums_are_right(tmp_path):
    """And a wrong one is found."""
    frames = make_frames(8 * len(PROTOCOLS), seed=7)
    wrpcap(str(tmp_path / "good.pcap"), [Ether(frame) for frame in frames])
    assert tshark(tmp_path / "good.pcap", BAD) == []
    wrong = [bytearray(frame) for frame in make_frames(40, of=["udp", "tcp", "udp6", "icmp6"], size=100)]
    for frame in wrong:
        frame[-1] ^= 1
    wrpcap(str(tmp_path / "bad.pcap"), [Ether(bytes(frame)) for frame in wrong])
    assert len(tshark(tmp_path / "bad.pcap", BAD)) == 40


def test_no_two_are_alike_and_the_same_seed_gives_the_same():
    frames = make_frames(5000)
    assert len(set(frames)) == 5000
    assert make_frames(100) == frames[:100]
    assert not set(make_frames(100, seed=1)) & set(frames)
    state = random.getstate()
    make_frames(3)
    assert random.getstate() == state


def test_sizes_vary_or_are_as_asked_for():
    """Where headers do not fit in, other protocols take the turn."""
    assert {60, 1514} < {len(frame) for frame in make_frames(200)}
    for size in (1, 14, 42, 60, 64, 1514, 65549, 65550, 200001):
        assert {len(frame) for frame in make_frames(50, size=size)} == {size}
    assert {len(frame) for frame in make_frames(50, of="raw")} == {60, 61, 64, 128, 333, 590, 1280, 1514}
    assert {Ether(frame).type for frame in make_frames(20, size=60)} == {0x0806, 0x0800, 0x8100}


def test_protocols_are_chosen_by_name():
    assert all(TCP in Ether(frame) for frame in make_frames(9, of="tcp"))
    assert [UDP in Ether(frame) for frame in make_frames(4, of=["tcp", "udp"])] == [False, True] * 2
    assert {frame[12:14].hex() for frame in make_frames(9, of=["raw"])} == {"88b5"}
    for wrong in ("tpc", ["udp", "nothing"], []):
        with pytest.raises(InvalidConfigError, match="there are arp, icmp"):
            make_frames(1, of=wrong)


@pytest.mark.parametrize(("count", "size"), [(-1, None), (3, 0), (3, -60)])
def test_a_size_or_number_that_cannot_be_is_refused(count, size):
    with pytest.raises(InvalidConfigError, match=f"make {count} frames"):
        make_frames(count, size)


def test_packets_of_scapys_are_the_same_each_time_too():
    packet = Ether() / IP(src="192.0.2.1", dst=RandIP("198.51.100.0/24")) / UDP(sport=RandShort(), dport=53)
    state = random.getstate()
    frames = make_frames(50, of=packet)
    assert random.getstate() == state
    assert len(set(frames)) > 40
    assert make_frames(50, of=packet) == frames != make_frames(50, of=packet, seed=1)
    assert make_frames(2, of=b"as it is") == [b"as it is"] * 2
    for options in ({"of": 7}, {"of": packet, "size": 60}):
        with pytest.raises(TypeError):
            make_frames(1, **options)
