# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Attach to an application that runs without librte_mirror: find it, load the library into it, connect."""

from __future__ import annotations

import errno
import json
import os
import signal
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..attach.apart import answers, raise_refused, refused
from ..attach.cpus import busy_cpus, elsewhere
from ..attach.process import Process
from ..attach.survey import LOOK_S, made
from ..errors import BusyTimeoutError, MirrorError
from .discovery import connect_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..attach.library import Library
    from ..attach.load import Attachment, Options
    from .application import Application

__all__ = ["attach", "load_apart", "load_into"]

_BEGUN, _LOOKED = b"begun", b"looked"
_STEPS = 8
"""Each may take as long as the dynamic loader may be busy."""


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
    return connect_to(load_apart(pid, options, library).process)


def load_apart(pid: int, options: Options, library: str | Path | None = None) -> Attachment:
    """The same without the connection, by another process: an attached one can keep whoever does it for ever."""
    from ..attach.load import Attachment  # noqa: PLC0415  as above

    path = None if library is None else os.path.abspath(library)  # noqa: PTH100  not what it is a link to
    with Process(pid) as process:
        busy = busy_cpus(process)
        request = json.dumps({"pid": pid, "options": asdict(options), "library": path, "busy": [*busy.items()]})
        with elsewhere(process, 0, busy):
            # A look takes long, too, while threads load and unload.
            waits_s = [LOOK_S + steps * options.timeout_s for steps in (1, _STEPS)]
            said = list(answers(__name__, request.encode(), *waits_s))
    if not said:  # nobody could be started who does it
        return load_into(pid, options, library)
    if said[-1] in {_BEGUN, _LOOKED}:
        what = f"attach to process {pid}: it keeps whoever looks at it waiting, or that has been killed"
        raise BusyTimeoutError(errno.ETIMEDOUT, what, f"see ps -L {pid}")
    answer = json.loads(said[-1])
    if "bug" in answer:
        raise RuntimeError(answer["bug"])
    raise_refused(answer)
    found = made(answer.pop("process"))
    return Attachment(**{**answer, "process": found, "stops_s": tuple(answer["stops_s"])})


def work(request: bytes, say: Callable[[bytes], None]) -> None:
    """Attach as the request says; for another process, that ends this one."""
    from ..attach.inject import hurry  # noqa: PLC0415  as above
    from ..attach.load import Options, load  # noqa: PLC0415

    say(_BEGUN)
    asked = json.loads(request)
    # Whoever interrupts this process gives it time to put back what it has changed.
    signal.signal(signal.SIGINT, lambda *_: hurry())
    choose_library = _chooser(asked["library"], partial(say, _LOOKED))
    try:
        with Process(asked["pid"]) as process:
            done = asdict(load(process, choose_library, Options(**asked["options"]), dict(asked["busy"])))
    except MirrorError as error:
        done = refused(error)
    except Exception:  # noqa: BLE001  which is for whoever has asked
        import traceback  # noqa: PLC0415  as above

        done = {"bug": traceback.format_exc()}
    say(json.dumps(done).encode())


def load_into(pid: int, options: Options, library: str | Path | None = None) -> Attachment:
    """The same by this process."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  as above

    # What a thread traces is let go when it ends: so nothing stays stopped, whatever goes wrong.
    with ThreadPoolExecutor(1) as tracer:
        return tracer.submit(_load, pid, options, library).result()


def _load(pid: int, options: Options, library: str | Path | None) -> Attachment:
    from ..attach.load import load  # noqa: PLC0415  as above

    with Process(pid) as process:
        busy = busy_cpus(process)
        with elsewhere(process, 0, busy):
            return load(process, _chooser(library, lambda: None), options, busy)


def _chooser(library: str | Path | None, looked: Callable[[], None]) -> Callable[[str], Library]:
    """``looked`` is called once it is known what the process is."""

    def choose_library(series: str) -> Library:
        from ..attach.library import read_library  # noqa: PLC0415  as above
        from ..plugin import plugin_for  # noqa: PLC0415

        looked()
        return read_library(plugin_for(series) if library is None else Path(library))

    return choose_library
