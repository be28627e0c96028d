# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Select in this process: each of its tests lets its packets through, and a refused one leaves all as it was."""

import errno
import re

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from dpdk_mirror import Direction, FilterEngine, Flow, InvalidConfigError, Mac, Mirror, Sample, Select

A, B, C = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:01:00:00:03"
V4, V6 = IP(src="10.0.0.1", dst="192.0.2.2"), IPv6(src="2001:db8::1", dst="2001:db8:1::2")
FRAMES = {
    name: bytes(packet / Raw(name.encode()))
    for name, packet in {
        "arp": Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(),
        "https": Ether(src=A, dst=B) / V4 / TCP(sport=40000, dport=443),
        "answer": Ether(src=B, dst=A) / IP(src="192.0.2.2", dst="10.0.0.1") / TCP(sport=443, dport=40000),
        "dns": Ether(src=C, dst=B) / V4 / UDP(sport=5353, dport=53),
        "dns6": Ether(src=B, dst=C) / V6 / UDP(sport=1024, dport=53),
        "ping": Ether(src=C, dst=A) / V4 / ICMP(),
        "vlan": Ether(src=A, dst=C) / Dot1Q(vlan=100) / V4 / UDP(sport=1, dport=2),
        "qinq": Ether(src=A, dst=C) / Dot1AD(vlan=7) / Dot1Q(vlan=205) / V6 / TCP(dport=443),
    }.items()
}
# What is chosen, and whose packets those are.
CHOICES = [
    (Select(filter="tcp port 443 and not host 10.0.0.9"), "https answer"),
    (Select(filter="arp or icmp"), "arp ping"),
    (Select(filter="vlan 100"), "vlan"),
    (Select(mac=Mac(src=A)), "arp https vlan qinq"),
    (Select(mac=Mac(src=A, dst=B)), "https"),
    (Select(mac=Mac(src=A, dst=B, both_ways=True)), "https answer"),
    (Select(mac=Mac(dst="02:00:00:00:00:00/ff:ff:ff:00:00:00")), "https answer dns ping"),
    (Select(vlans=100), "vlan"),
    (Select(vlans="1-7,99-100"), "vlan qinq"),
    (Select(vlans=205), ""),
    (Select(inner_vlans=range(200, 211)), "qinq"),
    (Select(flow=Flow(protocol="udp")), "dns dns6 vlan"),
    (Select(flow=Flow(protocol=6, dst_port=443)), "https qinq"),
    (Select(flow=Flow(src="10.0.0.0/8", dst="192.0.2.2", both_ways=True)), "https answer dns ping vlan"),
    (Select(flow=Flow(src="2001:db8::/32")), "dns6 qinq"),
    (Select(flow=Flow(ip_version=6)), "dns6 qinq"),
    (Select(flow=Flow(src_port="1024-5353")), "dns dns6"),
    (Select(filter="udp", mac=Mac(src=C), flow=Flow(dst_port=53)), "dns"),
    (Select(sample=3), "answer ping"),
    (Select(flow=Flow(ip_version=6), sample=2), "qinq"),
    (Select(queues=0), " ".join(FRAMES)),
    (Select(), " ".join(FRAMES)),
]


def pass_through(source, target, queue=0):
    """The application sends and gets all of the frames; what the mirror's target has got of them."""
    source.send(FRAMES.values(), queue=queue)
    assert source.receive(queue=queue) == list(FRAMES.values())
    return target.receive()


@pytest.mark.parametrize(("select", "names"), CHOICES, ids=str)
def test_what_is_chosen_is_mirrored_and_the_rest_is_counted(dpdk_port, select, names):
    source, target = dpdk_port("source"), dpdk_port("target")
    chosen = [FRAMES[name] for name in names.split()]
    with Mirror(source, target, direction=Direction.RX, select=select) as mirror:
        assert pass_through(source, target) == chosen
        stats = mirror.stats()
        assert (stats.seen, stats.packets) == (len(FRAMES), len(chosen))
        assert stats.filtered + stats.unsampled == len(FRAMES) - len(chosen)
        assert (stats.unsampled > 0) == (select.sample is not None)
        assert mirror.spec.select == (None if select == Select() else select)
        assert (mirror.info().filter_engine is FilterEngine.NONE) == (select.filter is None)


