# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A process of others, held by its id."""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from children import child

from dpdk_mirror.attach import outside
from dpdk_mirror.attach.memory import executable
from dpdk_mirror.attach.process import Process
from dpdk_mirror.errors import (
    ClosedError,
    ConflictError,
    InvalidConfigError,
    MalformedError,
    NotFoundError,
    UnsupportedError,
)

_NOBODY = 65534


@pytest.fixture
def sleeper():
    """A process that does nothing until the test is over."""
    with child(["sleep", "1000"]) as process:
        yield process


@pytest.fixture
def own():
    """This one."""
    with Process(os.getpid()) as process:
        yield process


def test_memory_is_read_and_written(own):
    """Of any size and at any address, and no byte beside it changes."""
    size = 3 * 4096 + 5
    buffer = ctypes.create_string_buffer(b"." * size, size)
    address = ctypes.addressof(buffer)
    own.write(address + 7, b"x" * (size - 9))
    assert buffer.raw == b"." * 7 + b"x" * (size - 9) + b".."
    assert own.read(address, size) == buffer.raw
    assert own.read(address, 0) == b""


@pytest.mark.parametrize("address", [0, 4096, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, 1 << 80, -8])
def test_where_no_memory_is_a_read_or_write_is_refused(own, address):
    with pytest.raises(MalformedError, match="no memory is there"):
        own.read(address, 8)
    with pytest.raises(MalformedError, match="no memory is there"):
        own.write(address, b"12345678")


def test_too_much_at_a_time_is_refused(own):
    with pytest.raises(MalformedError):
        own.read(0x1000, 1 << 40)


def test_a_text_ends_at_its_zero_byte(own):
    """Also at the end of what is mapped; one that is too long is refused."""
    address = ctypes.addressof(text := ctypes.create_string_buffer(b"abc\xff" * 2000))
    assert os.fsencode(own.string(address, 8000)) == text.value
    with pytest.raises(MalformedError, match="no end within 7999 bytes"):
        own.string(address, 7999)


def test_maps_have_what_is_mapped(own, tmp_path):
    """A file that has been deleted is told from one that has not, whatever its name."""
    import mmap  # noqa: PLC0415

    path = tmp_path / "so 1\n2"
    path.write_bytes(b"\0" * 8192)
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 4096, offset=4096) as mapped:
        (found,) = (each for each in own.maps() if each.inode == path.stat().st_ino)
        assert found.path == str(path).replace("\n", r"\012")
        assert (found.end - found.start, found.offset, found.deleted) == (4096, 4096, False)
        path.unlink()
        (gone,) = (each for each in own.maps() if each.start == found.start)
        assert (gone.path, gone.deleted) == (found.path, True)
        assert len(mapped) == 4096


def test_tasks_are_its_threads(own):
    """By their names and by what each waits for."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=theirs.recv, args=(1,))
    thread.start()
    try:
        tasks = {task.tid: task for task in own.tasks()}
        assert tasks.keys() == {int(path.name) for path in Path("/proc/self/task").iterdir()}
        assert tasks[os.getpid()].comm == Path("/proc/self/comm").read_text().strip()
        assert tasks[thread.native_id].syscall
        assert own.ns_tid(thread.native_id) == thread.native_id
    finally:
        ours.close()
        thread.join()
        theirs.close()


def test_auxv_is_the_kernels(own):
    assert own.auxv()[6] == os.sysconf("SC_PAGE_SIZE")


def test_one_that_has_ended_is_noticed(sleeper):
    """Before whoever started it has asked for its end, and afterwards, when the number is free."""
    with Process(sleeper.pid) as process:
        process.check()
        address = process.maps()[0].start
        process.read(address, 1)
        sleeper.kill()
        os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
        for _ in range(2):
            for look in (process.check, lambda: process.read(address, 1)):
                with pytest.raises(NotFoundError):
                    look()
            with pytest.raises(NotFoundError):
                Process(sleeper.pid)
            sleeper.wait()
        for look in (process.maps, process.tasks, process.auxv):
            with pytest.raises(NotFoundError):
                look()


def test_one_that_starts_another_program_is_noticed():
    """Its number, and the time of its start, stay the same; its memory does not."""
    code = "import os, sys; sys.stdin.readline(); os.execlp('sleep', 'sleep', '1000')"
    with (
        child([sys.executable, "-c", code], stdin=subprocess.PIPE, text=True) as python,
        Process(python.pid) as process,
    ):
        address = process.maps()[0].start
        process.read(address, 1)
        process.check()
        python.stdin.write("\n")
        python.stdin.flush()
        while Path(f"/proc/{python.pid}/comm").read_text() != "sleep\n":
            os.sched_yield()
        with pytest.raises(NotFoundError, match="another program"):
            process.check()
        with pytest.raises(NotFoundError, match="another program"):
            process.read(address, 1)


def test_one_whose_first_thread_has_ended_goes_on(tmp_path):
    """As after pthread_exit() in main(): its memory and files are the other threads'."""
    (tmp_path / "main.c").write_text(
        "#include <pthread.h>\n#include <unistd.h>\n"
        "static void *run(void *arg) { for (;;) pause(); return arg; }\n"
        "int main(void) { pthread_t id; pthread_create(&id, NULL, run, NULL); pthread_exit(NULL); }\n"
    )
    subprocess.run(["gcc", tmp_path / "main.c", "-o", tmp_path / "main", "-pthread"], check=True)
    with child([tmp_path / "main"]) as running:
        while ") Z " not in Path(f"/proc/{running.pid}/stat").read_text():
            assert running.poll() is None
            os.sched_yield()
        with Process(running.pid) as process:
            process.check()
            assert process.link("exe") == str(tmp_path / "main")
            assert process.read(process.maps()[0].start, 4) == b"\x7fELF"
            assert executable(process).needed
            assert len(process.tasks()) == 2


