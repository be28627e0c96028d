# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""All processes, whatever some of them do to who looks."""

import ast
import contextlib
import errno
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from children import child
from stuckfs import StuckFileSystem

from dpdk_mirror import BusyTimeoutError, NotFoundError, UnsupportedError
from dpdk_mirror.attach import apart, survey
from dpdk_mirror.attach import identify as identify_module
from dpdk_mirror.attach import process as process_module
from dpdk_mirror.attach.identify import Kind, identify
from dpdk_mirror.attach.load import Options
from dpdk_mirror.attach.memory import executable
from dpdk_mirror.attach.process import Process
from dpdk_mirror.remote import attach, attaching

# A program that says it is EAL, with its loader's list where the test wants it.
CLAIMS = """
import ctypes, mmap, sys, time
for path in sys.argv[1:]:
    stream = open(path, "rb")
    mapped = mmap.mmap(stream.fileno(), 4096, prot=mmap.PROT_READ)
ctypes.CDLL(None).prctl(15, b"dpdk-intr", 0, 0, 0)
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.fixture(params=["forked", "started"])
def who(request, monkeypatch):
    """How the other process comes to be: of a process with one thread, of one with more."""
    monkeypatch.setattr(apart, "_is_single", lambda: request.param == "forked")
    return request.param


@pytest.fixture
def replace_worker(monkeypatch):
    """``replace_worker(text)`` has another program be started in its stead."""

    def replace(text):
        monkeypatch.setattr(apart, "_is_single", lambda: False)
        monkeypatch.setattr(
            apart, "_WORKER", f"import os, sys\nsys.stdout = open(int(sys.argv[3].split()[0]), 'w')\n{text}"
        )

    return replace


@pytest.fixture
def claim(monkeypatch):
    """``claim(path, ...)`` starts a process that says it is EAL, with these files mapped."""
    with contextlib.ExitStack() as stack:

        def claim(*paths):
            command = [sys.executable, "-c", CLAIMS, *paths]
            running = stack.enter_context(child(command, stdout=subprocess.PIPE))
            assert running.stdout.readline() == b"ready\n"
            return running

        yield claim


def test_what_has_no_dpdk_is_none(claim):
    with child(["sleep", "1000"]) as sleeper, child([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as python:
        assert survey.survey([sleeper.pid, python.pid, 1 << 22]) == []


def test_that_one_ends_is_nothing_against_it_and_told_as_what_it_is(claim, monkeypatch):
    """Its memory goes before the kernel says that it has ended."""

    def gone(*_):
        raise NotFoundError(errno.ESRCH, "read it: it has ended")

    monkeypatch.setattr(identify_module, "_look_inside", gone)
    with Process(claim().pid) as process, pytest.raises(NotFoundError, match="read it: it has ended"):
        identify(process)


def test_one_that_says_it_is_eal_and_has_none_of_it_cannot_be_attached(claim):
    running = claim()
    (found,) = survey.survey([running.pid])
    assert (found.name, found.started) == ("dpdk-intr", True)
    assert found.kind is Kind.STRIPPED
    assert found.obstacle


def test_one_of_which_the_maps_are_too_long_is_told(claim, monkeypatch):
    """It hides from nobody by that."""
    running = claim()
    monkeypatch.setattr(process_module, "_MAPS_MAX", 100)
    with Process(running.pid) as process:
        found = identify(process)
    assert found.started
    assert "read maps of process" in found.obstacle


def test_one_that_has_more_threads_than_are_looked_at_is_told(claim, monkeypatch):
    """Nor by those."""
    more = "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n"
    monkeypatch.setattr(sys.modules[__name__], "CLAIMS", more + CLAIMS)
    running = claim()
    monkeypatch.setattr(process_module, "_TASKS_MAX", 1)
    with Process(running.pid) as process:
        assert [task.comm for task in process.tasks()] == ["dpdk-intr"]
        assert identify(process).started


def test_maps_of_any_form_take_no_time(claim, monkeypatch):
    running = claim()
    line = b"7f0000000000-7f0000001000 r--p 00000000 08:01 123    " + b" /" * 2000 + b"\n"
    monkeypatch.setattr(Process, "maps_text", lambda _: line * 2000)
    begin = time.monotonic()
    with Process(running.pid) as process:
        assert identify(process).started
    assert time.monotonic() - begin < 20


THIRTY_TWO = """
static int call(int number, int first, int second)
{
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
	return result;
}

