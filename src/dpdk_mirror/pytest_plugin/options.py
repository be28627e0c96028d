# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The options, and what EAL is started with."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from ..ealconfig import EalOptions

__all__ = ["eal_options"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dpdk", "DPDK")
    add = group.addoption
    add("--dpdk-vdev", action="append", default=[], metavar="DEVARGS", help="virtual device that EAL starts with")
    add("--dpdk-allow", action="append", default=[], metavar="DEVARGS", help="PCI device that EAL starts with")
    add("--dpdk-hugepages", action="store_true", help="have EAL use hugepages; without, tests need none")
    add("--dpdk-lcores", metavar="LCORES", help="as EAL's --lcores; the first is the thread that tests run in")
    add("--dpdk-args", action="append", default=[], metavar="ARGUMENTS", help="more arguments of EAL, as in a shell")
    add("--dpdk-required", action="store_true", help="fail, instead of skip, tests that cannot run here")
    add(
        "--dpdk-forked",
        choices=["auto", "yes", "no"],
        default="auto",
        help="run tests that use EAL in a child, so that a crash is one test's failure; auto: unless a worker of "
        "pytest-xdist is that child, or a debugger or coverage looks on",
    )
    add(
        "--dpdk-port",
        action="append",
        default=[],
        metavar="DEVARGS",
        help="port that dpdk_mirror.conformance is to verify; a second one is connected to it",
    )
    add("--dpdk-destructive", action="store_true", help="let dpdk_mirror.conformance change a PCI device's state")
    parser.addini(
        "dpdk_workers", "EAL's workers, unless --dpdk-lcores says; may be more than there are CPUs", default="2"
    )


def eal_options(config: pytest.Config) -> EalOptions:
    """What Eal() is given."""
    from ..ealconfig import is_pci

    verified = [device for device in config.getoption("dpdk_port") if is_pci(device)]
    given: EalOptions = {
        "vdevs": config.getoption("dpdk_vdev"),
        "devices": [*config.getoption("dpdk_allow"), *verified],
        "hugepages": config.getoption("dpdk_hugepages"),
        "lcores": config.getoption("dpdk_lcores"),
        "args": [part for text in config.getoption("dpdk_args") for part in _split(text)],
        "workers": _workers(config.getini("dpdk_workers")),
    }
    return given


def _split(text: str) -> list[str]:
    from ..ealconfig import refuse

    try:
        return shlex.split(text)
    except ValueError as error:
        refuse(f"--dpdk-args={text}: {str(error).lower()}")


def _workers(text: str) -> int:
    from ..ealconfig import refuse

    try:
        return int(text)
    except ValueError:
        refuse(f"dpdk_workers={text}: that is no number")
