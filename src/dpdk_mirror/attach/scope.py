# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the dynamic loader would find of DPDK for a library, and what has the rest."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from .bind import undefined
from .hidden import OPTIONAL
from .memory import images, linked, settled

if TYPE_CHECKING:
    from .library import Library
    from .process import Process

__all__ = ["carriers"]

_DRIVERS = re.compile(r"rte_vdev_|rte_eth_bond_")
"""What the library finds by itself, where there are such drivers."""


def carriers(process: Process, library: Library) -> list[str]:
    """What has DPDK's functions for itself alone, by the loader's names: it may make them known to the library, too.

    A program loads DPDK so, or what it is not linked with comes with a driver. UnsupportedError: some are nowhere.
    """
    return settled(process, lambda: _carriers(process, library))


def _carriers(process: Process, library: Library) -> list[str]:
    loaded = images(process)
    own, found = linked(loaded), []
    missing = {name for name in undefined(library) if not _DRIVERS.match(name)}
    for is_carrier in (False, True):
        for each, image in loaded:
            if (image in own) == is_carrier or each.namespace:
                continue
            has = {name for name in missing if image.find(name) is not None}
            missing -= has
            if has and is_carrier:
                found.append(each.name)
    if needed := sorted(name for name in missing if not OPTIONAL.match(name)):
        what = f"attach to process {process.pid}: {len(needed)} of DPDK's symbols are not there, such as {needed[0]}"
        raise UnsupportedError(errno.ENOTSUP, what, "link it with all of DPDK's libraries")
    return found
