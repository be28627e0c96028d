# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The values that a selection is made of: each is read from what users write, and kept as text in one form."""

from __future__ import annotations

import difflib
import re
import socket
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from .errors import InvalidConfigError
from .pairs import refuse, split_pairs

__all__ = [
    "FLAGS", "Address", "Numbers", "check_flag", "check_number", "check_ports", "family_of", "flag_text", "mac",
    "one_range", "prefix", "protocol", "ranges", "split_nested", "to_flag", "to_number", "to_scaled_number",
    "to_seconds",
]  # fmt: skip

Numbers = int | str | Iterable[int]
"""Numbers: one, a range(), several, or text such as "100,200-210"."""
Address = str | IPv4Address | IPv6Address | IPv4Network | IPv6Network

RANGES_MAX = 64
"""How many numbers and ranges a text may have."""
PROTOCOLS = {
    "tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "igmp": 2, "sctp": 132, "dccp": 33, "udplite": 136, "gre": 47,
    "esp": 50, "ah": 51, "ospf": 89, "pim": 103, "vrrp": 112,
}  # fmt: skip
"""Protocols that have a name here. They are written by it."""
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")

FLAGS = ("no", "yes")
"""Truth values, as text."""

_SCALES = {"k": 10**3, "M": 10**6, "G": 10**9}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = "[0-9]{1,4000}"  # int() takes some more
_RANGE = f"{_NUMBER}(?:-{_NUMBER})?"
_MAC = "[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
_ALL_ONES, _ALL_ZEROS = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"


def ranges(key: str, value: Numbers, last: int) -> str:
    """Numbers up to ``last``, as text."""
    text = _joined(key, value)
    if not re.fullmatch(f"{_RANGE}(?:,{_RANGE})*", text):
        refuse(f"{key}={text}: not numbers and ranges, such as 100,200-210")
    parts = text.split(",")
    if len(parts) > RANGES_MAX:
        refuse(f"{key}={text}: more than {RANGES_MAX} numbers and ranges")
    return ",".join(_range(key, text, part, last) for part in parts)


def one_range(key: str, value: Numbers, last: int) -> str:
    """The same, but one."""
    text = _joined(key, value)
    if not re.fullmatch(_RANGE, text):
        refuse(f"{key}={text}: not a number or a range, such as 1024-65535")
    return _range(key, text, text, last)


def check_number(key: str, value: object, first: int, last: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{key} must be an int, not {type(value).__name__}")
    if not first <= value <= last:
        refuse(f"{key}={value}: not within {first} to {last}")


def to_number(key: str, text: str, example: str = "") -> int:
    """``example`` says what would do."""
    if not re.fullmatch(_NUMBER, text):
        refuse(f"{key}={text}: not a whole number{example}")
    return int(text)


def to_scaled_number(key: str, text: str) -> int:
    """The same, or so many thousands (k), millions (M) or thousands of millions (G)."""
    match = re.fullmatch(f"({_NUMBER})([kMG])", text)
    return int(match[1]) * _SCALES[match[2]] if match else to_number(key, text, ", such as 1000000 or 1M")


def to_seconds(key: str, text: str) -> int:
    """A number of seconds (s), minutes (m), hours (h) or days (d)."""
    match = re.fullmatch(f"({_NUMBER})([smhd])", text)
    return int(match[1]) * _SECONDS[match[2]] if match else to_number(key, text, ", such as 90, 10m or 2h")


def check_flag(key: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{key} must be a bool, not {type(value).__name__}")


def to_flag(key: str, text: str) -> bool:
    if text not in FLAGS:
        refuse(f"{key}={text}: neither yes nor no")
    return bool(FLAGS.index(text))


def flag_text(value: bool) -> str:  # noqa: FBT001  it is what is written
    return FLAGS[value]


def mac(key: str, value: str) -> str | None:
    """An Ethernet address, with a mask after a slash unless all of it counts; None if nothing does."""
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a str, not {type(value).__name__}")
    if not re.fullmatch(f"{_MAC}(?:/{_MAC})?", value, re.IGNORECASE | re.ASCII):
        refuse(f"{key}={value}: not an address such as 02:00:00:00:00:01, or 02:00:00:00:00:00/ff:ff:ff:00:00:00")
    address, _, mask = value.lower().partition("/")
    if mask == _ALL_ZEROS:
        return None
    return address if mask in {"", _ALL_ONES} else f"{address}/{mask}"


def prefix(key: str, value: Address) -> str:
    """An IP address or network; a length of all bits is left out."""
    if not isinstance(value, Address):
        raise TypeError(f"{key} must be a str or of ipaddress, not {type(value).__name__}")
    address, slash, length = str(value).partition("/")
    family = family_of(address)
    try:
        data = socket.inet_pton(family, address)
    except (OSError, ValueError):
        data = b""
    bits = 8 * len(data)
    if not data or not (re.fullmatch(_NUMBER, length) if slash else True) or int(length or 0) > bits:
        refuse(f"{key}={value}: not an address or a prefix such as 192.0.2.1 or 2001:db8::/32")
    count = int(length) if slash else bits
    if int.from_bytes(data, "big") & ((1 << (bits - count)) - 1):
        refuse(f"{key}={value}: has bits behind its prefix of {count}", "set them to 0")
    text = socket.inet_ntop(family, data)
    return text if count == bits else f"{text}/{count}"


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def protocol(key: str, value: int | str) -> str:
    """A protocol's name, or its number if it has no name here."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{key} must be an int or a str, not {type(value).__name__}")
    text = str(value)
    if text not in PROTOCOLS and not (re.fullmatch(_NUMBER, text) and 1 <= int(text) <= 255):
        refuse(f"{key}={text}: neither a number from 1 to 255 nor one of {', '.join(PROTOCOLS)}")
    number = PROTOCOLS.get(text) or int(text)
    return next((name for name, each in PROTOCOLS.items() if each == number), str(number))


def check_ports(key: str, name: str) -> None:
    """Of a flow with ports: a protocol, as protocol() writes it, that has none is in no packet of it."""
    if name not in _WITH_PORTS:
        refuse(f"{key}={name}: has no ports: leave them out, or take {', '.join(_WITH_PORTS)}")


def split_nested(key: str, text: str, names: tuple[str, ...], example: str) -> dict[str, str]:
    """The pairs that a value is made of."""
    try:
        pairs = split_pairs(text)
    except InvalidConfigError:
        pairs = {}
    if not pairs:
        refuse(f"{key}={text}: not key=value,... with each of {', '.join(names)} at most once", f"such as {example}")
    for name in pairs.keys() - set(names):
        near = difflib.get_close_matches(name, names)
        hint = f"did you mean {' or '.join(near)}?" if near else ""
        refuse(f"{key}: {name}: no such key, there are {', '.join(names)}", hint)
    return pairs


def _range(key: str, text: str, part: str, last: int) -> str:
    low, _, high = part.partition("-")
    first, final = int(low), int(high or low)
    if max(first, final) > last:
        refuse(f"{key}={text}: not within 0 to {last}")
    if first > final:
        refuse(f"{key}={text}: the range {part} is empty")
    return str(first) if first == final else f"{first}-{final}"


def _joined(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, Iterable):
        raise TypeError(f"{key} must be an int, a str or ints, not {type(value).__name__}")
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in _runs(key, value))


def _runs(key: str, numbers: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """First and last of the numbers that follow each other."""
    first = last = None
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"{key} must be ints, not {type(number).__name__}")
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last
