# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The fixtures for other DPDK processes: programs of the user's, and testpmd."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .needs import cannot_run
from .report import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Unpack

    from ..testing import Program, Testpmd
    from ..vdev import Vdev
    from .makers import ProcessMaker, ProcessOptions, ReadyOptions, TestpmdMaker

_MAX_LCORES = 128
_MEMORY_MB = 512
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class _EalLine:
    """The EAL arguments of another process; its options are keywords of the fixtures."""

    vdevs: Sequence[Vdev | str] = ()
    devices: Sequence[str] = ()
    workers: int = 1
    memory_mb: int = _MEMORY_MB
    hugepages: bool = False
    eal: Sequence[str] = ()

    def arguments(self, prefix: str) -> list[str]:
        from ..ealconfig import EalConfig

        config = EalConfig(
            vdevs=tuple(self.vdevs), devices=tuple(self.devices), workers=self.workers, memory_mb=self.memory_mb,
            hugepages=self.hugepages, telemetry=True,
        )  # fmt: skip
        vdevs = [f"--vdev={vdev}" for vdev in config.checked_vdevs()]
        return [*config.arguments(_MAX_LCORES)[1:], "--file-prefix", prefix, *vdevs, *self.eal]


@pytest.fixture
def dpdk_process(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[ProcessMaker]:
    """Start a DPDK program beside the test, with EAL arguments: an example is
    ``app = dpdk_process("build/app", "--mine", vdevs=["net_null0"], ready="Port 0 is up")``.

    It is run as ``build/app EAL-ARGUMENTS -- --mine``, with memory, lcores, a file prefix and a runtime folder that it
    shares with nobody. Keywords: ``vdevs`` and ``devices`` as of Eal; ``workers=1``, lcores beside the main one;
    ``memory_mb=512``; ``hugepages=False``; ``eal=[...]``, more EAL arguments; ``env={...}``; ``ready="..."``, a regular
    expression that its output is waited for to match, for ``timeout_s=60``.

    The result is a ``dpdk_mirror.testing.Program``: ``output()``, ``wait_for(regex)``, ``wait()``, ``end()``,
    ``kill()``, ``running``, ``telemetry_path``, and ``attach()``, which gives control over mirrors in it. SIGTERM ends
    it with the test, which fails if another signal has killed it before. A failed test's report has its output.
    """
    with _running(request.node) as add:

        def make(
            program: str | os.PathLike[str],
            *arguments: object,
            vdevs: Sequence[Vdev | str] = (),
            ready: str = "",
            **options: Unpack[ReadyOptions],
        ) -> Program:
            __tracebackhide__ = True
            from ..testing import Program

            path = _find(pytestconfig, program)
            app = Program(dict(options.get("env", {})))
            app.prefix = f"pytest{os.getpid()}-{next(_numbers)}"
            add(app, os.path.basename(path))  # noqa: PTH119 - of a str
            app.spawn([path, *_line(pytestconfig, app.prefix, vdevs, options), "--", *arguments])
            if ready:
                app.wait_for(ready, timeout_s=options.get("timeout_s", 60.0))
            return app

        yield make


@pytest.fixture
def dpdk_testpmd(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[TestpmdMaker]:
    """Start DPDK's own testpmd beside the test, with its ports up: an example is
    ``testpmd = dpdk_testpmd("net_null0", "net_null1", mode="macswap")``.

    It forwards from ``testpmd.start()`` to ``stop()``. ``testpmd.command("show port info 0")`` types a line and returns
    the answer; ``counters(0)`` is a dict of port 0's counters; ``quit()`` ends it. It has all of what dpdk_process
    returns, too. ``arguments=["--rxq=2"]`` are testpmd's own; keywords for EAL are those of dpdk_process.

    It is ended with the test, which fails if a signal has killed it before. A failed test's report has what it said.
    """
    with _running(request.node) as add:

        def make(
            *vdevs: Vdev | str,
            mode: str = "io",
            arguments: Sequence[str] = (),
            **options: Unpack[ProcessOptions],
        ) -> Testpmd:
            __tracebackhide__ = True
            from ..testing import Testpmd, TestpmdOptions

            path = _find(pytestconfig, "dpdk-testpmd")
            prefix = f"pytest{os.getpid()}-{next(_numbers)}"
            line = _line(pytestconfig, prefix, vdevs, options)
            how = TestpmdOptions((), mode, arguments=arguments, prefix=prefix, program=path, line=line)
            started = Testpmd(how, dict(options.get("env", {})))
            add(started, f"testpmd {' '.join(map(str, vdevs))}".rstrip())
            return started

        yield make


@contextlib.contextmanager
def _running(item: pytest.Item) -> Iterator[Callable[[Program, str], None]]:
    """Has programs end with the block, latest first; those that a signal has killed fail the test then."""
    programs: list[tuple[Program, str]] = []

    def add(program: Program, title: str) -> None:
        programs.append((program, title))
        show(item, f"output of {title}", program.report)

    killed = []
    try:
        yield add
    finally:
        for program, title in reversed(programs):
            if died := _end(program):
                killed.append(f"{title} was killed by a signal: {died}")
    if killed:
        pytest.fail("\n".join(killed), pytrace=False)


def _end(program: Program) -> str:
    """How it had died, if it had; "" if not."""
    died = ""
    try:
        if program.running:
            program.end()
        elif program.process is not None and program.process.returncode < 0 and not program.asked_to_end:
            died = program.report()
    finally:
        program.close()
    return died


def _line(config: pytest.Config, prefix: str, vdevs: Sequence[Vdev | str], options: Mapping[str, Any]) -> list[str]:
    __tracebackhide__ = True
    from ..errors import OutOfMemoryError

    try:
        others = {key: value for key, value in options.items() if key not in {"env", "timeout_s"}}
        return _EalLine(vdevs, **others).arguments(prefix)
    except OutOfMemoryError as error:
        cannot_run(config, str(error))


def _find(config: pytest.Config, program: str | os.PathLike[str]) -> str:
    __tracebackhide__ = True
    from ..programs import find_program

    found = find_program(os.fspath(program))
    if found is None and os.sep in os.fspath(program):
        raise FileNotFoundError(errno.ENOENT, "no such program", os.fspath(program))
    if found is None:
        hint = ": it is in Debian's package dpdk-dev" if program == "dpdk-testpmd" else ""
        cannot_run(config, f"{os.fspath(program)} is not installed{hint}")
    return found
