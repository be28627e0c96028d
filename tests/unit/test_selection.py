# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Select and what it is made of: values in one form, text both ways, and what makes no sense."""

import ipaddress

import pytest
from hypothesis import example, given
from selections import flows, macs, samples, selects

from dpdk_mirror import Flow, InvalidConfigError, Mac, MirrorSpec, Sample, Select


@given(selects())
def test_what_is_printed_can_be_pasted(select):
    """A repr is the call that makes an equal one."""
    assert eval(repr(select)) == select


@given(selects())
@example(Select(filter='ether[0] & 1 != 0 and "quoted" \\x41, é'))
@example(Select(filter="a\nb"))
@example(Select(filter=" x"))
def test_a_selection_survives_its_text(select):
    """As a part of a spec's, in which its values are quoted."""
    spec = MirrorSpec(select=select)
    assert MirrorSpec.from_pairs(spec.to_pairs()) == spec
    assert Select.from_texts(select.texts()) == select


@pytest.mark.parametrize("strategy", [macs(), flows(), samples()], ids=["mac", "flow", "sample"])
def test_each_part_survives_its_text(strategy):
    @given(strategy)
    def survives(part):
        assert type(part).from_text(part.to_text()) == part

    survives()


def test_a_selection_says_no_more_than_it_was_told():
    assert repr(Select(filter="tcp port 443")) == "Select(filter='tcp port 443')"
    assert repr(Select(mac=Mac(src="02:00:00:00:00:01"), sample=1000)) == (
        "Select(mac=Mac(src='02:00:00:00:00:01'), sample=Sample(one_in=1000))"
    )
    assert repr(Flow(ip_version=4, src="10.0.0.0/8")) == "Flow(src='10.0.0.0/8')"
    assert repr(Select()) == "Select()"


def test_a_spec_names_what_is_selected():
    spec = MirrorSpec(
        select=Select(
            filter="tcp port 443 and not host 10.0.0.1",
            mac=Mac("02:00:00:00:00:01", "02:00:00:00:00:02/ff:ff:ff:00:00:00", both_ways=True),
            vlans="100,200-210",
            flow=Flow(protocol="tcp", src="10.0.0.0/8", src_port="1024-65535", dst_port=443),
            sample=Sample(1000, random=True, seed=7),
            queues=[0, 2, 3],
        )
    )
    assert spec.to_pairs() == (
        'directions=both,mode=share,filter="tcp port 443 and not host 10.0.0.1",'
        'mac="src=02:00:00:00:00:01,dst=02:00:00:00:00:02/ff:ff:ff:00:00:00,both_ways=yes",vlans="100,200-210",'
        'flow="protocol=tcp,src=10.0.0.0/8,src_port=1024-65535,dst_port=443",sample="1000,random=yes,seed=7",'
        'queues="0,2-3"'
    )


def test_everything_is_no_selection():
    """So that specs of every packet are equal, and say the same."""
    assert MirrorSpec(select=Select()).select is None
    assert MirrorSpec.from_pairs('filter="",mac="",vlans="",flow="",sample="",queues=""') == MirrorSpec()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        ("0005,5-5,7-9", "5,5,7-9"),
        ([1, 2, 3, 7, 9, 10], "1-3,7,9-10"),
        (range(200, 211), "200-210"),
        (range(0, 6, 2), "0,2,4"),
        ((4, 3), "4,3"),
    ],
)
def test_numbers_are_one_several_or_text(value, text):
    assert Select(vlans=value).vlans == Select(inner_vlans=value).inner_vlans == Select(queues=value).queues == text


@pytest.mark.parametrize(
    ("flow", "same"),
    [
        (Flow(protocol=6), Flow(protocol="tcp")),
        (Flow(protocol="99"), Flow(protocol=99)),
        (Flow(src=ipaddress.ip_address("192.0.2.1")), Flow(src="192.0.2.1/32")),
        (Flow(src=ipaddress.ip_network("2001:db8::/32")), Flow(ip_version=6, src="2001:DB8:0::/32")),
        (Flow(dst="::ffff:192.0.2.1"), Flow(dst="::ffff:c000:201")),
        (Flow(src="0.0.0.0/0"), Flow(ip_version=4)),
        (Flow(dst_port=range(1024, 65536)), Flow(dst_port="01024-65535")),
    ],
)
def test_a_flow_has_one_form(flow, same):
    assert flow == same
    assert flow.to_text() == same.to_text()


