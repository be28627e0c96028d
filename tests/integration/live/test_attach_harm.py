# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What attaching might do to others, and does not: to another's thread, to what cannot bear it; and what it leaves."""

import contextlib
import errno
import gc
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import livekit
import pytest
from children import child
from livekit.application import wait_until
from livekit.forwarder import FORMS, Forwarder, ForwarderOptions, build_forwarder
from livekit.testpmd import Testpmd, TestpmdOptions
from programs import compile_program, pkg_config, run

from dpdk_mirror import BusyTimeoutError, ConflictError, NotFoundError, NotPermittedError, UnsupportedError
from dpdk_mirror.attach import cpus, load, memfd, outside, seccomp
from dpdk_mirror.attach.cpus import busy_cpus, elsewhere
from dpdk_mirror.attach.inject import Injector
from dpdk_mirror.attach.libc import find_libc
from dpdk_mirror.attach.load import Options
from dpdk_mirror.attach.parked import Parked
from dpdk_mirror.attach.process import Process
from dpdk_mirror.errors import error_for
from dpdk_mirror.remote import attach, connect
from dpdk_mirror.remote.attaching import load_into

LIVEKIT = Path(livekit.__file__).parent
EPOLL_WAIT = 232
CONFINED = (sys.executable, str(LIVEKIT / "confined.py"))

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")


@contextlib.contextmanager
def sleeper():
    """A process that sleeps, with everything where it is in any other of its kind."""
    with subprocess.Popen(["setarch", "-R", "sleep", "600"]) as process:
        try:
            wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n", "its start")
            wait_until(lambda: asleep(process.pid) is not None, "its sleep")
            yield process.pid
        finally:
            process.kill()


def asleep(pid):
    """Where it sleeps."""
    number, *words = Path(f"/proc/{pid}/syscall").read_text().split()
    return Parked(pid, "sleep", int(number), int(words[6], 16), int(words[7], 16)) if number == "230" else None


def test_a_thread_that_has_the_number_of_one_that_was_is_not_touched():
    """Though it is in the same place of the same program, and could be made to call the same."""
    with sleeper() as own, sleeper() as other, Process(own) as process:
        injector = Injector(process, asleep(other), find_libc(process))
        with pytest.raises(NotFoundError):
            injector.call(find_libc(process).close, 1, timeout_s=0.3)
        assert injector.stops_s == []
        assert Path(f"/proc/{other}/fd/1").exists()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_whoever_is_on_a_pollers_cpu_moves_and_comes_back():
    """The thread that calls, and who attaches, which moves whether or not that thread has to."""
    first, second, *_ = own = sorted(os.sched_getaffinity(0))
    with sleeper() as pid, Process(pid) as process:
        for there in ({second}, {first}, set(own)):
            os.sched_setaffinity(pid, there)
            with elsewhere(process, 0, {first: 1}), elsewhere(process, pid, {first: 1}):
                assert first not in os.sched_getaffinity(0) | os.sched_getaffinity(pid)
            assert (os.sched_getaffinity(0), os.sched_getaffinity(pid)) == (set(own), there)
        polled = dict.fromkeys(own, 1)
        with elsewhere(process, 0, polled), elsewhere(process, pid, polled):
            assert os.sched_getaffinity(0) == os.sched_getaffinity(pid) == set(own)
        shared = polled | {second: 2}
        with elsewhere(process, 0, shared), elsewhere(process, pid, shared):
            assert os.sched_getaffinity(0) == os.sched_getaffinity(pid) == {second}


def test_a_cpu_is_busy_that_a_thread_does_not_leave(monkeypatch):
    """Others may want it, too: as many as have been seen there at once."""
    common = {1: 0, 2: 1, 3: 2}
    seen = iter([common | {4: 1}, common | {5: 3}, common, common, {1: 0, 2: 1, 3: 3}])
    monkeypatch.setattr(cpus, "_running", lambda _: next(seen))
    assert busy_cpus(None) == {0: 1, 1: 2}


