# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Selections for property tests: any that make sense."""

from __future__ import annotations

import ipaddress

from hypothesis import strategies as st

from dpdk_mirror import Flow, Mac, Sample, Select

WITH_PORTS = 6, 17, 33, 132, 136
"""Protocols whose packets have ports."""

MACS = st.binary(min_size=6, max_size=6).map(lambda data: data.hex(":"))
MASKED_MACS = MACS | st.tuples(MACS, MACS.filter(lambda mask: mask != "00:00:00:00:00:00")).map("/".join)
FILTERS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15).filter(
    lambda text: text.strip()
)


@st.composite
def numbers(draw, last, *, most=64, least=0):
    """Numbers and ranges, as text."""
    ends = st.tuples(st.integers(least, last), st.integers(least, last)).map(sorted)
    pairs = draw(st.lists(ends, min_size=1, max_size=most))
    return ",".join(f"{low}-{high}" if low < high else str(low) for low, high in pairs)


@st.composite
def macs(draw):
    which = draw(st.sampled_from(["src", "dst", "both"]))
    return Mac(
        src=draw(MASKED_MACS) if which != "dst" else None,
        dst=draw(MASKED_MACS) if which != "src" else None,
        both_ways=draw(st.booleans()),
    )


@st.composite
def networks(draw, version):
    """An address, or a prefix without bits behind it."""
    address = draw(st.ip_addresses(v=version))
    length = draw(st.integers(1, address.max_prefixlen))
    return ipaddress.ip_network((address, length), strict=False)


@st.composite
def flows(draw):
    version = draw(st.sampled_from([4, 6]))
    src_port, dst_port = (draw(st.none() | numbers(65535, most=1, least=1)) for _ in range(2))
    has_ports = src_port or dst_port
    return Flow(
        ip_version=draw(st.sampled_from([None, version])),
        protocol=draw(st.sampled_from([None, *WITH_PORTS]) if has_ports else st.integers(1, 255)),
        src=draw(st.none() | networks(version)),
        dst=draw(st.none() | networks(version)),
        src_port=src_port,
        dst_port=dst_port,
        both_ways=draw(st.booleans()),
    )


@st.composite
def samples(draw):
    random = draw(st.booleans())
    return Sample(draw(st.integers(1, 2**32 - 1)), random, draw(st.integers(0, 2**64 - 1)) if random else 0)


@st.composite
def selects(draw, *, most=64):
    """``most`` is how many ranges there may be of a kind."""
    return Select(
        filter=draw(st.none() | FILTERS),
        mac=draw(st.none() | macs()),
        vlans=draw(st.none() | numbers(4095, most=most)),
        inner_vlans=draw(st.none() | numbers(4095, most=most)),
        flow=draw(st.none() | flows()),
        sample=draw(st.none() | samples()),
        queues=draw(st.none() | numbers(65535, most=most)),
    )
