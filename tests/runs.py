# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror run`` as its users start it: a process of its own."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import commands
import pytest
from children import child

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [commands.COMMAND, "run"]
_TIMEOUT_S = 120


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A run to its end; options are subprocess.run()'s."""
    options = {"capture_output": True, "timeout": _TIMEOUT_S, **options}
    return commands.run([*COMMAND, *map(str, arguments)], check=False, **options)


def run_well(*arguments: object, **options: Any) -> dict[str, Any]:
    """A run with --json that must end well; returns the object."""
    done = run(*arguments, "--json", **options)
    assert done.returncode == 0, done.stderr.decode()
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def error_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line with which a run that failed says why."""
    assert done.returncode == 1, (done.returncode, done.stderr.decode())
    (line,) = [line for line in done.stderr.decode().splitlines() if line != "ready"]
    return line


@contextmanager
def running(*arguments: object, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A run that is on: its mirror is there. Killed, if nobody has waited for its end."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with child([*COMMAND, *arguments], **options) as process:
        if (line := process.stderr.readline()) != b"ready\n":
            process.kill()  # else it may go on, and there is no end to what it says
            pytest.fail((line + process.stderr.read()).decode())
        yield process
