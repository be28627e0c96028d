# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``pytest --pyargs dpdk_mirror.conformance --dpdk-port DEVARGS``: each property as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .catalog import PROPERTIES, Testbed, judge
from .properties import Property, Verdict

if TYPE_CHECKING:
    from ..eal import Eal


@pytest.fixture(scope="module")
def testbed(dpdk_eal: Eal, pytestconfig: pytest.Config) -> Testbed:
    devices = pytestconfig.getoption("dpdk_port")
    if not devices:
        pytest.skip("no port: give --dpdk-port DEVARGS, and once more for a port that is connected to it")
    return Testbed(dpdk_eal, devices, destructive=pytestconfig.getoption("dpdk_destructive"))


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_port(testbed: Testbed, each: Property) -> None:
    result = judge(each, testbed)
    if result.verdict is Verdict.NOT_APPLICABLE:
        pytest.skip(result.reason)
    if result.verdict is Verdict.FAIL:
        pytest.fail(f"{each.says}\n{result.reason}", pytrace=False)
