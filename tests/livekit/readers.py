# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Readers of streams that go at the worst of moments: their mirrors go, and nothing else does."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from dpdk_mirror.errors import MirrorError, NotFoundError
from dpdk_mirror.remote import Application
from dpdk_mirror.spec import MirrorSpec, Mode
from dpdk_mirror.tap.session import Tap

from .application import wait_until
from .tapped import streams_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PORTS = ("net_null0", "net_null1")


@contextlib.contextmanager
def repeated(socket: Path, doing: Callable[[Application, int], None]) -> Iterator[None]:
    """Does it again and again, beside the caller: what the application refuses is nothing."""
    over = threading.Event()

    def repeat() -> None:
        with Application(socket) as app:
            number = 0
            while not over.is_set():
                number += 1
                with contextlib.suppress(MirrorError):
                    doing(app, number)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tapped(app: Application, sources: Sequence[str]) -> Tap:
    return Tap(app, sources, MirrorSpec(mode=Mode.AUTO), "test")


def leave(tap: Tap) -> None:
    """As a process that is killed: nobody removes the mirrors. They go, whatever they were doing."""
    tap.stream.close()
    ids = {mirror.id for mirror in tap.mirrors}
    wait_until(lambda: not ids & {mirror.id for mirror in tap.app.mirrors()}, "the mirrors' end")
    for mirror in tap.mirrors:
        with contextlib.suppress(NotFoundError):
            mirror.info()
            raise AssertionError("it is not listed, and is there")
    wait_until(lambda: not streams_of(tap.app.pid), "the socket's end")


def leave_another_alone(app: Application) -> None:
    """Of two that read the same port, one goes."""
    with tapped(app, PORTS[:1]) as stays:
        with tapped(app, PORTS[:1]) as goes:
            leave(goes)
        before = stays.stats()[0].packets
        while stays.stats()[0].packets == before:
            assert stays.stream.recv(1 << 20)


def leave_while_mirrors_change(app: Application) -> None:
    def change(other: Application, number: int) -> None:
        for mirror in other.mirrors():
            mirror.update(snaplen=60 + number % 1000)

    with tapped(app, PORTS) as tap, repeated(app.path, change):
        leave(tap)


def leave_while_mirrors_are_paused(app: Application) -> None:
    def pause(other: Application, number: int) -> None:
        for mirror in other.mirrors():
            mirror.pause() if number % 2 else mirror.resume()

    with tapped(app, PORTS) as tap, repeated(app.path, pause):
        leave(tap)


def leave_while_mirrors_are_added(app: Application) -> None:
    """To the same stream: the new ones go, too."""

    def add(other: Application, number: int) -> None:
        other.mirror(PORTS[number % 2], to=target, linger=False, snaplen=60)

    with tapped(app, PORTS[:1]) as tap:
        target = tap.mirrors[0].info().target
        with repeated(app.path, add):
            tap.stream.close()
            first = tap.mirrors[0].id
            wait_until(lambda: first not in {mirror.id for mirror in app.mirrors()}, "the mirror's end")
    wait_until(lambda: not app.mirrors(), "the others' end")
    wait_until(lambda: not streams_of(app.pid), "the sockets' end")


LEAVING = {
    "another reads": leave_another_alone,
    "mirrors change": leave_while_mirrors_change,
    "mirrors are paused": leave_while_mirrors_are_paused,
    "mirrors are added": leave_while_mirrors_are_added,
}