def test_threads_that_run_are_seen_with_their_cpu():
    with child([sys.executable, "-c", "while True: pass"]) as spinning, Process(spinning.pid) as process:
        wait_until(lambda: spinning.pid in cpus._running(process), "its run")
        assert cpus._running(process).items() <= {(spinning.pid, cpu) for cpu in os.sched_getaffinity(spinning.pid)}
    with sleeper() as pid, Process(pid) as process:
        assert cpus._running(process) == {}


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    program = build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")
    with Forwarder(program, ForwarderOptions(plugins=())) as forwarder:
        yield forwarder
        assert forwarder.end() == 0


def test_a_dry_run_refuses_one_that_is_stopped(application):
    os.kill(application.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: "T (stopped)" in Path(f"/proc/{application.pid}/status").read_text(), "the stop")
        for options in (Options(dry_run=True), Options()):
            reason = rf"it is stopped, by a signal .*; continue it: kill -CONT {application.pid}$"
            with pytest.raises(ConflictError, match=reason):
                load_into(application.pid, options)
    finally:
        os.kill(application.pid, signal.SIGCONT)


def open_files(pid):
    return sorted((path.name, str(path.readlink())) for path in Path(f"/proc/{pid}/fd").iterdir())


def test_a_file_in_memory_that_cannot_be_filled_is_closed_again(application, monkeypatch):
    def fail(*_):
        raise error_for(errno.EPERM, "fill it")

    before = open_files(application.pid)
    monkeypatch.setattr(memfd, "_fill", fail)
    with pytest.raises(NotPermittedError, match="fill it"):
        load_into(application.pid, Options())
    assert open_files(application.pid) == before


@pytest.mark.parametrize("at_the_last_moment", [False, True])
def test_who_comes_late_finds_the_library_there(application, monkeypatch, at_the_last_moment):
    """Loaded meanwhile by a thread that somebody else has made do it; or just before it is loaded again."""
    assert load_into(application.pid, Options()).version
    real, looks = load.identify, []

    def identify(process):
        found = real(process)
        found.plugin = ""
        return found

    def working(process, look=load._working):
        looks.append(process)
        return None if at_the_last_moment and len(looks) == 1 else look(process)

    monkeypatch.setattr(load, "identify", identify)
    monkeypatch.setattr(load, "_working", working)
    late = load_into(application.pid, Options())
    assert (late.loaded, late.version != "") == (False, True)
    with connect(str(application.pid)) as app, app.mirror("net_null0", to="null:n") as made:
        wait_until(lambda: made.stats().packets > 1000, "packets")


def test_of_two_at_once_one_loads_the_library(tmp_path, monkeypatch):
    """However late the other comes to know: nothing of a second copy stays."""
    new_name, inner = load._new_name, []

    def let_another_go_first(*arguments):
        monkeypatch.setattr(load, "_new_name", new_name)
        inner.append(load_into(forwarder.pid, Options()))
        return new_name(*arguments)

    monkeypatch.setattr(load, "_new_name", let_another_go_first)
    with Forwarder(build_forwarder(tmp_path, "shared"), ForwarderOptions(plugins=())) as forwarder:
        outer = load_into(forwarder.pid, Options())
        assert [each.loaded for each in (*inner, outer)] == [True, False]
        assert outer.version == inner[0].version
        maps = Path(f"/proc/{forwarder.pid}/maps").read_text()
        assert len(set(re.findall(r"/memfd:dpdk-mirror-\w+", maps))) == 1
        assert not any("memfd:dpdk-mirror" in link for _, link in open_files(forwarder.pid))
        assert forwarder.end() == 0


MAIN_ENDS = """
#include <pthread.h>
#include <stdlib.h>
int run(int argc, char *argv[]);
static char **arguments;
static int nb;
static void *go(void *unused) { (void)unused; exit(run(nb, arguments)); }
int main(int argc, char *argv[])
{
    pthread_t id;
    nb = argc;
    arguments = argv;
    pthread_create(&id, NULL, go, NULL);
    pthread_exit(NULL);
}
"""


