# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Fixtures for tests with DPDK: ports, pools, frames, mirrors, and programs beside. No NIC, no hugepages, no root.

pytest loads it wherever dpdk-mirror is installed. ``pytest --fixtures`` shows what the fixtures do, and
``pytest --markers`` the markers.
"""

from .makers import FramesMaker, MirrorMaker, PortMaker, ProcessMaker, TestpmdMaker

__all__ = ["FramesMaker", "MirrorMaker", "PortMaker", "ProcessMaker", "TestpmdMaker"]

pytest_plugins = [
    f"{__name__}.{module}"
    for module in ("options", "needs", "report", "ports", "traffic", "programs", "crash", "forked")
]
