# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The layers of docs/architecture.md hold in the Python sources themselves: who may import whom, and how long."""

from __future__ import annotations

import ast
import functools
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "dpdk_mirror"
BENCH = ROOT / "tests" / "bench"

PYTHON_FILES = sorted(
    [
        *PACKAGE.rglob("*.py"),
        *BENCH.glob("*.py"),
        *(ROOT / ".ci").glob("*.py"),
        *(ROOT / "examples").glob("*.py"),
        ROOT / "docs" / "generate.py",
        ROOT / "build_ffi.py",
    ]
)


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and how many lines it has, decorators and docstring left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first, *rest = node.body
            body = rest if rest and ast.get_docstring(node) is not None else [first, *rest]
            signature = first.lineno - node.lineno
            yield node.name, signature + (node.end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_module_and_its_functions_are_short(path):
    """A module has at most 400 lines, a function at most 30."""
    assert len(path.read_text().splitlines()) <= 400
    assert [(name, length) for name, length in python_functions(path) if length > 30] == []


def module_name(path: Path) -> str:
    """A module's name in the package: eal, cli, cli.run; "" for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def is_for_typing(node: ast.AST) -> bool:
    """Whether it is an if TYPE_CHECKING: what it imports is never imported when the program runs."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def import_nodes(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not is_for_typing(child):
            yield from import_nodes(child)


def imported_names(module: str) -> Iterator[str]:
    """Full dotted names of what a module imports when it runs, functions' own imports included."""
    path = MODULES[module]
    package = ["dpdk_mirror", *path.relative_to(PACKAGE).parts[:-1]]
    for node in import_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


@functools.cache
def imported_modules(module: str) -> set[str]:
    """The package's own modules that a module imports; "" (the package itself) is imported by all, and left out."""
    found = set()
    for name in imported_names(module):
        if not name.startswith("dpdk_mirror."):
            continue
        inside = name.removeprefix("dpdk_mirror.")
        parent = inside.rpartition(".")[0]
        found.add(inside if inside in MODULES else parent)
    return found - {"", module}


def reachable(module: str) -> set[str]:
    found: set[str] = set()
    ahead = [module]
    while ahead:
        ahead += [name for name in imported_modules(ahead.pop()) if name not in found and not found.add(name)]
    return found


def test_only_binding_imports_the_extension():
    """One module knows CFFI's extension."""
    assert [name for name in MODULES if "dpdk_mirror._ffi" in imported_names(name)] == []
    # It must still import where there is no extension, so it looks it up by name.
    assert [name for name, path in MODULES.items() if "_ffi" in path.read_text()] == ["_binding"]


def test_only_blocks_imports_the_extension_that_has_nothing_of_dpdk():
    assert [name for name, path in MODULES.items() if "dpdk_mirror._blocks" in path.read_text()] == ["tap.blocks"]
    assert not [path for path in (ROOT / "csrc" / "blocks").iterdir() if "rte_" in path.read_text()]


@pytest.mark.parametrize(
    "module",
    [
        "",
        "errors",
        "pairs",
        "spec",
        "info",
        "vdev",
        "ealconfig",
        "pmdinfo",
        "attach",
        "remote",
        "testing",
        "cli.drivers",
    ],
)
def test_module_that_needs_no_dpdk_reaches_no_extension(module):
    """On a machine without libdpdk these import, and live applications are controlled."""
    assert "_binding" not in reachable(module)


def inside(name: str) -> set[str]:
    """A folder's modules."""
    return {module for module in MODULES if module.split(".")[0] == name}


def packages(modules: set[str]) -> set[str]:
    """Those of others that they import, the standard library aside."""
    found = {name.split(".")[0] for module in modules for name in imported_names(module)}
    return found - {"dpdk_mirror"} - sys.stdlib_module_names


def test_live_applications_are_controlled_with_the_standard_library_alone():
    """But for those that are only found as processes, whose files pyelftools reads."""
    reached = inside("remote") | set().union(*(reachable(module) for module in inside("remote") | inside("attach")))
    assert packages(reached - inside("attach")) == set()
    assert packages(reached) <= {"elftools"}


def test_processes_are_looked_at_without_what_controls_applications():
    """attach <- remote: what a process is can be told without a socket."""
    assert [name for name in inside("attach") if reachable(name) & inside("remote")] == []


def test_imports_have_no_cycle():
    """Every arrow points one way, names for annotations aside; between folders, too: attach <- remote <- tap <- cli."""
    TopologicalSorter({name: imported_modules(name) for name in MODULES}).prepare()
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    found = {each: {name.split(".")[0] for module in inside(each) for name in reachable(module)} for each in folders}
    TopologicalSorter({each: found[each] & folders - {each} for each in folders}).prepare()


def test_nothing_imports_the_command_or_the_pytest_plugin():
    """They are at the top."""
    top = {"__main__"} | inside("pytest_plugin") | inside("cli")
    assert [name for name in MODULES if name not in top and imported_modules(name) & top] == []


def test_scapy_is_for_tests_and_examples():
    """The package takes anything with __bytes__ and does without scapy."""
    assert [name for name in MODULES if any(found.startswith("scapy") for found in imported_names(name))] == []
