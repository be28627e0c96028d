# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Commands on another host: what is run there, how it ends, and what is said when ssh does not come through."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from captures import read_capture
from children import child
from commands import COMMAND
from livekit.application import wait_until
from livekit.sshd import NAME, Elsewhere
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.tap.caller import SILENCE_S


@pytest.fixture(scope="module")
def application():
    """testpmd, which is somewhere else."""
    with Testpmd(TestpmdOptions(["net_null0", "net_null1"])) as testpmd:
        yield testpmd


@pytest.fixture
def elsewhere(application):
    # Whatever else runs on this machine.
    variables = {"RUNTIME_DIRECTORY": str(application.directory), "DPDK_MIRROR_APP": str(application.telemetry_path)}
    with Elsewhere(variables) as host:
        yield host


def started(elsewhere, *words, environment=None):
    """A command with --host."""
    command = elsewhere.calling(COMMAND, *words, "--host", NAME)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return child(command, env=environment or elsewhere.caller(), **options)


def run(elsewhere, *words, environment=None):
    """To its end: exit code, stdout and stderr."""
    with started(elsewhere, *words, environment=environment) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def over_there(*words):
    """Which processes other hosts have had started with these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_text().split("\0")
        except OSError:
            continue
        if "python" in command[0] and "--caller" in command and set(words) <= set(command):
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def watched(application, elsewhere):
    """A command that says nothing for ever, and what finds the process over there."""
    app = str(application.telemetry_path)
    with started(elsewhere, "stats", "--watch", "--json", "--interval", "600", "--app", app) as process:
        assert json.loads(process.stdout.readline()) == []
        (pid,) = over_there(app)
        yield process, lambda: pid in over_there(app)


def test_a_command_is_run_on_the_host_that_it_names(application, elsewhere):
    code, out, err = run(elsewhere, "ports", "--json")
    assert (code, err) == (0, "")
    assert [port["name"] for port in json.loads(out)] == ["net_null0", "net_null1"]


def test_words_arrive_as_they_were_given(application, elsewhere):
    """Whatever a shell would make of them."""
    name = 'it\'s $HOME "*" `id` \\ ; ü'
    words = ("net_null0", "--to", "null:count", "--name", name, "--filter", "ip && udp", "--json")
    code, out, err = run(elsewhere, "add", *words)
    assert (code, err) == (0, "")
    assert json.loads(out)["name"] == name
    with application.telemetry() as telemetry:
        telemetry.call("remove", all="yes")


def test_what_fails_there_is_said_here(elsewhere):
    code, out, err = run(elsewhere, "info", "nothing")
    assert (code, out) == (1, "")
    assert "find mirror nothing" in err
    assert len(err.splitlines()) == 1


def test_ctrl_c_is_the_commands_over_there(watched):
    """Which takes it for a good end."""
    process, runs = watched
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
    wait_until(lambda: not runs(), "it ends over there")


def test_it_ends_when_the_caller_is_killed(watched):
    process, runs = watched
    process.kill()
    wait_until(lambda: not runs(), "it ends over there")


def test_it_ends_when_ssh_is_killed(watched):
    process, runs = watched
    (ssh,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
    subprocess.run(["kill", "-9", str(ssh)], check=True)
    process.communicate(timeout=30)
    assert process.returncode not in {0, None}
    wait_until(lambda: not runs(), "it ends over there")


def test_it_ends_when_nobody_reads_what_it_says(watched):
    process, runs = watched
    process.stdout.close()
    assert process.wait(30) != 0
    wait_until(lambda: not runs(), "it ends over there")


def test_both_ends_go_when_the_network_dies(watched, elsewhere):
    """In the time that is stated, and some more for a machine that is busy."""
    process, runs = watched
    elsewhere.cut()
    before = time.monotonic()
    _, err = process.communicate(timeout=SILENCE_S + 40)
    assert process.returncode == 1
    assert f"run dpdk-mirror on {NAME}: " in err
    assert "not responding" in err
    wait_until(lambda: not runs(), "it ends over there", timeout_s=before + SILENCE_S + 40 - time.monotonic())


@pytest.fixture
def sending(application):
    application.command("set fwd txonly")
    application.start()
    yield application
    application.stop()
    application.command("set fwd io")


def test_a_stream_comes_as_it_was_sent(sending, elsewhere, tmp_path):
    """Byte by byte, to its end."""
    words = ("capture", "net_null0", "-w", "-", "--packets", "1000", "--host", NAME)
    path = tmp_path / "capture.pcapng"
    with path.open("wb") as file:
        options = {"stdout": file, "stderr": subprocess.PIPE, "timeout": 60}
        done = subprocess.run(elsewhere.calling(COMMAND, *words), check=False, env=elsewhere.caller(), **options)
    assert done.returncode == 0, done.stderr
    frames = read_capture(path).frames
    assert len(frames) == 1000
    assert {length for _, length in frames} == {64}


def test_a_stream_whose_caller_is_killed_leaves_no_mirror(sending, elsewhere):
    with started(elsewhere, "capture", "net_null0", "-w", "-") as process, sending.telemetry() as telemetry:
        assert process.stdout.buffer.read(1000)
        process.kill()
        wait_until(lambda: telemetry.call("list") == [], "the mirror's end")
        wait_until(lambda: not over_there("capture"), "it ends over there")


def test_tcpdump_is_run_there(sending, elsewhere):
    code, out, err = run(elsewhere, "tcpdump", "net_null0", "-c", "3", "-n", "udp", "port", "9")
    assert code == 0, err
    shown = [line.partition(" IP ")[2] for line in out.splitlines()]
    assert shown == 3 * ["198.18.0.1.9 > 198.18.0.2.9: UDP, length 22"]


def test_a_host_without_dpdk_mirror_is_named(elsewhere):
    code, out, err = run(elsewhere, "apps", environment=elsewhere.caller("dpdk-mirror-of-nobody"))
    assert (code, out) == (1, "")
    assert f"run dpdk-mirror on {NAME}: dpdk-mirror-of-nobody is not found there" in err.splitlines()[-1]


def test_who_may_not_get_in_is_told_how_ssh_says_it(elsewhere):
    (elsewhere.directory / "user.pub").write_text("")
    code, out, err = run(elsewhere, "apps")
    assert (code, out) == (1, "")
    assert err.startswith(f"dpdk-mirror: run dpdk-mirror on {NAME}: ")
    assert "Permission denied" in err
    assert len(err.splitlines()) == 1


def test_the_hosts_file_says_how_to_get_there(application, elsewhere):
    environment = elsewhere.caller()
    path = elsewhere.directory / "dpdk-mirror" / "hosts.toml"
    path.parent.mkdir()
    command = environment.pop("DPDK_MIRROR_REMOTE")
    path.write_text(f'[hosts.lab]\nssh = "{NAME}"\ncommand = "{command}"\n')
    done = subprocess.run(
        elsewhere.calling(COMMAND, "ports", "--json", "--host=lab"),
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert [port["name"] for port in json.loads(done.stdout)] == ["net_null0", "net_null1"]
