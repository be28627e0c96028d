# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What tests need that a machine may lack: a reason to skip them, or, where DPDK is required, to fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cannot_run"]

_MARKERS = (
    "dpdk_hugepages(megabytes=0): it needs EAL to use hugepages, if it uses EAL, and so many megabytes of them free",
    "dpdk_root: it needs root",
    "dpdk_pmd(name, ...): it needs these drivers, as in dpdk_pmd('net_tap')",
    "dpdk_forked: it runs in a process of its own, whatever --dpdk-forked says but no: with an EAL of its own",
)


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def cannot_run(config: pytest.Config, reason: str) -> NoReturn:
    """Skips the test, or has it fail with --dpdk-required."""
    if config.getoption("dpdk_required"):
        pytest.fail(reason, pytrace=False)
    raise pytest.skip.Exception(reason, _use_item_location=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for reason in _lacks(item):
        cannot_run(item.config, reason)


def _lacks(item: pytest.Item) -> Iterator[str]:
    for marker in item.iter_markers("dpdk_root"):
        del marker
        if os.geteuid() != 0:
            yield "needs root"
    for marker in item.iter_markers("dpdk_pmd"):
        yield from _lacks_drivers(marker.args)
    for marker in item.iter_markers("dpdk_hugepages"):
        yield from _lacks_hugepages(item, *marker.args, **marker.kwargs)


def _lacks_drivers(names: tuple[str, ...]) -> Iterator[str]:
    from .. import pmdinfo
    from ..errors import MirrorError

    try:
        known = {name for driver in pmdinfo.drivers() for name in driver.names}
    except MirrorError as error:
        yield str(error)
        return
    for name in names:
        if name not in known:
            yield f"needs the driver {name}, which this DPDK does not have"


def _lacks_hugepages(item: pytest.Item, megabytes: int = 0) -> Iterator[str]:
    from .. import hugepages

    uses_eal = "dpdk_eal" in getattr(item, "fixturenames", ())
    if uses_eal and not item.config.getoption("dpdk_hugepages"):
        yield "needs hugepages: run it with --dpdk-hugepages"
    if megabytes and (free := hugepages.free_mb(megabytes)) < megabytes:
        yield f"needs {megabytes} MB of hugepages, of which {free} MB are free and may be used"