def test_a_random_sample_is_that_of_its_seed(dpdk_port, dpdk_frames):
    """Equal seeds choose equally, others otherwise, and about as many."""
    source = dpdk_port("source")
    targets = [dpdk_port(f"target{number}") for number in range(3)]
    mirrors = [
        Mirror(source, target, direction=Direction.RX, select=Select(sample=Sample(10, random=True, seed=seed)))
        for target, seed in zip(targets, (1, 1, 2), strict=True)
    ]
    frames = dpdk_frames(1000)
    source.send(frames)
    assert source.receive() == frames
    first, same, other = (target.receive() for target in targets)
    assert first == same != other
    assert all(50 < len(sample) < 200 for sample in (first, other))
    assert [mirror.stats().unsampled for mirror in mirrors] == [1000 - len(each) for each in (first, same, other)]
    for mirror in mirrors:
        mirror.close()


def test_only_the_chosen_queues_are_mirrored(dpdk_port):
    source, target = dpdk_port("source", rx_queues=4, tx_queues=4), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, select=Select(queues=[0, 2, 3])) as mirror:
        assert [len(pass_through(source, target, queue)) for queue in range(4)] == [8, 0, 8, 8]
        assert (mirror.info().rx_queues, mirror.stats().seen) == (3, 24)


def test_mirrors_of_one_source_choose_each_for_itself(dpdk_port):
    source = dpdk_port("source")
    targets = [dpdk_port(f"target{number}") for number in range(len(CHOICES))]
    mirrors = [
        Mirror(source, target, direction=Direction.RX, select=select)
        for target, (select, _) in zip(targets, CHOICES, strict=True)
    ]
    source.send(FRAMES.values())
    assert source.receive() == list(FRAMES.values())
    for target, (_, names) in zip(targets, CHOICES, strict=True):
        assert target.receive() == [FRAMES[name] for name in names.split()]
    for mirror in mirrors:
        mirror.close()


def test_a_selection_can_be_changed_and_taken_away(dpdk_port):
    """Other options stay meanwhile, and it does when others are changed."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX, select=Select(filter="arp")) as mirror:
        assert pass_through(source, target) == [FRAMES["arp"]]
        mirror.update(select=Select(vlans=100))
        assert pass_through(source, target) == [FRAMES["vlan"]]
        mirror.update(name="other")
        assert pass_through(source, target) == [FRAMES["vlan"]]
        mirror.update(select=None)
        assert pass_through(source, target) == list(FRAMES.values())
        assert (mirror.stats().seen, mirror.stats().filtered) == (32, 21)


# What only the library can tell.
REFUSED = [
    (Select(filter="tcp prt 443"), errno.EINVAL, 'filter "tcp prt 443": '),
    (Select(filter="ether[300000] = 1 and"), errno.EINVAL, 'filter "ether[300000] = 1 and": '),
    (Select(queues="0,7"), errno.ERANGE, "queues 7 to 7 selected, but port"),
]


@pytest.mark.parametrize(("select", "number", "reason"), REFUSED)
def test_what_cannot_be_chosen_is_refused_and_the_mirror_stays_as_it_was(dpdk_port, select, number, reason):
    """With a sentence, libpcap's own where it is libpcap's business; whether it is made or updated."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with pytest.raises(InvalidConfigError, match=re.escape(reason)) as caught:
        Mirror(source, target, direction=Direction.RX, select=select)
    assert caught.value.errno == number
    with Mirror(source, target, direction=Direction.RX, select=Select(filter="arp")) as mirror:
        with pytest.raises(InvalidConfigError, match=re.escape(reason)):
            mirror.update(select=select)
        assert mirror.spec.select == Select(filter="arp")
        assert pass_through(source, target) == [FRAMES["arp"]]


def test_libpcaps_own_words_say_what_is_wrong(dpdk_port):
    with pytest.raises(InvalidConfigError, match="syntax error"):
        Mirror(dpdk_port("source"), dpdk_port("target"), select=Select(filter="tcp and and"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"vlan": "5-3"}, "the range 5-3 is empty"),
        ({"vlan": []}, "not numbers and ranges"),
        ({"sample": 0}, "not within 1"),
        ({"filter": ""}, "filter is empty"),
    ],
)
def test_what_contradicts_itself_is_no_selection(values, message):
    """There is nothing to give to a mirror then."""
    with pytest.raises(InvalidConfigError, match=message):
        Select(**values)
