# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Targets as they are written here, and as the application has to be told, which runs in another directory."""

from __future__ import annotations

from pathlib import Path

__all__ = ["absolute"]

_WITH_PATHS = ("pcap", "vhost")


def absolute(to: str, folder: Path) -> str:
    """The target with an absolute path, where it has one that is relative to ``folder``."""
    kind, _, path = to.partition(":")
    if kind not in _WITH_PATHS or not path or Path(path).is_absolute():
        return to
    # Where the file is a link, that is for the application to refuse; a slash at the end, too.
    parent, slash, name = path.rpartition("/")
    return f"{kind}:{folder.joinpath(parent).resolve() / name}{slash if not name else ''}"
