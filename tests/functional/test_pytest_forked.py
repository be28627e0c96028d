# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A test that takes its process with it, or hangs, is one failure with the log; the run goes on."""

import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pytest_sessions import CRASHES, run_session

pytest_plugins = "pytester"


@pytest.fixture
def session(pytester):
    return functools.partial(run_session, pytester)


RUN = (
    CRASHES
    + """
import sys, warnings
import pytest

PARENT = os.environ.setdefault("THE_SESSION", str(os.getpid()))

@pytest.fixture(scope="module")
def shared(dpdk_eal):
    yield
    print("torn down")

def test_before(dpdk_pair, dpdk_frames, shared):
    near, far = dpdk_pair
    near.send(dpdk_frames(9))
    assert far.receive() == dpdk_frames(9)

def test_panics(dpdk_eal, shared):
    print("said before")
    panic()

def test_again(dpdk_port, dpdk_frames):
    port = dpdk_port("a")
    port.send(dpdk_frames(9))
    assert port.receive() == dpdk_frames(9)

@pytest.fixture
def faulty(dpdk_eal):
    fault()

def test_of_a_faulty_fixture(faulty):
    pass

@pytest.fixture
def late(dpdk_eal):
    yield
    os._exit(3)

def test_of_a_late_fixture(late):
    pass

def test_fails(dpdk_eal):
    assert [1, 2, 3] == [1, 2, 4]

def test_without_dpdk(record_property):
    record_property("pid", os.getpid())

def test_last(dpdk_port, record_property):
    warnings.warn("take care")
    record_property("pid", os.getpid())
"""
)


def test_a_crash_is_its_tests_failure_and_the_run_goes_on(session, pytester):
    result = session(RUN, "--junitxml=result.xml", "-rA", ini="junit_family = xunit1")
    result.assert_outcomes(passed=5, failed=2, errors=2, warnings=1)
    lines = result.stdout.str()
    titles = (
        "test_panics",
        "ERROR at setup of test_of_a_faulty_fixture",
        "ERROR at teardown of test_of_a_late_fixture",
    )
    panicked, faulted, left = (lines.partition(f"_ {title} _")[2].partition("\n____")[0] for title in titles)
    assert "call: the process that ran it was killed by SIGABRT" in panicked
    assert "PANIC in somewhere():\nthe reason\n" in panicked
    assert re.search(r"Captured stdout call -+\nsaid before\n", panicked)
    assert re.search(r'File ".*", line \d+ in panic\n  File ".*", line \d+ in test_panics\n', panicked)
    assert "_pytest" not in panicked
    assert "setup: the process that ran it was killed by SIGSEGV" in faulted
    assert re.search(r"line \d+ in fault\n", faulted)
    assert "teardown: the process that ran it ended with exit code 3" in left
    assert "At index 2 diff: 3 != 4" in lines
    assert "UserWarning: take care" in lines
    cases = {case.get("name"): case for case in ET.parse(pytester.path / "result.xml").getroot().iter("testcase")}
    pids = {
        name: cases[name].find(".//property[@name='pid']").get("value") for name in ("test_without_dpdk", "test_last")
    }
    assert len(set(pids.values())) == 2, "the one ran in the session's process, the other in its child"
    assert "SIGABRT" in cases["test_panics"].find("failure").get("message")


STRANGE = (
    CRASHES
    + """
import signal, sys
from pathlib import Path
import pytest

def test_in_the_session(record_property):
    record_property("pid", os.getpid())

def test_crashes_with_a_child_that_lives_on(dpdk_eal):
    if (pid := os.fork()) == 0:
        signal.pause()
    Path("child").write_text(str(pid))
    fault()

def test_dies_of_a_nameless_signal(dpdk_eal):
    os.kill(os.getpid(), 40)

def test_has_a_hook_that_fails(dpdk_eal):
    pass

def test_has_what_cannot_be_sent(dpdk_eal, record_property):
    record_property("it", lambda: None)

@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="has no subtests")
def test_has_a_bad_part(dpdk_eal, request):
    subtests = request.getfixturevalue("subtests")
    for number in range(2):
        with subtests.test(number=number):
            assert number
"""
)

