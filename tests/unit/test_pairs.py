# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Parameters as text."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpdk_mirror.errors import InvalidConfigError
from dpdk_mirror.pairs import escape, join_pairs, split_pairs, unescape

KEYS = st.from_regex(r"[A-Za-z0-9_]+", fullmatch=True)
# What names and paths may be: text, or bytes that are none.
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.binary().map(os.fsdecode)


@given(st.dictionaries(KEYS, TEXTS))
def test_pairs_survive_their_text(texts):
    text = join_pairs(texts)
    assert split_pairs(text) == texts
    assert re.fullmatch("[ -~]*", text)


@given(TEXTS)
def test_what_is_escaped_is_harmless_and_comes_back(text):
    escaped = escape(text)
    assert unescape(escaped) == text
    assert re.fullmatch(r"[ -~]*", escaped)
    assert '"' not in escaped


def test_pairs_nest():
    """A value may be pairs again."""
    inner = join_pairs({"src": "02:00:00:00:00:01", "name": 'a "b"'})
    assert split_pairs(split_pairs(join_pairs({"mac": inner, "x": "1"}))["mac"])["name"] == 'a "b"'


def test_what_no_bytes_stand_for_is_refused():
    with pytest.raises(InvalidConfigError, match="not to be written in UTF-8"):
        join_pairs({"source": "\ud800"})


@pytest.mark.parametrize(
    "text", ["a", "a=", "=b", "a=b,", "a=b,,c=d", "a=b c", 'a="b', 'a="\\n"', 'a="é"', "a=b;c=d", ",a=b", 'a="\\xGG"']
)
def test_what_is_no_pairs_is_refused(text):
    with pytest.raises(InvalidConfigError, match="not key=value"):
        split_pairs(text)


def test_a_key_is_given_once():
    with pytest.raises(InvalidConfigError, match="a: given twice"):
        split_pairs("a=1,a=1")
