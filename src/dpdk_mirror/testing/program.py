# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Programs that run beside a test, and end with it however that ends."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..programs import find_program, signal_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Any

    from ..remote import Application

    _File = int | IO[Any]

__all__ = ["Program", "ProgramError"]

_END_S = 30.0
_LOOK_S = 0.02
_TAIL = 200  # lines of output that are worth showing
_LONGEST = 40  # of a folder below which EAL's sockets have names that are not too long for one


class ProgramError(AssertionError):
    """A program has not done what was waited for: it fails a test as an assert does."""


class Program:
    """A program that runs until its block ends: ``with Program() as program: program.spawn(["my-dpdk-app", ...])``.

    It has a folder of its own, which is EAL's RUNTIME_DIRECTORY too, so that it does not meet other DPDK processes
    there. What it prints is kept in a file.
    """

    prefix = "rte"  # EAL's file prefix, for its telemetry socket

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dpdk-mirror-", dir=_where()))
        self.process: subprocess.Popen[bytes] | None = None
        self.asked_to_end = False
        self._environment = environment or {}
        self._log = self.directory / "log"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill it if it still runs, and remove its folder."""
        try:
            self.kill()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "RUNTIME_DIRECTORY": str(self.directory), **self._environment}

    @property
    def pid(self) -> int:
        return self._started().pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def telemetry_path(self) -> Path:
        """DPDK's telemetry socket: ``dpdk_mirror.remote.connect(program.telemetry_path)``."""
        return self.directory / "dpdk" / self.prefix / "dpdk_telemetry.v2"

    def attach(self) -> Application:
        """Control it, with librte_mirror loaded into it if that is not there: dpdk_mirror.remote.attach()."""
        from ..remote import attach  # noqa: PLC0415 - most tests do without

        return attach(self.pid)

    def output(self) -> str:
        """All that it has printed so far."""
        try:
            return self._log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def state(self) -> str:
        """Whether it runs, or how it has ended."""
        if self.process is None:
            return "never started"
        code = self.process.poll()
        if code is None:
            return f"process {self.pid} runs"
        how = signal_name(-code) if code < 0 else str(code)
        return f"process {self.pid} has ended with {how}"

    def report(self) -> str:
        """Its state and the last of its output."""
        return "\n".join([self.state(), *self.output().splitlines()[-_TAIL:]])

    def spawn(
        self,
        command: Sequence[object],
        *,
        stdin: _File = subprocess.DEVNULL,
        stdout: _File | None = None,
        stderr: _File | None = None,
    ) -> None:
        """Start it. Terminals' signals do not reach it, and it ends with the process that has started it.

        ``stdin``, ``stdout`` and ``stderr`` are as of subprocess.Popen, but what it prints is kept by default.
        """
        arguments = [os.fspath(part) if isinstance(part, os.PathLike) else str(part) for part in command]
        if stdout is None and (stdbuf := find_program("stdbuf")) is not None:
            # A file gets what C programs print by lines then, and not only once a buffer is full.
            arguments = [stdbuf, "-oL", *arguments]
        if (setpriv := find_program("setpriv")) is not None:
            arguments = [setpriv, "--pdeathsig", "KILL", "--", *arguments]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments,
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log if stderr is None else stderr,
                env=self.environment,
                start_new_session=True,
            )

    def wait_for(self, pattern: str, *, timeout_s: float = 60.0) -> re.Match[str]:
        """The first match of a regular expression in its output, as soon as it is there."""
        __tracebackhide__ = True  # pytest shows who has called it
        deadline = time.monotonic() + timeout_s
        while True:
            ended = not self.running
            if (found := re.search(pattern, self.output(), re.MULTILINE)) is not None:
                return found
            if ended or time.monotonic() >= deadline:
                why = "" if ended else f" within {timeout_s:g} s"
                raise ProgramError(f"no {pattern!r} in its output{why}\n{self.report()}")
            time.sleep(_LOOK_S)

    def wait(self, timeout_s: float = _END_S) -> int:
        """Its exit code, once it has ended by itself; negative for a signal."""
        self.asked_to_end = True
        try:
            return self._started().wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"it does not end within {timeout_s:g} s\n{self.report()}") from None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end by a signal; its exit code."""
        self.asked_to_end = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, how)
        return self.wait()

    def kill(self) -> None:
        """End it at once, whatever state it is in. Does nothing if it has ended."""
        if self.running:
            self.asked_to_end = True
            self._started().kill()
            # On a busy machine the kernel may take long to free what it had.
            self._started().wait(4 * _END_S)

    # Its inside.

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise ProgramError("it has not been started")
        return self.process


def _where() -> str:
    """The usual folder for temporary files, unless CI has made that a long one."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST else "/tmp"  # noqa: S108 - its folders are their owner's alone
