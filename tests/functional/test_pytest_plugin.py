# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixtures for users' tests, in pytest sessions of their own: each session is a process, as EAL starts once."""

import functools
import subprocess
import sys
from types import SimpleNamespace

import pytest
from livekit.application import ATTEMPTS, Hugepages
from pytest_sessions import run_session

from dpdk_mirror import EalConfig
from dpdk_mirror.errors import InvalidConfigError
from dpdk_mirror.pytest_plugin.options import eal_options

pytest_plugins = "pytester"


@pytest.fixture
def session(pytester):
    return functools.partial(run_session, pytester)


NEEDED_MB = EalConfig().needed_mb(2 << 20) + 2

ALL = """
import pytest
from dpdk_mirror import Direction, Vdev

@pytest.mark.parametrize("count", [1, 31, 32, 33, 257])
def test_mirror(dpdk_port, dpdk_frames, dpdk_mirror, count):
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(count)
    mirror = dpdk_mirror(source, target, direction=Direction.RX)
    source.send(frames)
    assert source.receive() == target.receive() == frames
    assert mirror.stats().packets == count

def test_pair(dpdk_pair, dpdk_frames):
    near, far = dpdk_pair
    assert near.send(dpdk_frames(9)) == 9
    assert (far.receive(), near.receive()) == (dpdk_frames(9), [])

def test_ports(dpdk_port, dpdk_pool):
    null = dpdk_port("n", driver="net_null", args="size=99", rx_queues=3)
    assert (null.name, null.driver, null.rx_queues) == ("net_null_n", "net_null", 3)
    assert null.receive(limit=1, queue=2) == [bytes(99)]
    ring = dpdk_port("r", start=False)
    assert not ring.started
    ring.start(dpdk_pool, multi_segs=False)
    assert dpdk_port("net_null7,size=77").receive(limit=1) == [bytes(77)]
    assert dpdk_port(Vdev.null("v", size=66)).receive(limit=1) == [bytes(66)]

@pytest.mark.parametrize("again", range(2))
def test_port_of_the_session(dpdk_port, again):
    assert dpdk_port("net_null3").receive(limit=1) == [bytes(33)]

def test_eal(dpdk_eal):
    assert dpdk_eal.workers == (4, 5, 6)
    assert dpdk_eal.arguments[-2:] == ["--log-level=lib.eal:debug", "--legacy-mem"]
    assert not dpdk_eal.hugepages
"""
OPTIONS = [
    "--dpdk-vdev=net_null3,size=33",
    "--dpdk-lcores=0@(0,1),4@0,5@1,6@0",
    "--dpdk-args=--log-level=lib.eal:debug '--legacy-mem'",
    "--dpdk-required",
]


def test_the_fixtures_and_options_do_what_they_say(session):
    session(ALL, *OPTIONS).assert_outcomes(passed=10)


def test_each_worker_of_xdist_has_its_own_eal(session):
    """They run beside each other, and no test knows."""
    session(ALL, *OPTIONS, "-n", "2").assert_outcomes(passed=10)


def test_a_test_that_leaks_fails_and_others_do_not(session):
    """A reference that nobody gives back is found, also when the test itself was content."""
    result = session(
        """
        from dpdk_mirror._binding import ffi, lib

        def test_before(dpdk_port):
            assert dpdk_port("a").send([b"waits"]) == 1

        def test_leaky(dpdk_pool):
            ring = ffi.new("struct rte_ring **")
            assert lib.ffi_ringport_create(b"leak", 63, 1, ring) == 0
            port = dpdk_pool._eal.port("net_ring_leak").start(dpdk_pool)
            assert port.send([b"lost"] * 3) == 3
            port.close()

        def test_after(dpdk_port):
            assert dpdk_port("a").receive() == []
        """
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["3 packet buffers leaked: *"])


def test_ports_are_closed_with_what_waits_in_them(session):
    """Under mirrors and forwarders that the test has left running, failed or not; names can be used again."""
    result = session(
        """
        import pytest
        from dpdk_mirror.forwarder import Forwarder
        from dpdk_mirror.mirror import Mirror

        @pytest.mark.parametrize("fails", [True, False, True])
        def test_leaves_everything_running(dpdk_port, dpdk_frames, fails):
            source, target = dpdk_port("source", rx_queues=2, tx_queues=2), dpdk_port("target")
            keep.append((Mirror(source, target), Forwarder(source, source).start()))
            assert not fails

        keep = []
        """
    )
    result.assert_outcomes(passed=1, failed=2)


def test_the_number_of_workers_is_an_ini_option(session):
    """More than there are CPUs, too."""
    session(
        "def test_workers(dpdk_eal):\n    assert len(dpdk_eal.workers) == 5\n", ini="dpdk_workers = 5"
    ).assert_outcomes(passed=1)


WITHOUT_EXTENSION = """
import sys
import pytest

sys.modules["dpdk_mirror._ffi"] = None  # importing it fails

def test_without():
    pass

def test_with(dpdk_port):
    pass

def test_that_is_forked(dpdk_eal):
    pass
"""


def test_without_the_extension_tests_are_skipped_with_what_to_install(session):
    """It does not drown the sentence in a traceback; tests without the fixtures run."""
    result = session(WITHOUT_EXTENSION, "-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED * use DPDK: *install libdpdk-dev*"])


