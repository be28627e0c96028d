# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Fixtures for tests with DPDK ports: no NIC, no hugepages, no root.

Every test that uses ``dpdk_pool`` or ``dpdk_port`` is a leak test too: it fails when, after its ports are closed, a
packet buffer is still in use.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from .eal import Eal
    from .ethdev import Port
    from .mempool import Mempool
    from .portconfig import PortOptions

# Locally administered addresses, an EtherType for local experiments, and sizes from the least to the most.
_ADDRESSES = bytes.fromhex("020000000001020000000002")
_ETHERTYPE = bytes.fromhex("88b5")
_SIZES = (60, 1514, 61, 590, 64, 1280, 128, 333)

_pool_numbers = itertools.count()


class PortMaker(Protocol):
    """What the fixture ``dpdk_port`` is."""

    def __call__(
        self, name: str, driver: str = "net_ring", args: str = "", *, start: bool = True, **options: Unpack[PortOptions]
    ) -> Port: ...


class FramesMaker(Protocol):
    """What the fixture ``dpdk_frames`` is."""

    def __call__(self, count: int, size: int | None = None) -> list[bytes]: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("dpdk_workers", "EAL workers of dpdk_eal; may be more than there are CPUs", default="2")


@pytest.fixture(scope="session")
def dpdk_eal(pytestconfig: pytest.Config) -> Iterator[Eal]:
    """The EAL of this test session; it can be started once per process."""
    # Here, so that a session that uses none of these fixtures does not load DPDK.
    from .eal import Eal
    from .errors import UnsupportedError

    try:
        eal = Eal(hugepages=False, workers=int(pytestconfig.getini("dpdk_workers")))
    except UnsupportedError as error:
        pytest.fail(str(error), pytrace=False)
    with eal:
        yield eal


@pytest.fixture
def dpdk_pool(dpdk_eal: Eal) -> Iterator[Mempool]:
    """A mempool of the test's own; every buffer of it must be free at the test's end."""
    pool = dpdk_eal.mempool(f"pytest{next(_pool_numbers)}", size=4095)
    yield pool
    if held := pool.in_use:
        pytest.fail(f"{held} packet buffers leaked: still in use after all ports are closed", pytrace=False)
    pool.close()


@pytest.fixture
def dpdk_port(dpdk_eal: Eal, dpdk_pool: Mempool) -> Iterator[PortMaker]:
    """Makes started ports: ``dpdk_port("source", driver="net_ring", args="", **what Port.start() takes)``.

    ``start=False`` leaves the port to be started by the test. At the test's end the ports are closed, latest first,
    with the packets that wait in them, and their devices are unplugged.
    """
    with contextlib.ExitStack() as ports:

        def make(
            name: str, driver: str = "net_ring", args: str = "", *, start: bool = True, **options: Unpack[PortOptions]
        ) -> Port:
            port = dpdk_eal.plug(f"{driver}_{name},{args}" if args else f"{driver}_{name}")
            ports.callback(dpdk_eal.unplug, port)
            return port.start(dpdk_pool, **options) if start else port

        yield make


@pytest.fixture
def dpdk_frames() -> FramesMaker:
    """Makes Ethernet frames: ``dpdk_frames(n)`` are n distinct ones of varied sizes, the same each time."""

    def make(count: int, size: int | None = None) -> list[bytes]:
        sizes = itertools.cycle(_SIZES) if size is None else itertools.repeat(size)
        return [_frame(number, length) for number, length in zip(range(count), sizes, strict=False)]

    return make


def _frame(number: int, size: int) -> bytes:
    header = _ADDRESSES + _ETHERTYPE + number.to_bytes(4)
    payload = random.Random(number).randbytes(max(0, size - len(header)))  # noqa: S311 - the same each time
    return (header + payload)[:size]
