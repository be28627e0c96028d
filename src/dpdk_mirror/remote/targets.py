# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Targets as they are written here, and as the application has to be told, which runs in another directory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["KINDS", "NEW_STREAM", "Kind", "absolute", "at_port", "is_at", "port_in", "stream_in"]


class Kind(NamedTuple):
    """A kind of targets: what is behind its colon, and what it is, in the words of the library's file of it.

    ``run`` is what is written instead for ``dpdk-mirror run``, which takes a file as it is.
    """

    value: str
    meaning: str
    has_path: bool = False
    run: str | None = None


KINDS = {
    "file": Kind(
        "FILE", "a new capture file, pcapng or, by its name, pcap, written until the mirror is removed", has_path=True
    ),
    "stream": Kind(
        "[SOCKET]",
        "pcapng, to whoever connects to a UNIX socket; without a path the application chooses one",
        has_path=True,
        run="-",
    ),
    "tap": Kind("IFACE", "a network interface, for tcpdump and the like", run="net_tap0,iface={}"),
    "af_packet": Kind("IFACE", "an existing network interface", run="net_af_packet0,iface={}"),
    "vhost": Kind(
        "SOCKET",
        "a virtual machine, or a virtio-user port of another process",
        has_path=True,
        run="net_vhost0,iface={}",
    ),
    "ring": Kind(
        "NAME", "a ring, read by another thread of the application; stays when its mirrors go", run="net_ring0"
    ),
    "null": Kind("NAME", "nowhere, to count what a mirror would take", run="net_null0"),
    "port": Kind("NAME", "an existing port that nobody else transmits on; requires force=yes", run="{}"),
    "pcap": Kind("FILE", "another name of file, for pcap unless the name is .pcapng", has_path=True, run="{}"),
}
"""By name, in the order in which they are told. The library in an application may be of another release."""

NEW_STREAM = "stream:"
"""The application chooses the path."""

_PORT = "port:"


def stream_in(target: str) -> str | None:
    """The path of a stream; None: it is another kind of target."""
    return target.removeprefix(NEW_STREAM) if target.startswith(NEW_STREAM) else None


def port_in(target: str) -> str | None:
    """The name of a port that is there already; None: it is another kind of target."""
    return target.removeprefix(_PORT) if target.startswith(_PORT) else None


def at_port(name: str) -> str:
    """The target that a port is which is there already."""
    return f"{_PORT}{name}"


def is_at(target: str, to: str) -> bool:
    """Whether a target is the one that was asked for, with whatever value the application has chosen if none was."""
    return target.startswith(to) if to.endswith(":") and to[:-1] in KINDS else target == to


def absolute(to: str, folder: Path) -> str:
    """The target with an absolute path, where it has one that is relative to ``folder``."""
    name, _, path = to.partition(":")
    kind = KINDS.get(name)
    if kind is None or not kind.has_path or not path or Path(path).is_absolute():
        return to
    # Where the file is a link, that is for the application to refuse; a slash at the end, too.
    parent, slash, last = path.rpartition("/")
    return f"{name}:{folder.joinpath(parent).resolve() / last}{slash if not last else ''}"
