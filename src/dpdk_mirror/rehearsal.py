# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A start of EAL in a child: arguments that are not the package's own may have EAL end its process, or abort it."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import warnings
from typing import IO, NoReturn

from ._binding import ffi, lib
from .errors import EalError
from .programs import signal_name

__all__ = ["rehearse"]

_STARTED = 99
"""No status that EAL ends a process with, which is 0 for --help."""
_TELLS = re.compile(r"error|invalid|unrecogni|unknown|cannot|can't|fail|panic|not supported|no such", re.IGNORECASE)


def rehearse(arguments: list[str]) -> None:
    """Raises EalError, with the reason, where EAL would not start with these; this process's EAL is not touched."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory(prefix="dpdk-mirror-") as directory:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads: it only calls C
            pid = os.fork()
        if pid == 0:
            _start(arguments, said, directory)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    if code == _STARTED:
        return
    what = f"start EAL with {' '.join(arguments[1:])}"
    if code < 0:
        what += f": it dies of {signal_name(-code)}"
    reason = "EAL ends the process, and calls it a success" if code == 0 else _reason(lines)
    raise EalError(errno.EINVAL, f"{what}: {reason}")


def _start(arguments: list[str], said: IO[bytes], directory: str) -> NoReturn:
    """In the child."""
    code = 1
    try:
        os.environ["RUNTIME_DIRECTORY"] = directory
        lib.ffi_log_copy(said.fileno())
        c_arguments = [ffi.new("char[]", argument.encode()) for argument in arguments]
        rc = lib.ffi_eal_init(len(c_arguments), ffi.new("char *[]", [*c_arguments, ffi.NULL]))
        if rc == 0:
            lib.ffi_eal_cleanup()
            code = _STARTED
    finally:
        os._exit(code)


def _reason(lines: list[str]) -> str:
    """What was said of it, before how EAL is used, which takes pages."""
    usage = next((number for number, line in enumerate(lines) if line.lstrip().lower().startswith("usage:")), None)
    told = list(dict.fromkeys(line.strip() for line in lines[:usage] if line.strip()))
    return "; ".join([line for line in told if _TELLS.search(line)][:2] or told[-1:] or ["it does not say why"])
