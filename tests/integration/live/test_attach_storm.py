# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attaching to an application that forwards, allocates and loads libraries all the time; more of it in make stress."""

import os
import random

import pytest
from livekit.application import wait_until
from livekit.storm import Storm, attach_once, build_storm, kill_a_tracer

from dpdk_mirror.attach.identify import identify
from dpdk_mirror.attach.libc import find_libc
from dpdk_mirror.attach.process import Process
from dpdk_mirror.pmdinfo import installed_release
from dpdk_mirror.remote import Kind, connect

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
            assert len(attach_once(storm)) >= 4
            if number % 5 == 0:
                check_mirrors(storm)
            assert storm.finish().missing == 0


def test_what_it_is_is_known_while_it_loads_and_unloads(program):
    """Libraries come and go while they are looked at."""
    with Storm(program) as storm, Process(storm.pid) as process:
        found = [identify(process) for _ in range(50)]
        libc = find_libc(process)
        assert {find_libc(process) for _ in range(50)} == {libc}
        assert storm.finish().missing == 0
    assert {(each.kind, each.dpdk, each.obstacle) for each in found} == {(Kind.SHARED, installed_release(), "")}


def test_a_tracer_that_is_killed_leaves_it_well(program):
    """At twenty random moments; then it is attached to, and mirrors."""
    moments = random.Random(1)
    with Storm(program) as storm:
        assert any(kill_a_tracer(storm, moments) for _ in range(COUNT))
        attach_once(storm)
        check_mirrors(storm)
        assert storm.finish().missing == 0
