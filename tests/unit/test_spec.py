# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""MirrorSpec: its values, and the text that it is written as."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from selections import selects

from dpdk_mirror.errors import InvalidConfigError
from dpdk_mirror.selection import Flow, Mac, Sample, Select
from dpdk_mirror.spec import COUNTERS, LEN_MIN, PARAMETERS, Direction, MirrorSpec, Mode, RateUnit

HEADER = Path(__file__).parents[2] / "csrc/include/rte_mirror.h"

LONGEST = 0xFFFFFFFF


@st.composite
def specs(draw):
    """Any spec that makes sense."""
    mode = draw(st.sampled_from(Mode))
    snaplen = draw(st.just(0) | st.integers(14, LONGEST))
    splits = mode in (Mode.SPLIT, Mode.AUTO) and snaplen != 14
    others = [each.name for each in fields(MirrorSpec) if each.type == "int" and not each.name.endswith("len")]
    return MirrorSpec(
        directions=draw(st.sampled_from([Direction.RX, Direction.TX, Direction.BOTH])),
        mode=mode,
        **{key: draw(st.integers(0, 0xFFFF)) for key in others},
        snaplen=snaplen,
        split_len=draw(st.just(0) | st.integers(14, snaplen - 1 if snaplen else LONGEST)) if splits else 0,
        origin=draw(st.booleans()) if mode is not Mode.SHARE else False,
        name=draw(st.none() | st.text().filter(lambda name: not re.fullmatch("[0-9]+", name))),
        select=draw(st.none() | selects()),
    )


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
@example(MirrorSpec(name=""))
@example(MirrorSpec(name="a b,c=d"))
@example(MirrorSpec(name='"quoted" \\x41 back\\slash'))
@example(MirrorSpec(name="new\nline, tab\t, nul\0, é, 漢, 🪞"))
def test_a_spec_survives_its_text(spec):
    text = spec.to_pairs()
    assert MirrorSpec.from_pairs(text) == spec
    assert re.fullmatch("[ -~]+", text), "only printable ASCII is sure to pass a socket that speaks JSON"


def test_the_text_names_what_is_not_the_librarys_default():
    assert MirrorSpec().to_pairs() == "directions=both,mode=share"
    assert MirrorSpec(directions=Direction.RX, mode=Mode.COPY, snaplen=96, name="a b").to_pairs() == (
        'directions=rx,mode=copy,snaplen=96,name="a b"'
    )
    assert MirrorSpec(mode=Mode.AUTO, split_len=64, origin=True).to_pairs() == (
        "directions=both,mode=auto,split_len=64,origin=yes"
    )


def test_what_the_text_does_not_name_keeps_its_default():
    assert MirrorSpec.from_pairs("") == MirrorSpec()
    assert MirrorSpec.from_pairs("mode=auto") == MirrorSpec(mode=Mode.AUTO)
    assert MirrorSpec.from_pairs("mode=copy,origin=no") == MirrorSpec(mode=Mode.COPY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mod=share", "did you mean mode"),
        ("mode=shared", "not one of share, split, copy, auto"),
        ("mode=copy,origin=1", "neither yes nor no"),
        ("directions=none", "not one of rx, tx, both"),
        ("mode", "not key=value"),
        ("mode=", "not key=value"),
        ("mode=share,", "not key=value"),
        ("mode=share,,snaplen=1", "not key=value"),
        ("name=a b", "not key=value"),
        ('name="a', "not key=value"),
        ('name="\\n"', "not key=value"),
        ('name="é"', "not key=value"),
        ('name="\\xff"', "not UTF-8"),
        ("name=7", "would be taken for an id.*not digits alone"),
        ("name=0123456789012", "would be taken for an id"),
        ("mode=share,mode=share", "given twice"),
        ("snaplen=-1", "not a whole number"),
        ("snaplen=0x10", "not a whole number"),
        ("snaplen=4294967296", "not within 0 to 4294967295"),
        ("snaplen=13", "less than an Ethernet header.*14 or more"),
        ("split_len=64", "mode share does not split"),
        ("target_queue=65536", "not within 0 to 65535"),
    ],
)
def test_text_that_describes_no_spec_is_refused(text, message):
    with pytest.raises(InvalidConfigError, match=message):
        MirrorSpec.from_pairs(text)


@pytest.mark.parametrize(
    "values",
    [
        {"mode": 0},
        {"directions": 3},
        {"snaplen": "1"},
        {"snaplen": True},
        {"snaplen": 1.0},
        {"name": b"x"},
        {"origin": 1},
    ],
)
def test_wrong_types_are_type_errors(values):
    with pytest.raises(TypeError):
        MirrorSpec(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"directions": Direction(0)},
        {"snaplen": -1},
        {"split_len": 1 << 32, "mode": Mode.SPLIT},
        {"target_queue": 1 << 16},
        {"name": "\ud800"},
    ],
)
def test_values_that_c_cannot_have_are_refused(values):
    with pytest.raises(InvalidConfigError):
        MirrorSpec(**values)


