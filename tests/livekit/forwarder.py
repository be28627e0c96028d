# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application of the tests' own, forwarder.c, with DPDK's shared libraries or a DPDK of its own."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from programs import compile_program, pkg_config

from .application import PLUGIN, Application, need_namespaces, wait_until
from .telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PREFIX = "live-forwarder"
_MEMORY = ("--no-huge", "--no-shconf", "-m", "256")
_SOURCE = Path(__file__).with_name("forwarder.c")

# No librte_bpf, for one.
_PARTS = [
    *("bus_pci", "bus_vdev", "mempool_ring", "net_null", "net_pcap", "net_ring", "net_tap"),
    *("ethdev", "meter", "net", "mbuf", "mempool", "rcu", "ring", "eal", "telemetry", "kvargs", "pci"),
    *("cmdline", "cryptodev", "gro", "gso", "hash", "ip_frag", "security", "timer"),
]
# What is EAL's own in 22.11, or not there.
_LATER_PARTS = ["argparse", "log"]

_EXPORT = "-Wl,--export-dynamic"


def _static() -> list[str]:
    libraries = Path(*pkg_config("--variable=libdir", "libdpdk"))
    parts = [*_PARTS, *(part for part in _LATER_PARTS if (libraries / f"librte_{part}.a").exists())]
    return [
        f"-L{libraries}",
        *("-Wl,--whole-archive", *(f"-l:librte_{part}.a" for part in parts), "-Wl,--no-whole-archive"),
        *("-lpcap", "-lnuma", "-lbsd", "-lfdt", "-lm", "-ldl", "-pthread"),
    ]


FORMS = {
    "shared": lambda: pkg_config("--libs", "libdpdk"),
    "static": lambda: [*_static(), _EXPORT],
    "static, hidden": _static,
    "static, without some symbols": lambda: [*_static(), _EXPORT, "-Wl,--exclude-libs,librte_ring.a"],
    "static, without telemetry": lambda: [*_static(), _EXPORT, "-Wl,--exclude-libs,librte_telemetry.a"],
    "shared, of another release": lambda: ['-DRELEASE="DPDK 99.11.0"', _EXPORT, *pkg_config("--libs", "libdpdk")],
}
"""How it is linked."""


def build_forwarder(directory: Path, form: str) -> Path:
    """Builds it in one of the forms, or takes what is there."""
    program = directory / f"forwarder-{list(FORMS).index(form)}"
    if not program.exists():
        compile_program(program, [_SOURCE], *FORMS[form]())
    return program


@dataclass(frozen=True)
class ForwarderOptions:
    """How it is started; ``ends`` is what forwarder.c says of it."""

    vdevs: Sequence[str] = ("net_null0", "net_null1")
    eal: Sequence[str] = ()
    plugins: Sequence[str] = (PLUGIN,)
    libraries: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ends: str = "cleanup"
    interfaces: bool = False  # network interfaces of its own


class Forwarder(Application):
    """Started, and forwarding: ``with Forwarder(program, options) as forwarder``."""

    def __init__(self, program: Path, options: ForwarderOptions | None = None) -> None:
        self._options = options or ForwarderOptions()
        if self._options.interfaces:
            need_namespaces()
        super().__init__()
        self.libraries += self._options.libraries
        self._log = self.directory / "log"
        self._command = [
            *(["unshare", "-n"] if self._options.interfaces else []),
            *(program, *_MEMORY, "--no-pci", "--file-prefix", _PREFIX, "-l", "0", *self._options.eal),
            *(f"--vdev={vdev}" for vdev in self._options.vdevs),
            *(part for plugin in self._options.plugins for part in ("-d", plugin)),
            *("--", self._options.ends),
        ]
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self._options.environment}

    def start(self) -> None:
        """Starts it, again if need be."""
        begin = len(self.output())
        with self._log.open("ab") as log:
            self.spawn(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: not self.running or "forwarding\n" in self.output()[begin:], "forwarding")
        assert self.running, self.output()

    def output(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def said(self) -> list[str]:
        """What the library has said in the log."""
        return re.findall(r"^MIRROR: (.*)$", self.output(), flags=re.MULTILINE)

    def missing_mbufs(self) -> int:
        """How many of its mbufs it did not have again when it ended."""
        (missing,) = re.findall(r"missing mbufs (\d+)", self.output())
        return int(missing)

    @property
    def telemetry_path(self) -> Path:
        return self.directory / "dpdk" / _PREFIX / "dpdk_telemetry.v2"

    def telemetry(self) -> Telemetry:
        return Telemetry(self.telemetry_path)
