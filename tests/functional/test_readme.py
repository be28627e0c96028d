# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What README.md shows works as it is written there, and what the documents name exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from runs import run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
C_PROGRAM = """
#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_mirror.h>
#include <stdlib.h>

void example(uint16_t port, uint16_t tap);

void
example(uint16_t port, uint16_t tap)
{{
{code}
}}
"""


def blocks(language: str) -> list[str]:
    """The README's fenced blocks in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


PROGRAMS = [block for block in blocks("python") if "Eal(" in block]


def test_there_are_python_examples():
    """One with a mirror, one that changes it, one that chooses packets; all other Python is a test."""
    assert len(PROGRAMS) == len(blocks("python")) - 1 == 3


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_python_example_prints_what_stands_below_it(tmp_path, number):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[number]], cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stdout in blocks("")


def test_commands_on_the_demos_capture_print_what_stands_below_them(tmp_path):
    """But for how long they took."""
    (block,) = (block for block in blocks("console") if "--filter" in block)
    subprocess.run([sys.executable, ROOT / "examples" / "traffic.py", tmp_path / "traffic.pcap"], check=True)
    commands = re.findall(r"^\$ dpdk-mirror run (.*)$", block, re.MULTILINE)
    shown = []
    for command in commands:
        done = run(*shlex.split(command), cwd=tmp_path, text=True)
        shown += [f"$ dpdk-mirror run {command}", *(done.stderr + done.stdout).splitlines()]
    assert [without_time(line) for line in shown] == [without_time(line) for line in block.splitlines()]
    assert len(commands) == 2


def without_time(line: str) -> str:
    return re.sub(r"[0-9.]+ s$", "", line)


def test_pytest_example_passes(tmp_path):
    example = next(block for block in blocks("python") if "import pytest" in block)
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "test_example.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_c_example_compiles_without_a_warning(tmp_path):
    (code,) = blocks("c")
    (tmp_path / "example.c").write_text(C_PROGRAM.format(code=code), encoding="utf-8")
    flags = subprocess.run(["pkg-config", "--cflags", "libdpdk"], capture_output=True, text=True, check=True).stdout
    include = ROOT / "csrc" / "include"
    command = ["gcc", "-Wall", "-Wextra", "-Werror", f"-I{include}", *flags.split(), "-c", "example.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", ["LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/performance.md"]
)
def test_files_that_it_names_are_there(name):
    assert f"({name})" in README.read_text(encoding="utf-8")
    assert (ROOT / name).is_file()


def test_tests_that_the_architecture_names_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines() if line.startswith("| "))
    named = {name for name in re.findall(r"`(\w+)`", rows) if name.count("_") > 1}
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*") if path.suffix in {".c", ".py"}
    )
    assert named
    assert named <= set(re.findall(r"\w+", tests)) | set(re.findall(r"RTE_\w+", text))


def test_the_long_run_takes_what_contributing_says():
    """Half an hour, of which five minutes are for what goes by counts."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    seconds = dict(re.findall(r"^stress: (\w+_SECONDS) \?= (\d+)$", makefile, flags=re.MULTILINE))
    assert seconds == dict(re.findall(r"(\w+_SECONDS)=(\d+)", told))
    uses = {name: makefile.count(f"$({name})") for name in seconds}
    assert sum(int(seconds[name]) * uses[name] for name in seconds) + 300 <= 1800
    assert "half an hour" in makefile
    assert "half an hour" in told