@pytest.mark.parametrize("key", ["snaplen", "split_len"])
def test_lengths_are_0_or_an_ethernet_header_at_least(key):
    for length in (0, LEN_MIN, LEN_MIN + 1, LONGEST):
        assert getattr(MirrorSpec(mode=Mode.SPLIT, **{key: length}), key) == length
    for length in (1, LEN_MIN - 1):
        with pytest.raises(InvalidConfigError, match=f"{key}={length}: less than an Ethernet header.*; give 14"):
            MirrorSpec(mode=Mode.SPLIT, **{key: length})


def test_only_modes_that_may_split_take_a_split_len():
    for mode in (Mode.SPLIT, Mode.AUTO):
        assert MirrorSpec(mode=mode, split_len=64).split_len == 64
    for mode in (Mode.SHARE, Mode.COPY):
        with pytest.raises(InvalidConfigError, match=f"mode {mode} does not split.*; take mode split or auto"):
            MirrorSpec(mode=mode, split_len=64)


def test_split_len_is_less_than_snaplen():
    """Else all that is taken would be copied."""
    assert MirrorSpec(mode=Mode.SPLIT, split_len=64, snaplen=65).snaplen == 65
    assert MirrorSpec(mode=Mode.SPLIT, snaplen=65).snaplen == 65
    for snaplen in (64, 63):
        with pytest.raises(InvalidConfigError, match=r"nothing is left.*; take mode copy"):
            MirrorSpec(mode=Mode.SPLIT, split_len=64, snaplen=snaplen)


def test_the_origin_is_for_modes_with_packets_of_their_own():
    for mode in (Mode.SPLIT, Mode.COPY, Mode.AUTO):
        assert MirrorSpec(mode=mode, origin=True).origin is True
    with pytest.raises(InvalidConfigError, match=r"origin: a shared packet.*; take mode split, copy or auto"):
        MirrorSpec(origin=True)
    assert MirrorSpec(origin=True, snaplen=64).origin is True


def test_directions_and_modes_have_the_names_and_values_of_c():
    directions = [Direction.RX, Direction.TX, Direction.BOTH]
    assert [(str(each), int(each)) for each in directions] == [("rx", 1), ("tx", 2), ("both", 3)]
    assert [(str(each), int(each)) for each in Mode] == [("share", 0), ("split", 1), ("copy", 2), ("auto", 3)]
    assert Direction.RX | Direction.TX is Direction.BOTH


def test_counters_and_parameters_have_the_names_of_the_header():
    """One name for one thing, in C as in Python."""
    header = HEADER.read_text(encoding="utf-8")

    def members(struct):
        body = re.search(rf"^struct {struct} {{\n(.*?)^}};", header, re.DOTALL | re.MULTILINE)[1]
        names = re.findall(r"(\w+)(?:\[\w+\])?;", re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL))
        return [name for name in names if name != "reserved"]

    assert list(COUNTERS) == members("rte_mirror_stats")
    flags = {name.lower() for name in re.findall(r"^#define RTE_MIRROR_F_(\w+)", header, re.MULTILINE)}
    of_mirror = {field.name for field in fields(MirrorSpec)} - {key for key, each in PARAMETERS.items() if each.live}
    assert of_mirror <= set(members("rte_mirror_param")) | flags
    selects = set(members("rte_mirror_select"))
    assert {field.name for field in fields(Select)} - {"sample"} <= selects
    assert {f"sample_{field.name}" for field in fields(Sample)} <= selects
    assert {field.name for field in fields(Mac)} <= set(members("rte_mirror_mac"))
    assert {field.name for field in fields(Flow)} <= set(members("rte_mirror_flow"))
    assert re.search(r"^#define RTE_MIRROR_LEN_MIN (\d+)", header, re.MULTILINE)[1] == str(LEN_MIN)


def test_each_parameter_is_a_field_with_its_key_and_a_text():
    """The command line and TOML files are made from this table."""
    whole = [field.name for field in fields(MirrorSpec) if field.name != "select"]
    assert list(PARAMETERS) == [*whole, *(field.name for field in fields(Select))]
    assert {key for key, each in PARAMETERS.items() if each.field == "select"} == {each.name for each in fields(Select)}
    texts = MirrorSpec(name="x").texts()
    assert list(texts) == list(PARAMETERS)
    for key, parameter in PARAMETERS.items():
        assert bool(parameter.choices) != bool(parameter.value)
        for text in parameter.choices:
            assert MirrorSpec.from_texts({"mode": "auto", "rate": "1", key: text}).texts()[key] == text


@given(specs())
def test_a_spec_survives_its_texts(spec):
    assert MirrorSpec.from_texts(spec.texts()) == spec


@pytest.mark.parametrize(("text", "rate"), [("0", 0), ("10k", 10_000), ("1M", 10**6), ("18G", 18 * 10**9), ("7", 7)])
def test_a_rate_may_be_of_thousands_and_millions(text, rate):
    assert MirrorSpec.from_texts({"rate": text}).rate == rate


def test_a_rates_unit_comes_and_goes_with_the_rate():
    with pytest.raises(InvalidConfigError, match=r"rate_unit=bits: there is no rate.*; give rate, too"):
        MirrorSpec(rate_unit=RateUnit.BITS)
    limited = MirrorSpec(rate=8000, rate_unit=RateUnit.BITS)
    assert limited.changed(rate=9000).rate_unit is RateUnit.BITS
    assert limited.changed(rate=0) == MirrorSpec()
