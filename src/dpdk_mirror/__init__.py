# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Zero-copy traffic mirroring of DPDK ports.

Names are loaded when they are first used: what needs no DPDK works without the C extension.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from .errors import (
    BusyTimeoutError,
    ClosedError,
    ConflictError,
    DisconnectedError,
    EalAlreadyStartedError,
    EalError,
    InvalidConfigError,
    MirrorError,
    NoPluginError,
    NotFoundError,
    NotPermittedError,
    OutOfMemoryError,
    ProtocolError,
    UnsupportedError,
)
from .selection import Flow, Mac, Sample, Select
from .spec import Direction, MirrorSpec, MirrorStats, Mode

if TYPE_CHECKING:
    from .eal import Eal
    from .ealconfig import EalConfig
    from .ethdev import Port
    from .forwarder import Forwarder
    from .info import FilterEngine, MirrorInfo, MirrorState
    from .mempool import Mempool
    from .mirror import Mirror, MirrorHooks
    from .vdev import Vdev

__all__ = [
    "BusyTimeoutError",
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
    "Forwarder",
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
    "ProtocolError",
    "Sample",
    "Select",
    "UnsupportedError",
    "Vdev",
]

_LAZY = {
    "Eal": "eal",
    "EalConfig": "ealconfig",
    "FilterEngine": "info",
    "Forwarder": "forwarder",
    "Mempool": "mempool",
    "Mirror": "mirror",
    "MirrorHooks": "mirror",
    "MirrorInfo": "info",
    "MirrorState": "info",
    "Port": "ethdev",
    "Vdev": "vdev",
}

# A library says nothing by itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
