# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors that a running application ends by itself, and whose they are."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import commands
import pytest
from captures import read_capture
from livekit.application import need_namespaces, wait_until
from livekit.forwarder import Forwarder, ForwarderOptions, build_forwarder
from livekit.frames import udp_frames
from livekit.telemetry import RefusedError

from dpdk_mirror.errors import NotFoundError
from dpdk_mirror.remote import Application, process_text

COUNT = 100
COMMAND = (sys.executable, "-m", "dpdk_mirror")


@pytest.fixture
def app(testpmd):
    with Application(testpmd.telemetry_path) as app:
        yield app


@pytest.fixture
def telemetry(telemetry):
    """A target that ends with its mirror does so after it."""
    ports = telemetry.call("ports")
    yield telemetry
    telemetry.call("remove", all="yes")
    wait_until(lambda: telemetry.call("ports") == ports, "the targets' end")


def wait_for_end(telemetry, name="in"):
    """Waits for all mirrors' end; what is answered to who asks for one then."""
    wait_until(lambda: telemetry.call("list") == [], "the mirror's end")
    with pytest.raises(RefusedError) as refused:
        telemetry.call("info", mirror=name)
    return str(refused.value)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("to", ["file:{}/f.pcapng", "tap:lease0", "vhost:{}/v", "null:n", "ring:r", "stream:"])
def test_a_mirror_ends_in_time_whatever_its_target(telemetry, testpmd, app, forward, tmp_path, to, paused):
    """And the target with it, but for a ring, which somebody may be reading."""
    tmp_path.chmod(0o700)
    to, ports = to.format(tmp_path), telemetry.call("ports")
    telemetry.call("add", source=0, to=to, directions="rx", lease=1000, name="in")
    stream = app.find("in").open_stream() if to == "stream:" else None
    if stream is not None:
        assert stream.recv(4) == b"\x0a\x0d\x0d\x0a"
    if paused:
        telemetry.call("pause", mirror="in")
    else:
        forward(udp_frames(COUNT))
    telemetry.call("update", mirror="in", lease=1)
    assert f"(its 1 s are over), when it had seen {0 if paused else COUNT} packets" in wait_for_end(telemetry)
    if to == "ring:r":
        telemetry.call("target/remove", to=to, force="yes")
    if to.startswith("file:") and not paused:
        assert len(read_capture(tmp_path / "f.pcapng").frames) == COUNT
    wait_until(lambda: telemetry.call("ports") == ports, "the port's end")
    assert not testpmd.has_interface("lease0")
    assert not (tmp_path / "v").exists()
    if stream is not None:
        with stream, stream.makefile("rb") as rest:
            assert rest.read()


def test_a_file_is_complete_when_its_time_is_over(telemetry, forward, tmp_path):
    """With the statistics that stand at the end, as after a removal."""
    path = tmp_path / "in.pcapng"
    telemetry.call("add", source=0, to=f"file:{path}", directions="rx", name="in")
    forward(udp_frames(COUNT))
    telemetry.call("update", mirror="in", lease="1s")
    wait_for_end(telemetry)
    # The target is still at it.
    wait_until(lambda: any(each.end_ns is not None for each in read_capture(path).statistics), "the last statistics")
    assert len(read_capture(path).frames) == COUNT


