# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What another process of ours does for this one, to processes that may keep it waiting in the kernel for ever.

By memory, or a program, on a file system of their own, say. It is left alone when it does not come back.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["answers", "say"]

_START_S, _END_S = 20.0, 1.0
_POLL_MAX = (1 << 31) - 1  # poll() takes an int of milliseconds
# This very package, whatever is on the way there by now.
_PACKAGE = "dpdk_mirror"
_INIT = str(Path(__file__).parents[1] / "__init__.py")
_WORKER = f"""
import importlib, importlib.util, sys
module, init, *sys.path[:] = sys.argv[1:]
spec = importlib.util.spec_from_file_location("{_PACKAGE}", init)
sys.modules["{_PACKAGE}"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["{_PACKAGE}"])
importlib.import_module(module).work()
"""


def answers(module: str, request: bytes, *waits_s: float) -> Iterator[bytes]:
    """The lines that ``work()`` of a module says there, until it ends, or one takes too long.

    It reads the request from stdin, and says a first line once it has been started. ``waits_s`` are for the second, the
    third and so on; the last one for all others. Nothing comes if it cannot be started.
    """
    asked = os.memfd_create("request", os.MFD_CLOEXEC)
    os.pwrite(asked, request, 0)
    descriptor, theirs = os.pipe()
    command = [sys.executable, "-c", _WORKER, module, _INIT, *sys.path]
    try:
        worker = subprocess.Popen(
            command, start_new_session=True, stdin=asked, stdout=theirs, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError):  # this Python is not to be started again
        os.close(descriptor)
        return
    finally:
        os.close(theirs)
        os.close(asked)
    try:
        rest, waits = b"", [_START_S, *waits_s]
        while _is_ready(descriptor, waits[0]) and (more := os.read(descriptor, 1 << 16)):
            *lines, rest = (rest + more).split(b"\n")
            yield from lines
            waits = waits[len(lines) :] or waits[-1:]
    except KeyboardInterrupt:
        # It may have something to put back.
        worker.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(_END_S)
        raise
    finally:
        os.close(descriptor)
        _end(worker)


def say(line: bytes) -> None:
    """There: a line for who has asked."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _is_ready(descriptor: int, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(min(wait_s * 1000, _POLL_MAX)))


def _end(worker: subprocess.Popen[bytes]) -> None:
    """It may be in the kernel, which does not let it end: then it is not waited for."""
    worker.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(_END_S)
