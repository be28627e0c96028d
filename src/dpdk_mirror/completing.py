# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror complete KIND WORD...: what there is, for a shell to offer. The last of the words is begun.

Shells ask at each TAB, so it loads no more than it needs, and waits for nobody. Names that a shell would have to quote
are left out: whoever names a mirror writes nothing into anybody's command line.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .errors import MirrorError
from .remote.application import Application
from .remote.discovery import find_process, processes, socket_of, sockets_of
from .remote.ovs import interfaces_in
from .remote.sockets import label, sockets
from .remote.targets import KINDS, at_port, port_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

__all__ = ["KINDS_OF_WORDS", "main"]

_T = TypeVar("_T")
_TIMEOUT_S = 0.2
_PLAIN = re.compile(r"[\w.:@+,/-]+", re.ASCII)


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in KINDS_OF_WORDS:
        return 2
    kind, *words = arguments
    begun = words[-1] if words else ""
    found = KINDS_OF_WORDS[kind](words)
    for word in dict.fromkeys(found):
        if word.startswith(begun) and _PLAIN.fullmatch(word):
            print(word)  # noqa: T201  the command's output
    return 0


def _apps(_words: Sequence[str]) -> Iterable[str]:
    """By their sockets; only where there are none, by looking at all processes, which takes longer."""
    names = _ask(sockets(), lambda app: [label(app.path)] if app.greet() else [])
    return names or [name for each in processes() for name in (each.prefix, each.name) if name]


def _ports(words: Sequence[str]) -> Iterable[str]:
    def names(app: Application) -> list[str]:
        ports = {port.id: port.name for port in app.ports() if not port.is_target}
        return [*ports.values(), *interfaces_in(app, ports, timeout_s=_TIMEOUT_S).values()]

    return _ask(_sockets(words), names)


def _mirrors(words: Sequence[str]) -> Iterable[str]:
    return _ask(_sockets(words), lambda app: [mirror.info().name for mirror in app.mirrors()])


def _targets(words: Sequence[str]) -> Iterable[str]:
    if words and port_in(words[-1]) is not None:
        return [at_port(name) for name in _ports(words)]
    return [f"{kind}:" for kind in KINDS]


def _drivers(_words: Sequence[str]) -> Iterable[str]:
    from .pmdinfo import driver_names  # noqa: PLC0415  the others do without

    return driver_names()


KINDS_OF_WORDS: dict[str, Callable[[Sequence[str]], Iterable[str]]] = {
    "apps": _apps,
    "ports": _ports,
    "mirrors": _mirrors,
    "targets": _targets,
    "drivers": _drivers,
}


def _sockets(words: Sequence[str]) -> list[Path]:
    """Of the application that --app or the environment names, else of all."""
    named = os.environ.get("DPDK_MIRROR_APP")
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--app":
            named = following
        elif word.startswith("--app="):
            named = word.removeprefix("--app=")
    if not named:
        return sockets()
    if found := sockets_of(named):
        return found
    with suppress(MirrorError):
        return [socket_of(find_process(named))]
    return []


def _ask(paths: Sequence[Path], question: Callable[[Application], list[_T]]) -> list[_T]:
    """What all answer that do at once."""
    with ThreadPoolExecutor(16) as pool:
        return [each for answer in pool.map(partial(_answer, question), paths) for each in answer]


def _answer(question: Callable[[Application], list[_T]], path: Path) -> list[_T]:
    with suppress(MirrorError, OSError), Application(path, timeout_s=_TIMEOUT_S) as app:
        return question(app)
    return []
