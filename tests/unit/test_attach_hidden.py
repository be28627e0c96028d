# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A library bound to what a program has and does not export; and programs of which it is not certain where that is."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import livekit
import pytest
from programs import compile_program, run

from dpdk_mirror.attach.bind import undefined
from dpdk_mirror.attach.hidden import check_fp_ops, with_hidden
from dpdk_mirror.attach.library import Library
from dpdk_mirror.attach.process import Process
from dpdk_mirror.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVEKIT = Path(livekit.__file__).parent
EXPORTED = "-Wl,--export-dynamic-symbol="

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hiding")


@pytest.fixture(scope="module")
def library(builds: Path) -> Library:
    return library_of(builds, 256)


def library_of(builds: Path, size: int) -> Library:
    path = builds / f"bound-{size}.so"
    compile_program(path, [LIVEKIT / "bound.c"], "-shared", "-fPIC", f"-DFP_OPS_SIZE={size}")
    return Library(path, path.read_bytes(), "1", "22.11", size)


@contextmanager
def started(program: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def built(builds: Path, *options: str) -> Path:
    return compile_program(builds / "hiding", [LIVEKIT / "hiding.c"], *options, "-ldl", "-pthread")


def test_what_the_library_refers_to_is_read_from_its_file(library: Library) -> None:
    """DPDK's alone: not what its C library has."""
    assert undefined(library) == {"rte_hidden_function", "rte_tel_function", "per_lcore__hidden", "rte_eth_fp_ops"}


@pytest.mark.parametrize("exported", [(), ("rte_hidden_function",), ("per_lcore__hidden", "rte_eth_fp_ops")])
@pytest.mark.parametrize("form", ["-pie", "-no-pie"])
def test_what_is_bound_is_the_programs_own(
    builds: Path, library: Library, tmp_path: Path, form: str, exported: tuple[str, ...]
) -> None:
    """Functions, pointers to them, variables, and each thread's own; what the program exports the loader finds.

    And what it hides stays hidden from all others.
    """
    program = built(
        builds, "-fPIE" if form == "-pie" else "-fno-pie", form, *(f"{EXPORTED}{name}" for name in exported)
    )
    with started(program) as running:
        with Process(running.pid) as process:
            content = with_hidden(process, library)
        (tmp_path / "bound.so").write_bytes(content)
        said, _ = running.communicate(f"{tmp_path}/bound.so\n")
        assert running.returncode == 0
    assert said.splitlines() == [
        "1 107 108 109 table 0",
        "1 207 208 209 table 0",
        f"rte_hidden_function is {'there' if 'rte_hidden_function' in exported else 'hidden'}",
    ]


def test_a_library_is_left_as_it_is_where_the_loader_finds_all(builds: Path, library: Library) -> None:
    with started(built(builds, "-Wl,--export-dynamic")) as running, Process(running.pid) as process:
        assert with_hidden(process, library) == library.content


ADD = ("--strip-symbol=rte_hidden_function", "--add-symbol")
CHANGES = {
    "missing": (["--strip-symbol=rte_hidden_function"], "nothing by the name of rte_hidden_function"),
    "local": (["--localize-symbol=rte_hidden_function"], "a local one, which may be another's by the name"),
    "cloned": (
        ["--redefine-sym=rte_hidden_function=rte_hidden_function.constprop.0"],
        "clones of the compiler's alone by the name of rte_hidden_function",
    ),
    "several": (["--add-symbol", "rte_hidden_function=.text:0,local,function"], "several by the name"),
    "chosen at the start": (
        [*ADD, "rte_hidden_function=.text:0,global,indirect-function"],
        r"one that is chosen when the program starts \(IFUNC\)",
    ),
    "elsewhere": ([*ADD, "rte_hidden_function=0x123456789,global,function"], "one that is not where the program is"),
    "no code": ([*ADD, "rte_hidden_function=.data:0,global,function"], "one that is not where the program is"),
    "no function": ([*ADD, "rte_hidden_function=.text:0,global"], "one that is not where the program is"),
    "not thread-local": (
        ["--strip-symbol=per_lcore__hidden", "--add-symbol", "per_lcore__hidden=.data:0,global,object"],
        "no thread-local number by the name of per_lcore__hidden",
    ),
    "two missing": (
        ["--strip-symbol=rte_hidden_function", "--strip-symbol=per_lcore__hidden"],
        "nothing by the name of per_lcore__hidden, and 1 more are not as they must be",
    ),
    "stripped": (["--strip-all"], "nothing by the name of per_lcore__hidden, and 3 more"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_where_it_is_not_certain_what_a_name_means_it_is_refused(
    builds: Path, library: Library, tmp_path: Path, change: str
) -> None:
    options, reason = CHANGES[change]
    run("objcopy", *options, built(builds), tmp_path / "changed")
    with started(tmp_path / "changed") as running, Process(running.pid) as process:
        with pytest.raises(UnsupportedError, match=f"its symbol table has {reason}") as caught:
            with_hidden(process, library)
        assert "--export-dynamic" in caught.value.hint


def test_a_table_of_another_size_is_refused(builds: Path) -> None:
    """What reads it is compiled into the library."""
    with started(built(builds)) as running, Process(running.pid) as process:
        with pytest.raises(UnsupportedError, match=r"its rte_eth_fp_ops has 256 bytes, and .* was built for 512"):
            with_hidden(process, library_of(builds, 512))
        check_fp_ops(process, 512, replace(library_of(builds, 512), fp_ops_size=0))


def test_a_library_that_cannot_be_bound_is_refused(builds: Path) -> None:
    """An older one has no word to say that it is."""
    path = builds / "old.so"
    source = builds / "old.c"
    source.write_text(
        "int rte_hidden_function(int) __attribute__((weak)); int f(void) { return rte_hidden_function(1); }"
    )
    run("gcc", "-shared", "-fPIC", "-o", path, source)
    old = Library(path, path.read_bytes(), "1", "22.11", 0)
    with (
        started(built(builds)) as running,
        Process(running.pid) as process,
        pytest.raises(UnsupportedError, match="it is too old to be loaded where a program hides its DPDK"),
    ):
        with_hidden(process, old)
