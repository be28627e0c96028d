# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The C extension; where there is none, or not for the DPDK here, a sentence about what to do at its first use."""

from __future__ import annotations

import errno
import importlib
import logging
import re
import threading
from typing import Any, NoReturn

from .errors import UnsupportedError, error_for
from .gate import gate
from .logger import logger

__all__ = ["check", "drain_log", "ffi", "lib"]

_NEEDS = "libdpdk-dev, libpcap-dev, pkgconf and a C compiler"
_REINSTALL = "reinstall dpdk-mirror, so that it is built with the DPDK that is here"


class _Missing:
    """Stands in for the extension, so that what needs no DPDK can be imported without it."""

    def __init__(self, reason: str, hint: str) -> None:
        self._what, self._hint = f"use DPDK: {reason}", hint

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnsupportedError(errno.ENOTSUP, self._what, self._hint)


class _Guarded:
    """The extension's functions, each behind the gate, and its constants."""

    def __init__(self, unguarded: Any) -> None:
        self._lib = unguarded

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._lib, name)
        if callable(value):
            value = gate.guard(value)
        setattr(self, name, value)
        return value


def _load() -> tuple[Any, Any]:
    """Its ffi and its lib. DPDK keeps an ABI for a year of releases, but not what is inlined and experimental."""
    try:
        extension = importlib.import_module("dpdk_mirror._ffi")
    except ImportError as error:
        missing = _Missing(*_why_not(str(error)))
        return missing, missing
    series = extension.ffi.string(extension.lib.ffi_eal_series()).decode()
    release = extension.ffi.string(extension.lib.ffi_eal_release()).decode()
    if re.match(rf"\D*{re.escape(series)}(?!\d)", release):
        return extension.ffi, _Guarded(extension.lib)
    missing = _Missing(f"dpdk_mirror was built for DPDK {series}, and this is {release}", _REINSTALL)
    return missing, missing


def _why_not(error: str) -> tuple[str, str]:
    """What to say, and to do, where the extension cannot be loaded."""
    from .attach.dpdk import release_by_abi  # noqa: PLC0415  nobody else needs it

    if (lacking := re.match(r"librte_\w+\.so\.(\d+)(?:\.(\d+))?(?=:)", error)) is None:
        return f"dpdk_mirror's C extension cannot be loaded: {error}", f"install {_NEEDS}, then reinstall dpdk-mirror"
    built_for = release_by_abi(int(lacking[1]), int(lacking[2] or 0))
    hint = f"have LD_LIBRARY_PATH name the folder with DPDK {built_for}'s libraries, or {_REINSTALL}"
    return f"dpdk_mirror was built for DPDK {built_for}, whose {lacking[0]} is not here", hint


ffi, lib = _load()

_logger = logger.getChild("eal")
_draining = threading.Lock()
# By RTE_LOG_*; 0 is no level.
_LEVELS = (logging.CRITICAL,) * 4 + (logging.ERROR, logging.WARNING, logging.INFO, logging.INFO, logging.DEBUG)
# What EAL adds to whatever a driver has said.
_SAYS_NOTHING = ("EAL: Driver cannot attach", "EAL: Failed to attach")


def check(rc: int, what: str, hint: str = "") -> int:
    """The result of a C call, which is >= 0; a negative errno becomes its exception.

    What DPDK logged meanwhile is the reason, unless ``what`` has one after a colon.
    """
    if rc < 0:
        reason = drain_log()
        if reason and ": " not in what:
            what = f"{what}: DPDK says {reason!r}"
        raise error_for(-rc, what, hint)
    drain_log()  # what is said of a call that went well is not why a later one fails
    return rc


def drain_log() -> str:
    """Hands what DPDK has logged to the logger ``dpdk_mirror.eal``; returns what went wrong first, "" if nothing.

    That may be a warning: the first error, which often names less of a cause, is added then.
    """
    serious: list[tuple[bool, str]] = []
    gate.check()  # first: in a forked child nobody may be there to unlock
    with _draining:
        for rte_level, line in _lines():
            level = _LEVELS[min(rte_level, len(_LEVELS) - 1)]
            _logger.log(level, "%s", line)
            if level >= logging.WARNING and not line.startswith(_SAYS_NOTHING):
                serious.append((level >= logging.ERROR, line))
    errors = [line for is_error, line in serious if is_error]
    return "; ".join(dict.fromkeys([line for _, line in serious[:1]] + errors[:1]))


def _lines() -> list[tuple[int, str]]:
    """The log's lines, put together from its pieces."""
    piece, lost = ffi.new("struct ffi_log_piece *"), ffi.new("uint64_t *")
    lines: list[tuple[int, str]] = []
    text = b""
    while lib.ffi_log_take(piece, lost):
        if lost[0]:
            lines.append((5, f"{lost[0]} lines of DPDK's log are lost: nobody read it in time"))
        text += ffi.buffer(piece.text, piece.length)[:]
        if text.endswith(b"\n"):
            lines.append((piece.level, text.decode(errors="replace").rstrip()))
            text = b""
    if text:
        lines.append((piece.level, text.decode(errors="replace")))
    return [(level, line) for level, line in lines if line]
