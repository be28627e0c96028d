# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Filter expressions of libpcap: names in them as numbers, which mean the same wherever they are compiled."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..spec import MirrorSpec

__all__ = ["resolve", "resolved", "without_comments"]

# As libpcap's scanner has them: what has two colons is an address, and a backslash makes a name of any word.
_TOKEN = re.compile(
    r"\\[^ !()\n\t]+|(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f:.]*|[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?"
    r"|\s+|\|\||&&|.",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"[0-9.]+|0[xX][0-9A-Fa-f]+|[0-9A-Fa-f]{1,2}([-.])(?:[0-9A-Fa-f]{1,2}\1){4}[0-9A-Fa-f]{1,2}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12}|.*:.*"
)
_TYPES = {"host", "net", "port", "portrange", "proto", "protochain", "gateway"}
_DIRECTIONS = {"src", "dst", "ra", "ta", "addr1", "addr2", "addr3", "addr4"}
_PROTOCOLS = {
    "link", "ether", "ppp", "slip", "fddi", "tr", "wlan", "arp", "rarp", "ip", "sctp", "tcp", "udp", "icmp", "igmp",
    "igrp", "pim", "vrrp", "carp", "radio", "ip6", "icmp6", "ah", "esp", "atalk", "aarp", "decnet", "lat", "sca",
    "moprc", "mopdl", "iso", "esis", "es-is", "isis", "is-is", "clnp", "stp", "ipx", "netbeui",
}  # fmt: skip
_JOINTS = {"and", "or", "&&", "||"}
_BETWEEN = {"not", "!", "(", ")", "/", "mask"}
# Words that may stand where a name may, and are none.
_OTHERS = {
    "less", "greater", "byte", "broadcast", "multicast", "len", "length", "inbound", "outbound", "ifindex", "vlan",
    "mpls", "pppoed", "pppoes", "geneve", "vxlan", "gre", "llc", "type", "subtype", "direction", "dir", "on", "ifname",
    "rset", "ruleset", "rnr", "rulenum", "srnr", "subrulenum", "reason", "action", "lane", "metac", "bcc", "oam",
    "oamf4", "oamf4ec", "oamf4sc", "sc", "ilmic", "vpi", "vci", "connectmsg", "metaconnect", "fisu", "lssu", "lsu",
    "msu", "hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc", "hsls", "l1", "l2", "iih",
    "lsp", "snp", "csnp", "psnp",
}  # fmt: skip
_FAMILIES = {
    "": {socket.AF_INET, socket.AF_INET6},
    "ip": {socket.AF_INET}, "arp": {socket.AF_INET}, "rarp": {socket.AF_INET}, "ip6": {socket.AF_INET6},
}  # fmt: skip


def without_comments(text: str) -> str:
    """An expression as tcpdump reads it from a file."""
    return re.sub(r"#[^\n]*", " ", text)


def resolve(expression: str) -> str:
    """``expression`` with the names of hosts, ports and protocols as numbers; what nobody knows stays as it is."""
    result: list[str] = []
    qualifiers: list[str] = []  # of a name that may come: its own, or those of the name before
    is_open = False  # whether further qualifiers are of the same name
    for token in _TOKEN.findall(expression):
        text = token
        if token in _TYPES | _DIRECTIONS | _PROTOCOLS:
            qualifiers = [*qualifiers, token] if is_open else [token]
            is_open = True
        elif token in _JOINTS:  # "src or dst" is of one name
            is_open = is_open and qualifiers[-1] in _DIRECTIONS
        elif not token.isspace():
            is_open = False
            if token in _OTHERS or not (token in _BETWEEN or token[0].isalnum() or token[0] in "\\:"):
                qualifiers = []
            elif qualifiers and token not in _BETWEEN and not _NUMBER.fullmatch(token):
                text = _number(qualifiers, token.removeprefix("\\")) or token
        result.append(text)
    return "".join(result)


def resolved(spec: MirrorSpec) -> MirrorSpec:
    """The spec with its filter's names as numbers."""
    select = spec.select
    if select is None or not select.filter:
        return spec
    return spec.changed(select=replace(select, filter=resolve(select.filter)))


def _number(qualifiers: list[str], name: str) -> str | None:
    """What may stand for a name behind these, in libpcap's meaning; None where nothing is known to."""
    kind = next((each for each in reversed(qualifiers) if each in _TYPES), "host")
    protocol = next((each for each in qualifiers if each in _PROTOCOLS), "")
    try:
        if kind == "host" and protocol in _FAMILIES:
            return _addresses(name, _FAMILIES[protocol])
        if kind == "port":
            return _port(protocol, name)
        if kind == "portrange":
            first, _, last = (_port(protocol, each) or "" for each in re.split("(-)", name, maxsplit=1))
            return f"{first}-{last}" if first and last else None
        if kind in {"proto", "protochain"} and protocol in {"", "ip", "ip6"}:
            return str(socket.getprotobyname(name))
    except (OSError, UnicodeError, ValueError):
        pass
    return None


def _addresses(name: str, families: set[socket.AddressFamily]) -> str | None:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    # One that is of a link has the link's name behind it.
    texts = dict.fromkeys(str(address[0]).partition("%")[0] for family, *_, address in found if family in families)
    return f"({' or '.join(texts)})" if len(texts) > 1 else next(iter(texts), None)


def _port(protocol: str, name: str) -> str | None:
    """None where the name says more than a number: which protocol."""
    if name.isdecimal():
        return name
    numbers = {}
    for each in ("tcp", "udp"):
        try:
            numbers[each] = socket.getservbyname(name, each)
        except OSError:
            continue
    if protocol in numbers or (not protocol and len(numbers) == 2 and len(set(numbers.values())) == 1):
        return str(numbers[protocol or "tcp"])
    return None
