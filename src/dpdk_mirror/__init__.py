# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Zero-copy traffic mirroring of DPDK ports.

Names are loaded when they are first used: what needs no DPDK works without the C extension, and a command that is
interrupted as it starts has not much to load before it can end well.
"""

from __future__ import annotations

import importlib

# Not False, behind which editors that ask jedi find none of the names.
TYPE_CHECKING = bool()  # noqa: UP018
if TYPE_CHECKING:
    from typing import Any

    from .capture import CaptureFormat, CaptureInterface, CaptureReader, CaptureWriter
    from .eal import Eal
    from .ealconfig import EalConfig
    from .errors import (
        BusyTimeoutError,
        ClosedError,
        ConflictError,
        DisconnectedError,
        EalAlreadyStartedError,
        EalError,
        HugepagesTakenError,
        InvalidConfigError,
        MirrorError,
        NoPluginError,
        NotFoundError,
        NotPermittedError,
        OutOfMemoryError,
        ProtocolError,
        UnsupportedError,
    )
    from .ethdev import Port, PortStats
    from .forwarder import Forwarder, ForwarderConfig, ForwarderStats, ForwardMode
    from .info import FilterEngine, MirrorInfo, MirrorState
    from .mempool import Mempool
    from .mirror import Mirror, MirrorHooks
    from .portconfig import PortConfig
    from .selection import Flow, Mac, Sample, Select
    from .spec import Direction, MirrorSpec, MirrorStats, Mode, RateUnit
    from .vdev import Vdev

__all__ = [
    "BusyTimeoutError",
    "CaptureFormat",
    "CaptureInterface",
    "CaptureReader",
    "CaptureWriter",
    "ClosedError",
    "ConflictError",
    "Direction",
    "DisconnectedError",
    "Eal",
    "EalAlreadyStartedError",
    "EalConfig",
    "EalError",
    "FilterEngine",
    "Flow",
    "ForwardMode",
    "Forwarder",
    "ForwarderConfig",
    "ForwarderStats",
    "HugepagesTakenError",
    "InvalidConfigError",
    "Mac",
    "Mempool",
    "Mirror",
    "MirrorError",
    "MirrorHooks",
    "MirrorInfo",
    "MirrorSpec",
    "MirrorState",
    "MirrorStats",
    "Mode",
    "NoPluginError",
    "NotFoundError",
    "NotPermittedError",
    "OutOfMemoryError",
    "Port",
    "PortConfig",
    "PortStats",
    "ProtocolError",
    "RateUnit",
    "Sample",
    "Select",
    "UnsupportedError",
    "Vdev",
]

# Selections by way of spec, which tells them what belongs to a mirror.
_LAZY = {
    "BusyTimeoutError": "errors",
    "CaptureFormat": "capture",
    "CaptureInterface": "capture",
    "CaptureReader": "capture",
    "CaptureWriter": "capture",
    "ClosedError": "errors",
    "ConflictError": "errors",
    "Direction": "spec",
    "DisconnectedError": "errors",
    "Eal": "eal",
    "EalAlreadyStartedError": "errors",
    "EalConfig": "ealconfig",
    "EalError": "errors",
    "FilterEngine": "info",
    "Flow": "spec",
    "ForwardMode": "forwarder",
    "Forwarder": "forwarder",
    "ForwarderConfig": "forwarder",
    "ForwarderStats": "forwarder",
    "HugepagesTakenError": "errors",
    "InvalidConfigError": "errors",
    "Mac": "spec",
    "Mempool": "mempool",
    "Mirror": "mirror",
    "MirrorError": "errors",
    "MirrorHooks": "mirror",
    "MirrorInfo": "info",
    "MirrorSpec": "spec",
    "MirrorState": "info",
    "MirrorStats": "spec",
    "Mode": "spec",
    "NoPluginError": "errors",
    "NotFoundError": "errors",
    "NotPermittedError": "errors",
    "OutOfMemoryError": "errors",
    "Port": "ethdev",
    "PortConfig": "portconfig",
    "PortStats": "ethdev",
    "ProtocolError": "errors",
    "RateUnit": "spec",
    "Sample": "spec",
    "Select": "spec",
    "UnsupportedError": "errors",
    "Vdev": "vdev",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
