# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Runs the properties in children: a driver that crashes, or never returns, fails that property alone."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import signal
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from ..deadsockets import is_dead
from ..errors import EalError, MirrorError
from ..programs import signal_name
from .properties import Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .properties import Property
    from .testbed import Plan

__all__ = ["About", "Request", "verify"]


_PR_SET_PDEATHSIG = 1
_START_S = 120.0
"""What EAL and the first look at a port may take."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to verify. ``devices`` are a port, and perhaps one that is connected to it, in EAL's form."""

    devices: tuple[str, ...]
    vdevs: tuple[str, ...] = ()  # that EAL has beside
    drivers: tuple[str, ...] = ()  # files that EAL loads
    destructive: bool = False
    hugepages: bool | None = None
    timeout_s: float = 180.0


@dataclass(frozen=True, slots=True)
class About:
    """What was verified, and with what."""

    driver: str
    plan: str
    dpdk: str
    look: Plan | None = field(default=None, compare=False, repr=False)


def verify(request: Request, properties: Sequence[Property]) -> Iterator[About | Result]:
    """What the port is, then a result for each property, as they come.

    EAL is started in children alone. MirrorError: it, or the port, could not be.
    """
    left, about = list(properties), None
    while left or about is None:
        with _Child(request, left, about.look if about else None) as child:
            for said in child.listen():
                if isinstance(said, About):
                    if about is None:
                        yield said
                    about = said
                else:
                    yield said
                    left = left[1:]
            if left and about is None:
                raise child.error()
            if left and not child.is_done:
                yield Result(left[0].name, Verdict.FAIL, child.death())
                left = left[1:]
                _remove_dead_sockets(request.devices)


def _remove_dead_sockets(devices: Sequence[str]) -> None:
    """Those of a child that has died: the next one could not bind to their paths."""
    for path in re.findall(r"=(/[^,]+)", ",".join(devices)):
        with contextlib.suppress(OSError):
            if is_dead(path):
                Path(path).unlink()


class _Child:
    """A process that looks at properties one after the other, until it dies, is done, or has its memory used up."""

    is_done = False
    """It has ended on its own accord, and there may be more to look at."""

    def __init__(self, request: Request, properties: Sequence[Property], plan: Plan | None) -> None:
        self._request = request
        self._folder = tempfile.TemporaryDirectory(prefix="dpdk-mirror-")
        self._ours, theirs = Pipe(duplex=False)
        self._error: MirrorError | None = None
        self._status = 0
        self._hung_s = 0.0
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _end_with(parent)
            self._ours.close()
            os.environ["RUNTIME_DIRECTORY"] = self._folder.name
            _serve(theirs, request, properties, plan)
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ours.close()
        self._end(is_wanted=kind is None)

    def listen(self) -> Iterator[About | Result]:
        """What it says, until it says no more."""
        timeout_s = max(_START_S, self._request.timeout_s)
        with contextlib.suppress(EOFError):
            while self._ours.poll(timeout_s):
                said, timeout_s = self._ours.recv(), self._request.timeout_s
                if isinstance(said, MirrorError):
                    self._error = said
                elif said is None:
                    self.is_done = True
                    break
                else:
                    yield said
            else:
                self._hung_s = timeout_s
        self._end()

    def _end(self, *, is_wanted: bool = True) -> None:
        if not self.pid:
            return
        if self._hung_s or not is_wanted:
            os.kill(self.pid, signal.SIGKILL)
        self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        self._folder.cleanup()

    def death(self) -> str:
        """How it has ended in the middle of a property."""
        if self._hung_s:
            return f"it has not come to an end within {self._hung_s:g} s"
        if self._error is not None:
            return str(self._error)
        if self._status < 0:
            return f"it crashes: {signal_name(-self._status)}"
        return f"it ends the process, with status {self._status}"

    def error(self) -> MirrorError:
        """Why it could not begin."""
        devices = " ".join(self._request.devices)
        when = "as the port is opened, tried and closed for the first time"
        return self._error or EalError(errno.EIO, f"verify {devices}: {self.death()}, {when}")


def _end_with(parent: int) -> None:
    """In the child: it shall not outlive who listens, in whatever driver it is."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _serve(connection: Connection, request: Request, properties: Sequence[Property], plan: Plan | None) -> NoReturn:
    """The child, which leaves nothing to Python's exit: that is the parent's."""
    code = 1
    try:
        os.dup2(2, 1)  # what drivers print is no result
        _look(connection, request, properties, plan)
        code = 0
    except MirrorError as error:
        connection.send(error)
    except KeyboardInterrupt:
        code = 130
    except Exception:  # noqa: BLE001 - the parent tells that it has ended, this tells why
        traceback.print_exc()
    finally:
        connection.close()
        sys.stderr.flush()
        os._exit(code)


def _look(connection: Connection, request: Request, properties: Sequence[Property], plan: Plan | None) -> None:
    from ..eal import Eal  # noqa: PLC0415 - DPDK is the child's alone
    from ..ealconfig import is_pci  # noqa: PLC0415
    from ..pmdinfo import installed_release  # noqa: PLC0415
    from .catalog import Testbed, judge  # noqa: PLC0415

    pci = [device for device in request.devices if is_pci(device)]
    args = [part for path in request.drivers for part in ("-d", path)]
    with Eal(args=args, vdevs=request.vdevs, devices=pci, workers=2, hugepages=request.hugepages) as eal:
        testbed = Testbed(eal, request.devices, plan, destructive=request.destructive)
        found = testbed.plan
        connection.send(About(found.driver, found.name, installed_release(), found))
        for each in properties if plan or not found.keeps else ():
            connection.send(judge(each, testbed))
            if testbed.leaks or found.keeps:  # memory, too, of which the next one is to have all
                break
    connection.send(None)
