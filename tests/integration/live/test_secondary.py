# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application of two processes: callbacks are a process's own, and info tells what is not covered."""

import contextlib
import signal
import subprocess
from pathlib import Path

import livekit
import pytest
from elftools.elf.elffile import ELFFile
from livekit.application import find_program, wait_until
from livekit.pair import start_primary
from programs import compile_program, pkg_config


def build_ring_reader(directory):
    """A secondary process that reads a ring."""
    source = Path(livekit.__file__).with_name("ring_reader.c")
    return compile_program(directory / "ring_reader", [source], *pkg_config("--libs", "libdpdk"))


def mempool_drivers():
    """Those that testpmd is linked with: mempools know theirs by its number, which is the order they are loaded in."""
    with Path(find_program("dpdk-testpmd")).open("rb") as file:
        needed = ELFFile(file).get_section_by_name(".dynamic").iter_tags("DT_NEEDED")
        return ":".join(tag.needed for tag in needed if tag.needed.startswith("librte_mempool_"))


@contextlib.contextmanager
def ring_reader(program, primary, ring):
    """It has read some packets, of 64 bytes, and lives."""
    command = ["nsenter", "-m", "-t", str(primary.pid), program, "--proc-type=secondary", "--file-prefix=live"]
    command += ["--no-pci", "--lcores=5@0", "--log-level=error", "--", ring, "5000", "64"]
    environment = primary.environment | {"RUNTIME_DIRECTORY": str(primary.directory), "LD_PRELOAD": mempool_drivers()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout.readline() == "read\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def processes():
    with start_primary() as (primary, start_secondary), start_secondary() as secondary:
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


def test_targets_are_made_and_removed_while_a_secondary_process_runs(processes):
    """They are the first process's alone: the other one need not be asked, and goes on."""
    primary, secondary = processes
    with primary.telemetry() as telemetry:
        ports = telemetry.call("ports")
        secondary.start()
        for target in ("ring:mine", f"vhost:{primary.directory}/mine", f"pcap:{primary.directory}/mine.pcap"):
            telemetry.call("add", source=0, to=target, name="mine")
            telemetry.call("remove", mirror="mine")
        telemetry.call("target/remove", to="ring:mine", force="yes")
        assert telemetry.call("ports") == ports
        secondary.stop()
    assert "available ports: 2" in secondary.command("show port summary all")
    assert secondary.quit() == 0
    assert primary.quit() == 0


def test_a_secondary_process_that_starts_later_is_told_when_a_target_goes():
    with start_primary() as (primary, start_secondary), primary.telemetry() as telemetry:
        telemetry.call("add", source=0, to="null:mine", name="mine")
        with start_secondary() as secondary:
            assert "net_null_mirror_" in secondary.command("show device info all")
            telemetry.call("remove", mirror="mine")
            assert "net_null_mirror_" not in secondary.command("show device info all")
            telemetry.call("add", source=0, to=f"vhost:{primary.directory}/mine", name="mine")
            assert "available ports: 2" in secondary.command("show port summary all")
            telemetry.call("remove", mirror="mine")
            assert secondary.quit() == 0
        assert primary.quit() == 0


def test_a_ring_goes_on_when_its_reader_is_killed(tmp_path):
    """The application and the mirror go on, what nobody reads counts as full, and the next reader reads on."""
    program = build_ring_reader(tmp_path)
    with start_primary() as (primary, _), primary.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:mine", directions="rx", name="mine")
        primary.start()

        def refused():
            return telemetry.call("stats", mirror="mine")["full"]

        for _ in range(3):
            with ring_reader(program, primary, "ETH_RXTX0_mine") as reader:
                reader.kill()
                assert reader.wait() == -signal.SIGKILL
            before = refused()
            wait_until(lambda before=before: refused() > before + 20_000, "packets refused")
            assert telemetry.call("info", mirror="mine")["state"] == "running"
        telemetry.call("remove", mirror="mine")
        telemetry.call("target/remove", to="ring:mine", force="yes")
        primary.stop()
        assert primary.counters(0)["RX-packets"] == primary.counters(1)["TX-packets"]
        assert primary.quit() == 0
