# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""DPDK's own testpmd beside the test."""

import pytest


def test_it_forwards_between_its_ports(dpdk_testpmd):
    testpmd = dpdk_testpmd("net_null0", "net_null1", mode="macswap")
    testpmd.start()
    while testpmd.counters(1)["TX-packets"] < 1000:
        pass
    testpmd.stop()
    assert testpmd.counters(0)["RX-packets"] >= 1000
    assert testpmd.quit() == 0


@pytest.mark.dpdk_root
def test_a_mirror_of_its_port(dpdk_testpmd, tmp_path):
    """In an application that nobody has prepared for it."""
    testpmd = dpdk_testpmd("net_null0,size=100", "net_null1")
    with testpmd.attach() as app, app.mirror("net_null0", to=f"file:{tmp_path}/seen.pcap") as mirror:
        testpmd.start()
        while mirror.stats().packets < 100:
            pass
        testpmd.stop()
    assert (tmp_path / "seen.pcap").stat().st_size >= 24 + 100 * 116
