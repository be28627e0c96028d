# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd, with its prompt."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .application import PLUGIN, Application, find_program, need_namespaces
from .telemetry import Telemetry
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROMPT = "testpmd> "
_MEMORY = ("--no-huge", "--no-shconf", "-m", "512")


@dataclass(frozen=True)
class TestpmdOptions:
    """How it is started: virtual devices, forwarding mode, and what else EAL and testpmd are given."""

    __test__ = False

    vdevs: Sequence[str]
    mode: str = "io"
    eal: Sequence[str] = _MEMORY
    arguments: Sequence[str] = ()
    lcores: str = "0,1"
    interfaces: bool = False  # network interfaces of its own
    disk_kb: int = 0  # a disk of its own, so small
    plugin: bool = True
    within: Sequence[str] = ()  # a command that runs the rest of its line
    prefix: str = "live"


class Testpmd(Application):
    """Started with its ports up and forwarding stopped: ``with Testpmd(options) as testpmd``."""

    __test__ = False

    def __init__(self, options: TestpmdOptions, environment: dict[str, str] | None = None) -> None:
        program = find_program("dpdk-testpmd")
        if options.interfaces or options.disk_kb:
            need_namespaces()
        super().__init__()
        self._more_environment = environment or {}
        self._prefix = options.prefix
        self._said = ""
        self._log = self.directory / "log"
        self._terminal, theirs = pty.openpty()
        command = [program, *options.eal, "--no-pci", "--file-prefix", options.prefix, "--lcores", options.lcores]
        command += ["-d", PLUGIN] if options.plugin else []
        command += [f"--vdev={vdev}" for vdev in options.vdevs]
        command += [
            "--",
            "-i",
            "--no-flush-rx",
            "--no-mlockall",  # which would fill 512 MB at each start
            f"--forward-mode={options.mode}",
            "--total-num-mbufs=16384",
            *options.arguments,
        ]
        # Something may have to make interfaces before the ports are opened.
        unshare = ["unshare", "-n"] if options.interfaces else []
        if options.disk_kb:
            mount = f"mkdir {self._disk}; mount -t tmpfs -o size={options.disk_kb}k none {self._disk}"
            unshare += ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"]
        # DPDK's log comes from any thread, and would part the prompt.
        with self._log.open("wb") as log:
            self.spawn([*options.within, *unshare, *command], stdin=theirs, stdout=theirs, stderr=log)
        os.close(theirs)
        try:
            self._read_to_prompt()
        except BaseException:
            self.__exit__(None)
            raise

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        os.close(self._terminal)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self._more_environment

    def output(self) -> str:
        return f"{self._said}\n{self.log()}"

    def log(self) -> str:
        """What DPDK, and with it the library, has logged."""
        return self._log.read_text(errors="replace")

    @property
    def telemetry_path(self) -> Path:
        return self.directory / "dpdk" / self._prefix / "dpdk_telemetry.v2"

    @property
    def _disk(self) -> Path:
        return self.directory / "disk"

    @property
    def disk(self) -> Path:
        """Its disk, which it knows as ``disk`` in its directory, as it is seen from here."""
        return Path(f"/proc/{self.pid}/root{self._disk}")

    def telemetry(self) -> Telemetry:
        return Telemetry(self.telemetry_path)

    def wire(self, interface: str) -> Wire:
        return Wire(self.pid, interface)

    def has_interface(self, interface: str) -> bool:
        return f"{interface}:" in Path(f"/proc/{self.pid}/net/dev").read_text().split()

    def _read(self, timeout_s: float) -> bool:
        """More of what it says; whether there was any."""
        if not select.select([self._terminal], [], [], timeout_s)[0]:
            return False
        try:
            said = os.read(self._terminal, 65536)
        except OSError:
            said = b""  # it has closed its end
        self._said += said.decode(errors="replace")
        return bool(said)

    def _read_to_prompt(self, start: int = 0, timeout_s: float = 60) -> str:
        """What it says before its prompt; other threads may say something right behind."""
        deadline = time.monotonic() + timeout_s
        while (end := self._said.find(_PROMPT, start)) < 0:
            more = self._read(max(0.0, deadline - time.monotonic()))
            assert more, f"testpmd gives no prompt:\n{self.output()[-4000:]}"
        return self._said[start:end]

    def command(self, line: str) -> str:
        """What the prompt answers to a line."""
        while self._read(0):
            pass
        start = len(self._said)
        os.write(self._terminal, f"{line}\n".encode())
        return self._read_to_prompt(start).partition("\n")[2].replace("\r", "")

    def start(self) -> None:
        """Starts forwarding."""
        assert "packet forwarding" in self.command("start")

    def stop(self) -> None:
        self.command("stop")

    def counters(self, port: int) -> dict[str, int]:
        """``RX-packets``, ``TX-packets`` and the like of a port."""
        shown = self.command(f"show port stats {port}")
        return {key: int(value) for key, value in re.findall(r"([RT]X-\w+): +(\d+)", shown)}

    def quit(self) -> int:
        """Ends it by its prompt; its exit code."""
        os.write(self._terminal, b"quit\n")
        while self._read(30):
            pass
        return self.wait()
