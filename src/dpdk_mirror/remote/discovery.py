# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Which applications run, and how one is found by its name."""

from __future__ import annotations

import difflib
import errno
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..attach.outside import NAME_MAX
from ..attach.survey import survey
from ..errors import ConflictError, DisconnectedError, MirrorError, NoPluginError, NotFoundError, NotPermittedError
from .application import TIMEOUT_S, Application
from .reach import below
from .sockets import SUDO, closed_directories, label, sockets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..attach.identify import DpdkProcess

__all__ = [
    "PROBE_S",
    "applications",
    "connect",
    "connect_to",
    "find_process",
    "look",
    "not_found",
    "own_socket",
    "processes",
    "scan",
    "socket_of",
    "sockets_of",
]

PROBE_S = 2.0
"""How long an application may take to say whether it is there."""

_ALL = "dpdk-mirror apps lists what runs"


def applications(*, timeout_s: float = TIMEOUT_S) -> list[Application]:
    """The applications that run and answer this user, with librte_mirror or without, by prefix."""
    return [found for _, found in scan(timeout_s=timeout_s) if isinstance(found, Application)]


def processes() -> list[DpdkProcess]:
    """All DPDK processes of this machine that this user may know of, with librte_mirror or without, by pid."""
    return survey()


def look(pid: int) -> DpdkProcess | None:
    """One process; None without DPDK, or if it has ended."""
    return next(iter(survey([pid])), None)


def find_process(where: str | None) -> DpdkProcess:
    """The DPDK process of an id, a file prefix, a program's name or a socket's path.

    None: the only one, or the only one that librte_mirror is not in and can be loaded into. An id goes before a prefix.
    """
    if where is not None and where.isdecimal() and (named := look(int(where))) is not None and _is_application(named):
        return named  # without a look at all others
    found = [each for each in processes() if _is_application(each)]
    if where is None:
        able = [each for each in found if not each.plugin and not each.obstacle]
        return _only(able or found, "choose an application")
    return _only([each for each in found if where in _names(each)], f"find {where}", _near(where, found))


def own_socket(process: DpdkProcess) -> Path:
    """The library's own socket in a process, by its path here."""
    return _seen_here(process, process.socket)


def socket_of(process: DpdkProcess) -> Path:
    """DPDK's socket of a process, or the library's own, by its path here."""
    if process.telemetry:
        return _seen_here(process, process.telemetry[0])
    if process.socket:
        return own_socket(process)
    what = f"connect to process {process.pid}: it has no telemetry, and no librte_mirror that listens"
    raise NoPluginError(errno.ENOTSUP, what, f"attach it first: dpdk-mirror attach {process.pid}")


def scan(
    paths: list[Path] | None = None, *, timeout_s: float = TIMEOUT_S
) -> list[tuple[Path, Application | MirrorError]]:
    """Each telemetry socket that is found and not dead, and its application, or why that does not answer."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  it takes long, and whoever names one does without

    with ThreadPoolExecutor(max_workers=16) as pool:
        paths = sockets() if paths is None else paths
        found = zip(paths, pool.map(lambda path: _probe(path, timeout_s), paths), strict=True)
        return [(path, each) for path, each in found if not isinstance(each, NotFoundError | DisconnectedError)]


def connect(where: str | Path, *, timeout_s: float = TIMEOUT_S) -> Application:
    """The application of a file prefix, a socket's path, a program's name or a process id.

    A prefix that is not the first of its name has :N behind it.
    """
    if isinstance(where, Path) or "/" in where:
        app = Application(where, timeout_s=timeout_s)
        app.greet()
        return app
    results = scan(sockets_of(where), timeout_s=timeout_s)
    alive = [found for _, found in results if isinstance(found, Application)]
    if len(alive) == 1:
        return alive[0]
    if alive:
        which = " ".join(str(app.path) for app in alive)
        raise ConflictError(errno.EEXIST, f"connect to {where}: there are several: {which}", "give the socket's path")
    for _, error in results:
        if isinstance(error, MirrorError):
            raise error
    try:
        process = find_process(where)
    except NotFoundError as error:
        raise not_found(where, error.hint) from None
    return connect_to(process, timeout_s=timeout_s)


def connect_to(process: DpdkProcess, *, timeout_s: float = TIMEOUT_S) -> Application:
    """The application in a process, by the socket that it has; not another's, which it only seems to have."""
    app = connect(socket_of(process), timeout_s=timeout_s)
    if (pid := app.pid) == process.pid:
        return app
    app.close()
    what = f"connect to process {process.pid}: what is at {app.path} is another's, of process {pid}"
    raise ConflictError(errno.EEXIST, what, "see who has put it there; or give that path, if it is meant")


def sockets_of(where: str) -> list[Path]:
    """Those that a prefix, or a socket's path, stands for, dead ones too."""
    return [Path(where)] if "/" in where else [path for path in sockets() if label(path) == where]


def not_found(where: str, hint: str = _ALL) -> MirrorError:
    """Why there is no application of that name, as far as this user may know."""
    which = "no application answers there" if "/" in where else "no application of that file prefix answers"
    what = f"connect to {where}: {which}"
    if closed := closed_directories():
        reason = f"and there is no permission to read {', '.join(map(str, closed))}"
        return NotPermittedError(errno.EACCES, f"{what}, {reason}", SUDO)
    return NotFoundError(errno.ENOENT, what, hint)


def _seen_here(process: DpdkProcess, path: str) -> Path:
    same = "mnt" not in process.namespaces and process.root == "/"
    return Path(path) if same else below(process.pid, path)


def _is_application(process: DpdkProcess) -> bool:
    return process.started and not process.own


def _names(process: DpdkProcess) -> set[str]:
    """All that it may be called."""
    paths = [_seen_here(process, path) for path in (*process.telemetry, process.socket) if path]
    program = PurePosixPath(process.program).name
    own = {str(process.pid), process.prefix, process.name, process.name[:NAME_MAX], program}
    return own | {str(path) for path in paths} | {label(path) for path in paths}


def _near(where: str, there: Iterable[DpdkProcess]) -> str:
    """A hint for whoever has asked for a name that none has: ovs-vswitchd runs as ovs-vswitchd-dpdk on Debian."""
    names = sorted({name for each in there for name in (each.prefix, each.name) if name})
    near = difflib.get_close_matches(where, names) or [name for name in names if where in name]
    return f"did you mean {' or '.join(near)}? {_ALL}" if near else _ALL


def _only(found: list[DpdkProcess], doing: str, hint: str = _ALL) -> DpdkProcess:
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(errno.ENOENT, f"{doing}: no DPDK application of that name or id is found", hint)
    names = ", ".join(f"{each.name} ({each.pid})" for each in found)
    raise ConflictError(errno.EEXIST, f"{doing}: there are several: {names}", "give the id of one")


def _probe(path: Path, timeout_s: float) -> Application | MirrorError:
    app = Application(path, timeout_s=PROBE_S)
    try:
        app.greet()
    except MirrorError as error:
        return error
    finally:
        app.hang_up()
    app.timeout_s = timeout_s
    return app
