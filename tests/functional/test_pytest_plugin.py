# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixtures for users' tests, in pytest sessions of their own: each session is a process, as EAL starts once."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = "pytester"

EXAMPLE = '''
import pytest
from dpdk_mirror import Direction, Mirror

@pytest.mark.parametrize("count", [1, 31, 32, 33, 257])
def test_rx_mirror_delivers_each_frame_once(dpdk_port, dpdk_frames, count):
    """The application keeps its burst; the target gets each frame once, in order."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(count)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        source.send(frames)
        assert source.receive() == frames
        assert target.receive() == frames
        assert mirror.stats().packets == count
'''


@pytest.fixture
def session(pytester):
    """``session(test code, ini options)``: its result, from a process of its own that has the plugin."""

    def run(code, ini=""):
        pytester.makepyfile(code)
        pytester.makeini(f"[pytest]\n{ini}\n")
        # By name only where the package is not installed with its entry point.
        plugin = [] if installed() else ["-p", "dpdk_mirror.pytest_plugin"]
        return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", timeout=120)

    return run


def installed():
    return any(point.value == "dpdk_mirror.pytest_plugin" for point in entry_points(group="pytest11"))


def test_the_documented_example_passes(session):
    session(EXAMPLE).assert_outcomes(passed=5)


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


def test_ports_take_any_driver_and_set_up(session):
    """driver, devargs, start() options, or no start at all."""
    session(
        """
        def test_port(dpdk_port, dpdk_pool):
            null = dpdk_port("n", driver="net_null", args="size=99", rx_queues=3)
            assert (null.name, null.driver, null.rx_queues) == ("net_null_n", "net_null", 3)
            assert null.receive(limit=1, queue=2) == [bytes(99)]
            ring = dpdk_port("r", start=False)
            assert not ring.started
            ring.start(dpdk_pool, multi_segs=False)
        """
    ).assert_outcomes(passed=1)


def test_frames_are_distinct_varied_and_the_same_each_time(session):
    session(
        """
        def test_frames(dpdk_frames):
            frames = dpdk_frames(500)
            assert len(set(frames)) == len(frames) == 500
            assert {len(frame) for frame in frames} > {60, 1514}
            assert {frame[12:14].hex() for frame in frames} == {"88b5"}
            assert dpdk_frames(100) == frames[:100]
            assert {len(frame) for frame in dpdk_frames(9, size=9000)} == {9000}
            assert len(set(dpdk_frames(9, size=9000))) == 9
            assert dpdk_frames(0) == []
        """
    ).assert_outcomes(passed=1)


def test_the_number_of_workers_is_an_ini_option(session):
    """More than there are CPUs, too."""
    session(
        "def test_workers(dpdk_eal):\n    assert len(dpdk_eal.workers) == 5\n", ini="dpdk_workers = 5"
    ).assert_outcomes(passed=1)


def test_without_the_extension_a_fixture_fails_with_what_to_install(session):
    """It neither skips nor drowns the sentence in a traceback; tests without the fixtures run."""
    result = session(
        """
        import sys
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def no_extension():
            sys.modules["dpdk_mirror._ffi"] = None  # importing it fails
            yield

        def test_without():
            pass

        def test_with(dpdk_port):
            pass
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*install libdpdk-dev*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_the_plugin_loads_no_dpdk():
    """Pytest loads it in every session, also in those that have nothing to do with DPDK."""
    code = (
        "import sys, dpdk_mirror.pytest_plugin\n"
        "assert 'dpdk_mirror._ffi' not in sys.modules\n"
        "assert 'librte_' not in open('/proc/self/maps').read()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
