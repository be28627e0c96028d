# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the words of ``dpdk-mirror run`` mean, before anything is opened."""

import argparse
import re

import pytest

from dpdk_mirror.cli.changes import _ADD
from dpdk_mirror.cli.ends import DeviceEnd, Ends, FileEnd, parse_end
from dpdk_mirror.errors import ConflictError, InvalidConfigError


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("x.pcap", FileEnd("x.pcap")),
        ("x.PCAPNG", FileEnd("x.PCAPNG")),
        ("x.cap", FileEnd("x.cap")),
        ("folder/x", FileEnd("folder/x")),
        ("a,b.pcap", FileEnd("a,b.pcap")),
        ("file:net_null0", FileEnd("net_null0")),
        ("-", FileEnd("-")),
        ("net_null0", DeviceEnd("net_null0")),
        ("0000:03:00.0", DeviceEnd("0000:03:00.0")),
        ("net_tap0,iface=t0", DeviceEnd("net_tap0,iface=t0")),
        ("net_pcap0,rx_pcap=/tmp/x.pcap", DeviceEnd("net_pcap0,rx_pcap=/tmp/x.pcap")),
        ("net_vhost0,iface=/run/sock,queues=1", DeviceEnd("net_vhost0,iface=/run/sock,queues=1")),
    ],
)
def test_an_end_is_a_file_by_slash_or_suffix_but_not_for_its_arguments(text, end):
    assert parse_end(text) == end


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("tap:m0", "net_tap0,iface=m0"),
        ("af_packet:eth1", "net_af_packet0,iface=eth1"),
        ("vhost:/tmp/s", "net_vhost0,iface=/tmp/s"),
        ("pcap:x.pcap", "x.pcap"),
        ("pcap:/tmp/x.pcap", "/tmp/x.pcap"),
        ("port:net_null0", "net_null0"),
        ("ring:r", "net_ring0"),
    ],
)
def test_an_end_that_is_written_as_for_add_is_refused_with_what_to_write(text, here):
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{text}: a target of add; for run, write {here}$"):
        parse_end(text)
    assert parse_end(here)
    assert parse_end(f"file:{text}") == FileEnd(text)


def test_each_kind_of_targets_has_its_form_for_run():
    kinds = re.findall(r"^  (\w+):\S+ ", _ADD["description"], flags=re.MULTILINE)
    assert kinds
    assert parse_end("file:x") == FileEnd("x")
    for kind in set(kinds) - {"file"}:
        with pytest.raises(argparse.ArgumentTypeError, match="a target of add"):
            parse_end(f"{kind}:x")


def ends(source, *targets, sink=None):
    return Ends(parse_end(source), parse_end(sink) if sink else None, [parse_end(target) for target in targets])


@pytest.mark.parametrize(
    ("wiring", "reason"),
    [
        (ends("net_null0", "net_null0"), "net_null0: given twice"),
        (ends("net_null0,size=64", "x.pcap", sink="net_null0,size=128"), "net_null0: given twice"),
        (ends("net_null0", "x.pcap", "./x.pcap"), "two ends"),
        (ends("net_null0", "x.pcap", sink="x.pcap"), "two ends"),
        (ends("net_null0", "-", "-"), "two ends"),
        (ends("net_null0", "x.pcap", "./x.pcap.part"), "two ends"),
        (ends("x.pcap", "x.pcap"), "it is what is replayed"),
        (ends("./x.pcap.part", "x.pcap"), "it is what is replayed"),
    ],
)
def test_two_ends_in_each_other_s_way_are_refused(wiring, reason):
    with pytest.raises(ConflictError, match=reason):
        wiring.check()


def test_an_output_behind_a_link_to_the_input_is_refused(tmp_path):
    (tmp_path / "link.pcap").symlink_to(tmp_path / "x.pcap")
    with pytest.raises(ConflictError, match="it is what is replayed"):
        ends(f"{tmp_path}/x.pcap", f"{tmp_path}/link.pcap").check()


@pytest.mark.parametrize(
    "wiring",
    [
        ends("x.pcap", "y.pcap", sink="net_null0"),
        ends("-", "-"),
        ends("x.pcap", "/dev/null", "/dev/null", sink="/dev/null"),
        ends("a/x.pcap", "b/x.pcap"),
    ],
)
def test_other_ends_go_together(wiring):
    wiring.check()


def test_an_end_without_a_name_is_refused():
    with pytest.raises(InvalidConfigError, match="no name"):
        ends("file:", "x.pcap").check()