def test_one_whose_first_thread_has_ended_is_attached_to(tmp_path):
    """Nothing is below /proc/self then, and the kernel says that the process has no files."""
    (tmp_path / "main.c").write_text(MAIN_ENDS)
    sources, libraries = [tmp_path / "main.c", LIVEKIT / "forwarder.c"], FORMS["shared"]()
    run("gcc", "-c", "-Dmain=run", *pkg_config("--cflags", "libdpdk"), sources[1], "-o", tmp_path / "forwarder.o")
    program = compile_program(tmp_path / "program", [sources[0], tmp_path / "forwarder.o"], *libraries, "-pthread")
    with Forwarder(program, ForwarderOptions(plugins=())) as forwarder:
        wait_until(lambda: ") Z " in Path(f"/proc/{forwarder.pid}/stat").read_text(), "its first thread's end")
        with attach(forwarder.pid) as app, app.mirror("net_null0", to="null:n") as made:
            wait_until(lambda: made.stats().packets > 1000, "packets")
        assert not any("memfd:dpdk-mirror" in link for link in links_of_threads(forwarder.pid))
        assert forwarder.end() == 0


def links_of_threads(pid):
    """What it has open, by any thread that has not ended."""
    links = []
    for path in Path(f"/proc/{pid}/task").glob("*/fd/*"):
        with contextlib.suppress(FileNotFoundError):  # it has been closed meanwhile
            links.append(os.readlink(path))  # noqa: PTH115
    return links


@pytest.mark.parametrize("left", [0, 3])
def test_one_with_as_many_files_as_it_may_have_is_left_alone(tmp_path, left):
    program = build_forwarder(tmp_path, "shared")
    with Forwarder(program, ForwarderOptions(plugins=())) as forwarder:
        files = open_files(forwarder.pid)
        number, (soft, hard) = len(files) + left, resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE, (number, hard))
        reason = rf"it has as many files open as it may, {number} \[EMFILE\]; let it have more: prlimit --pid"
        for options in (Options(dry_run=True), Options()):
            with pytest.raises(ConflictError, match=reason):
                load_into(forwarder.pid, options)
        assert open_files(forwarder.pid) == files
        resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert load_into(forwarder.pid, Options()).loaded
        assert forwarder.end() == 0


# Seccomp filters.


@pytest.fixture(scope="module")
def confined(tmp_path_factory):
    path = tmp_path_factory.mktemp("confined") / "confined.so"
    return compile_program(path, [LIVEKIT / "confined.c"], "-shared", "-fPIC")


