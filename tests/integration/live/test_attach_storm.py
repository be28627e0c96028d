# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attaching to an application that forwards, allocates and loads libraries all the time; more of it in make stress."""

import os
import random

import pytest
from livekit.application import wait_until
from livekit.storm import Storm, attach_once, build_storm, kill_a_tracer

from dpdk_mirror.remote import connect

COUNT = 20

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_storm(tmp_path_factory.mktemp("storm"))


def check_mirrors(storm):
    with connect(str(storm.pid)) as app, app.mirror("net_ring0", to="null:n") as made:
        wait_until(lambda: made.stats().packets > 1000, "packets")


def test_no_packet_is_lost_and_nothing_hangs(program):
    """Twenty applications."""
    for number in range(COUNT):
        with Storm(program, number % 2) as storm:
            assert len(attach_once(storm)) == 3
            if number % 5 == 0:
                check_mirrors(storm)
            assert storm.finish().missing == 0


def test_a_tracer_that_is_killed_leaves_it_well(program):
    """At twenty random moments; then it is attached to, and mirrors."""
    moments = random.Random(1)
    with Storm(program) as storm:
        assert any(kill_a_tracer(storm, moments) for _ in range(COUNT))
        attach_once(storm)
        check_mirrors(storm)
        assert storm.finish().missing == 0
