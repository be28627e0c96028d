# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""C programs of the tests' own, compiled as an application's author would."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str | Path, **environment: str) -> str:
    """What a command prints; fails if that fails."""
    done = subprocess.run(
        arguments, check=False, capture_output=True, text=True, env={**os.environ, **environment}, timeout=600
    )
    assert done.returncode == 0, f"{shlex.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
    return done.stdout


def ahead(variable: str, path: Path) -> str:
    """What an environment variable is to be for that path to come before all it names already, such as a DPDK's."""
    return ":".join(filter(None, [str(path), os.environ.get(variable)]))


def pkg_config(*arguments: str) -> list[str]:
    return shlex.split(run("pkg-config", *arguments))


def compile_program(output: Path, sources: Iterable[Path], *options: str | Path) -> Path:
    """Compiles and links a program with DPDK's headers; ``options`` come last, since libraries do."""
    flags = ["-Wall", "-Wextra", "-Werror", "-DALLOW_EXPERIMENTAL_API", f"-I{ROOT / 'csrc' / 'include'}"]
    run("gcc", *flags, *pkg_config("--cflags", "libdpdk"), *sources, "-o", output, *options)
    return output
