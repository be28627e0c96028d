# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""librte_mirror as its C users meet it: installed by meson, found by pkg-config, included from C and C++."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Uses the library, and DPDK by itself too.
PROGRAM = """
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mirror.h>

int
main(void)
{
	printf("%d %d %s\\n", rte_mirror_list(NULL, 0), rte_mirror_remove(7), rte_mirror_last_error());
	return rte_eal_process_type() == RTE_PROC_INVALID;
}
"""


def run(*arguments: str | Path, **environment: str) -> str:
    done = subprocess.run(
        arguments, check=False, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    assert done.returncode == 0, f"{shlex.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> Path:
    """Where ``meson setup build --prefix P && meson install -C build`` has put the library."""
    folder = tmp_path_factory.mktemp("c")
    run("meson", "setup", folder / "build", ROOT, "--prefix", folder / "prefix", "--libdir", "lib", CC="gcc")
    run("meson", "install", "-C", folder / "build")
    return folder / "prefix"


def flags(prefix: Path, *arguments: str) -> list[str]:
    return shlex.split(run("pkg-config", *arguments, PKG_CONFIG_PATH=str(prefix / "lib" / "pkgconfig")))


def test_installs_library_header_and_pc_file(prefix):
    """What a C user needs, and nothing else."""
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    assert installed == {"lib/librte_mirror.so", "lib/pkgconfig/librte_mirror.pc", "include/rte_mirror.h"}
    assert flags(prefix, "--print-requires", "librte_mirror") == ["libdpdk"]


@pytest.mark.parametrize("packages", [["librte_mirror"], ["librte_mirror", "libdpdk"], ["libdpdk", "librte_mirror"]])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_program_builds_whatever_the_order_of_packages(prefix, tmp_path, compiler, packages):
    """The library is linked to no librte_* itself, so its .pc file has to bring them, behind it."""
    (tmp_path / "program.c").write_text(PROGRAM)
    options = ["-Wall", "-Wextra", "-Werror", *flags(prefix, "--cflags", *packages)]
    libraries = flags(prefix, "--libs", *packages)
    run(compiler, *options, tmp_path / "program.c", *libraries, "-o", tmp_path / "program")
    answer = run(tmp_path / "program", LD_LIBRARY_PATH=str(prefix / "lib"))
    assert answer.startswith("0 -2 ")
    assert "7" in answer.removeprefix("0 -2 ")


@pytest.mark.parametrize("compiler", ["gcc -x c -std=gnu11", "clang -x c -std=gnu11", "g++ -x c++", "clang++ -x c++"])
def test_header_compiles_alone(prefix, tmp_path, compiler):
    """As C and as C++, with DPDK's flags and no other include before it."""
    (tmp_path / "alone").write_text("#include <rte_mirror.h>\nstruct rte_mirror_param param;\n")
    options = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", *flags(prefix, "--cflags", "librte_mirror")]
    run(*shlex.split(compiler), *options, tmp_path / "alone")
