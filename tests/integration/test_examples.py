# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The examples, as a user runs them: what they print is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from captures import read_capture

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(tmp_path):
    """``example("x.py", ...)`` runs it in an empty folder; returns the lines that it prints."""

    def run(name, *arguments):
        command = [sys.executable, EXAMPLES / name, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.fixture(scope="module")
def frames():
    """The traffic that they look at."""
    code = "import traffic; print(*(frame.hex() for frame in traffic.office()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLES, capture_output=True, text=True, check=True)
    return [bytes.fromhex(frame) for frame in done.stdout.split()]


def tag_of(frame):
    return int.from_bytes(frame[14:16], "big") & 0xFFF if frame[12:14] == b"\x81\x00" else None


@pytest.mark.parametrize("mac", ["02:00:00:00:01:00", "02:00:00:00:01:02"])
def test_one_vm_shows_its_packets_both_ways(example, frames, mac):
    address = bytes.fromhex(mac.replace(":", ""))
    sent, received = (sum(frame[at : at + 6] == address for frame in frames) for at in (6, 0))
    assert 0 < received < sent
    assert example("one_vm.py", mac) == [
        f"02:00:00:00:00:fe -> {mac}: {received} packets",
        f"{mac} -> 02:00:00:00:00:fe: {sent} packets",
        f"{sent + received} of 1000 packets are its own",
    ]


def test_one_customer_gets_his_packets_and_no_others(example, frames, tmp_path):
    own = [frame for frame in frames if tag_of(frame) == 102]
    (line,) = example("one_customer.py", 102, "customer.pcap")
    assert line == f"customer.pcap: {len(own)} packets of VLAN 102; {1000 - len(own)} of others were left out"
    assert [data for data, _ in read_capture(tmp_path / "customer.pcap").frames] == own


def test_dns_only_counts_the_names(example, frames):
    names = {
        f"{name}.example.": sum(f"\3{name}\7example".encode() in frame for frame in frames) for name in ("www", "ntp")
    }
    names["mail.example."] = sum(b"\4mail\7example" in frame for frame in frames)
    *lines, last = example("dns_only.py")
    assert {line.split()[0]: int(line.split()[1]) for line in lines} == names
    assert last == f"{sum(names.values())} of 1000 packets are DNS"
    untagged = sum(b"\7example" in frame for frame in frames if tag_of(frame) is None)
    assert example("dns_only.py", "udp port 53")[-1] == f"{untagged} of 1000 packets are DNS"


def test_one_in_1000_judges_well(example):
    """Twice the same, and near the truth: each count within four standard deviations."""
    lines = example("one_in_1000.py", 7)
    assert lines == example("one_in_1000.py", 7) != example("one_in_1000.py", 8)
    shown = 0
    for line in lines[:-1]:
        about, real = map(int, re.fullmatch(r"\w+: about (\d+) packets, in fact (\d+)", line).groups())
        assert abs(about - real) < 4 * 1000 * (real / 1000) ** 0.5
        shown += about // 1000
    assert lines[-1] == f"{shown} of 200000 packets were looked at"


def test_vm_tap_hears_both(example):
    """It compares what each of the three hears with what was said."""
    assert example("vm_tap.py") == [
        "alice: Does anybody hear us?",
        "bob: Nobody but our switch.",
        "alice: Good.",
        "tap has heard all of it, in mode split",
    ]
