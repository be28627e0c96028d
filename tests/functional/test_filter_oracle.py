# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror with a filter takes the frames that tcpdump -r selects: the same ones, in the same order.

Not applicable, since the two cannot agree by nature:

- Captures of other link types: a port's frames are Ethernet, and so are filters; ``run`` refuses them, see
  test_run_select.py.
- Records that were cut when they were captured: tcpdump knows the length that the frame had, and a port would be given
  what is left of it.
- What NOT_APPLICABLE lists.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from captures import ETHERNET, read_capture, write_capture
from chooser import chooser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import ROOT, compile_program
from scapy.layers import inet6
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, fragment
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.layers.sctp import SCTP

from dpdk_mirror import FilterEngine, MirrorError, Select

FOLDER = os.environ.get("DPDK_MIRROR_PCAPS")
# What may run the filters: set for the run without a compiler.
ENGINES = {FilterEngine[name] for name in os.environ.get("DPDK_MIRROR_ENGINES", "JIT").split(",")}

EXPRESSIONS = [
    # Protocols and ports.
    "ip", "ip6", "arp", "rarp or arp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "pim", "vrrp", "esp or ah",
    "tcp port 22", "port 53", "udp port 53", "src port 53", "dst port 443", "tcp src port 443", "portrange 1000-2000",
    "udp dst portrange 1-1024", "ip proto 47", "ip proto \\tcp", "ip6 proto 17",
    # Hosts and nets.
    "host 10.0.0.1", "src host 10.0.0.1", "dst host 192.168.1.1", "net 10.0.0.0/8", "src net 192.168.0.0/16",
    "dst net 224.0.0.0/4", "net 10.0.0.0 mask 255.255.0.0", "ip6 host fe80::1", "ip6 net 2001:db8::/32",
    # Ethernet.
    "ether host 02:00:00:00:00:01", "ether src 02:00:00:00:00:01", "ether dst 01:00:5e:00:00:05", "ether broadcast",
    "ether multicast", "ip multicast", "ether proto 0x88a2", "ether[0] & 1 = 1", "llc", "stp", "isis",
    # VLAN: what follows is looked for behind the tag.
    "vlan", "vlan 100", "vlan 100 and vlan 200", "vlan and ip", "not vlan", "vlan and tcp port 443",
    # Fragments, flags, types, bytes.
    "ip[6:2] & 0x1fff != 0", "ip[6:2] & 0x2000 != 0", "ip[0] & 0xf > 5", "ip[8] < 64", "ip6[6] = 58",
    "tcp[tcpflags] & tcp-syn != 0", "tcp[tcpflags] = tcp-syn|tcp-ack", "tcp[13] & 0x18 = 0x18",
    "tcp and ((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0", "icmp[icmptype] = icmp-echo",
    "icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply", "icmp6[icmp6type] = icmp6-echo",
    "udp[8:2] = 0x1234", "ether[12:2] = 0x0806", "arp[6:2] = 1", "ether[60] = 0", "ip[20:4] + 1 > 65536",
    "ip[2:2] % 2 = 1", "len % 7 = 3",
    # Lengths.
    "less 60", "greater 1000", "len = 60", "len > 60 and len <= 128", "len > 2000",
    # Combined.
    "tcp port 443 and not host 10.0.0.1", "not (tcp or udp)", "ip and not (tcp or udp or icmp)",
    "(tcp or udp) and (port 53 or port 22) and not ip6", "host 10.0.0.1 or host 10.0.0.2 or arp",
    "ip6 and udp or ip and tcp[13] & 2 != 0", "ether proto 0x8847 or ip proto 41", "mpls", "pppoes",
    # What a compiler or an engine gets wrong: long programs, far jumps, shifts, memory, divisions, offsets.
    "tcp or vlan 100 or tcp port 80", "udp port 53 or ip6 and port 443", "tcp[4:4] % len = 1 or vlan",
    "geneve", "geneve or arp", "geneve 7 or arp",
    " or ".join(f"(host 10.0.{n}.1 and port {n})" for n in range(1, 60)) + " or tcp port 443",
    "tcp and 1 << (ip[8] * 8) = 0", "len / (ip[8] & 1) >= 0", "ether[ether[20:4]] >= 0 or arp",
    "arp or ether[0x7fffffff] = 0", "not ether[ether[12:2] - 2000] = 0 or arp",
]  # fmt: skip


