# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which applications are found, and by which names."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from children import child
from fakeapp import FakeApplication

import dpdk_mirror
from dpdk_mirror import BusyTimeoutError, ConflictError, NotFoundError
from dpdk_mirror.attach.identify import DpdkProcess
from dpdk_mirror.remote import applications, connect, discovery, sockets


def test_without_applications_there_are_none(runtime):
    assert applications() == []


def test_all_that_answer_are_found(start):
    """Every prefix, every instance; plugin or not."""
    for prefix, name in [("b", ""), ("a", ""), ("a", ":1"), ("a", ":12")]:
        start(prefix, f"dpdk_telemetry.v2{name}", plugin=prefix == "a")
    found = applications()
    assert [str(app) for app in found] == ["a", "a:1", "a:12", "b"]
    assert [app.has_plugin for app in found] == [True, True, True, False]


def test_a_program_is_found_by_its_name_and_by_what_the_kernel_keeps_of_it(processes):
    processes.append(DpdkProcess(20, "ovs-vswitchd-dpdk"))
    for name in ("ovs-vswitchd-dpdk", "ovs-vswitchd-dp"):
        assert discovery.find_process(name).pid == 20


def test_finding_applications_leaves_their_clients_free(start):
    start()  # it takes 10
    for _ in range(20):
        assert len(applications()) == 1


def test_dead_ones_and_strangers_are_left_out(start, runtime):
    """A crash leaves the socket's file; other files are there, too."""
    start("dead").close()
    alive = start("alive")
    (alive.path.parent / "config").write_text("")
    (alive.path.parent / "dpdk_telemetry.v2:x").write_text("")
    (alive.path.parent / "dpdk_telemetry.v1").write_text("")
    (runtime / "dpdk" / "file").write_text("")
    assert [str(app) for app in applications()] == ["alive"]


def test_one_that_hangs_holds_up_nobody_for_long(start):
    """They are asked at once, and asked for less patience than later requests get."""
    for number in range(8):
        fake = start(f"hung{number}")
        fake.odd["greeting"] = fake.hang
    start("well")
    begin = time.monotonic()
    assert [str(app) for app in applications()] == ["well"]
    assert time.monotonic() - begin < 6


def test_an_application_goes_by_its_prefix_and_instance(start):
    first, second = start("a"), start("a", "dpdk_telemetry.v2:1")
    assert (connect("a").path, connect("a:1").path) == (first.path, second.path)
    first.close()
    with pytest.raises(NotFoundError, match="connect to a: no application of that file prefix answers"):
        connect("a")
    assert connect("a:1").path == second.path


def test_a_number_is_the_id_of_a_process_before_it_is_a_prefix(processes, monkeypatch):
    """One that is no application's id is looked for among all names."""
    processes += [DpdkProcess(10, "one", prefix="20"), DpdkProcess(20, "two"), DpdkProcess(30, "three", started=False)]
    processes.append(DpdkProcess(40, "four", prefix="30"))
    assert discovery.find_process("20").name == "two"
    assert discovery.find_process("30").name == "four"
    assert discovery.find_process("40").name == "four"
    monkeypatch.setattr(discovery, "processes", lambda: pytest.fail("looked at all"))
    assert discovery.find_process("40").name == "four"


def test_a_process_is_not_taken_for_another_that_has_its_socket(start, processes):
    """A path is what a process says of itself, and what is there may be another's by now."""
    fake = start("a")
    processes += [DpdkProcess(os.getppid(), "liar", telemetry=(str(fake.path),)), DpdkProcess(os.getpid(), "honest")]
    processes[1].telemetry = processes[0].telemetry
    with pytest.raises(ConflictError, match=f"process {os.getppid()}: what is at .* of process {os.getpid()} "):
        connect("liar")
    assert connect("honest").path == fake.path


def test_what_is_not_there_is_not_found(start):
    start("a")
    with pytest.raises(NotFoundError, match=r"connect to b: .*; dpdk-mirror apps lists what runs"):
        connect("b")


@pytest.mark.parametrize("asked", ["ovs-vswitchd", "ovs", "ovs-vswtchd-dpdk"])
def test_of_a_name_that_is_nearly_one_that_is_said(processes, asked):
    processes += [DpdkProcess(10, "ovs-vswitchd-dpdk"), DpdkProcess(20, "other", prefix="rte")]
    for find in (connect, discovery.find_process):
        with pytest.raises(NotFoundError, match=r"; did you mean ovs-vswitchd-dpdk\? dpdk-mirror apps lists"):
            find(asked)


