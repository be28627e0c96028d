# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd, with its prompt."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .program import Program, ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Testpmd", "TestpmdOptions"]

_PROMPT = "testpmd> "
_MEMORY = ("--no-huge", "--no-shconf", "-m", "512")
_START_S = 60.0


@dataclass(frozen=True)
class TestpmdOptions:
    """How testpmd is started.

    vdevs: its virtual devices. mode: its --forward-mode. eal: what else EAL is given, memory for one. arguments: what
    else testpmd itself is. lcores: as --lcores; the first has the prompt. prefix: EAL's --file-prefix. within: a
    command that runs the rest of its line. program: where testpmd is. line: all arguments of EAL, instead.
    """

    __test__ = False

    vdevs: Sequence[str]
    mode: str = "io"
    eal: Sequence[str] = _MEMORY
    arguments: Sequence[str] = ()
    lcores: str = "0,1"
    within: Sequence[str] = ()
    prefix: str = "live"
    program: str = "dpdk-testpmd"
    line: Sequence[str] = ()

    def command(self) -> list[str]:
        """The line that starts it."""
        eal = self.line or [
            *self.eal, "--no-pci", "--file-prefix", self.prefix, "--lcores", self.lcores,
            *(f"--vdev={vdev}" for vdev in self.vdevs),
        ]  # fmt: skip
        # Memory is not locked, which would fill all of it at each start.
        own = ["-i", "--no-flush-rx", "--no-mlockall", f"--forward-mode={self.mode}", "--total-num-mbufs=16384"]
        return [*self.within, self.program, *eal, "--", *own, *self.arguments]


class Testpmd(Program):
    """testpmd with its ports up and forwarding stopped: ``with Testpmd(TestpmdOptions(["net_null0"])) as testpmd``."""

    __test__ = False

    def __init__(self, options: TestpmdOptions, environment: dict[str, str] | None = None) -> None:
        super().__init__({"TERM": "dumb", **(environment or {})})
        self.prefix = options.prefix
        self._said = ""
        self._terminal, theirs = pty.openpty()
        try:
            # DPDK's log comes from any thread, and would part the prompt.
            self.spawn(self._command(options), stdin=theirs, stdout=theirs)
            os.close(theirs)
            self._read_to_prompt()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self._terminal >= 0:
                os.close(self._terminal)
                self._terminal = -1

    def output(self) -> str:
        return f"{self._said}\n{self.log()}"

    def log(self) -> str:
        """What DPDK has logged."""
        return super().output()

    def command(self, line: str) -> str:
        """Type a line; what the prompt answers."""
        while self._read(0):
            pass
        start = len(self._said)
        os.write(self._terminal, f"{line}\n".encode())
        return self._read_to_prompt(start).partition("\n")[2].replace("\r", "")

    def start(self) -> None:
        """Start forwarding."""
        said = self.command("start")
        if "packet forwarding" not in said:
            raise ProgramError(f"testpmd does not start to forward:\n{said}")

    def stop(self) -> None:
        """Stop forwarding."""
        self.command("stop")

    def counters(self, port: int) -> dict[str, int]:
        """A port's ``RX-packets``, ``TX-packets`` and the like."""
        shown = self.command(f"show port stats {port}")
        return {key: int(value) for key, value in re.findall(r"([RT]X-\w+): +(\d+)", shown)}

    def quit(self) -> int:
        """End it by its prompt; its exit code."""
        self.asked_to_end = True
        if self.running:
            os.write(self._terminal, b"quit\n")
        while self._read(30):
            pass
        return self.wait()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, by its prompt: what testpmd does about SIGTERM, it does in the handler, whatever locks it holds."""
        return self.quit() if how == signal.SIGTERM else super().end(how)

    def _command(self, options: TestpmdOptions) -> list[str]:
        return options.command()

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

    def _read_to_prompt(self, start: int = 0) -> str:
        """What it says before its prompt; other threads may say something right behind."""
        deadline = time.monotonic() + _START_S
        while (end := self._said.find(_PROMPT, start)) < 0:
            if not self._read(max(0.0, deadline - time.monotonic())):
                raise ProgramError(f"testpmd gives no prompt: {self.report()}")
        return self._said[start:end]
