# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The README's first screen: its commands, typed as they stand there, do what it shows. So does the page on Python."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from livekit.application import Application, find_program, need_namespaces, wait_until
from livekit.ovs import Ovs
from livekit.telemetry import Telemetry
from livekit.wire import run_in

from dpdk_mirror.cli import main
from dpdk_mirror.remote import attach

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROOTS = [block for block in re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE) if block[0] == "#"]


class Shown(Application):
    """What the README starts, with network interfaces of its own."""

    def __init__(self, command: str) -> None:
        find_program("dpdk-testpmd")
        need_namespaces()
        super().__init__()
        self._log = self.directory / "log"
        with self._log.open("wb") as log:
            self.spawn(
                ["unshare", "-n", "bash", "-c", f"exec {command}"], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        self.socket = self.directory / "dpdk" / "rte" / "dpdk_telemetry.v2"

    def is_forwarding(self) -> bool:
        """Its first port is started, or it has ended."""
        if self.running and self.socket.exists():
            with Telemetry(self.socket) as telemetry:
                return telemetry.ask("/ethdev/info,0").get("dev_started") == 1
        return not self.running

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def type(self, command: str) -> str:
        """What a command prints; those that choose an application are told which, since others may run here.

        How much a mirror costs is said where it is much.
        """
        path = f"PATH={Path(sys.executable).parent}:$PATH"
        app = f" --app {self.socket} 2>&1" if command.startswith("dpdk-mirror ") else ""
        said = run_in(self.pid, "bash", "-c", f"{path} timeout 60 {command}{app}")
        said = said.replace(str(self.socket), "/var/run/dpdk/rte/dpdk_telemetry.v2")
        return "".join(line for line in said.splitlines(keepends=True) if "cycles a packet: --filter" not in line)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each command of root's, in one line, and the lines that it prints."""
    parts = re.split(r"^# ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]
    return [(lines[0], lines[1:]) for lines in (part.splitlines() for part in parts)]


def shape(lines: list[str]) -> list[str]:
    """All but how many there were, and when; and that what is shown has network interfaces of its own."""
    return [re.sub(r" +", " ", re.sub(r"\d+", "N", line)).strip().replace("primary net", "primary -") for line in lines]


@pytest.fixture
def shown():
    ((command, _),) = commands(ROOTS[0])
    with Shown(command) as shown:
        wait_until(shown.is_forwarding, "testpmd forwards")
        yield shown


def test_the_first_screen_does_what_it_shows(shown):
    """testpmd as it is, mirrored, sampled, counted and left alone again; every line that is shown is printed."""
    typed = commands(ROOTS[1])
    assert [command.split()[1] for command, _ in typed][:3] == ["apps", "add", "-c"]
    for command, lines in typed:
        assert shape(shown.type(command).splitlines()) == shape(lines), command
    assert shown.running


def test_the_line_of_python_does_it_too(shown):
    (line,) = re.findall(r"`(with attach\(.*:)`", README)
    line = line.replace("pid", str(shown.pid))
    code = f"from dpdk_mirror.remote import attach\n{line} print(mirror.info().target, mirror.stats().nombuf)"
    done = run_in(shown.pid, sys.executable, "-c", code)
    assert done == "tap:m0 0\n"


def test_the_page_on_python_does_it_too(shown):
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
    attach(shown.pid).close()
    (code,) = re.findall(r"^```python\n(from dpdk_mirror.remote .*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert run_in(shown.pid, sys.executable, "-c", code.replace('"rte"', repr(str(shown.socket)))) == "tap:m0 0\n"


def test_open_vswitchs_names_of_ports_will_do(monkeypatch, capsys):
    """As the README has it, in a switch that nobody has prepared."""
    (add,) = re.findall(r"`(dpdk-mirror add dpdk0 .*? --attach)`", README)
    with Ovs(mirrored=False) as ovs:
        ovs.add_port("other", "net_null0")
        ovs.add_port("dpdk0", "net_null1")
        monkeypatch.setenv("OVS_RUNDIR", str(ovs.directory))
        assert main(shlex.split(add.replace("ovs-vswitchd", str(ovs.pid)))[1:]) == 0
    assert ": net_null1 -> tap:m0 (both)\n" in capsys.readouterr().out
