# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Targets as they are written here, and as the application has to be told, which runs in another directory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["KINDS", "Kind", "absolute"]


class Kind(NamedTuple):
    """A kind of targets: what is behind its colon, and what it is, in the words of the library's file of it."""

    value: str
    meaning: str
    has_path: bool = False


KINDS = {
    "file": Kind(
        "FILE", "a new capture file, pcapng or, by its name, pcap, written until the mirror is removed", has_path=True
    ),
    "stream": Kind(
        "[SOCKET]",
        "pcapng, to whoever connects to a UNIX socket; without a path the application chooses one",
        has_path=True,
    ),
    "tap": Kind("IFACE", "a network interface, for tcpdump and the like"),
    "af_packet": Kind("IFACE", "an existing network interface"),
    "vhost": Kind("SOCKET", "a virtual machine, or a virtio-user port of another process", has_path=True),
    "ring": Kind("NAME", "a ring, read by another thread of the application; stays when its mirrors go"),
    "null": Kind("NAME", "nowhere, to count what a mirror would take"),
    "port": Kind("NAME", "an existing port that nobody else transmits on; requires force=yes"),
    "pcap": Kind("FILE", "another name of file, for pcap unless the name is .pcapng", has_path=True),
}
"""By name, in the order in which they are told. The library in an application may be of another release."""


def absolute(to: str, folder: Path) -> str:
    """The target with an absolute path, where it has one that is relative to ``folder``."""
    name, _, path = to.partition(":")
    kind = KINDS.get(name)
    if kind is None or not kind.has_path or not path or Path(path).is_absolute():
        return to
    # Where the file is a link, that is for the application to refuse; a slash at the end, too.
    parent, slash, last = path.rpartition("/")
    return f"{name}:{folder.joinpath(parent).resolve() / last}{slash if not last else ''}"