void _start(void)
{
	call(172, 15, (int)"dpdk-intr"); /* prctl(PR_SET_NAME) */
	for (;;)
		call(29, 0, 0); /* pause() */
}
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 runs such programs")
def test_a_32_bit_program_is_refused(tmp_path):
    (tmp_path / "main.c").write_text(THIRTY_TWO)
    options = ["-m32", "-nostdlib", "-static", "-fno-stack-protector"]
    subprocess.run(["gcc", tmp_path / "main.c", "-o", tmp_path / "main", *options], check=True)
    with child([tmp_path / "main"]) as running:
        while Path(f"/proc/{running.pid}/comm").read_text() != "dpdk-intr\n":
            assert running.poll() is None
            os.sched_yield()
        (found,) = survey.survey([running.pid])
    assert found.architecture == "i386"
    assert "it is no 64-bit program" in found.obstacle
    assert found.obstacle.endswith("start a 64-bit one")


needs_fuse = pytest.mark.skipif(
    not Path("/dev/fuse").exists() or os.geteuid() != 0, reason="only root mounts, where there is FUSE"
)


@contextlib.contextmanager
def stuck(claim, folder):
    """Its loader's list is in a file that cannot be read, and whoever tries is in the kernel, and stays there."""
    with StuckFileSystem(folder) as files:
        running = claim(folder / "file")
        with Process(running.pid) as process:
            (mapping,) = [each for each in process.maps() if each.path == str(folder / "file")]
            process.write(executable(process).debug + 8, struct.pack("<Q", mapping.start))
        yield running.pid
        assert files.has_waiting
        running.kill()
        files.let_go()


@needs_fuse
def test_one_that_keeps_who_looks_waiting_for_ever_holds_up_nobody(claim, tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "LOOK_S", 2.0)
    other = claim()
    with stuck(claim, tmp_path) as pid:
        begin = time.monotonic()
        first, second = survey.survey([pid, other.pid])
        assert time.monotonic() - begin < 60
        if first.pid != pid:
            first, second = second, first
        assert "it cannot be looked at within 2 s" in first.obstacle
        assert second.kind is Kind.STRIPPED


@needs_fuse
def test_one_that_keeps_who_attaches_waiting_for_ever_is_refused(claim, tmp_path):
    with stuck(claim, tmp_path) as pid:
        begin = time.monotonic()
        with pytest.raises(BusyTimeoutError, match=f"attach to process {pid}: it keeps whoever looks at it waiting"):
            attaching.load_apart(pid, Options(timeout_s=0.1))
        assert time.monotonic() - begin < 60


def test_one_that_does_so_later_on_is_given_up(replace_worker, monkeypatch):
    """When it has been looked at: it may take as long as its loader may be busy, several times."""
    replace_worker("import time; print('begun\\nlooked', flush=True); time.sleep(1000)")
    monkeypatch.setattr(attaching, "LOOK_S", 0.2)
    with pytest.raises(BusyTimeoutError, match="it keeps whoever looks at it waiting"):
        attaching.load_apart(1, Options(timeout_s=0.01))


def test_what_goes_wrong_for_who_attaches_is_not_lost(who, claim):
    """What is refused has its class, number and hint."""
    no_dpdk = r"it has no DPDK \[ENOENT\]; dpdk-mirror apps lists those that have"
    with child(["sleep", "1000"]) as sleeper, pytest.raises(NotFoundError, match=no_dpdk):
        attach(sleeper.pid)
    with pytest.raises(NotFoundError, match=r"there is none \[ESRCH\]; dpdk-mirror apps lists what runs"):
        attach(1 << 22)


