# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""DPDK ports in Wireshark, by tshark, which finds and asks the same program: what it shows, and what it leaves."""

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import commands
import pytest
from children import child
from commands import COMMAND
from livekit.application import find_program, wait_until
from livekit.frames import udp_frames
from livekit.sshd import NAME, Elsewhere
from livekit.tapped import streams_of
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.wire import run_in

PREFIX = f"shark{os.getpid()}"  # no other application's
PORT = f"dpdk:{PREFIX}:net_tap0"
NULL_PORT = f"dpdk:{PREFIX}:net_null0"
OPTION = f"extcap.dpdk_{PREFIX}"  # how Wireshark names those of an interface
GONE_S = 10
"""A second is what it takes; a busy machine takes longer."""


class Wireshark:
    """tshark of a user who has installed the launcher, in the network namespace of ``application``, or another."""

    def __init__(self, application, home, pid=None, **variables):
        find_program("tshark")
        self.application = application
        self.environment = {**os.environ, "RUNTIME_DIRECTORY": str(application.directory), "HOME": str(home)}
        self.environment.pop("XDG_CONFIG_HOME", None)
        self.environment.update(variables)
        self._inside = ["nsenter", f"--net=/proc/{pid or application.pid}/ns/net"]
        commands.run([COMMAND, "extcap", "--install"], env=self.environment, check=True, timeout=120)

    def run(self, *words):
        options = {"env": self.environment, "capture_output": True, "text": True, "timeout": 120}
        done = subprocess.run([*self._inside, *words], check=False, **options)
        return done.returncode, done.stdout, done.stderr

    def start(self, *words):
        """Prints the source port of each packet."""
        command = [*self._inside, "tshark", "-Q", "-l", "-n", "-T", "fields", "-e", "udp.srcport", *words]
        return child(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @contextmanager
    def capturing(self, *words):
        """Started, and its mirror is there; at the end nothing is."""
        with self.start(*words) as process, self.application.telemetry() as telemetry:
            wait_until(lambda: telemetry.call("list") or process.poll() is not None, "a mirror", timeout_s=60)
            assert process.poll() is None, process.communicate()
            yield process
            wait_until(lambda: telemetry.call("list") == [], "the mirror is gone", timeout_s=GONE_S)
            assert not streams_of(self.application.pid)
            wait_until(lambda: not launchers(self.application), "who captures is gone", timeout_s=GONE_S)


def captured(process, forward, frames):
    """What tshark shows until it has had enough; it gets frames from when it has begun on, whenever that is."""
    while process.poll() is None:
        forward(frames)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.split()


def launchers(application):
    """The processes that capture for Wireshark from an application, here and elsewhere."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (path / "cmdline").read_text().split("\0"), (path / "environ").read_text()
        except OSError:
            continue
        if "extcap" in command and "python" in command[0] and str(application.directory) in environment:
            found.append(int(path.name))
    return found


@pytest.fixture(scope="module")
def testpmd():
    """Forwards between two interfaces of the kernel."""
    taps = ["net_tap0,iface=lk0", "net_tap1,iface=lk1"]
    with Testpmd(TestpmdOptions(taps, interfaces=True, prefix=PREFIX)) as testpmd:
        for interface in ("lk0", "lk1"):
            run_in(testpmd.pid, "sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        testpmd.start()
        yield testpmd


@pytest.fixture
def wireshark(testpmd, tmp_path):
    return Wireshark(testpmd, tmp_path)


@pytest.fixture
def bare(tmp_path):
    """Of an application that sends all the time, and lacks the library."""
    options = TestpmdOptions(["net_null0"], mode="txonly", plugin=False, interfaces=True, prefix=PREFIX)
    with Testpmd(options) as testpmd:
        testpmd.start()
        yield Wireshark(testpmd, tmp_path)


def test_each_port_is_in_the_list_and_other_hosts(wireshark):
    code, out, _ = wireshark.run("tshark", "-D")
    assert code == 0
    listed = [line.partition(". ")[2] for line in out.splitlines()]
    assert f"{PORT} (DPDK net_tap0 of {PREFIX})" in listed
    assert f"dpdk:{PREFIX}:net_tap1 (DPDK net_tap1 of {PREFIX})" in listed
    assert "dpdk-ssh (DPDK over ssh)" in listed


def test_what_the_filter_matches_is_shown_and_the_rest_is_not(wireshark, forward):
    """As many as are asked for; then nothing is left."""
    sent = udp_frames(10, longest=200)
    with wireshark.capturing("-i", PORT, "-f", "udp src port 1003 or udp src port 1007", "-c", "2") as process:
        shown = captured(process, forward, sent)
        assert (len(shown), set(shown) - {"1003", "1007"}) == (2, set())


def test_options_of_the_interface_are_the_mirrors(wireshark, testpmd):
    options = [f"-o{OPTION}_net_tap0.{each}" for each in ("snaplen:64", "directions:rx", "sample:2")]
    with wireshark.capturing("-i", PORT, *options) as process, testpmd.telemetry() as telemetry:
        (mirror,) = telemetry.call("list")
        info = telemetry.call("info", mirror=mirror)
        assert (info["snaplen"], info["directions"]) == (64, "rx")
        assert "".join(info["name"]) == f"wireshark-{info['ends_with']}"
        assert "sample=2" in "".join(info["spec"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_wireshark_ends(wireshark, how):
    """No mirror, no socket, no process, though no packet comes by which one would notice."""
    with wireshark.capturing("-i", PORT) as process:
        process.send_signal(how)
        process.wait(60)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_launcher_that_is_ended_leaves_nothing(wireshark, testpmd, how):
    with wireshark.capturing("-i", PORT) as process:
        (launcher,) = launchers(testpmd)
        os.kill(launcher, how)
        process.communicate(timeout=60)


def test_two_may_look_at_the_same_port(wireshark, telemetry, forward):
    with wireshark.capturing("-i", PORT, "-c", "3") as one, wireshark.start("-i", PORT, "-c", "3") as other:
        wait_until(lambda: len(telemetry.call("list")) == 2, "two mirrors", timeout_s=60)
        for process in (one, other):
            assert len(captured(process, forward, udp_frames(3, longest=200))) == 3


def test_a_filter_that_will_not_do_is_refused_in_a_sentence(wireshark, testpmd):
    code, out, err = wireshark.run("tshark", "-i", PORT, "-f", "udp port x y")
    assert (code != 0, out) == (True, "")
    assert "unknown port 'x'" in err
    with testpmd.telemetry() as telemetry:
        assert telemetry.call("list") == []


def test_a_value_that_will_not_do_is_refused_in_a_sentence(wireshark):
    """Before there is anything to read, which Wireshark would wait for."""
    code, out, err = wireshark.run("tshark", "-i", PORT, f"-o{OPTION}_net_tap0.snaplen:5")
    assert (code != 0, out) == (True, "")
    assert "less than an Ethernet header" in err


def test_an_application_that_ends_ends_the_capture_in_a_sentence(tmp_path):
    with Testpmd(TestpmdOptions(["net_null0"], interfaces=True, prefix=PREFIX)) as testpmd:
        wireshark = Wireshark(testpmd, tmp_path)
        with wireshark.start("-i", NULL_PORT) as process:
            with testpmd.telemetry() as telemetry:
                wait_until(lambda: telemetry.call("list"), "a mirror", timeout_s=60)
            testpmd.kill()
            _, err = process.communicate(timeout=60)
            assert "dpdk-mirror: " in err
            assert "ended" in err


def test_without_the_library_wireshark_says_what_to_do(bare):
    code, out, err = bare.run("tshark", "-i", NULL_PORT, "-c", "1")
    assert (code != 0, out) == (True, "")
    assert 'check "Load the library"' in err


def test_the_library_is_loaded_where_that_is_asked_for(bare):
    code, _, err = bare.run("tshark", "-Q", "-i", NULL_PORT, "-c", "3", f"-o{OPTION}_net_null0.attach:true")
    assert code == 0, err


def test_a_port_of_another_host_is_captured_over_ssh(testpmd, tmp_path, forward):
    """And nothing is left there."""
    with Elsewhere({"RUNTIME_DIRECTORY": str(testpmd.directory)}) as host:
        place = [f"-oextcap.dpdk_ssh.remotehost:{NAME}", f"-oextcap.dpdk_ssh.remoteport:{PORT}"]
        there = Wireshark(testpmd, tmp_path, host.pid, **host.caller())
        with there.capturing("-i", "dpdk-ssh", *place, "-f", "udp src port 1001", "-c", "1") as process:
            assert captured(process, forward, udp_frames(3, longest=200)) == ["1001"]


def test_killing_wireshark_ends_the_capture_of_another_host(testpmd, tmp_path):
    with Elsewhere({"RUNTIME_DIRECTORY": str(testpmd.directory)}) as host:
        place = [f"-oextcap.dpdk_ssh.remotehost:{NAME}", f"-oextcap.dpdk_ssh.remoteport:{PORT}"]
        with Wireshark(testpmd, tmp_path, host.pid, **host.caller()).capturing("-i", "dpdk-ssh", *place) as process:
            process.kill()
            process.wait(60)


def test_ports_of_another_host_are_listed_when_somebody_asks(testpmd, tmp_path):
    with Elsewhere({"RUNTIME_DIRECTORY": str(testpmd.directory)}) as host:
        wireshark = Wireshark(testpmd, tmp_path, host.pid, **host.caller())
        asked = ("--extcap-config", "--extcap-reload-option", "remote-port", "--extcap-interface", "dpdk-ssh")
        code, out, err = wireshark.run(COMMAND, "extcap", *asked, "--remote-host", NAME)
        assert (code, err) == (0, "")
        assert f"value {{arg=1}}{{value={PORT}}}{{display=DPDK net_tap0 of {PREFIX}}}" in out.splitlines()
        assert "dpdk-ssh" not in out
