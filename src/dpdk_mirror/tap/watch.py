# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""All applications, each looked at by a thread of its own: one that hangs holds up nobody else."""

from __future__ import annotations

import errno
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..closeable import Closeable
from ..errors import DisconnectedError, MirrorError, NotFoundError
from ..remote import Application, RemoteMirror
from ..remote.discovery import PROBE_S, own_socket, processes
from ..remote.sockets import label, sockets
from .look import AppView, Looker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .look import MirrorView

__all__ = ["Watch", "change"]

_FIND_S = 5.0
"""How often it is looked for applications."""

_ENDED_S = 10.0
"""How long one is shown that has ended."""

_SETTLE_S = 10.0

_GONE = (DisconnectedError, NotFoundError)


class Watch(Closeable):
    """Looks at the applications of some sockets, or at all that come and go, until it is closed.

    Its threads are daemons: closing waits for none, and nor does the process's end.
    """

    def __init__(self, paths: Iterable[Path] | None = None, *, interval_s: float = 1.0) -> None:
        self._interval_s = interval_s
        self._over = threading.Event()
        self._watched: dict[Path, _Watched] = {}
        self._found = threading.Event()
        if paths is None:
            threading.Thread(target=self._find, daemon=True).start()
        else:
            self._follow(paths)

    def views(self) -> list[AppView]:
        """What is known of each, by its name."""
        views = [watched.view for watched in list(self._watched.values())]
        return sorted((view for view in views if view is not None), key=lambda view: (view.name, view.path))

    def settle(self) -> None:
        """Wait until it has looked twice at all that were found first, so that there are rates, or has an error.

        One that answers again and again in no time is waited for no longer than a look takes at worst.
        """
        end = time.monotonic() + _SETTLE_S + self._interval_s
        self._found.wait(_SETTLE_S)
        for watched in list(self._watched.values()):
            watched.settled.wait(max(end - time.monotonic(), 0.0))

    def close(self) -> None:
        self._over.set()
        for watched in list(self._watched.values()):
            watched.over.set()

    def _find(self) -> None:
        while not self._over.is_set():
            self._follow(_all_sockets())
            self._over.wait(_FIND_S)

    def _follow(self, paths: Iterable[Path]) -> None:
        """Begin with those that are new, end those of which nothing is left."""
        paths = list(paths)
        for path in paths:
            if path not in self._watched and not self._over.is_set():
                self._watched[path] = _Watched(path, self._interval_s)
        for path in set(self._watched) - set(paths):
            if self._watched[path].view is None:
                self._watched.pop(path).over.set()
        self._found.set()


class _Watched:
    """The application of a socket, whichever process that is now."""

    def __init__(self, path: Path, interval_s: float) -> None:
        self.path = path
        self.view: AppView | None = None
        self.settled = threading.Event()
        self.over = threading.Event()
        self._interval_s = interval_s
        self._looks = 0
        self._ended_at = 0.0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        looker = self._new_looker()
        while not self.over.is_set():
            start = time.monotonic()
            try:
                self.view = looker.look()
                self._looks += 1
            except MirrorError as error:
                if isinstance(error, _GONE):
                    looker.app.close()
                    looker = self._new_looker()
                self.view = self._failed(error)
                self._looks = 2  # there will be no rates now
            if self._looks >= 2:
                self.settled.set()
            self.over.wait(max(start + self._interval_s - time.monotonic(), 0.0))
        looker.app.close()

    def _new_looker(self) -> Looker:
        return Looker(Application(self.path, timeout_s=PROBE_S))

    def _failed(self, error: MirrorError) -> AppView | None:
        """Nothing of a socket at which nobody has ever answered, nor of one that has ended a while ago."""
        before, now = self.view, time.monotonic()
        if not isinstance(error, _GONE):
            return AppView(str(self.path), label(self.path), before.pid if before else 0, error=error)
        if before is None:
            return None
        if not isinstance(before.error, _GONE):
            self._ended_at = now
            return AppView(before.path, before.name, before.pid, error=error)
        return before if now < self._ended_at + _ENDED_S else None


def _all_sockets() -> list[Path]:
    """DPDK's, and the library's own in processes without telemetry."""
    found = sockets()
    with suppress(MirrorError, OSError):
        found += [own_socket(each) for each in processes() if each.plugin and each.socket and not each.telemetry]
    return list(dict.fromkeys(found))


def change(app: AppView, mirror: MirrorView, doing: Callable[[RemoteMirror], None]) -> None:
    """Do something to a mirror, such as RemoteMirror.pause, in the very process that it was seen in."""
    with Application(Path(app.path)) as now:
        if now.pid != app.pid:
            what = f"change mirror {mirror.info.name} in {app.name}: its process {app.pid} has ended"
            raise DisconnectedError(errno.ECONNRESET, what, "its mirrors have ended with it")
        doing(RemoteMirror(now, mirror.info.id, mirror.info.name))
