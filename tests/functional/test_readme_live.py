# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the README has its reader try: typed as it stands there it does what it shows. So does the page on Python."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from livekit.application import Application, find_program, need_namespaces, wait_until
from livekit.shown import commands, root_blocks, shape
from livekit.telemetry import Telemetry
from livekit.wire import run_in

from dpdk_mirror.remote import attach

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
_, START, TYPED = root_blocks(README)  # test_tap_page.py types the first


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
            with suppress(ConnectionRefusedError), Telemetry(self.socket) as telemetry:  # it is there before it listens
                return telemetry.ask("/ethdev/info,0").get("dev_started") == 1
        return not self.running

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def type(self, command: str) -> str:
        """What a command prints; it is told which application is meant, since others may run here."""
        path = f"PATH={Path(sys.executable).parent}:$PATH"
        return run_in(self.pid, "bash", "-c", f"{path} timeout 60 {command} --app {self.socket} 2>&1")


@pytest.fixture
def shown():
    ((command, _),) = commands(START)
    with Shown(command) as shown:
        wait_until(shown.is_forwarding, "testpmd forwards")
        yield shown


def test_what_is_to_be_tried_does_what_it_shows(shown):
    """testpmd as it is, looked at, and left alone again; every line that is shown is printed."""
    ((command, lines),) = commands(TYPED)
    assert shape(shown.type(command).splitlines()) == shape(lines)
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
