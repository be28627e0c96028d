# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-testpmd with the library, and with network interfaces and a disk of its own where a test needs them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dpdk_mirror import testing

from .application import PLUGIN, Application, find_program, need_namespaces
from .telemetry import Telemetry
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class TestpmdOptions(testing.TestpmdOptions):
    """How it is started."""

    interfaces: bool = False  # network interfaces of its own
    disk_kb: int = 0  # a disk of its own, so small
    plugin: bool = True


class Testpmd(testing.Testpmd, Application):
    """Started with its ports up and forwarding stopped: ``with Testpmd(options) as testpmd``."""

    __test__ = False

    def __init__(self, options: TestpmdOptions, environment: dict[str, str] | None = None) -> None:
        if options.interfaces or options.disk_kb:
            need_namespaces()
        super().__init__(replace(options, program=find_program("dpdk-testpmd")), environment)

    def _command(self, options: testing.TestpmdOptions) -> list[str]:
        assert isinstance(options, TestpmdOptions)
        # Something may have to make interfaces before the ports are opened.
        within = [*options.within, *(["unshare", "-n"] if options.interfaces else [])]
        if options.disk_kb:
            mount = f"mkdir {self._disk}; mount -t tmpfs -o size={options.disk_kb}k none {self._disk}"
            within += ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"]
        eal = [*options.eal, *(["-d", PLUGIN] if options.plugin else [])]
        return super()._command(replace(options, within=within, eal=eal))

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


@contextlib.contextmanager
def forwarding(vdevs: Sequence[str]) -> Iterator[Testpmd]:
    """One that forwards as fast as it can, and ends well."""
    with Testpmd(TestpmdOptions(vdevs)) as testpmd:
        testpmd.start()
        yield testpmd
        testpmd.stop()
        assert testpmd.quit() == 0
