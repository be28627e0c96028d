# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The version of the package."""

from __future__ import annotations


def version() -> str:
    from importlib import metadata  # noqa: PLC0415  it takes long

    return metadata.version("dpdk-mirror")
