# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Parameters as text mean the same to the library in C and to MirrorSpec in Python."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from programs import ROOT, compile_program
from selections import selects

from dpdk_mirror import Flow, InvalidConfigError, Mac, Sample, Select
from dpdk_mirror.spec import PARAMETERS, Direction, MirrorSpec, Mode, RateUnit

PLUGIN = ROOT / "csrc" / "plugin"

# Of struct rte_mirror_param; a name in Python is as long as it likes until it meets a mirror.
NAME_SIZE = 64
# Of what one request may say.
TEXT_SIZE = 1024

NUMBERS = [each.name for each in fields(MirrorSpec) if each.type == "int"]

WRITTEN = st.builds(
    MirrorSpec,
    directions=st.sampled_from([Direction.RX, Direction.TX, Direction.BOTH]),
    mode=st.sampled_from([Mode.SPLIT, Mode.AUTO]),
    **dict.fromkeys(NUMBERS, st.integers(0, 65535))
    | {"snaplen": st.sampled_from([0, 2000, 2**32 - 1]), "split_len": st.sampled_from([0, 14, 1999])},
    origin=st.booleans(),
    linger=st.booleans(),
    ends_with=st.none() | st.builds("{}:{}".format, st.integers(1, 2**31 - 1), st.integers(0, 2**64 - 1)),
    name=st.none()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15).filter(
        lambda name: not re.fullmatch("[0-9]+", name)
    ),
    select=st.none() | selects(most=8),
)

PIECES = [
    "rate=",
    "7",
    "k",
    "M",
    "G",
    "mode=",
    "copy",
    "snaplen=",
    "96",
    "name=",
    '"',
    "\\x41",
    "\\xc3\\xa9",
    "\\xff",
    "lease=",
    "d",
    "ends_with=",
    "12:",
    "origin=",
    "yes",
    ",",
    "=",
    "é",
]

# What the values of a selection are made of.
SELECT_PIECES = [
    *("src=", "dst=", "both_ways=yes", "ip_version=", "protocol=", "src_port=", "dst_port=", "random=yes", "seed="),
    *("02:ab:00:00:00:01", "/ff:ff:ff:00:00:00", "/00:00:00:00:00:00", "2001:DB8::", "::ffff:192.0.2.1", "10.0.0.0"),
    *("/8", "/0", "/32", "/129", "0", "4", "6", "80", "4095", "4096", "65535", "65536", "4294967296", "1" * 20),
    *("tcp", "ospf", "icmp6", "99", "256", "-", ",", ",", ",", ":", ".", "\\x22", "\\x00"),
]
SELECT_VALUES = st.lists(st.sampled_from(SELECT_PIECES), max_size=8).map("".join)
SELECT_KEYS = ["mac", "vlans", "inner_vlans", "flow", "sample", "queues", "filter"]
ANY = (
    st.text()
    | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
    | st.from_regex(r'\A(\w+=\w+,)*name="[ -~]*"\Z')
    | st.builds('{}="{}"'.format, st.sampled_from(SELECT_KEYS), SELECT_VALUES)
)

# What C leaves to the library to refuse.
LIBRARYS = r"split|Ethernet|shared packet|smaller|bits behind|nothing is random|filter is empty"


class Reader:
    """The plugin's own parser, in a process."""

    def __init__(self, program) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, text: str) -> tuple[bool, str]:
        """Whether the text is read, and as what, or why not. What is remembered of it, too, means the same."""
        self.process.stdin.write(text.encode().hex().encode() + b"\n")
        self.process.stdin.flush()
        answer = self._line()
        if answer.startswith("+ "):
            self.remembered = self._line()
            assert python_reads(self.remembered) == python_reads(answer[2:])
        return answer.startswith("+ "), answer[2:]

    def _line(self) -> str:
        line = self.process.stdout.readline().decode()
        assert line.endswith("\n")
        return line[:-1]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    sources = [
        *(ROOT / "tests" / "c" / f"{name}.c" for name in ("param_text", "read_specs")),
        *(PLUGIN / f"{name}.c" for name in ("pairs", "refusal", "scalar", "spec", "spec_select", "text", "values")),
    ]
    program = compile_program(tmp_path_factory.mktemp("reader") / "read_specs", sources)
    reader = Reader(program)
    yield reader
    reader.process.stdin.close()
    assert reader.process.wait(10) == 0


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=WRITTEN)
def test_what_python_writes_c_reads_and_remembers_the_same(reader, spec):
    """The text is the same to the letter."""
    assume(len(spec.to_pairs()) < TEXT_SIZE)
    assert reader.read(spec.to_pairs()) == (True, spec.to_pairs())
    assert reader.remembered == spec.to_pairs()