# Expressions that a mirror has to refuse, though tcpdump can do something with them, and why.
NOT_APPLICABLE = {
    "ip protochain 6": {errno.ENOTSUP: "it has loops"},
    "ether[0xfffff004] = 0": {errno.ENOTSUP: "only a kernel's interface knows"},  # of tcpdump's it is beyond the end
    # tcpdump takes it, and selects nothing; from libpcap 1.11 on it is libpcap that refuses it
    "inbound": {errno.ENOTSUP: "only a kernel's interface knows", errno.EINVAL: "not a live capture"},
    "ifname eth0": {errno.EINVAL: "ifname"},  # tcpdump says so, too
    "ip and arp": {errno.EINVAL: "expression rejects all packets"},  # tcpdump says so, too
}


def packets():
    """Of each kind that an expression asks for, made here: captures may be without."""
    one = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    back = Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01")
    ip, ip6 = IP(src="10.0.0.1", dst="192.168.1.1"), inet6.IPv6(src="2001:db8::1", dst="fe80::1")
    tcp, udp = TCP(sport=1024, dport=443, flags="S"), UDP(sport=1025, dport=53)
    yield from (one / ip / tcp, back / IP(src="192.168.1.1", dst="10.0.0.1") / TCP(sport=443, dport=1024, flags="SA"))
    yield from (one / ip / udp, one / ip / udp / (b"\x12\x34" + bytes(60)), one / ip / udp / bytes(1400))
    yield from (one / ip6 / tcp, one / ip6 / udp, one / ip6 / inet6.ICMPv6EchoRequest(), one / ip6 / SCTP(dport=443))
    yield from (one / ip / ICMP(), one / ip / ICMP(type=3), one / ip / SCTP(sport=22), one / IP(proto=2) / bytes(8))
    yield from (one / IP(proto=proto, ttl=1) / bytes(40) for proto in (41, 47, 50, 51, 103, 112))
    yield from (one / IP(options=[IPOption_NOP()] * 8) / tcp / b"data", one / IP(ihl=15) / tcp)
    yield from (one / part for part in fragment(IP(src="10.0.0.2") / UDP(sport=1500) / bytes(3000), fragsize=800))
    yield from (one / ip6 / inet6.IPv6ExtHdrHopByHop() / tcp, one / ip6 / inet6.IPv6ExtHdrFragment(offset=9) / udp)
    yield from (one / Dot1Q(vlan=100) / ip / tcp, one / Dot1Q(vlan=100) / Dot1Q(vlan=200) / ip / tcp)
    yield from (one / Dot1AD(vlan=100) / Dot1Q(vlan=200) / ip6 / udp, one / Dot1Q(vlan=7, prio=5) / ARP())
    yield from (one / ARP(), Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(op=2), Ether(dst="01:00:5e:00:00:05") / ip / udp)
    yield from (one / IP(dst="224.0.0.5", proto=89) / bytes(20), Dot3(dst="01:80:c2:00:00:00") / LLC() / STP())
    yield from (
        Dot3() / LLC(dsap=0xFE, ssap=0xFE, ctrl=3) / (b"\x83" + bytes(30)),
        Dot3() / LLC() / SNAP(code=0x800) / ip / tcp,
    )
    yield from (Ether(type=0x88A2) / bytes(20), Ether(type=0x8847) / bytes(40), Ether(type=0x8864) / bytes(40))
    yield from (
        one / ip / UDP(dport=6081) / (bytes([0, 0, 0x65, 0x58, 0, 0, vni, 0]) + bytes(one / ARP())) for vni in (7, 8)
    )
    yield from (
        one / ip / tcp / bytes(2500),
        one / ip / TCP(flags="PA", dport=22) / b"x",
        one / ip / UDP(sport=53) / bytes(18),
        Ether(type=0x0800) / bytes(3),
    )


def truncated(frame):
    """A frame that ends in the middle of its headers is one, too."""
    return [frame[:size] for size in (14, 15, 18, 33, 34, 36, 38, 53, 54, 58) if size < len(frame)]


def made():
    frames = [bytes(packet) for packet in packets()]
    return [*frames, *(part for frame in frames for part in truncated(frame))]


def captured():
    """The frames of the captures that there are, if they were captured whole."""
    captures = [read_capture(path) for path in sorted(Path(FOLDER).glob("*.pcap"))] if FOLDER else []
    records = [record for capture in captures if capture.link_type == ETHERNET for record in capture.frames]
    return [data for data, length in records if len(data) == length]