@pytest.mark.parametrize("pid", [0, -1, 1 << 22, 1 << 40])
def test_a_number_that_is_no_process_is_refused(pid):
    with pytest.raises(NotFoundError):
        Process(pid)


def test_a_thread_is_no_process():
    """Not even one that /proc has a folder for."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with pytest.raises(NotFoundError, match="threads"):
            Process(thread.native_id)
    finally:
        over.set()
        thread.join()


def test_after_close_it_says_so(sleeper):
    process = Process(sleeper.pid)
    process.close()
    process.close()
    looks = (process.check, process.maps, process.tasks, lambda: process.read(0, 1), lambda: process.link("exe"))
    for look in (*looks, lambda: process.open_below_root("/", os.O_PATH), lambda: process.pidfd):
        with pytest.raises(ClosedError):
            look()


def _descriptors():
    return set(Path("/proc/self/fd").iterdir())


def test_nothing_is_left_open(sleeper):
    before = _descriptors()
    with Process(sleeper.pid) as process:
        process.read(process.maps()[0].start, 1)
        process.tasks()
        with pytest.raises(NotFoundError):
            process.open_below_root("/nowhere", os.O_RDONLY)
        with pytest.raises(UnsupportedError):
            process.open_below_root("/dev/null", os.O_RDONLY)
    for _ in range(3):
        with pytest.raises(NotFoundError):
            Process(1 << 22)
    assert _descriptors() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_without_rights_it_says_so():
    """The kernel decides, and nothing is widened."""
    code = f"""
import os
from dpdk_mirror.attach.process import Process
from dpdk_mirror.errors import NotPermittedError
os.setgroups([]); os.setgid({_NOBODY}); os.setuid({_NOBODY})
with Process({os.getpid()}) as process:
    for look in (process.maps, process.auxv, lambda: process.read(4096, 1), lambda: process.open_below_root("/", 0)):
        try:
            look()
        except NotPermittedError as error:
            assert error.hint
        else:
            raise SystemExit("it may")
    assert all(task.syscall == "" for task in process.tasks())
"""
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


# Files below its root.


@pytest.fixture
def jailed(tmp_path):
    """A process that has a folder of the test's for its root, with links in it that lead out of it."""
    if os.geteuid() != 0:
        pytest.skip("only root can change its root")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "name").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    (root / "up").symlink_to("../secret")
    (root / "top").symlink_to("/etc/name")
    (root / "proc").mkdir()
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to("loop")
    code = f"import os, sys; os.chroot({str(root)!r}); os.chdir('/'); print('in', flush=True); sys.stdin.read()"
    with child([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as python:
        assert python.stdout.readline() == b"in\n"
        with Process(python.pid) as process:
            yield process
        python.stdin.close()


def _read(process, path):
    descriptor = process.open_below_root(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


@pytest.mark.parametrize("path", ["/etc/name", "etc/name", "/top", "/../../etc/name", "/etc/../../../top"])
def test_paths_are_as_the_process_sees_them(jailed, path):
    assert _read(jailed, path) == b"inside"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/up", NotFoundError),
        ("/../secret", NotFoundError),
        ("/loop", ConflictError),
        ("/pipe", UnsupportedError),
        ("/a\0b", InvalidConfigError),
        ("/" + "x/" * 3000, InvalidConfigError),
        ("", NotFoundError),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(jailed, path, error):
    """Nothing outside of its root is opened, and nothing that could keep who opens it waiting."""
    with pytest.raises(error):
        jailed.open_below_root(path, os.O_RDONLY)


@pytest.mark.parametrize("path", ["/proc/self/exe", "/proc/self/root/etc", "/proc/self/cwd", "/proc/self/fd/0"])
def test_links_of_proc_lead_nowhere(own, path):
    """They would be the reader's own, or lead anywhere."""
    with pytest.raises(ConflictError):
        own.open_below_root(path, os.O_RDONLY)


def test_where_openat2_is_missing_it_is_refused(own, monkeypatch):
    """Nothing else is as safe."""
    from dpdk_mirror.attach import below  # noqa: PLC0415

    monkeypatch.setattr(below, "_OPENAT2", 100000)
    with pytest.raises(UnsupportedError, match="no openat2"):
        own.open_below_root("/", os.O_PATH)


def test_a_name_that_the_kernel_has_cut_off_is_shown_whole(tmp_path):
    """By how it was called; one that it has given itself stays."""
    program = tmp_path / "a-program-of-a-long-name"
    program.symlink_to(shutil.which("sleep"))
    code = "import ctypes; ctypes.CDLL(None).prctl(15, b'of-its-own-name', 0, 0, 0); print(flush=True); input()"
    with (
        child([program, "1000"]) as called,
        child([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as renamed,
        Process(called.pid) as long,
        Process(renamed.pid) as own,
    ):
        renamed.stdout.readline()
        assert (outside.name(long), outside.name(own)) == (program.name, "of-its-own-name")
