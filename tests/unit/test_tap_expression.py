# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Names in filter expressions: what stands for them means to tcpdump what they did."""

import socket
import subprocess

import pytest

from dpdk_mirror.selection import Select
from dpdk_mirror.spec import MirrorSpec
from dpdk_mirror.tap.expression import resolve, resolved, without_comments

HOSTS = {
    "www": ["198.18.0.1"],
    "two.example.org": ["198.18.0.2", "198.18.0.3"],
    "dual": ["2001:db8::1", "198.18.0.4"],
    "six": ["fe80::1%lo"],
    "abc": ["198.18.0.5"],  # could be the beginning of an address
}


@pytest.fixture(autouse=True)
def resolver(monkeypatch):
    """Knows these hosts alone."""

    def getaddrinfo(name, service, **_):
        if name not in HOSTS:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        families = {each: socket.AF_INET6 if ":" in each else socket.AF_INET for each in HOSTS[name]}
        return [(family, socket.SOCK_STREAM, 6, "", (each, 0)) for each, family in families.items()]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def code(expression):
    """tcpdump's program for it."""
    done = subprocess.run(["tcpdump", "-y", "EN10MB", "-ddd", expression], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (expression, done.stderr)
    return done.stdout


@pytest.mark.parametrize(
    ("expression", "resolved"),
    [
        ("host www", "host 198.18.0.1"),
        ("src or dst host www", "src or dst host 198.18.0.1"),
        ("src host two.example.org", "src host (198.18.0.2 or 198.18.0.3)"),
        ("tcp and (dst www or two.example.org)", "tcp and (dst 198.18.0.1 or (198.18.0.2 or 198.18.0.3))"),
        ("not host (www or abc)", "not host (198.18.0.1 or 198.18.0.5)"),
        ("ip host dual || ip6 src dual", "ip host 198.18.0.4 || ip6 src 2001:db8::1"),
        ("host dual", "host (2001:db8::1 or 198.18.0.4)"),
        ("host six and not arp host www", "host fe80::1 and not arp host 198.18.0.1"),
        ("ether host 02:00:00:00:00:01 and host www", "ether host 02:00:00:00:00:01 and host 198.18.0.1"),
        ("host www and less 99 and ip multicast", "host 198.18.0.1 and less 99 and ip multicast"),
        ("host www and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0",
         "host 198.18.0.1 and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0"),
        ("vlan 5 and host www && !port 80", "vlan 5 and host 198.18.0.1 && !port 80"),
        ("net 10.0.0.0 mask 255.0.0.0 or host ::1 or www", "net 10.0.0.0 mask 255.0.0.0 or host ::1 or 198.18.0.1"),
        ("host www\n  and\tport 53", "host 198.18.0.1\n  and\tport 53"),
        ("host \\www", "host 198.18.0.1"),
    ],
)  # fmt: skip
def test_hosts_become_addresses(expression, resolved):
    assert resolve(expression) == resolved
    code(resolved)


@pytest.mark.parametrize(
    ("expression", "resolved"),
    [
        ("port domain", "port 53"),
        ("tcp port http or https", "tcp port 80 or 443"),
        ("udp src port domain and not dst port ntp", "udp src port 53 and not dst port ntp"),  # ntp is of UDP alone
        ("udp port ntp", "udp port 123"),
        ("tcp portrange ftp-ssh", "tcp portrange 21-22"),
        ("ip proto \\tcp", "ip proto 6"),
        ("proto ospf or ip6 protochain \\udp", "proto 89 or ip6 protochain 17"),
        ("ether proto \\arp or ip broadcast or tcp or port domain",
         "ether proto \\arp or ip broadcast or tcp or port 53"),
        ("udp or port ntp", "udp or port ntp"),  # two tests
        ("icmp[icmptype] == icmp-echo or tcp[13:2] = 5", "icmp[icmptype] == icmp-echo or tcp[13:2] = 5"),
    ],
)  # fmt: skip
def test_ports_and_protocols_become_numbers_that_mean_the_same(expression, resolved):
    """Where a number alone would mean more, as with a port of one protocol, the name stays."""
    assert resolve(expression) == resolved
    if "broadcast" not in expression:  # which needs a netmask
        assert code(resolved) == code(expression)


@pytest.mark.parametrize("expression", ["host nobody.example", "www", "tcp prt 80", "host", "ether host www", "((("])
def test_what_nobody_knows_stays(expression):
    """tcpdump will say what is wrong with it."""
    assert resolve(expression) == expression


def test_comments_of_a_file_end_with_their_lines():
    assert without_comments("tcp # mail\nport 25 # or 465").split() == ["tcp", "port", "25"]


def test_a_spec_has_its_filters_names_as_numbers():
    spec = MirrorSpec(snaplen=64, select=Select(filter="host www", vlans="5"))
    assert resolved(spec) == spec.changed(select=Select(filter="host 198.18.0.1", vlans="5"))
    assert resolved(MirrorSpec(select=Select(vlans="5"))) == MirrorSpec(select=Select(vlans="5"))
    assert resolved(MirrorSpec()) == MirrorSpec()
