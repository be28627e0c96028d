# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The package's logger."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger = logging.getLogger("dpdk_mirror")
# A library says nothing by itself.
logger.addHandler(logging.NullHandler())