@pytest.fixture(scope="module")
def frames():
    return made() + captured()


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    """``oracle(expression, frames)``: those that tcpdump selects; None: it refuses the expression."""
    folder = tmp_path_factory.mktemp("oracle")
    written = {}

    def select(expression, frames):
        if id(frames) not in written:
            written[id(frames)] = folder / f"{len(written)}.pcap"
            write_capture(written[id(frames)], frames)
        command = ["tcpdump", "-r", written[id(frames)], "-w", folder / "some.pcap", expression]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
        return [data for data, _ in read_capture(folder / "some.pcap").frames] if done.returncode == 0 else None

    return select


@pytest.fixture(scope="module", params=[2048, 128], ids="segments of {} bytes".format)
def mirrored(request, dpdk_eal):
    """``mirrored(expression, frames)``: what a mirror takes that filters so, of such segments."""
    with chooser(dpdk_eal, request.param) as mirrored:

        def run(expression, frames):
            taken = mirrored.choose(Select(filter=expression), frames)
            assert mirrored.mirror.info().filter_engine in ENGINES
            return taken

        yield run


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_mirror_takes_what_tcpdump_selects(mirrored, oracle, frames, expression):
    expected = oracle(expression, frames)
    # Otherwise the expression would be no test.
    assert 0 < len(expected) < len(frames)
    assert mirrored(expression, frames) == expected


@pytest.mark.parametrize("expression", NOT_APPLICABLE)
def test_what_cannot_be_is_refused(mirrored, expression):
    with pytest.raises(MirrorError) as caught:
        mirrored(expression, [])
    assert NOT_APPLICABLE[expression][caught.value.errno] in str(caught.value)


WHERE = ["ether", "ip", "tcp", "udp", "ip6", "icmp"]
NUMBERS = st.sampled_from([0, 1, 2, 6, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0x0800, 0xFFFF, 0x7FFFFFFF, 0x80000000])


@st.composite
def loads(draw):
    """Bytes of a packet, computed with."""
    offset = draw(
        st.sampled_from(["0", "1", "2", "6", "9", "12", "13", "20", "39", "60", "ether[12]", "ip[0] & 15 * 4"])
    )
    load = f"{draw(st.sampled_from(WHERE))}[{offset}:{draw(st.sampled_from([1, 2, 4]))}]"
    operator = draw(st.sampled_from(["", "&", "|", "^", "+", "-", "*", "/", "%", "<<", ">>"]))
    if not operator:
        return load
    shift = operator in {"<<", ">>"}
    return f"({load} {operator} {draw(st.integers(1, 31) if shift else NUMBERS.filter(bool))})"


@st.composite
def comparisons(draw):
    right = draw(NUMBERS.map(str) | loads() | st.just("len"))
    return f"{draw(loads())} {draw(st.sampled_from(['=', '!=', '<', '>', '<=', '>=']))} {right}"


# What follows geneve is looked for at offsets in memory that libpcap's programs may read before they write it, and then
# tcpdump finds what is on its stack.
EXPRESSIONS_OF_ANY_MAKE = st.recursive(
    st.sampled_from([expression for expression in EXPRESSIONS if "geneve" not in expression]) | comparisons(),
    lambda parts: st.tuples(parts, st.sampled_from(["and", "or", "and not"]), parts).map(
        lambda three: f"({three[0]}) {three[1]} ({three[2]})"
    ),
    max_leaves=4,
)
MADE = made()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=EXPRESSIONS_OF_ANY_MAKE)
def test_whatever_the_expression(mirrored, oracle, expression):
    """But for those that reject all packets, which both refuse."""
    expected = oracle(expression, MADE)
    if expected is None:
        with pytest.raises(MirrorError, match="pcap-filter"):
            mirrored(expression, [])
        return
    assert mirrored(expression, MADE) == expected


def test_the_interpreter_takes_the_same(tmp_path):
    """As on a machine that lets nobody make code."""
    library = compile_program(tmp_path / "no_code.so", [ROOT / "tests" / "c" / "no_code.c"], "-shared", "-fPIC")
    environment = {**os.environ, "LD_PRELOAD": str(library), "DPDK_MIRROR_ENGINES": "INTERPRETER"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "takes_what or whatever"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{2 * len(EXPRESSIONS) + 2} passed" in done.stdout
