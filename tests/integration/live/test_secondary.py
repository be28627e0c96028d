# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application of two processes: callbacks are a process's own, and info tells what is not covered."""

import tempfile

import pytest
from livekit.application import need_namespaces, wait_until, with_hugepages
from livekit.telemetry import RefusedError
from livekit.testpmd import Testpmd, TestpmdOptions

MEMORY_MB = 256
QUEUES = ["--rxq=2", "--txq=2", "--num-procs=2"]


@pytest.fixture
def processes():
    """testpmd twice: the first process polls the first queue of each port, the second the other."""
    need_namespaces()
    with tempfile.TemporaryDirectory() as mount:
        # What they share is in a file system that goes with them.
        mounted = ["unshare", "-m", "sh", "-c", f'mount -t hugetlbfs none {mount} && exec "$@"', "sh"]
        memory = ["--huge-dir", mount, "-m", str(MEMORY_MB)]
        first = TestpmdOptions(
            ["net_null0", "net_null1"], eal=memory, arguments=[*QUEUES, "--proc-id=0"], within=mounted
        )
        with with_hugepages(MEMORY_MB, lambda: Testpmd(first)) as primary:
            second = TestpmdOptions(
                [],
                eal=["--proc-type=secondary", "--huge-dir", mount],
                arguments=[*QUEUES, "--proc-id=1"],
                within=["nsenter", "-m", "-t", str(primary.pid)],
            )
            with Testpmd(second, {"RUNTIME_DIRECTORY": str(primary.directory)}) as secondary:
                yield primary, secondary


def test_queues_that_a_secondary_process_polls_are_not_covered_and_shown_so(processes):
    """The mirror sees what the process of its own polls, and both go on."""
    primary, secondary = processes
    with primary.telemetry() as telemetry:
        telemetry.call("add", source=0, to=f"vhost:{primary.directory}/mine", name="mine")
        secondary.start()
        wait_until(lambda: secondary.counters(0)["RX-packets"] > 100_000, "packets of the second process")
        assert telemetry.call("stats", mirror="mine")["seen"] == 0
        primary.start()
        wait_until(lambda: telemetry.call("stats", mirror="mine")["seen"] > 100_000, "packets of the first process")
        info = telemetry.call("info", mirror="mine")
        assert (info["rx_polled"], info["rx_unpolled"]) == ("0", "1")
        assert (info["tx_polled"], info["tx_unpolled"]) == ("0", "1")
        telemetry.call("remove", mirror="mine")
        for process in (secondary, primary):
            process.stop()
    assert secondary.quit() == 0
    assert primary.quit() == 0


def test_a_ring_cannot_be_made_while_a_secondary_process_runs(processes):
    """Each process has to have a device of its own for a port, and net_ring's in the second one cannot be made."""
    primary, secondary = processes
    with primary.telemetry() as telemetry:
        ports = telemetry.call("ports")
        with pytest.raises(RefusedError, match="nor can it while a secondary process runs"):
            telemetry.call("add", source=0, to="ring:mine", name="mine")
        assert telemetry.call("ports") == ports
    assert secondary.quit() == 0
    with primary.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:mine", name="mine")
    assert primary.quit() == 0
