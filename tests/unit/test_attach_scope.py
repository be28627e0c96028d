# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the dynamic loader would find of DPDK in an application, and what is made known to it."""

from types import SimpleNamespace

import pytest

from dpdk_mirror import UnsupportedError
from dpdk_mirror.attach import scope
from dpdk_mirror.attach.memory import Loaded


@pytest.fixture
def loaded(monkeypatch):
    """Objects by name, with what each defines; the first is the program's own. ``needs`` is what the library does."""

    def make(needs, own, *others):
        named = [(Loaded(0, name, 0), SimpleNamespace(find=lambda each, has=has: each if each in has else None))
            for name, has in (("", own), *others)]  # fmt: skip
        monkeypatch.setattr(scope, "images", lambda _: named)
        monkeypatch.setattr(scope, "linked", lambda _: [image for _, image in named[:1]])
        monkeypatch.setattr(scope, "undefined", lambda _: set(needs))
        return scope.carriers(SimpleNamespace(pid=1), None)

    return make


def test_what_has_the_rest_is_made_known_and_nothing_else(loaded):
    """The first that has it: another's of the same name is of no use."""
    others = [
        ("/a", ["rte_a", "rte_x"]),
        ("/b", ["rte_x"]),
        ("/c", ["rte_c"]),
        ("/d", ["rte_own"]),
        ("/v", ["rte_vdev_init"]),
    ]
    assert loaded(["rte_own", "rte_a", "rte_c", "rte_vdev_init"], ["rte_own"], *others) == ["/a", "/c"]
    assert loaded(["rte_own"], ["rte_own"], *others) == []


def test_what_is_nowhere_is_told_before_anything_is_touched(loaded):
    """But for what the library does without."""
    assert loaded(["rte_own", "rte_tel_data_free"], ["rte_own"]) == []
    with pytest.raises(
        UnsupportedError, match=r"2 of DPDK's symbols are not there, such as rte_b .*; link it with all"
    ):
        loaded(["rte_own", "rte_c", "rte_b"], ["rte_own"], ("/a", ["rte_a"]))
