# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attach to an application that runs without librte_mirror: find it, load the library into it, connect."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ..attach.process import Process
from .application import Application
from .discovery import socket_of

if TYPE_CHECKING:
    from ..attach.library import Library
    from ..attach.load import Attachment, Options

__all__ = ["application_of", "attach", "load_into"]


def attach(
    pid: int, *, library: str | Path | None = None, socket: str | Path | None = None, force: bool = False
) -> Application:
    """Load librte_mirror into process ``pid``, unless it is there already, and connect to it.

    One of EAL's own threads, asleep in the kernel, is made to call dlopen(); it stands still for moments of some
    0.3 ms, and no other thread is stopped. The library stays until the application ends: without mirrors it does
    nothing.

    library: another librte_mirror.so than this package's, of the application's DPDK release. socket: where, as the
    application sees it, the library opens a socket of its own; it chooses one where telemetry is off. force: go on
    where the application's seccomp filters cannot be read.

    Raises UnsupportedError where the library cannot be loaded, NotPermittedError without the rights to trace the
    process, BusyTimeoutError if its dynamic loader is busy, NotFoundError if there is no such process, or no DPDK in
    it, ConflictError if its library listens elsewhere.
    """
    from ..attach.load import Options  # noqa: PLC0415  it takes long, and few applications are attached to

    options = Options(socket="" if socket is None else os.fspath(socket), force=force)
    return application_of(load_into(pid, options, library))


def load_into(pid: int, options: Options, library: str | Path | None = None) -> Attachment:
    """The same without the connection."""
    from ..attach.library import read_library  # noqa: PLC0415  as above
    from ..attach.load import load  # noqa: PLC0415
    from ..plugin import plugin_for  # noqa: PLC0415

    def choose_library(series: str) -> Library:
        return read_library(plugin_for(series) if library is None else Path(library))

    # What a thread traces is let go when it ends: so nothing stays stopped, whatever goes wrong.
    with Process(pid) as process, ThreadPoolExecutor(1) as tracer:
        return tracer.submit(load, process, choose_library, options).result()


def application_of(attachment: Attachment) -> Application:
    """The application that has been attached to."""
    app = Application(socket_of(attachment.process))
    app.greet()
    return app
