# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is known of a pcapng from its end."""

import struct
import subprocess

import pytest

from dpdk_mirror.tap.pcapng import BEGINNING, packets_at_end


def block(kind, size):
    return struct.pack("=II", kind, size + 12) + bytes(size) + struct.pack("=I", size + 12)


PARTS = [block(6, 32), block(5, 24), block(6, 120), block(6, 64), block(1, 8)]


@pytest.mark.parametrize("cut", range(len(PARTS[0]) + 1))
def test_whole_packets_at_the_end_are_counted_wherever_the_data_begins(cut):
    assert packets_at_end(b"".join(PARTS)[cut:]) == (3 if cut == 0 else 2)


def test_no_data_has_no_packets():
    assert packets_at_end(b"") == packets_at_end(b"abc") == packets_at_end(bytes(64)) == 0
    assert packets_at_end(BEGINNING) == 0


def test_the_beginning_is_all_that_tcpdump_needs_to_know_the_link_type():
    done = subprocess.run(["tcpdump", "-r", "-", "-n"], input=BEGINNING, capture_output=True, check=True)
    assert b"link-type EN10MB (Ethernet), snapshot length 262144" in done.stderr
