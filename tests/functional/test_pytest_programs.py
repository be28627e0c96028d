# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixtures for programs beside a test: what they start, what is told of it, and that nothing is left."""

import functools
import re
from pathlib import Path

import pytest
from pytest_sessions import run_session

pytest_plugins = "pytester"

GOOD = """
import os
from pathlib import Path
import pytest

FORWARDS = ["--no-mlockall", "--total-num-mbufs=4096", "--stats-period=1", "--forward-mode=txonly"]

def test_a_program_has_what_it_was_given(dpdk_process):
    app = dpdk_process("dpdk-testpmd", *FORWARDS, vdevs=["net_null0,size=99"], workers=2, eal=["--log-level=7"],
                       env={"MINE": "yes"}, ready="NIC statistics for port 0")
    line = Path(f"/proc/{app.pid}/cmdline").read_text().split(chr(0))
    assert line[0].endswith("/dpdk-testpmd")
    assert line[line.index("--") + 1 : -1] == FORWARDS
    assert {"--no-huge", "--no-pci", "--vdev=net_null0,size=99", "--log-level=7"} <= set(line)
    assert "MINE=yes" in Path(f"/proc/{app.pid}/environ").read_text()
    assert app.telemetry_path.is_socket()
    assert app.wait_for(r"TX-packets: +[1-9]")
    assert app.end() == 0
    assert "Bye" in app.output()

def test_the_folder_for_temporary_files_may_have_a_long_name(dpdk_process, tmp_path, monkeypatch):
    "Sockets' must not."
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    app = dpdk_process("dpdk-testpmd", *FORWARDS, vdevs=["net_null0"], ready="NIC statistics for port 0")
    assert app.telemetry_path.is_socket()

def test_two_at_a_time(dpdk_process):
    "Of one name, beside the session's."
    for app in [dpdk_process("dpdk-testpmd", *FORWARDS, vdevs=["net_null0"]) for _ in range(2)]:
        app.wait_for("NIC statistics for port 0")
    Path("pid").write_text(str(app.pid))
    Path("folder").write_text(str(app.directory))

def test_they_have_gone_with_their_test():
    assert not Path("/proc", Path("pid").read_text()).exists()
    assert not Path(Path("folder").read_text()).exists()

def test_testpmd(dpdk_testpmd):
    testpmd = dpdk_testpmd("net_null0", "net_null1", mode="macswap", arguments=["--rxq=2", "--txq=2"])
    assert "Driver name: net_null" in testpmd.command("show port info 1")
    testpmd.start()
    while not testpmd.counters(1)["TX-packets"]:
        pass
    testpmd.stop()
    assert testpmd.counters(0)["RX-packets"] == testpmd.counters(1)["TX-packets"]
    assert testpmd.quit() == 0

@pytest.mark.dpdk_root
def test_a_mirror_in_it(dpdk_testpmd, tmp_path):
    testpmd = dpdk_testpmd("net_null0,size=100", "net_null1")
    with testpmd.attach() as app, app.mirror("net_null0", to="null:there") as mirror:
        testpmd.start()
        while not mirror.stats().packets:
            pass
    assert testpmd.end() == 0
    assert "Bye" in testpmd.output()
"""

BAD = """
import os, signal

RUNS = ["--no-mlockall", "--total-num-mbufs=4096", "--stats-period=1"]

def test_fails(dpdk_process, dpdk_testpmd):
    dpdk_process("dpdk-testpmd", *RUNS, vdevs=["net_null0"], ready="NIC statistics")
    dpdk_testpmd("net_null5").command("show port summary all")
    assert False

def test_killed(dpdk_process):
    app = dpdk_process("dpdk-testpmd", *RUNS, vdevs=["net_null0"], ready="NIC statistics")
    os.kill(app.pid, signal.SIGSEGV)
    app.process.wait()

def test_killed_by_the_test(dpdk_process):
    dpdk_process("dpdk-testpmd", *RUNS, vdevs=["net_null0"]).kill()

def test_refused(dpdk_process):
    dpdk_process("dpdk-testpmd", "--nonsense", vdevs=["net_null0"], ready="NIC statistics")

def test_testpmd_refuses(dpdk_testpmd):
    dpdk_testpmd("net_null0", arguments=["--nonsense"])

def test_mistyped(dpdk_testpmd):
    dpdk_testpmd("net_nlul0")

def test_no_program(dpdk_process):
    dpdk_process("build/app")

def test_not_installed(dpdk_process):
    dpdk_process("dpdk-nothing")
"""


@pytest.fixture
def session(pytester):
    return functools.partial(run_session, pytester)


def test_programs_run_as_they_are_asked_to_and_end_with_their_test(session):
    session(GOOD, "--dpdk-required").assert_outcomes(passed=6)


def test_what_becomes_of_programs_is_told(session):
    result = session(BAD, "-rs")
    result.assert_outcomes(passed=2, failed=5, errors=1, skipped=1)
    text = result.stdout.str()
    tests = re.split(r"^_+ (?:ERROR at teardown of )?(\w+) _+$", text, flags=re.MULTILINE)
    told = dict(zip(tests[1::2], tests[2::2], strict=True))
    assert re.search(r"-- output of dpdk-testpmd --+\nprocess \d+ runs\n", told["test_fails"])
    assert "NIC statistics for port 0" in told["test_fails"]
    assert re.search(r"-- output of testpmd net_null5 --+\n(.*\n)*testpmd> show port summary all\n", told["test_fails"])
    assert re.search(r"dpdk-testpmd was killed by a signal: process \d+ has ended with SIGSEGV", told["test_killed"])
    assert "no 'NIC statistics' in its output\n" in told["test_refused"]
    assert "nonsense" in told["test_refused"]
    assert "testpmd gives no prompt: process" in told["test_testpmd_refuses"]
    assert "nonsense" in told["test_testpmd_refuses"]
    assert "did you mean net_null" in told["test_mistyped"]
    assert "no such program: 'build/app'" in told["test_no_program"]
    assert "dpdk-nothing is not installed" in text


def is_empty(folder):
    try:
        return folder.stat().st_uid == 0 and not any(folder.iterdir())
    except FileNotFoundError:
        return False


def test_no_folder_is_left(session, wait_until):
    """But for other tests', which are empty for a moment."""
    before = set(Path("/tmp").glob("dpdk-mirror-*"))
    session("def test_it(dpdk_testpmd, dpdk_eal):\n    dpdk_testpmd('net_null0')\n").assert_outcomes(passed=1)
    left = set(Path("/tmp").glob("dpdk-mirror-*")) - before
    wait_until(lambda: not any(map(is_empty, left)))
