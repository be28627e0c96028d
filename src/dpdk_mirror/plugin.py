# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The file that applications load: librte_mirror, as EAL's -d takes it."""

from __future__ import annotations

import errno
import stat
import subprocess
import sys
from pathlib import Path

from .attach.library import Library, read_library
from .errors import NotFoundError, UnsupportedError

__all__ = ["library_for", "load_error", "plugin_for", "plugin_path", "use_error", "writable_parents"]

_NAME = "librte_mirror.so"
# As EAL loads it; in a process of its own, since it stays loaded.
_LOAD = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW | os.RTLD_GLOBAL)"
_USE = """
from dpdk_mirror._binding import lib
from dpdk_mirror.errors import UnsupportedError
try:
    lib.ffi_eal_release()
except UnsupportedError as error:
    print(error.what, error.hint, sep="\\n")
"""


def plugin_path() -> Path:
    """Where librte_mirror.so is: inside this package; NotFoundError if it was installed without."""
    path = Path(__file__).with_name(_NAME)
    if not path.is_file():
        what = f"look for the plugin: {path} is not there: the package was installed without it"
        hint = "install libdpdk-dev, libpcap-dev, pkgconf and a C compiler, then reinstall dpdk-mirror"
        raise NotFoundError(errno.ENOENT, what, hint)
    return path


def plugin_for(series: str) -> Path:
    """The library for a series of DPDK releases, such as 24.11: this package's own if it is that.

    Else the one beside it that has its name, librte_mirror-24.11.so; where there is none, this package's own.
    """
    other = Path(__file__).with_name(f"librte_mirror-{series}.so")
    if not series or not other.is_file():
        return plugin_path()
    own = other.with_name(_NAME)
    return own if own.is_file() and read_library(own).dpdk == series else other


def library_for(series: str, doing: str) -> Library:
    """The library for a series of DPDK releases; UnsupportedError if there is none."""
    library = read_library(plugin_for(series))
    if library.dpdk != series:
        what = f"{doing} for DPDK {series}: {library.path} is for {library.dpdk}"
        hint = f"build it with that DPDK, and put it beside that one as librte_mirror-{series}.so"
        raise UnsupportedError(errno.ENOTSUP, what, hint)
    return library


def writable_parents(path: Path) -> list[Path]:
    """The folders above ``path`` that everybody may write to, however sticky: EAL takes no plugin from below them."""
    return [folder for folder in path.resolve().parents if folder.stat().st_mode & stat.S_IWOTH]


def load_error(path: Path) -> str:
    """Why the dynamic loader cannot load the plugin, "" if it can; tried in a process of its own."""
    done = _try([_LOAD, str(path)])
    if done.returncode == 0:
        return ""
    return _last_line(done).removeprefix("OSError: ")


def use_error() -> tuple[str, str]:
    """Why Python cannot use DPDK by this package, and what to do, "" if it can; tried in a process of its own."""
    done = _try([_USE])
    if done.returncode != 0:
        return _last_line(done), ""
    what, _, hint = done.stdout.strip().partition("\n")
    return what, hint


def _try(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run([sys.executable, "-c", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:  # this Python is not to be started again
        return subprocess.CompletedProcess(arguments, 1, "", f"{sys.executable}: {error.strerror}")


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode}"