def test_a_mirror_ends_with_its_shell_however_that_ends(telemetry, testpmd):
    """The command has ended long before."""
    add = f"{' '.join(COMMAND)} add 0 --to null:x --name in --with-shell --app {testpmd.pid} && read line"
    for how in (signal.SIGKILL, None):
        shell = subprocess.Popen(["bash", "-c", add], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        said = [shell.stdout.readline().decode() for _ in range(3)]
        assert said[2] == f"ends with bash, process {shell.pid}\n"
        assert telemetry.call("info", mirror="in")["ends_with"] == shell.pid
        if how is None:
            shell.communicate(b"\n", timeout=30)
        else:
            shell.send_signal(how)
        assert f"process {shell.pid}, which it was to end with, has ended" in wait_for_end(telemetry)
        shell.communicate(timeout=30)


def test_a_mirror_ends_with_a_client_that_is_killed(telemetry, testpmd):
    """From Python, which has no time to remove it."""
    code = (
        "import os, sys; from dpdk_mirror.remote import Application, process_text\n"
        f"app = Application({str(testpmd.telemetry_path)!r})\n"
        "app.mirror(0, to='null:x', name='in', ends_with=process_text(os.getpid()))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    wait_for_end(telemetry)


def test_a_process_of_another_namespace_is_refused(telemetry, testpmd):
    """What has that number here is another one, if there is one."""
    need_namespaces()
    add = f"{' '.join(COMMAND)} add 0 --to null:x --with-shell --app {testpmd.telemetry_path}; exit $?"
    command = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", add]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the application is in another namespace, as in a container: give a time" in done.stderr
    assert telemetry.call("list") == []


def test_an_update_prolongs_or_takes_back(telemetry, app):
    mirror = app.mirror(0, to="null:x", name="in", lease=1000, ends_with=process_text(os.getpid()))
    assert (mirror.info().ends_with, mirror.spec.lease) == (os.getpid(), 1000)
    mirror.update(lease=100_000)
    assert mirror.info().ends_in_s > 1000
    mirror.update(lease=0, ends_with=None)
    assert (mirror.info().ends_in_s, mirror.info().ends_with) == (None, None)
    # Of two, the one whose time comes goes.
    with app.mirror(0, to="null:y", lease=1) as other:
        wait_until(lambda: telemetry.call("list") == [mirror.id], "the other's end")
        with pytest.raises(NotFoundError, match="its 1 s are over"):
            other.info()
    assert mirror.info().name == "in"


def test_many_end_at_once_while_packets_flow(telemetry, forward):
    """The application forwards all that it was given, before and after."""
    for number in range(20):
        options = {"source": number % 2, "directions": ("rx", "tx")[number // 2 % 2], "to": f"null:{number // 4}"}
        telemetry.call("add", **options, lease=1 + number % 2, snaplen=60 + number)
        forward(udp_frames(COUNT))
    wait_until(lambda: forward(udp_frames(COUNT)) or telemetry.call("list") == [], "all mirrors' end")
    forward(udp_frames(COUNT))


def test_a_file_says_for_how_long(telemetry, testpmd, tmp_path):
    """Twice applied it changes nothing, and prolongs nothing; a lease that another has given is taken back."""
    path = tmp_path / "mirrors.toml"

    def applied(text):
        path.write_text(text, encoding="utf-8")
        command = [*COMMAND, "apply", str(path), "--app", str(testpmd.pid)]
        return commands.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    text = '[mirrors.m]\nsource = 0\nto = "null:x"\nlease = "{}"\n'
    assert applied(text.format("1h"))[0].startswith("add m: ")
    assert applied(text.format("3600")) == ["keep m"]
    assert applied(text.format("1s")) == ["update m: lease 3600 -> 1"]
    wait_for_end(telemetry, "m")
    assert applied(text.format("1h"))[0].startswith("add m: ")
    telemetry.call("update", mirror="m", ends_with=process_text(os.getpid()))
    assert applied(text.format("0")) == [f"update m: lease 3600 -> 0, ends_with {process_text(os.getpid())} -> -"]
    assert "ends_with" not in telemetry.call("info", mirror="m")


def test_it_is_told_who_has_added_a_mirror_and_when(app):
    """Through telemetry, by the client's word alone."""
    before = datetime.now(UTC)
    info = app.mirror(0, to="null:x").info()
    assert info.added_by.endswith(f"@{os.uname().nodename}, process {os.getpid()}")
    assert (info.added_uid, info.added_pid) == (None, None)
    assert timedelta(seconds=-1) <= datetime.fromisoformat(info.added_at) - before < timedelta(seconds=60)


def test_without_telemetry_the_kernel_tells_who_adds_and_leases_end_too(tmp_path):
    tmp_path.chmod(0o700)
    path = tmp_path / "s"
    program = build_forwarder(tmp_path, "shared")
    options = ForwarderOptions(eal=["--no-telemetry"], environment={"DPDK_MIRROR_SOCKET": str(path)})
    with Forwarder(program, options) as forwarder:
        wait_until(path.is_socket, "the socket")
        with Application(path) as app:
            mirror = app.mirror(0, to="null:x")
            assert (mirror.info().added_uid, mirror.info().added_pid) == (os.getuid(), os.getpid())
            mirror.update(lease=1)
            wait_until(lambda: not app.mirrors(), "the mirror's end")
        assert forwarder.end() == 0
