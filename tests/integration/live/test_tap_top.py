# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What top shows of a real application, and that nothing it meets stops it."""

import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
from dataclasses import replace
from pathlib import Path

import commands
import pytest
from captures import write_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror import ConflictError, Direction, NotFoundError
from dpdk_mirror.remote import connect

COUNT = 100


@pytest.fixture(params=["telemetry", "own socket"])
def player(request, tmp_path):
    """An application that receives COUNT frames once, and its socket: DPDK's or, without telemetry, the library's."""
    write_capture(tmp_path / "in.pcap", udp_frames(COUNT))
    options = TestpmdOptions([f"net_pcap0,rx_pcap={tmp_path}/in.pcap", "net_null0"])
    with contextlib.ExitStack() as stack:
        if request.param == "telemetry":
            testpmd = stack.enter_context(Testpmd(options))
            yield testpmd, testpmd.telemetry_path
        else:
            folder = Path(tempfile.mkdtemp())  # nobody else may write to it
            stack.callback(shutil.rmtree, folder)
            options = replace(options, eal=("--no-telemetry", *options.eal))
            yield stack.enter_context(Testpmd(options, {"DPDK_MIRROR_SOCKET": f"{folder}/s"})), folder / "s"


def test_ports_tell_what_their_drivers_have_counted(player):
    """As the application itself would say, while the port is started; no port, or a stopped one, is a refusal."""
    testpmd, path = player
    wait_until(path.is_socket, "its socket")
    with connect(path) as app:
        testpmd.start()
        wait_until(lambda: app.port_stats("net_pcap0").ipackets == COUNT, "all frames")
        stats = app.port_stats(0)
        shown = testpmd.counters(0)
        assert (stats.ipackets, stats.ibytes) == (shown["RX-packets"], shown["RX-bytes"])
        assert stats.ibytes == sum(map(len, udp_frames(COUNT)))
        assert app.port_stats("net_null0").opackets == COUNT
        testpmd.stop()
        testpmd.command("port stop 0")
        with pytest.raises(ConflictError, match="port 0 does not say what it has counted: it is not started"):
            app.port_stats(0)
        with pytest.raises(NotFoundError, match="there is no port net_pcap7"):
            app.port_stats("net_pcap7")


@pytest.fixture
def switch():
    """An application that forwards as fast as it can, with a mirror that loses much."""
    with Testpmd(TestpmdOptions(["net_null0", "net_null1"])) as testpmd, connect(testpmd.telemetry_path) as app:
        app.mirror("net_null0", to="ring:lost", name="slow")  # which nobody reads
        app.mirror("net_null1", to="null:all", name="all", direction=Direction.RX)
        testpmd.start()
        yield testpmd


def run_top(*arguments):
    command = [sys.executable, "-m", "dpdk_mirror", "top", *arguments]
    return commands.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_rates_are_those_of_the_application(switch):
    """What its ports receive passes the mirrors, and is taken or lost for the reason that is told."""
    (record,) = json.loads(run_top("--once", "--json", "--app", str(switch.telemetry_path)))
    ports = {port["name"]: port["per_s"] for port in record["ports"]}
    mirrors = {each["name"]: each for each in record["mirrors"]}
    assert record["pid"] == switch.pid
    assert ports["net_null0"]["ipackets"] > 0
    for name, source in {"slow": "net_null0", "all": "net_null1"}.items():
        per_s = mirrors[name]["per_s"]
        assert per_s["seen"] == pytest.approx(
            ports[source]["ipackets"] + (ports[source]["opackets"] if name == "slow" else 0), rel=0.5
        )
        assert per_s["seen"] == pytest.approx(sum(per_s[key] for key in per_s if key not in {"seen", "bytes"}), rel=0.1)
    assert mirrors["slow"]["per_s"]["full"] > 0
    lines = run_top("--once", "--app", str(switch.telemetry_path)).splitlines()
    assert any("slow > ring:lost" in line and "full" in line for line in lines)


@contextlib.contextmanager
def top_on_a_terminal(path):
    """The command, and what reads its terminal, which has 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "dpdk_mirror", "top", "--app", str(path)]
    environment = os.environ | {"TERM": "xterm-256color"}
    with commands.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as top:
        os.close(theirs)
        said = bytearray()

        def shows(what):
            if select.select([ours], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # it has ended
                    said.extend(os.read(ours, 65536))
            return what in said

        try:
            yield top, ours, shows
        finally:
            top.kill()
            os.close(ours)


LEFT = b"\x1b[?1049l"  # the terminal's other screen


@pytest.mark.parametrize(("key", "signal_", "code"), [(b"q", None, 0), (b"\x03", None, 0), (b"", signal.SIGTERM, 143)])
def test_a_terminal_is_as_before_however_it_ends(switch, key, signal_, code):
    """Each of the keys for it, and a signal."""
    with top_on_a_terminal(switch.telemetry_path) as (top, terminal, shows):
        wait_until(lambda: shows(b"slow > ring:lost"), "its mirrors")
        if signal_ is not None:
            top.send_signal(signal_)
        os.write(terminal, key)
        wait_until(lambda: shows(LEFT), "the end")
        assert top.wait(30) == code


def test_a_mirror_is_removed_by_its_keys(switch):
    with connect(switch.telemetry_path) as app, top_on_a_terminal(switch.telemetry_path) as (top, terminal, shows):
        wait_until(lambda: shows(b"slow > ring:lost"), "its mirrors")
        os.write(terminal, b"\x1b[B" * 3)  # down: port rx, port tx, mirror
        wait_until(lambda: shows(b"both, "), "what there is to say of it")
        os.write(terminal, b"d")
        wait_until(lambda: shows(b"Remove mirror slow in"), "the question")
        os.write(terminal, b"y")
        wait_until(lambda: shows(b"removed mirror slow"), "the answer")
        assert [mirror.info().name for mirror in app.mirrors()] == ["all"]
        os.write(terminal, b"q")
        assert wait_until(lambda: shows(LEFT) and top.poll() is not None, "the end")


def test_an_application_that_is_stopped_does_not_stop_it(switch):
    """It says so, and goes on when the application does."""
    with top_on_a_terminal(switch.telemetry_path) as (_, terminal, shows):
        wait_until(lambda: shows(b"slow > ring:lost"), "its mirrors")
        os.kill(switch.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: shows(b"no answer"), "that there is no answer")
            os.write(terminal, b"h")
            wait_until(lambda: shows(b"reverse the order"), "help")
        finally:
            os.kill(switch.pid, signal.SIGCONT)
        os.write(terminal, b"h")
        with connect(switch.telemetry_path) as app:
            app.mirror("net_null1", to="null:more", name="later", direction=Direction.TX)
        wait_until(lambda: shows(b"later > null:more"), "a mirror that is new")
