# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``pytest --pyargs dpdk_mirror.conformance --dpdk-port DEVARGS``: each property as a test."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from .catalog import PROPERTIES, Testbed, judge
from .properties import Property, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..eal import Eal


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture(scope="module")
def alone(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two of pytest-xdist's workers with the same devices would find what the other one does to these."""
    with locked(tmp_path_factory.getbasetemp().parent) if hasattr(pytestconfig, "workerinput") else nullcontext():
        yield


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder of all workers."""
    with (folder / "conformance").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.fail("another worker of pytest-xdist's has the port: give -n 0, or --dist loadfile", pytrace=False)
        yield


@pytest.fixture(scope="module")
def testbed(dpdk_eal: Eal, pytestconfig: pytest.Config) -> Testbed:
    devices = pytestconfig.getoption("dpdk_port")
    if not devices:
        reason = "no port: give --dpdk-port DEVARGS, and once more for a port that is connected to it"
        if pytestconfig.getoption("dpdk_required"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return Testbed(dpdk_eal, devices, destructive=pytestconfig.getoption("dpdk_destructive"))


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_port(testbed: Testbed, each: Property) -> None:
    result = judge(each, testbed)
    if result.verdict is Verdict.NOT_APPLICABLE:
        pytest.skip(result.reason)
    if result.verdict is Verdict.FAIL:
        pytest.fail(f"{each.says}\n{result.reason}", pytrace=False)