def test_where_dpdk_is_required_they_fail_instead(session):
    result = session(WITHOUT_EXTENSION, "--dpdk-required")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["use DPDK: *install libdpdk-dev*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_options_that_eal_refuses_fail_every_test_and_never_skip(session):
    """A slip of the pen would go unnoticed."""
    code = "def test_one(dpdk_eal): pass\ndef test_two(dpdk_pool): pass\n"
    for option in ("--dpdk-args=--bogus", "--dpdk-vdev=net_rnig0", "--dpdk-lcores=1-"):
        result = session(code, option)
        result.assert_outcomes(errors=2)
        result.stdout.fnmatch_lines(["*did you mean net_ring*" if "rnig" in option else "start EAL with *"])
        result.stdout.no_fnmatch_line("*During handling*")


@pytest.mark.parametrize(
    ("args", "workers", "why"),
    [
        (["--log-level=8 'x"], "2", r"--dpdk-args=--log-level=8 'x: no closing quotation"),
        ([], "two", "dpdk_workers=two: that is no number"),
    ],
)
def test_options_that_cannot_be_read_are_refused_with_their_words(args, workers, why):
    given = {"dpdk_args": args, "dpdk_hugepages": False, "dpdk_lcores": None}
    config = SimpleNamespace(getoption=lambda name: given.get(name, []), getini=lambda _: workers)
    with pytest.raises(InvalidConfigError, match=why):
        eal_options(config)


def test_markers_skip_with_what_is_missing(session):
    code = """
        import os
        import pytest

        os.geteuid = lambda: 65534

        @pytest.mark.dpdk_root
        def test_root(): assert False

        @pytest.mark.dpdk_pmd("net_null", "net_warp")
        def test_driver(): assert False

        @pytest.mark.dpdk_pmd("net_null", "net_ring", "eth_ring")
        def test_drivers(): pass

        @pytest.mark.dpdk_hugepages
        def test_hugepages(dpdk_port): assert False

        @pytest.mark.dpdk_hugepages(1 << 30)
        def test_a_petabyte(): assert False

        @pytest.mark.dpdk_hugepages
        def test_no_eal(): pass
        """
    result = session(code, "-rs", "--strict-markers")
    result.assert_outcomes(passed=2, skipped=4)
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED * needs root",
            "SKIPPED * needs the driver net_warp, which this DPDK does not have",
            "SKIPPED * needs hugepages: run it with --dpdk-hugepages",
            "SKIPPED * needs 1073741824 MB of hugepages, of which * MB are free and may be used",
        ]
    )
    session(code, "--dpdk-required").assert_outcomes(passed=2, failed=0, errors=4)


def test_hugepages_are_used_where_they_are_asked_for(session):
    """And tests that need them run; again if others take them first."""
    code = """
        import pytest

        @pytest.mark.dpdk_hugepages
        def test_it(dpdk_eal, dpdk_pair, dpdk_frames):
            near, far = dpdk_pair
            near.send(dpdk_frames(9))
            assert (dpdk_eal.hugepages, far.receive()) == (True, dpdk_frames(9))
        """
    with Hugepages(NEEDED_MB) as memory:
        for _ in range(ATTEMPTS):
            memory.hold()
            memory.release()
            if session(code, "--dpdk-hugepages").parseoutcomes() == {"passed": 1}:
                return
    pytest.fail("not with hugepages that were free")


def test_the_report_of_a_failure_has_counters_and_what_dpdk_has_logged(session):
    result = session(
        """
        from dpdk_mirror import Direction
        from dpdk_mirror._binding import lib

        def test_fails(dpdk_port, dpdk_mirror, dpdk_frames):
            source, target = dpdk_port("source"), dpdk_port("target")
            mirror = dpdk_mirror(source, target, direction=Direction.RX)
            source.send(dpdk_frames(3))
            source.receive()
            lib.ffi_eal_unplug(b"vdev", b"nothing")
            assert not mirror.stats()

        def test_later(dpdk_port):
            assert not dpdk_port("later")

        def test_closed(dpdk_eal, dpdk_mirror):
            pair = dpdk_eal.pair("p")
            mirror = dpdk_mirror(*[port.start(dpdk_eal.mempool(port.name)) for port in pair])
            type(mirror).closed = property(lambda _: 1 / 0)
            assert False
        """
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*-- Captured log call --*",
            "ERROR *EAL: Cannot find plugged device (nothing)",
            "*-- port net_ring_source --*",
            "rx_packets=3 tx_packets=3",
            "*-- port net_ring_target --*",
            "tx_packets=3",
            "*-- mirror net_ring_source -> net_ring_target (rx) --*",
            "seen=3 packets=3 bytes=*",
            "*_ test_later _*",
            "*-- port net_ring_later --*",
            "all counters are 0",
            "*-- mirror net_ring_pa -> net_ring_pb (both) --*",
            "it cannot be told: division by zero",
        ],
    )
    assert result.stdout.str().count("Cannot find plugged device") == 1
    assert result.stdout.str().count("net_ring_source --") == 1


def test_what_fixtures_are_for_is_shown(session):
    """pytest --fixtures and --markers are the documentation: each fixture has more than a line."""
    shown = session("", "--fixtures", "-v").stdout.str()
    for name in ("eal", "pool", "port", "pair", "mirror", "frames", "process", "testpmd"):
        text = shown.partition(f"\ndpdk_{name}")[2].partition("\n\n\n")[0]
        assert len(text.splitlines()) > 4, name
        assert "no docstring" not in text
    assert session("", "--markers").stdout.str().count("@pytest.mark.dpdk_") == 4


def test_the_plugin_loads_no_dpdk():
    """Pytest loads it in every session, also in those that have nothing to do with DPDK."""
    code = (
        "import sys, dpdk_mirror.pytest_plugin\n"
        "assert 'dpdk_mirror._ffi' not in sys.modules\n"
        "assert 'librte_' not in open('/proc/self/maps').read()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