@pytest.mark.parametrize(
    ("mac", "same"),
    [
        (Mac(src="02:AB:00:00:00:01"), Mac(src="02:ab:00:00:00:01/ff:ff:ff:ff:ff:ff")),
        (Mac(src="02:ab:00:00:00:01", dst="02:00:00:00:00:00/00:00:00:00:00:00"), Mac(src="02:ab:00:00:00:01")),
    ],
)
def test_addresses_have_one_form(mac, same):
    assert mac == same
    assert mac.to_text() == same.to_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vlans=4096", "vlans=4096: not within 0 to 4095"),
        ("inner_vlans=4000-5000", "inner_vlans=4000-5000: not within 0 to 4095"),
        ("queues=65536", "queues=65536: not within 0 to 65535"),
        ("vlans=5-3", "vlans=5-3: the range 5-3 is empty"),
        ('vlans="1,"', "vlans=1,: not numbers and ranges, such as 100,200-210"),
        ("vlans=-1", "vlans=-1: not numbers and ranges"),
        ('vlans="' + "1," * 64 + '1"', "more than 64 numbers and ranges"),
        (
            "mac=02:00:00:00:00:01",
            "mac=02:00:00:00:00:01: not key=value,... with each of src, dst, both_ways at most once",
        ),
        ('mac="src=02:00:00:00:00:01,src=02:00:00:00:00:01"', "at most once"),
        ('mac="port=1"', "mac: port: no such key, there are src, dst, both_ways"),
        ('flow="proto=tcp,port=80"', "no such key, there are ip_version, protocol, src, dst, src_port, dst_port, both"),
        ("sample=0.1", "sample=0.1: not a whole number, such as 1000 for one packet in 1000"),
        ('mac="src=02:00:00:00:00"', "mac: src=02:00:00:00:00: not an address such as"),
        ('mac="src=02:00:00:00:00:0g"', "not an address such as"),
        ('mac="src=02:00:00:00:00:01/24"', "not an address such as"),
        ('mac="both_ways=yes"', "mac: no bit of any address counts"),
        ('mac="src=02:00:00:00:00:01/00:00:00:00:00:00"', "mac: no bit of any address counts"),
        ('mac="src=02:00:00:00:00:01,both_ways=1"', "mac: both_ways=1: neither yes nor no"),
        ('flow="both_ways=yes"', "flow: nothing is asked for"),
        ('flow="ip_version=5"', "flow: ip_version=5: neither 4 nor 6"),
        ('flow="protocol=0"', "flow: protocol=0: neither a number from 1 to 255 nor one of tcp, udp"),
        (
            'flow="protocol=icmp,dst_port=80"',
            "flow: protocol=icmp: has no ports: leave them out, or take tcp, udp",
        ),
        ('flow="protocol=50,src_port=0-65535"', "flow: protocol=esp: has no ports"),
        ('flow="protocol=256"', "flow: protocol=256: neither a number from 1"),
        ('flow="src=10.0.0.1/8"', "flow: src=10.0.0.1/8: has bits behind its prefix of 8"),
        ('flow="src=10.0.0.0/33"', "flow: src=10.0.0.0/33: not an address or a prefix"),
        ('flow="src=10.0.0.0/"', "not an address or a prefix"),
        ('flow="src=10.0.0.0/255.0.0.0"', "not an address or a prefix"),
        ('flow="src=10.0.0"', "not an address or a prefix"),
        ('flow="src=::1,dst=192.0.2.1"', "flow: dst=192.0.2.1: of IPv4, but the flow is of IPv6"),
        ('flow="ip_version=6,src=192.0.2.1"', "flow: src=192.0.2.1: of IPv4, but the flow is of IPv6"),
        ('flow="src_port=0"', "flow: src_port=0: not to be had alone"),
        ('flow="dst_port=5-3"', "flow: dst_port=5-3: the range 5-3 is empty"),
        ('flow="dst_port=65536"', "flow: dst_port=65536: not within 0 to 65535"),
        ('flow="dst_port=https"', "flow: dst_port=https: not a number or a range"),
        ("sample=0", "sample=0: not within 1 to 4294967295"),
        ("sample=4294967296", "sample=4294967296: not within 1 to 4294967295"),
        ('sample="10,seed=1"', "sample: seed=1: nothing is random"),
        ('sample="10,"', "sample=: not key=value"),
        ('sample="10,random=yes,seed=18446744073709551616"', "sample: seed=18446744073709551616: not within 0 to"),
        ('filter=" "', "filter is empty"),
        ('filter="\\xff"', "not UTF-8"),
        ('filter="\\x00"', "has a NUL"),
        ("filters=tcp", "did you mean filter"),
    ],
)
def test_text_that_selects_nothing_sensible_is_refused(text, message):
    with pytest.raises(InvalidConfigError) as refused:
        MirrorSpec.from_pairs(text)
    assert message in str(refused.value)


def test_port_0_is_to_be_asked_for_in_a_filter():
    with pytest.raises(InvalidConfigError, match='use a filter: "dst port 0"'):
        Flow(dst_port=0)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Select, {"filter": b"tcp"}),
        (Select, {"mac": "src=02:00:00:00:00:01"}),
        (Select, {"flow": "protocol=tcp"}),
        (Select, {"sample": "1000"}),
        (Select, {"sample": True}),
        (Select, {"vlans": 1.5}),
        (Select, {"vlans": True}),
        (Select, {"vlans": ["1"]}),
        (Mac, {"src": b"\2\0\0\0\0\1"}),
        (Mac, {"src": "02:00:00:00:00:01", "both_ways": 1}),
        (Flow, {"src": 1}),
        (Flow, {"protocol": True}),
        (Flow, {"ip_version": "4"}),
        (Flow, {"protocol": 6, "both_ways": "yes"}),
        (Sample, {"one_in": "1"}),
        (Sample, {"one_in": 1, "random": 1}),
        (MirrorSpec, {"select": "tcp"}),
    ],
)
def test_wrong_types_are_type_errors(kind, values):
    with pytest.raises(TypeError):
        kind(**values)


def test_second_names_are_taken_by_the_constructor_too():
    assert Select(vlan=5, inner_vlan=6, queue=7) == Select(vlans=5, inner_vlans=6, queues=7)
    with pytest.raises(TypeError, match="vlan: another name of vlans: give one of them"):
        Select(vlan=5, vlans=6)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mac=76:45:00:00:00:01", "such as src=02:00:00:00:00:01"),
        ('flow="proto=tcp"', "did you mean protocol?"),
        ('flow="sport=7"', "did you mean src_port or dst_port?"),
        ('flow="port=80"', "did you mean src_port or dst_port?"),
        ('flow="colour=red"', ""),
    ],
)
def test_a_wrong_key_is_told_a_right_one(text, hint):
    with pytest.raises(InvalidConfigError) as refused:
        MirrorSpec.from_pairs(text)
    assert refused.value.hint == hint