def has_confined(pid):
    """Whether one of its threads has a filter: until EAL's thread for interrupts waits, another one is attached to."""
    return any("Seccomp:\t2" in path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status"))


def test_it_is_the_filter_of_the_thread_itself_that_is_asked(confined):
    """Others may have none: such a thread would end the application."""
    options = TestpmdOptions(["net_null0"], plugin=False)
    with Testpmd(options, {"LD_PRELOAD": str(confined)}) as testpmd:
        assert "Seccomp:\t0" in Path(f"/proc/{testpmd.pid}/status").read_text()
        wait_until(lambda: has_confined(testpmd.pid), "EAL's thread to be confined")
        with pytest.raises(UnsupportedError, match=r"it has seccomp filters, which do not allow listen "):
            load_into(testpmd.pid, Options())
        assert testpmd.quit() == 0


def test_a_thread_that_may_do_what_is_asked_about_and_nothing_else_loads_the_library(confined):
    """And what it starts listens, and answers: no system call has been forgotten that another filter kills for."""
    numbers = {number for _, number, _ in (*seccomp.CALLS, *seccomp.TRIED)} | {EPOLL_WAIT}
    environment = {"LD_PRELOAD": str(confined), "CONFINED_TO": ",".join(map(str, numbers))}
    options = TestpmdOptions(
        ["net_null0"], plugin=False, eal=("--no-huge", "--no-shconf", "-m", "512", "--no-telemetry")
    )
    with Testpmd(options, environment) as testpmd:
        wait_until(lambda: has_confined(testpmd.pid), "EAL's thread to be confined")
        assert load_into(testpmd.pid, Options()).loaded
        with connect(str(testpmd.pid)) as app:
            assert [port.name for port in app.ports()] == ["net_null0"]
        assert testpmd.quit() == 0


def test_who_has_the_library_is_asked_before_a_socket_is_opened():
    with Testpmd(TestpmdOptions(["net_null0"], within=(*CONFINED, "listen", "kill"))) as testpmd:
        with pytest.raises(UnsupportedError, match=r"it has seccomp filters, which do not allow listen "):
            load_into(testpmd.pid, Options(socket=f"{testpmd.directory}/s"))
        assert testpmd.quit() == 0


def test_the_stop_for_reading_filters_is_told():
    with Testpmd(TestpmdOptions(["net_null0"], plugin=False, within=(*CONFINED, "ptrace", "kill"))) as testpmd:
        assert len(load_into(testpmd.pid, Options(dry_run=True)).stops_s) == 1
        assert len(load_into(testpmd.pid, Options()).stops_s) >= 4
        assert testpmd.quit() == 0


# Control groups that are frozen, as a container that is paused.


@contextlib.contextmanager
def freezer(version):
    """What puts a process into a group, and freezes or thaws that."""
    roots = {1: "/sys/fs/cgroup/freezer", 2: "/sys/fs/cgroup/unified"}
    root = Path("/sys/fs/cgroup" if version == 2 and Path("/sys/fs/cgroup/cgroup.procs").exists() else roots[version])
    group = root / f"dpdk-mirror-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group of version {version} can be made: {error}")
    file = group / ("freezer.state" if version == 1 else "cgroup.freeze")
    events = group / ("freezer.state" if version == 1 else "cgroup.events")
    words = {True: ("FROZEN", "FROZEN"), False: ("THAWED", "THAWED")}
    if version == 2:
        words = {True: ("1", "frozen 1"), False: ("0", "frozen 0")}

    def freeze(pid, *, on):
        (group / "cgroup.procs").write_text(str(pid))
        file.write_text(words[on][0])
        wait_until(lambda: words[on][1] in events.read_text(), words[on][1])

    try:
        yield freeze
    finally:
        file.write_text(words[False][0])
        wait_until(lambda: not (group / "cgroup.procs").read_text(), "an empty group")
        group.rmdir()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seen", [True, False])
def test_what_is_frozen_is_refused_and_well_once_it_is_thawed(monkeypatch, version, seen):
    """Also if it has been frozen in the last moment, and though who tried lives on: nothing of it stays stopped."""
    with freezer(version) as freeze, Testpmd(TestpmdOptions(["net_null0"], plugin=False)) as testpmd:
        freeze(testpmd.pid, on=True)
        if seen:
            with pytest.raises(ConflictError, match=r"its control group is frozen .*; thaw it"):
                load_into(testpmd.pid, Options())
        else:
            with monkeypatch.context() as patch:
                patch.setattr(outside, "is_frozen", lambda _: False)
                with pytest.raises(BusyTimeoutError):
                    load_into(testpmd.pid, Options(timeout_s=1))
        freeze(testpmd.pid, on=False)
        wait_until(lambda: not stopped(testpmd.pid), "all threads at work")
        with attach(testpmd.pid) as app:
            assert [port.name for port in app.ports()] == ["net_null0"]
        assert testpmd.quit() == 0


def stopped(pid):
    """Its threads that a tracer has, or holds."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return [text for text in texts if "State:\tt" in text or "TracerPid:\t0\n" not in text]


def test_who_attaches_is_as_before_afterwards(application):
    """Its threads' priorities, CPUs and turns, and Python's collector: when it is refused, too."""

    def state():
        return os.sched_getscheduler(0), os.sched_getaffinity(0), sys.getswitchinterval(), gc.isenabled()

    before = state()
    load_into(application.pid, Options())
    with pytest.raises(UnsupportedError):
        load_into(application.pid, Options(socket="nowhere"))
    assert state() == before