def test_what_has_not_been_thought_of_has_its_traceback(replace_worker):
    lines = ["begun", json.dumps({"bug": "Traceback ..."})]
    replace_worker(f"print(*{lines}, sep='\\n', flush=True)")
    with pytest.raises(RuntimeError, match=r"Traceback \.\.\."):
        attach(os.getpid())


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_where_no_other_process_can_attach_this_one_does(claim, monkeypatch, program):
    running = claim()
    monkeypatch.setattr(apart, "_is_single", lambda: False)
    monkeypatch.setattr(sys, "executable", program)
    with pytest.raises(UnsupportedError, match="nothing names the functions"):
        attach(running.pid)


def test_after_some_that_keep_it_waiting_it_says_that_it_has_given_up(replace_worker, monkeypatch):
    replace_worker("import time; print(1, flush=True); time.sleep(1000)")
    monkeypatch.setattr(survey, "LOOK_S", 0.2)
    found = survey.survey(range(1, 100))
    assert [each.pid for each in found] == list(range(1, 9))
    assert found[-1].obstacle.endswith("none beyond process 8 has been looked at")


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_where_no_other_process_can_look_this_one_does(claim, monkeypatch, program):
    running = claim()
    monkeypatch.setattr(apart, "_is_single", lambda: False)
    monkeypatch.setattr(sys, "executable", program)
    (found,) = survey.survey([running.pid])
    assert found.name == "dpdk-intr"


def test_one_that_is_interrupted_puts_back_what_it_has_changed(tmp_path, replace_worker, monkeypatch):
    """As who attaches does."""
    done, is_ready = tmp_path / "done", apart._is_ready
    worker = f"""
import time
from pathlib import Path
try:
    print("begun", flush=True)
    time.sleep(1000)
except KeyboardInterrupt:
    Path("{done}").touch()
"""

    def interrupt(descriptor, wait_s):
        if wait_s == 7:
            raise KeyboardInterrupt
        return is_ready(descriptor, wait_s)

    replace_worker(worker)
    monkeypatch.setattr(apart, "_is_ready", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(apart.answers(survey.__name__, b"", 7))
    assert done.exists()


def test_what_it_waits_for_a_cpu_is_not_counted(monkeypatch):
    """A machine that is busy makes nobody a liar."""
    queued = iter([0.0, 5.0, 5.0, 5.5, 5.5, 5.5])
    waits = []
    monkeypatch.setattr(apart, "_queued_s", lambda _pid: next(queued))
    monkeypatch.setattr(apart, "_is_ready", lambda _descriptor, wait_s: waits.append(wait_s))
    assert not apart._answers(0, -1, 1.0)
    assert waits == [1.0, 1.0, 0.5]
    monkeypatch.undo()
    assert apart._queued_s(os.getpid()) > 0
    assert apart._queued_s(1 << 22) == 0


def test_there_may_be_any_time(who):
    assert list(apart.answers(survey.__name__, b"", 1e300, 1e300)) == [b"end"]


def test_who_looks_is_of_the_same_package(who, tmp_path, monkeypatch):
    """Though another has come to be found first."""
    (tmp_path / "dpdk_mirror").mkdir()
    (tmp_path / "dpdk_mirror" / "__init__.py").write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(apart.answers(survey.__name__, b"", 1)) == [b"end"]


def test_nothing_is_left_open_or_running(who, claim):
    running = claim()
    survey.survey([running.pid])
    before = held()
    for _ in range(3):
        survey.survey([running.pid])
    assert held() == before


def held():
    """What this process has open, and which processes of its own."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return set(Path("/proc/self/fd").iterdir()), children


WORK = """
import os, signal, time

def work(request, say):
    say(b"begun")
    if request == b"wait":
        time.sleep(1000)
    elif request == b"tell":
        links = [f"/proc/self/fd/{each}" for each in os.listdir("/proc/self/fd")]
        say(repr([os.readlink(each) for each in links if os.path.exists(each)]).encode())
        say(repr([signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)]).encode())
    else:
        say(b"x" * 1_000_000)
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """The name of a module with such work."""
    (tmp_path / "its_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return "its_work"


def test_it_holds_nothing_of_who_has_it_work(who, worker):
    """Who waits for the end of a pipe does not wait for it; and signals end it that its parent catches."""
    ours, theirs = os.pipe()
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        begun, links, handlers = apart.answers(worker, b"tell", 20)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert begun == b"begun"
    assert {link.partition(":")[0] for link in ast.literal_eval(links.decode())} == {"/dev/null", "pipe"}
    assert links.count(b"pipe:") == 1
    assert handlers == repr([signal.SIG_DFL] * 2).encode()
    for each in (ours, theirs):
        os.close(each)


def test_it_says_lines_of_any_length(who, worker):
    assert [len(line) for line in apart.answers(worker, b"", 20)] == [5, 1_000_000]


def test_it_goes_with_who_has_it_work(who, worker):
    """Be it asked no more, or waited for no longer."""
    before = held()
    asking = apart.answers(worker, b"wait", 20)
    assert next(asking) == b"begun"
    asking.close()
    assert list(apart.answers(worker, b"wait", 0.2)) == [b"begun"]
    assert held() == before


INTERRUPTED = """
import os, signal, sys
from dpdk_mirror.attach.apart import answers
signal.signal(signal.SIGINT, signal.default_int_handler)
hook = {"child": "after_in_child", "parent": "after_in_parent"}[sys.argv[1]]
os.register_at_fork(**{hook: lambda: (os.kill(os.getpid(), signal.SIGINT), [*range(9)])})
try:
    print(len([*answers("dpdk_mirror.attach.survey", b"1", 3.0)]))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(("where", "said"), [("child", "0"), ("parent", "interrupted")])
def test_an_interruption_while_it_is_forked_is_not_lost(where, said):
    """Python writes what is raised there to stderr, and goes on."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, where], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")