def python_reads(text: str) -> MirrorSpec | None:
    try:
        return MirrorSpec.from_pairs(text)
    except InvalidConfigError:
        return None


def fits_into_c(text: str, spec: MirrorSpec) -> bool:
    """What C has room for."""
    name = b"n" if spec.name is None else spec.name.encode()
    return 0 < len(name) < NAME_SIZE and b"\0" not in name and "\0" not in text and len(text.encode()) < TEXT_SIZE


@settings(max_examples=500, deadline=None)
@given(text=ANY)
def test_c_and_python_read_the_same_texts_as_the_same(reader, text):
    """What Python reads C reads as the same; what C refuses Python refuses, or C has no room for it.

    What single parameters mean together C asks the library, so a text that C reads may contradict itself in Python.
    """
    spec = python_reads(text)
    is_read, written = reader.read(text.partition("\0")[0])
    if spec is not None and fits_into_c(text, spec):
        assert (is_read, written) == (True, spec.to_pairs())
    elif spec is None and is_read and "\0" not in text:
        with pytest.raises(InvalidConfigError, match=LIBRARYS):
            MirrorSpec.from_pairs(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, "nonsense") for key in PARAMETERS if key not in {"name", "filter"}),
        ("rate", "1.5M"),
        ("sample", "0.1"),
        ("mac", "76:45:00:00:00:01"),
        ("flow", '"proto=tcp"'),
        ("vlans", "4096"),
        ("vlans", '"7,5-3"'),
        ("queues", "65536"),
        ("mac", '"src=1"'),
        ("mac", '"dst=1"'),
        ("mac", '"src=02:00:00:00:00:01,both_ways=1"'),
        ("flow", '"ip_version=5"'),
        ("flow", '"protocol=x"'),
        ("flow", '"src=x"'),
        ("flow", '"src=::1,dst=192.0.2.1"'),
        ("flow", '"src_port=x"'),
        ("flow", '"dst_port=70000"'),
        ("flow", '"protocol=icmp,dst_port=80"'),
        ("lease", "1h30m"),
        ("ends_with", "0:1"),
        ("ends_with", "2147483648:1"),
        ("ends_with", "1:18446744073709551616"),
        ("sample", "0"),
        ("sample", '"7,seed=x"'),
        ("sample", '"7,random=1"'),
    ],
)
def test_refusals_name_the_parameter_in_both(reader, key, value):
    """The sentences say the same: which parameter, which value, and what would do."""
    is_read, reason = reader.read(f"{key}={value}")
    assert not is_read
    with pytest.raises(InvalidConfigError) as refused:
        MirrorSpec.from_pairs(f"{key}={value}")
    assert reason.removeprefix("parameter ") in str(refused.value)


def test_every_parameter_of_python_is_one_of_c(reader):
    """None is missing in the library."""
    mac = Mac("02:00:00:00:00:01", "02:00:00:00:00:02/ff:00:00:00:00:00", both_ways=True)
    flow = Flow(protocol=6, src="::1", dst="2001:db8::/32", src_port=1, dst_port="2-3", both_ways=True)
    select = Select(
        "tcp", mac, vlans=1, inner_vlans="2,3", flow=flow, sample=Sample(7, random=True, seed=8), queues="0-9"
    )
    numbers = {key: 100 - index for index, key in enumerate(NUMBERS)} | {"split_len": 20}
    spec = MirrorSpec(
        Direction.RX,
        Mode.SPLIT,
        **numbers,
        rate_unit=RateUnit.BITS,
        origin=True,
        linger=False,
        ends_with="12:34",
        name="all of them",
        select=select,
    )
    assert all(getattr(spec, field) != getattr(MirrorSpec(), field) for field in MirrorSpec.__slots__)
    assert reader.read(replace(spec).to_pairs()) == (True, spec.to_pairs())
