# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror in an application that runs."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..closeable import Numbered
from ..errors import DisconnectedError, NotFoundError, UnsupportedError
from ..keywords import check_keywords, shows_keywords
from ..spec import ALIASES, ANY, ELSEWHERE, PARAMETERS, MirrorSpec, SpecOptions
from .records import RemoteMirrorInfo, RemoteMirrorStats, info_of, spec_of, stats_of
from .sockets import listener
from .stream import connect
from .targets import NEW_STREAM, stream_in

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Unpack

    from .answers import Answer
    from .application import Application

__all__ = ["RemoteMirror"]

_STAYS = dict.fromkeys(("source", "to"), "does not change while the mirror exists: remove it, and add another")


class RemoteMirror(Numbered):
    """A mirror in a running application. It lives until it is removed or the application ends.

    ``close()``, and the end of a ``with`` block, remove it, whoever has added it.
    """

    def __init__(self, app: Application, mirror_id: int, called: str = "") -> None:
        self.app = app
        self._id = mirror_id
        self._called = called or str(mirror_id)

    def __repr__(self) -> str:
        return f"<RemoteMirror {self} in {self.app}{', closed' if self._id is None else ''}>"

    def __str__(self) -> str:
        return f"mirror {self._called}"

    @property
    def spec(self) -> MirrorSpec:
        """The parameters it was given; info() has what it does. UnsupportedError: it is the application's own."""
        info = self.info()
        if not info.added:
            what = f"tell what {self} was asked to do: the application itself has made it"
            raise UnsupportedError(errno.ENOTSUP, what, "see info()")
        return spec_of(info)

    def stats(self) -> RemoteMirrorStats:
        """Read the counters."""
        return stats_of(self._ask("read the counters of", "stats"))

    def info(self) -> RemoteMirrorInfo:
        """Describe the mirror as it is now."""
        return info_of(self._ask("describe", "info"))

    def reset(self) -> None:
        """Reset the counters to 0."""
        self._ask("reset the counters of", "reset")

    def pause(self) -> None:
        """Pause the mirror until ``resume()``. Pausing a paused mirror does nothing."""
        self._ask("pause", "pause")

    def resume(self) -> None:
        """Resume after ``pause()``. When a new mirror would be refused, so is this, and the mirror stays paused."""
        self._ask("resume", "resume")

    @shows_keywords(SpecOptions)
    def update(self, **options: Unpack[SpecOptions]) -> None:
        """Change options; those that are not given stay. The source and the target cannot change.

        Every queue changes over between two bursts: no packet is missed or mirrored twice, and counters go on.
        """
        check_keywords(options, SpecOptions.__annotations__, ELSEWHERE | _STAYS)
        texts = ANY.changed(**options).texts()
        names = {ALIASES.get(name, name) for name in options}
        self.change({key: text for key, text in texts.items() if (PARAMETERS[key].field or key) in names})

    def change(self, texts: Mapping[str, str]) -> None:
        """Change options as ``update()`` does, given as texts by key."""
        self._ask("update", "update", texts)

    def open_stream(self, *, memory: bool = False) -> socket.socket:
        """Connect to the mirror's target, a ``stream:``, and return what to read pcapng from. It has one reader.

        ``memory``: for callers that can read the application's memory, if that comes in place of pcapng.

        PermissionError: the socket is for the application's user, and root. UnsupportedError: it is no stream, or the
        process cannot be seen, as that of another container.
        """
        target = self.info().target
        path = stream_in(target)
        if path is None:
            what = f"read {self}: its target {target} is no stream"
            raise UnsupportedError(errno.ENOTSUP, what, f"add a mirror to {NEW_STREAM}")
        if not (pid := self.app.pid or listener(self.app.path)):
            what = f"read {self}: its application's process is in no namespace that is seen from here"
            raise UnsupportedError(errno.ENOTSUP, what, "share the process namespace, or run this on the host")
        return connect(pid, path, memory=memory)

    def remove(self) -> None:
        """Remove the mirror. When it returns, no thread of the application is inside it."""
        self._ask("remove", "remove")
        self._id = None

    def close(self) -> None:
        """Remove the mirror, unless it or its application is gone. A second call does nothing."""
        if self._id is None:
            return
        try:
            self.remove()
        except (NotFoundError, DisconnectedError):
            self._id = None

    def _ask(self, doing: str, command: str, texts: Mapping[str, str] | None = None) -> Answer:
        asked = {"mirror": str(self.id), **(texts or {})}
        return self.app.ask(f"{doing} {self}", f"/mirror/{command}", asked)