def test_only_a_process_with_one_thread_is_forked():
    """Another thread may hold a lock, for ever as far as a forked process goes."""
    before = (
        "from dpdk_mirror.attach import apart; import threading; print(apart._is_single()); over = threading.Event()"
    )
    beside = "threading.Thread(target=over.wait).start(); print(apart._is_single()); over.set()"
    done = subprocess.run([sys.executable, "-c", f"{before}; {beside}"], stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"True", b"False"]


def test_all_of_a_thousand_are_looked_at(tmp_path):
    """Each once, and none of it takes long."""
    source = tmp_path / "many.c"
    source.write_text(
        "#include <signal.h>\n#include <sys/prctl.h>\n#include <unistd.h>\n"
        "int main(void) { for (int i = 0; i < 1000; i++) if (fork() == 0) { prctl(PR_SET_PDEATHSIG, SIGKILL);"
        ' prctl(PR_SET_NAME, i == 999 ? "dpdk-intr" : "many"); for (;;) pause(); }'
        ' write(1, "ready\\n", 6); for (;;) pause(); }\n'
    )
    subprocess.run(["gcc", source, "-o", tmp_path / "many"], check=True)
    with child([tmp_path / "many"], stdout=subprocess.PIPE) as many:
        assert many.stdout.readline() == b"ready\n"
        own = [int(pid) for pid in Path(f"/proc/{many.pid}/task/{many.pid}/children").read_text().split()]
        while Path(f"/proc/{own[-1]}/comm").read_text() != "dpdk-intr\n":
            os.sched_yield()
        begin = time.monotonic()
        found = [each for each in survey.survey() if each.pid in own]
        assert time.monotonic() - begin < 60
    assert [each.name for each in found] == ["dpdk-intr"]


def test_the_kernels_word_on_containers_is_read(claim, monkeypatch):
    """As Docker, Kubernetes, Podman and LXC name their groups."""
    long = "0123456789ab" + "c" * 52
    groups = {
        f"0::/system.slice/docker-{long}.scope\n": long[:12],
        f"12:cpu:/docker/{long}\n": long[:12],
        f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{long}.scope\n": long[:12],
        f"0::/kubepods/besteffort/pod1/{long}\n": long[:12],
        f"0::/machine.slice/libpod-{long}.scope/container\n": long[:12],
        "0::/lxc.payload.web/init\n": "web",
        "0::/lxc/web\n": "web",
        "0::/user.slice/user-0.slice/session-1.scope\n": "",
        "": "",
    }
    running = claim()
    with Process(running.pid) as process:
        real = process.text
        for text, container in groups.items():
            monkeypatch.setattr(process, "text", lambda name, said=text: said if name == "cgroup" else real(name))
            assert identify(process).container == container, text
