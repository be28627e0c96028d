# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror in an application that runs."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..closeable import Numbered
from ..errors import DisconnectedError, NotFoundError, UnsupportedError
from ..keywords import check_keywords, shows_keywords
from ..spec import ALIASES, PARAMETERS, PLACES, MirrorSpec, MirrorStats, Mode, SpecOptions
from .records import RemoteMirrorInfo, info_of, stats_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from .answers import Answer
    from .application import Application

__all__ = ["RemoteMirror"]

_STAYS = dict.fromkeys(("source", "to"), "does not change while the mirror exists: remove it, and add another")


class RemoteMirror(Numbered):
    """A mirror of an application's, which lives until it is removed, or its application ends.

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
        """What it was asked to do; info() tells what it does. UnsupportedError: its application itself has made it."""
        info = self.info()
        if not info.added:
            what = f"tell what {self} was asked to do: the application itself has made it"
            raise UnsupportedError(errno.ENOTSUP, what, "see info()")
        return MirrorSpec.from_pairs(info.spec)

    def stats(self) -> MirrorStats:
        return stats_of(self._ask("read the counters of", "stats"))

    def info(self) -> RemoteMirrorInfo:
        return info_of(self._ask("describe", "info"))

    def reset(self) -> None:
        """Sets the counters to 0."""
        self._ask("reset the counters of", "reset")

    def pause(self) -> None:
        """Mirrors nothing until ``resume()``. Does nothing when the mirror is paused."""
        self._ask("pause", "pause")

    def resume(self) -> None:
        """Goes on after ``pause()``, if a mirror that is made now could; else it stays paused."""
        self._ask("resume", "resume")

    @shows_keywords(SpecOptions)
    def update(self, **options: Unpack[SpecOptions]) -> None:
        """Gives it other options, of those that it can be added with; the others stay, and so do source and target.

        Every queue changes over between two bursts: no packet is missed or mirrored twice, and counters go on.
        """
        check_keywords(options, SpecOptions, PLACES | _STAYS)
        texts = MirrorSpec(mode=Mode.AUTO).changed(**options).texts()
        names = {ALIASES.get(name, name) for name in options}
        self.change({key: text for key, text in texts.items() if (PARAMETERS[key].field or key) in names})

    def change(self, texts: Mapping[str, str]) -> None:
        """``update()`` with the keys and values of a spec's text."""
        self._ask("update", "update", texts)

    def remove(self) -> None:
        """Removes the mirror; when it returns, no poller of the application's is inside it any more."""
        self._ask("remove", "remove")
        self._id = None

    def close(self) -> None:
        """Removes the mirror, unless it is gone, with its application or otherwise. A second call does nothing."""
        if self._id is None:
            return
        try:
            self.remove()
        except (NotFoundError, DisconnectedError):
            self._id = None

    def _ask(self, doing: str, command: str, texts: Mapping[str, str] | None = None) -> Answer:
        asked = {"mirror": str(self.id), **(texts or {})}
        return self.app.ask(f"{doing} {self}", f"/mirror/{command}", asked)
