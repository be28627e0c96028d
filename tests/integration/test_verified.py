# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Drivers with a kernel's, or a machine's, other end do what docs/drivers.md says, on this DPDK."""

import pytest
import verified
from livekit.application import need_namespaces

SOME = (
    "port.*",
    "source.rx",
    "source.tx",
    "source.unplug",
    "source.jumbo",
    "source.*_checksums",
    "target.frames",
    "target.releases",
    "target.reads",
    "buffers.chains_unasked",
)


@pytest.mark.parametrize("name", ["net_pcap", "net_tap", "net_af_packet", "net_vhost"])
def test_a_driver_is_found_to_do_what_was_found_before(name):
    """The verdicts are those that are kept of this release, and the library's list is right on any."""
    need_namespaces()
    result = verified.verify(verified.WAYS[name], *(part for each in SOME for part in ("--only", each)))
    found = {each["name"]: each["verdict"] for each in result["results"]}
    kept = verified.kept().get(".".join(result["dpdk"].split(".")[:2]), {}).get(name)
    if kept is not None:
        assert found == {each["name"]: each["verdict"] for each in kept["results"] if each["name"] in found}
    assert verified.reads_at_once([result])
    assert f'"{name}", .reads_at_once = true' in verified.header()
