# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Streams' readers that go, of an application under traffic. With AddressSanitizer: tests/stress/deaths.py."""

from contextlib import ExitStack

import pytest
from livekit.application import wait_until
from livekit.readers import LEAVING, PORTS
from livekit.testpmd import Testpmd, TestpmdOptions, forwarding

from dpdk_mirror.remote import Application
from dpdk_mirror.spec import MirrorSpec, Mode
from dpdk_mirror.tap.session import Tap


@pytest.fixture(scope="module")
def busy():
    with forwarding(PORTS) as testpmd:
        yield testpmd


@pytest.fixture
def app(busy):
    with Application(busy.telemetry_path) as app:
        yield app
        assert app.mirrors() == []
        assert [port.name for port in app.ports()] == list(PORTS)
        forwarded = app.port_stats(PORTS[0]).ipackets
        wait_until(lambda: app.port_stats(PORTS[0]).ipackets > forwarded, "an application that goes on")


@pytest.mark.parametrize("when", LEAVING)
def test_mirrors_go_with_their_reader_while(app, when):
    LEAVING[when](app)


def test_more_may_look_than_an_application_takes_clients(busy, app):
    """Ten are what telemetry takes: who looks asks for nothing meanwhile."""
    with ExitStack() as stack:
        for _ in range(11):
            other = stack.enter_context(Application(busy.telemetry_path))
            stack.enter_context(Tap(other, PORTS[:1], MirrorSpec(mode=Mode.AUTO), "test"))
        assert len(app.mirrors()) == 11


@pytest.mark.parametrize("is_seen", [False, True])
def test_an_application_may_end_when_a_reader_has_just_gone(is_seen):
    """Also while its library removes the mirrors."""
    with Testpmd(TestpmdOptions(PORTS)) as testpmd:
        testpmd.start()
        with Application(testpmd.telemetry_path) as app, Tap(app, PORTS, MirrorSpec(mode=Mode.AUTO), "test") as tap:
            tap.stream.close()
            if is_seen:
                wait_until(lambda: len(app.mirrors()) < len(PORTS), "the first mirror's end")
            testpmd.stop()
            assert testpmd.quit() == 0