def test_one_prefix_in_two_runtime_directories_is_ambiguous(start, runtime, monkeypatch):
    start("a")
    monkeypatch.setattr(sockets, "runtime_directories", lambda: [runtime / "dpdk", runtime / "other"])
    with FakeApplication(runtime / "other" / "a" / "dpdk_telemetry.v2") as other:
        with pytest.raises(ConflictError, match=r"there are several: .*dpdk/a/.*other/a/.*; give the socket's path"):
            connect("a")
        assert connect(other.path).path == other.path


def test_one_that_hangs_is_said_to(start):
    fake = start("a")
    fake.odd["greeting"] = fake.hang
    with pytest.raises(BusyTimeoutError, match="does not answer"):
        connect("a")


def test_runtime_directories_are_those_of_eal(monkeypatch):
    """RUNTIME_DIRECTORY first, root's, the user's own, and the one without any of these; each once."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/somewhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run")
    found = sockets.runtime_directories()
    assert [Path("/somewhere/dpdk"), Path("/var/run/dpdk"), Path("/tmp/dpdk")] == found[:3]
    assert Path("/run/dpdk") not in found, "/var/run is a link to it"
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    found = sockets.runtime_directories()
    assert [Path("/var/run/dpdk"), Path("/run/user/1000/dpdk"), Path("/tmp/dpdk")] == found[:3]


def test_an_application_with_a_runtime_directory_of_its_own_is_found(runtime, monkeypatch):
    """As services of systemd's have: the kernel knows the sockets that somebody listens on."""
    monkeypatch.undo()
    path = runtime / "private" / "dpdk" / "svc" / "dpdk_telemetry.v2"
    with FakeApplication(path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.bind(f"{path}:1")
        stream.listen()
        found = sockets.sockets()
    assert path in found
    assert Path(f"{path}:1") not in found, "telemetry is of another type"
    assert path not in sockets.sockets()


def test_who_listens_is_told_without_a_connection(runtime):
    """So one that hangs, or takes no more clients, is not bothered; and a link's name is as good as the socket's."""
    path, link, another = runtime / "socket", runtime / "link", runtime / "another"
    link.symlink_to(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(path))
        assert sockets.listener(path) is None, "nobody listens yet"
        server.listen()
        server.settimeout(0)
        assert (sockets.listener(path), sockets.listener(link)) == (os.getpid(), os.getpid())
        with pytest.raises(BlockingIOError):
            server.accept()
        assert sockets.listener(another) is None
    assert sockets.listener(path) is None


def test_of_processes_that_share_a_socket_the_first_is_told(runtime):
    """Those that it has started since, and that have inherited it, may be more."""
    path = runtime / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(path))
        server.listen()
        command = [sys.executable, "-c", "input()"]
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(child(command, stdin=subprocess.PIPE, pass_fds=[server.fileno()]))
            assert sockets.listener(path) == os.getpid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_socket_of_roots_says_sudo(start, runtime):
    """To an ordinary user: by its path, and by its prefix."""
    fake = start("a")
    (runtime / "dpdk").chmod(0o700)
    runtime.chmod(0o755)
    code = (
        "from dpdk_mirror import remote\nfrom dpdk_mirror.remote import sockets, connect\nfrom pathlib import Path\n"
        f"sockets.runtime_directories = lambda: [Path({str(runtime)!r}) / 'dpdk']\n"
        "sockets._that_listen = lambda: iter(())\n"
        f"for where in ({str(fake.path)!r}, 'a'):\n"
        "    try:\n        connect(where)\n    except PermissionError as error:\n        print(error)\n"
        f"print(sockets.listener(Path({str(fake.path)!r})))\n"
    )
    package = Path(dpdk_mirror.__file__).parent
    copy = runtime / "copy"
    copy.mkdir()
    subprocess.run(["cp", "-r", package, copy], check=True)
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
    environment = {"PYTHONPATH": str(copy)}
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code], env=environment, capture_output=True, text=True, check=False, user=65534
    )
    assert done.stderr == ""
    by_path, by_prefix, listener = done.stdout.splitlines()
    assert listener == "None"
    assert "[EACCES]; the socket belongs to another user: use sudo $(command -v dpdk-mirror), or" in by_path
    assert by_prefix.startswith(
        "connect to a: no application of that file prefix answers, and there is no permission to read "
    )
    assert by_prefix.endswith("[EACCES]; use sudo $(command -v dpdk-mirror)")
