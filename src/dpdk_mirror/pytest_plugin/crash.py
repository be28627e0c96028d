# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is known of a test that has taken its process with it: DPDK's log, and where Python was.

Both go into a file as they come, which another process reads: pytest-xdist's main one, or whoever has forked this one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOG", "LOG_TITLE", "WHERE", "logged", "relevant", "tail", "where_raised"]

LOG = pytest.StashKey[Path]()
"""Where the log goes, of a config whose process may crash without ending the session."""

WHERE = signal.SIGXCPU
"""Has the process write there where Python is. Nobody else uses this signal."""

LOG_TITLE = "DPDK's log, and where Python was"
_FOLDER = pytest.StashKey[Path]()
_FD = pytest.StashKey[int]()
_TAIL = 100
_CALLERS = re.compile(
    r'^  File ".*/(pluggy|_pytest|pytest|xdist|execnet|dpdk_mirror/pytest_plugin)/|^  File "<(string|frozen runpy)>"'
    r"|^\d+: .*(/libpython|/_ctypes|/libffi|/libc\.so|/python)"
)
_KEY = "dpdk_log"


@contextlib.contextmanager
def logged(config: pytest.Config) -> Iterator[None]:
    """While tests may crash, from EAL's start on at the latest."""
    path = config.stash.get(LOG, None)
    if path is None or _FD in config.stash or not path.parent.is_dir():  # a worker on another machine
        yield
        return
    from .._binding import lib
    from ..errors import UnsupportedError

    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    config.stash[_FD] = fd
    faulthandler.enable(fd)
    faulthandler.register(WHERE, fd)
    with contextlib.suppress(UnsupportedError):  # without the extension there is nothing to log
        lib.ffi_log_copy(fd)
    try:
        yield
    finally:
        with contextlib.suppress(UnsupportedError):
            lib.ffi_log_copy(-1)
        faulthandler.unregister(WHERE)
        if sys.__stderr__ is not None:
            faulthandler.enable(sys.__stderr__)
        del config.stash[_FD]
        os.close(fd)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What was logged before is another test's."""
    if (fd := item.config.stash.get(_FD, None)) is not None:
        os.ftruncate(fd, 0)


def tail(path: Path) -> str:
    """The last of the log."""
    with contextlib.suppress(FileNotFoundError):
        return relevant(path.read_text(encoding="utf-8", errors="replace"))
    return ""


def relevant(text: str) -> str:
    """Its last lines, but for the frames of what has called the test."""
    return "\n".join([line for line in text.splitlines() if not _CALLERS.search(line)][-_TAIL:])


def where_raised(error: Exception) -> str:
    """Its traceback, as relevant."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if not _CALLERS.search(f'  File "{each.filename}"')
    ]
    return "".join([*traceback.format_list(frames), *traceback.format_exception_only(error)])


# With pytest-xdist: the main process tells its workers where, and adds what a dead one has left to its report.


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    folder = node.config.stash.get(_FOLDER, None) or Path(tempfile.mkdtemp(prefix="dpdk-mirror-"))
    node.config.stash[_FOLDER] = folder
    node.workerinput[_KEY] = str(folder / node.gateway.id)


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: Any) -> None:
    if text := tail(Path(report.node.workerinput[_KEY])):
        report.sections.append((LOG_TITLE, text))


def pytest_configure(config: pytest.Config) -> None:
    path = getattr(config, "workerinput", {}).get(_KEY)
    if path is not None:
        config.stash[LOG] = Path(path)


def pytest_unconfigure(config: pytest.Config) -> None:
    if (folder := config.stash.get(_FOLDER, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)
