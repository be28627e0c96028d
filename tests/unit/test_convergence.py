# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""From whatever an application's mirrors are, one application of a file makes them what it says."""

import pytest
from fakeapp import RefusedError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dpdk_mirror.remote import converge
from dpdk_mirror.remote.answers import refusal
from dpdk_mirror.remote.application import Application
from dpdk_mirror.remote.desired import Desired
from dpdk_mirror.remote.plan import make_plan
from dpdk_mirror.remote.wanted import Wanted
from dpdk_mirror.spec import MirrorSpec


class Beside(Application):
    """Asks the application without a socket: many more states in the same time."""

    def __init__(self, fake):
        super().__init__(fake.path)
        self._fake = fake

    def _value(self, doing, command, parameters):
        try:
            value = self._fake.value(command, dict(parameters))
        except RefusedError as refused:
            raise refusal(doing, refused.args[0]) from None
        return value


@pytest.fixture
def app(start):
    return Beside(start("ovs"))


@pytest.fixture
def fake(app):
    return app._fake


def one(source, to, **texts):
    return source, to, texts


MIRRORS = st.builds(
    lambda source, to, texts: (source, to, texts),
    st.sampled_from(["0", "1"]),
    st.sampled_from(["tap:a", "ring:b", "pcap:/c", "pcap:/d"]),
    st.fixed_dictionaries(
        {},
        optional={
            "directions": st.sampled_from(["rx", "tx", "both"]),
            "mode": st.sampled_from(["copy", "auto"]),
            "snaplen": st.sampled_from(["0", "64", "96"]),
            "target_queue": st.sampled_from(["0", "1"]),
            "origin": st.sampled_from(["no", "yes"]),
        },
    ),
)


def can_be(mirrors):
    """No two of them do the same."""
    ways = [
        (source, to, way)
        for source, to, texts in mirrors.values()
        for way in {"rx": "r", "tx": "t"}.get(texts.get("directions", "both"), "rt")
    ]
    return len(ways) == len(set(ways))


FILES = st.dictionaries(st.sampled_from(["a", "b c", "ü", "d", "apply-1"]), MIRRORS).filter(can_be)
STATES = st.lists(st.sampled_from(["running", "stopped", "paused"]), min_size=5, max_size=5)


def desired(mirrors):
    wanted = {
        name: Wanted(source, to, force=False, spec=MirrorSpec.from_texts({"mode": "auto", "name": name, **texts}))
        for name, (source, to, texts) in mirrors.items()
    }
    return Desired(None, wanted)


def apply(app, mirrors, *, prune):
    """What has failed, and what had to be done."""
    wanted = desired(mirrors)
    plan = make_plan(app, wanted, prune=prune)
    failed = converge.check(app, wanted, plan) or converge.carry_out(app, wanted, plan)
    return failed, {change.action for change in plan.changes}


@given(before=FILES, after=FILES, states=STATES, prune=st.booleans())
@example(  # target queues keep either from becoming the other
    before={"a": one("0", "pcap:/d"), "d": one("1", "pcap:/d", target_queue="1")},
    after={"a": one("1", "pcap:/d"), "d": one("0", "pcap:/d", target_queue="1")},
    states=["running"] * 5,
    prune=False,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_from_any_state_one_application_suffices(app, fake, before, after, states, prune):
    """Whatever the mirrors were, they are what the file says, and a second time there is nothing to do."""
    fake.mirrors.clear()
    fake.bad_targets.clear()
    assert apply(app, before, prune=False)[0] == {}
    for mirror, state in zip(fake.mirrors.values(), states, strict=False):
        mirror.state = state
    failed, _ = apply(app, after, prune=prune)
    if not prune and "in this direction already" in "".join(map(str, failed.values())):
        return  # a mirror that the file does not name, which stays, is in the way
    assert failed == {}
    found = {
        mirror.name: (mirror.source, mirror.to, mirror.spec)
        for mirror in fake.mirrors.values()
        if prune or mirror.name in after
    }
    assert found == {name: (each.source, each.to, each.spec) for name, each in desired(after).mirrors.items()}
    assert apply(app, after, prune=False) == ({}, {"keep"} if after else set())
