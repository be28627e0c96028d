# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixtures in this process: EAL, pools, ports, pairs of ports, mirrors."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from .crash import logged
from .needs import cannot_run
from .options import eal_options
from .report import EAL, show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from ..eal import Eal
    from ..ethdev import Port
    from ..mempool import Mempool
    from ..mirror import Mirror, MirrorOptions
    from ..portconfig import PortOptions
    from ..vdev import Vdev
    from .makers import MirrorMaker, PortMaker

_numbers = itertools.count()


@pytest.fixture(scope="session")
def dpdk_eal(pytestconfig: pytest.Config) -> Iterator[Eal]:
    """EAL, started once per process: a ``dpdk_mirror.Eal``, as the options --dpdk-vdev and so on say.

    Without them it takes no PCI device, no hugepages and no root. Where DPDK cannot run the test is skipped with the
    reason, or fails with it under --dpdk-required; options that EAL refuses fail it in any case. Each worker of
    pytest-xdist has an EAL of its own. Tests that are to have one for themselves are marked ``dpdk_forked``.
    """
    with logged(pytestconfig), _start(pytestconfig) as eal:
        pytestconfig.stash[EAL] = eal
        yield eal
        del pytestconfig.stash[EAL]


def _start(config: pytest.Config) -> Eal:
    # Here, so that a session that uses none of these fixtures does not load DPDK.
    from ..eal import Eal
    from ..errors import EalAlreadyStartedError, EalError, MirrorError, OutOfMemoryError, UnsupportedError

    try:
        options = eal_options(config)
        asked = options["lcores"] or options["args"] or options["devices"] or options["vdevs"]
        return Eal(**options)
    except (UnsupportedError, OutOfMemoryError) as error:
        reason, lacks = str(error), True
    except MirrorError as error:
        is_eals = isinstance(error, EalError) and not isinstance(error, EalAlreadyStartedError)
        reason, lacks = str(error), is_eals and not asked
    # Here, so that the report is the sentence alone, and not what it was raised in the course of.
    if lacks:
        cannot_run(config, reason)
    pytest.fail(reason, pytrace=False)


@pytest.fixture
def dpdk_pool(dpdk_eal: Eal) -> Iterator[Mempool]:
    """A mempool of the test's own: 4095 packet buffers of 2048 bytes.

    The test fails if one of them is still in use when its ports have been closed. For pools of other sizes there is
    ``dpdk_eal.mempool()``.
    """
    pool = dpdk_eal.mempool(f"pytest{next(_numbers)}", size=4095)
    yield pool
    if held := pool.in_use:
        pytest.fail(f"{held} packet buffers leaked: still in use after all ports are closed", pytrace=False)
    pool.close()


@pytest.fixture
def dpdk_port(dpdk_eal: Eal, dpdk_pool: Mempool, request: pytest.FixtureRequest) -> Iterator[PortMaker]:
    """Make started ports, of any driver: ``dpdk_port("source")``.

    By default that is a net_ring port: it receives what is sent on it. ``dpdk_port("a", driver="net_null",
    args="size=99")`` is another, ``dpdk_port("net_tap0,iface=t0")`` the same in EAL's form, ``dpdk_port(Vdev.tap("t",
    iface="t0"))`` in Python's; ``dpdk_port("0000:03:00.0")`` is a device of --dpdk-allow, ``dpdk_port("net_tap0")``
    one of --dpdk-vdev. Keywords are those of ``Port.start()``; with ``start=False`` the test starts it.

    At the test's end ports are closed, latest first, with the mirrors and forwarders that use them and the packets
    that wait in them; PCI devices are stopped. A packet buffer that is still in use then fails the test. A failed
    test's report has their counters.
    """
    with contextlib.ExitStack() as ports:

        def make(
            name: str | Vdev,
            driver: str = "net_ring",
            args: str = "",
            *,
            start: bool = True,
            **options: Unpack[PortOptions],
        ) -> Port:
            port = _plug(dpdk_eal, name, driver, args)
            ports.callback(_give_back, dpdk_eal, port)
            _show_port(request.node, port)
            return port.start(dpdk_pool, **options) if start else port

        yield make


@pytest.fixture
def dpdk_pair(dpdk_eal: Eal, dpdk_pool: Mempool, request: pytest.FixtureRequest) -> Iterator[tuple[Port, Port]]:
    """Two started net_ring ports, each of which receives what the other sends: ``near, far = dpdk_pair``.

    They are closed, and looked at for leaks, as those of dpdk_port. For more queues there is ``dpdk_eal.pair()``.
    """
    pair = dpdk_eal.pair(f"pair{next(_numbers)}")
    try:
        for port in pair:
            _show_port(request.node, port)
            port.start(dpdk_pool)
        yield pair
    finally:
        for port in pair:
            port.close()


@pytest.fixture
def dpdk_mirror(dpdk_eal: Eal, request: pytest.FixtureRequest) -> Iterator[MirrorMaker]:  # noqa: ARG001 - whose ports
    """Make mirrors between ports: ``dpdk_mirror(source, target, direction=Direction.RX)`` is a started one.

    Keywords are those of ``dpdk_mirror.Mirror``. They end with the test, and the report of a failed one has their
    counters.
    """
    with contextlib.ExitStack() as mirrors:

        def make(source: Port, target: Port, **options: Unpack[MirrorOptions]) -> Mirror:
            from ..mirror import Mirror

            mirror = mirrors.enter_context(Mirror(source, target, **options))
            show(request.node, str(mirror), lambda: _counters(mirror))
            return mirror

        yield make


def _plug(eal: Eal, name: str | Vdev, driver: str, args: str) -> Port:
    from ..ealconfig import is_pci
    from ..vdev import Vdev

    session = {vdev.name: vdev for vdev in eal.config.checked_vdevs()}
    if isinstance(name, str) and name in session:
        return _of_session(eal, session[name])
    if isinstance(name, Vdev) or is_pci(name) or (name.startswith("net_") and driver == "net_ring" and not args):
        return eal.plug(name)
    return eal.plug(f"{driver}_{name},{args}" if args else f"{driver}_{name}")


def _of_session(eal: Eal, vdev: Vdev) -> Port:
    """It is there from the start, and again after a test has closed it."""
    from ..errors import NotFoundError

    try:
        return eal.port(vdev.name)
    except NotFoundError:
        return eal.plug(vdev)


def _give_back(eal: Eal, port: Port) -> None:
    from ..ealconfig import is_pci

    if is_pci(port.name):
        port.release()
    else:
        eal.unplug(port)


def _show_port(item: pytest.Item, port: Port) -> None:
    show(item, f"port {port.name}", lambda: _counters(port))


def _counters(counted: Port | Mirror) -> str:
    """Those that are not 0."""
    if counted.closed:
        return "closed"
    stats = counted.stats()
    values = {each.name: getattr(stats, each.name) for each in fields(stats)}
    return " ".join(f"{name}={value}" for name, value in values.items() if value) or "all counters are 0"