HOOKS = """
import os
from pathlib import Path
import pytest

def tell(what, *values):
    with Path(what).open("a") as file:
        print(*values, file=file)

def pytest_runtest_logreport(report):
    if type(report) is pytest.TestReport:
        tell("told", report.nodeid.rpartition(":")[2], report.when)

def pytest_runtest_protocol(item, nextitem):
    tell("pids", item.name, os.getpid())

def pytest_runtest_makereport(item, call):
    assert (item.name, call.when) != ("test_has_a_hook_that_fails", "call")
"""


def test_whatever_a_test_does_is_told_once(session, pytester):
    """By the session's process, which is the only one that plugins hear of it in, and runs none of the tests."""
    pytester.makeconftest(HOOKS)
    try:
        result = session(STRANGE)
    finally:
        os.kill(int((pytester.path / "child").read_text()), signal.SIGKILL)
    subtests = pytest.version_tuple >= (9, 0)
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"]) == ((2, 5) if subtests else (2, 3))
    for why in ("was killed by SIGSEGV", "was killed by signal 40", "ended with exit code 1"):
        result.stdout.fnmatch_lines([f"call: the process that ran it {why}"])
    result.stdout.fnmatch_lines(["*conftest.py*in pytest_runtest_makereport", "*assert (item.name, call.when)*"])
    told = (pytester.path / "told").read_text().splitlines()
    assert len(told) == len(set(told))
    assert "test_dies_of_a_nameless_signal call" in told
    pids = [line.split() for line in (pytester.path / "pids").read_text().splitlines()]
    assert len(pids) >= 5
    in_session = dict(pids)["test_in_the_session"]
    assert [name for name, pid in pids if pid == in_session] == ["test_in_the_session"]


def test_a_test_may_interrupt_the_session(session):
    """As one does without the child: the next test doesn't run, and this one is not left out without a word."""
    result = session("def test_it(dpdk_eal): raise KeyboardInterrupt\ndef test_next(dpdk_eal): pass\n")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*"])


def test_a_hang_is_its_tests_failure_with_where_it_is(session):
    """Of Python by the child itself, of C by who waits for it."""
    result = session(
        CRASHES
        + """
import time
import pytest

def test_before(dpdk_eal):
    pass

@pytest.mark.timeout(3)
def test_python(dpdk_eal):
    while True:
        time.sleep(0.01)

@pytest.mark.timeout(3)
def test_c(dpdk_eal):
    hang()

def test_after(dpdk_port):
    dpdk_port("a")
"""
    )
    result.assert_outcomes(failed=2, passed=2)
    python, _, c = result.stdout.str().partition("_ test_c _")
    assert "Failed: Timeout" in python
    assert ">           time.sleep(0.01)" in python or ">       while True:" in python
    assert re.search(r"call: Timeout .*\n(.*\n)*.*, line \d+ in hang\n", c)


def test_a_test_may_have_a_process_and_an_eal_of_its_own(session):
    """With the mark: beside the session's EAL, which goes on, under pytest-xdist, too."""
    code = """
        import os
        import pytest
        from dpdk_mirror import Eal

        pids = set()

        def test_the_sessions(dpdk_port):
            dpdk_port("a")
            pids.add(os.getpid())

        @pytest.mark.dpdk_forked
        @pytest.mark.parametrize("workers", [1, 2, 3])
        def test_its_own(workers):
            assert os.getpid() not in pids
            with Eal(workers=workers, hugepages=False) as eal:
                assert len(eal.workers) == workers

        @pytest.mark.dpdk_forked
        def test_its_own_fixture(dpdk_eal):
            assert os.getpid() not in pids
            dpdk_eal.close()

        def test_still_the_sessions(dpdk_port):
            dpdk_port("a")
            assert pids == {os.getpid()}
        """
    session(code).assert_outcomes(passed=6)
    session(code, "-n1").assert_outcomes(passed=6)
    session(code, "--dpdk-forked=no").assert_outcomes(passed=2, failed=4)


def test_folders_may_have_a_conftest_each(session, pytester):
    """The hooks of one are not called for tests of another."""
    for name in ("near", "far"):
        folder = pytester.mkpydir(name)
        (folder / "conftest.py").write_text(f"import pytest\n\n@pytest.fixture\ndef where():\n    return {name!r}\n")
        (folder / "test_it.py").write_text(f"def test_where(dpdk_eal, where):\n    assert where == {name!r}\n")
    session("").assert_outcomes(passed=2)


