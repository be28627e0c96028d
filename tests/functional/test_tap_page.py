# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""docs/tap.md, and the README's first block: each command, typed as it stands there, does what it shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from livekit.application import wait_until
from livekit.shown import commands, is_packet, root_blocks, shape
from livekit.sshd import NAME, Elsewhere
from livekit.talk import ADDRESS1, Talk
from livekit.tapped import Tapped
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.remote import Application, attach

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tap.md").read_text(encoding="utf-8")
TASKS = dict(zip(re.findall("^## (.*)$", PAGE, re.MULTILINE), root_blocks(PAGE), strict=True))
FIRST = root_blocks((ROOT / "README.md").read_text(encoding="utf-8"))[0]
COMMAND_S = 120

SHORTENED = {"--seconds 10": "--seconds 2", "--rotate-seconds 600": "--rotate-seconds 1"}
"""What would take long."""

FILES = {"dns.pcapng": "dns", "drops.pcapng": "frame", "heads.pcapng": f"ip.src == {ADDRESS1} && frame.cap_len <= 64"}
"""What is in each that is written, as tshark chooses it."""

CONTAINER = ("unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc")


class Typist:
    """Types commands on the switch, and on a laptop that reaches it by ssh."""

    def __init__(self, talk: Talk, elsewhere: Elsewhere, directory: Path) -> None:
        self.talk, self.directory = talk, directory
        self._namespaces = {True: elsewhere.pid, False: talk.ovs.pid}
        self._laptop = os.environ | elsewhere.caller()
        self._switch = os.environ | variables(talk) | {"HOME": str(directory)}
        tools = f"{Path(sys.executable).parent}"
        for environment in (self._laptop, self._switch):
            environment["PATH"] = f"{tools}:{environment['PATH']}"

    def type(self, command: str, *, interrupt: bool = False) -> list[str]:
        """The lines that it prints. Drops come when it waits for them, and Ctrl-C when it has had packets."""
        for shown, typed in {**SHORTENED, "--host hv1": f"--host {NAME}", "dpdk:ovs:": "dpdk:live-ovs:"}.items():
            command = command.replace(shown, typed)
        is_far = "--host" in command
        process = subprocess.Popen(
            ["nsenter", f"--net=/proc/{self._namespaces[is_far]}/ns/net", "bash", "-c", command],
            env=self._laptop if is_far else self._switch,
            cwd=self.directory, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        limit = threading.Timer(COMMAND_S, os.killpg, (process.pid, signal.SIGKILL))
        limit.start()
        lines = []
        with process:
            for line in process.stdout:
                lines.append(line)
                if line.startswith("dpdk-mirror: recording "):
                    self.talk.lose_link()
                elif interrupt and line.startswith("dpdk-mirror: capturing "):
                    wait_until(self._have_come, "packets")
                    os.killpg(process.pid, signal.SIGINT)
        limit.cancel()
        return [line.replace("live-ovs", "ovs").replace(f"@{socket.gethostname()}", "@vm") for line in lines]

    def _have_come(self) -> bool:
        with Application(self.talk.ovs.telemetry_path) as app:
            return any(mirror.stats().packets for mirror in app.mirrors())


def variables(talk: Talk) -> dict[str, str]:
    """How the switch is found, whatever else runs on this machine."""
    ovs = talk.ovs
    folder = str(ovs.directory)
    return {"DPDK_MIRROR_APP": str(ovs.telemetry_path), "OVS_RUNDIR": folder, "RUNTIME_DIRECTORY": folder}


@pytest.fixture(scope="module")
def typist(tmp_path_factory):
    with Talk() as talk, Elsewhere(variables(talk)) as elsewhere:
        yield Typist(talk, elsewhere, tmp_path_factory.mktemp("typed"))


def check(typist: Typist, block: str) -> None:
    """A block's one command prints the lines that are shown, and as many packets, each like one of those."""
    ((command, shown),) = commands(block)
    printed = typist.type(command, interrupt="^C" in shown)
    packets, others = parted(printed)
    packets_shown, others_shown = parted([line for line in shown if line != "^C"])
    assert others == others_shown, "".join(printed)
    assert len(packets) == len(packets_shown), "".join(printed)
    assert set(packets) <= set(packets_shown), "".join(printed)


def parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """The shapes of lines that show packets, and of the others."""
    packets = [line for line in lines if is_packet(line)]
    return shape(packets), sorted(shape([line for line in lines if not is_packet(line)]))


def count(path: Path, expression: str) -> int:
    """How many packets of a capture tshark chooses."""
    command = ["tshark", "-n", "-r", path, "-Y", expression]
    return len(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())


@pytest.fixture
def before(typist, request):
    """What a task is about, when that is more than the switch."""
    with ExitStack() as stack:
        task = request.param
        if "mirrors" in task or "else" in task:
            for expression in ("", "port 53"):
                stack.enter_context(Tapped(typist.talk.ovs.telemetry_path, "net_vhost_vm1", "-n", expression)).ready()
        elif "container" in task:
            options = {"mode": "txonly", "plugin": False, "prefix": "cnf", "within": CONTAINER}
            stack.enter_context(Testpmd(TestpmdOptions(["net_null0"], **options))).start()
        elif "Wireshark" in task:
            typist.type("dpdk-mirror extcap --install")
        yield


def test_the_readmes_first_block_does_what_it_shows(typist):
    """The switch is as nobody has prepared it."""
    check(typist, FIRST)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(("task", "before"), [(task, task) for task in TASKS], indirect=["before"])
def test_a_task_does_what_it_shows(typist, task):
    attach(typist.talk.ovs.pid).close()
    check(typist, TASKS[task])
    for name, wanted in FILES.items():
        if name in TASKS[task]:
            assert count(typist.directory / name, wanted) == count(typist.directory / name, "frame") > 0
    with Application(typist.talk.ovs.telemetry_path) as app:
        app.remove_all()
