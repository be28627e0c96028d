# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors in applications that run already, through DPDK's telemetry socket. The standard library alone; no DPDK.

The application has librte_mirror, as a plugin (EAL's -d) or otherwise.
"""

from ..attach.identify import DpdkProcess, Kind
from .application import TIMEOUT_S, Application
from .attaching import attach
from .discovery import applications, connect, processes
from .mirror import RemoteMirror
from .owner import process_text
from .records import RemoteMirrorInfo, RemoteMirrorStats, RemotePort, RemotePortStats, RemoteTarget
from .wanted import Wanted

__all__ = [
    "TIMEOUT_S",
    "Application",
    "DpdkProcess",
    "Kind",
    "RemoteMirror",
    "RemoteMirrorInfo",
    "RemoteMirrorStats",
    "RemotePort",
    "RemotePortStats",
    "RemoteTarget",
    "Wanted",
    "applications",
    "attach",
    "connect",
    "process_text",
    "processes",
]