def test_the_sessions_process_tears_down_before_its_next_test_too(session, pytester):
    """Though the last of a module has run in the child."""
    code = """
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def shared(request):
            yield
            print(f"torn down {request.module.__name__}")
            assert "good" in request.module.__name__

        def test_in_the_session():
            pass

        def test_in_the_child(dpdk_eal):
            pass
        """
    pytester.makepyfile(test_1_good=code, test_2_good=code)
    session("", "-s").assert_outcomes(passed=4)
    pytester.makepyfile(test_3_bad=code, test_4_good=code)
    session("").assert_outcomes(passed=8, errors=2)  # in either process


def test_with_xdist_the_dead_workers_log_is_in_the_report(session):
    result = session(RUN, "-n1")
    result.assert_outcomes(passed=5, failed=4, errors=0, warnings=1)
    text = result.stdout.str()
    # From 24.11 on EAL says who it is that panics.
    crashed = r"worker 'gw0' crashed while running .*test_panics'\n-+ DPDK's log.*\n(EAL: )?PANIC in somewhere"
    assert re.search(crashed, text)
    assert re.search(r"line \d+ in test_panics\n", text)
    assert re.search(r"line \d+ in fault\n", text)


def test_a_session_that_stops_early_tears_down_in_its_child(session):
    result = session(RUN.replace("def test_again", "def test_it(dpdk_eal): assert False\n\ndef test_again"), "-x", "-s")
    result.assert_outcomes(passed=1, failed=1)
    code = "import pytest\n@pytest.fixture(scope='session')\ndef s(dpdk_eal):\n    yield\n    print('torn', 'down')\n"
    code += "def test_one(s): assert False\ndef test_two(s): pass\n"
    result = session(code, "-x", "-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*torn down*"])


def test_a_debugger_or_coverage_has_the_tests_in_its_process(session):
    code = "import os\ndef test_pid(dpdk_eal): assert (os.getpid() == int(os.environ['PID'])) is {}\n"
    conftest = "import os\nos.environ['PID'] = str(os.getpid())\n"
    traced = "import sys\nsys.settrace(lambda *_: None)\n"
    for extra, option, same in (("", "auto", False), (traced, "auto", True), (traced, "yes", False), ("", "no", True)):
        session(f"{conftest}{extra}{code.format(same)}", f"--dpdk-forked={option}").assert_outcomes(passed=1)


INTERRUPTED = """
import os, time
from pathlib import Path
import pytest

RUNS = ["--no-mlockall", "--total-num-mbufs=4096", "--stats-period=1"]

@pytest.fixture
def app(dpdk_process):
    return dpdk_process("dpdk-testpmd", *RUNS, vdevs=["net_null0"], ready="NIC statistics")

def test_waits(dpdk_eal, app):
    Path("pids").write_text(f"{os.getpid()} {app.pid}")
    Path("pids").rename("ready")
    time.sleep(600)
"""


@pytest.fixture
def short_tmp():
    """Programs that have sockets use a folder for temporary files only if it is short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize(("how", "whom"), [(signal.SIGINT, "all"), (signal.SIGINT, "one"), (signal.SIGKILL, "one")])
def test_nothing_outlives_the_session(tmp_path, short_tmp, wait_until, how, whom):
    """Neither the child nor what it has started, nor their files: after Ctrl-C, or if the session is killed."""
    (tmp_path / "test_it.py").write_text(INTERRUPTED)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp=pytest", "test_it.py"]
    environment = {**os.environ, "TMPDIR": str(short_tmp)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True
    ) as pytest_run:
        wait_until(lambda: (tmp_path / "ready").exists() or pytest_run.poll() is not None, 100)
        pids = [int(pid) for pid in (tmp_path / "ready").read_text().split()]
        if whom == "all":
            os.killpg(pytest_run.pid, how)  # as a terminal does
        else:
            pytest_run.send_signal(how)
        said, _ = pytest_run.communicate(timeout=100)
    wait_until(lambda: not any(is_running(pid) for pid in pids), 60)
    wait_until(lambda: not list(short_tmp.iterdir()), 60)
    if how == signal.SIGINT:
        assert pytest_run.returncode == 2
        assert "KeyboardInterrupt" in said


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
