# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Where applications have their telemetry sockets."""

from __future__ import annotations

import contextlib
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..attach import outside
from ..attach.identify import EAL_THREADS
from ..attach.process import Process
from ..errors import MirrorError
from .reach import below, identities, seen_by

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SUDO", "closed_directories", "label", "listener", "runtime_directories", "sockets"]

SUDO = "use sudo $(command -v dpdk-mirror)"
"""What to do without the rights; sudo does not find what is in a virtual environment by its name."""

# A second process of a prefix that shares nothing with the first has :1, and so on.
_SOCKET = re.compile(r"dpdk_telemetry\.v2(:\d+)?")


def runtime_directories() -> list[Path]:
    """Where EAL puts what belongs to an application while it runs: this user's, root's and, as far as seen, others'."""
    candidates = [os.environ.get("RUNTIME_DIRECTORY"), "/var/run", os.environ.get("XDG_RUNTIME_DIR"), "/tmp"]  # noqa: S108  # EAL's
    folders = [*(Path(name) for name in candidates if name), *sorted(Path("/run/user").glob("*"))]
    return list({os.path.realpath(folder): folder / "dpdk" for folder in reversed(folders)}.values())[::-1]


def sockets() -> list[Path]:
    """All telemetry sockets that are found, dead ones too, sorted by label."""
    paths = [*_in_directories(), *_that_listen(), *_elsewhere()]
    known = identities(paths)  # a volume may have the same socket here and there
    found: dict[object, Path] = {}
    for path in paths:
        found.setdefault(known[path], path)
    return sorted(found.values(), key=lambda path: (label(path), str(path)))


def label(path: Path) -> str:
    """How to name the application of a socket: its file prefix, and :N after it if there are several."""
    match = _SOCKET.fullmatch(path.name)
    return f"{path.parent.name}{match[1] or ''}" if match else str(path)


def listener(path: Path) -> int | None:
    """The process that listens on a socket, whether it answers or not; None where this user may not know."""
    if (where := seen_by(path)) is not None:
        return where[0]
    real = os.path.realpath(path)
    ends = {f"socket:[{inode}]" for inode, other in _listening() if os.path.realpath(other) == real}
    holders = [folder for folder in Path("/proc").glob("[0-9]*") if not ends.isdisjoint(_open_files(folder))]
    # Those that it has started since may have inherited the socket.
    return int(min(holders, key=_start).name) if holders else None


def closed_directories() -> list[Path]:
    """The runtime directories that this user must not look into."""
    found = []
    for folder in runtime_directories():
        try:
            next(folder.iterdir(), None)
        except PermissionError:
            found.append(folder)
        except OSError:
            continue
    return found


def _in_directories() -> Iterator[Path]:
    for folder in runtime_directories():
        with contextlib.suppress(OSError):
            for prefix in folder.iterdir():
                with contextlib.suppress(OSError):
                    yield from (path for path in prefix.iterdir() if _SOCKET.fullmatch(path.name))


def _that_listen() -> Iterator[Path]:
    """Sockets in runtime directories that only their application knows of, as those of systemd's services."""
    yield from (path for _, path in _listening() if _SOCKET.fullmatch(path.name))


def _elsewhere() -> Iterator[Path]:
    """Sockets of applications that have another root, as in containers; nothing is looked up there."""
    for pid in (path.name for path in Path("/proc").iterdir() if path.name.isdecimal()):
        with contextlib.suppress(OSError, MirrorError):
            if _root(pid) != _root("self"):
                with Process(int(pid)) as process:
                    if not EAL_THREADS.isdisjoint(process.thread_names()):
                        yield from (below(process.pid, path) for path in outside.sockets(process).telemetry)


def _root(pid: str) -> tuple[Path, Path]:
    return Path(f"/proc/{pid}/ns/mnt").readlink(), Path(f"/proc/{pid}/root").readlink()


def _open_files(process: Path) -> Iterator[str]:
    """What its descriptors lead to; nothing if it has ended, or is another user's."""
    with contextlib.suppress(OSError):
        for each in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                yield str(each.readlink())


def _start(process: Path) -> tuple[float, int]:
    """Less for those that have started sooner, whose numbers may be greater: they begin anew some time."""
    try:
        started = float((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[19])
    except OSError:  # ended meanwhile
        started = math.inf
    return started, int(process.name)


def _listening() -> Iterator[tuple[str, Path]]:
    """All sockets of that type that somebody listens on: inode and path."""
    with contextlib.suppress(OSError):
        for listens, inode, path in outside.unix_sockets(Path("/proc/net/unix").read_bytes()):
            if listens:
                yield inode, Path(path)
