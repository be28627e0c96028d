# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The layers of docs/architecture.md hold in the C sources themselves: who may include whom, and how long."""

from __future__ import annotations

import functools
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
PACKAGE = ROOT / "src" / "dpdk_mirror"
C_TESTS = ROOT / "tests" / "c"
BENCH = ROOT / "tests" / "bench"
FILTER_TESTS = ROOT / "tests" / "filter"
STRESS = ROOT / "tests" / "stress"

C_FILES = sorted(path for folder in (CSRC, C_TESTS, BENCH, FILTER_TESTS, STRESS) for path in folder.rglob("*.[ch]"))


def own_includes(path: Path) -> Iterator[Path]:
    """The project's files that a file includes, relative to the project."""
    for name in re.findall(r'^#include "([^"]+)"', path.read_text(), flags=re.MULTILINE):
        found = [folder / name for folder in (path.parent, CSRC / "include") if (folder / name).exists()]
        assert found, f"{path} includes {name}, which is not there"
        yield found[0].resolve().relative_to(ROOT)


TARGETS = {"csrc/plugin/targets.h", "csrc/plugin/refusal.h"}
CAPTURE = [f"capture/{name}" for name in ("format", "host", "pcap", "pcapng")]
SPECS = {"csrc/plugin/spec.h", "csrc/plugin/refusal.h"}

# The handshake, and what exports nothing, are tested on the files themselves.
TESTED_ON_ITS_FILES = {
    **dict.fromkeys(("ondemand", "test_ondemand_refused", "test_drain", "test_hotplug", "test_rings"), TARGETS),
    **dict.fromkeys(("param_text", "read_specs", "specs", "test_spec", "test_spec_select"), SPECS),
    "test_capture_clock": {"csrc/capture/clock.h"},
    "test_capture_format": {f"csrc/{name}.h" for name in ("counter_names", *CAPTURE)},
    "test_capture_file": {"csrc/capture/newfile.h"},
    "test_capture_memory": {"csrc/capture/memory.h"},
    "test_capture_newfile": {"csrc/capture/newfile.h"},
    "test_handshake": {"csrc/control/ports.h", "csrc/control/points.h"},
    "test_ondemand": {*TARGETS, "csrc/plugin/portinfo.h"},
    "test_sight": {"csrc/control/selection.h", "csrc/datapath/datapath.h"},
    "test_counted": {"csrc/plugin/counted.h"},
    "own_sink": {"csrc/control/sinks.h"},
    "requests": {"csrc/plugin/request.h"},
    "test_streams": {*TARGETS, "csrc/plugin/socket_path.h"},
    "test_turns": {*TARGETS, "csrc/plugin/turn.h"},
    "test_portinfo": {"csrc/plugin/portinfo.h", "csrc/plugin/refusal.h"},
    "recorded": {"csrc/capture/capture.h"},
}


# The folders that a folder may include of, beside what all may.
FOR_THE_PLUGIN = {Path("csrc/control/sinks.h"), Path("csrc/control/watch.h")}
"""What the plugin has of control beside the public header."""

ARROWS = {
    Path("csrc/control"): {"csrc/datapath", "csrc/drain", "csrc/filter"},
    Path("csrc/datapath"): {"csrc/filter"},
    Path("csrc/drain"): {"csrc/datapath"},
    Path("csrc/ffi"): {"csrc/capture"},
    Path("csrc/plugin"): {"csrc/capture"},
    Path("tests/bench"): {"tests/c"},
    Path("tests/filter"): {"csrc/datapath", "csrc/filter"},
    Path("tests/stress"): {"tests/c"},
}


def may_include(path: Path, included: Path) -> bool:
    """As the arrows lead: rte_mirror.h <- control -> drain -> datapath -> filter, plugin -> capture <- ffi."""
    folder = path.relative_to(ROOT).parent
    if included.name == "rte_mirror.h" or included.parent == folder:
        return True
    if included in FOR_THE_PLUGIN and folder == Path("csrc/plugin"):
        return True
    if included.parent == folder.parent == Path("csrc"):
        return folder.name in {"control", "drain", "plugin", "ffi", *["capture"] * (included.name == "counter_names.h")}
    if folder in ARROWS:
        return str(included.parent) in ARROWS[folder]
    return str(included) in TESTED_ON_ITS_FILES.get(path.stem, set())


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_c_file_includes_only_what_its_layer_may_see(path):
    """Above all, nothing in datapath/ includes anything of control/, and ffi/ sees the public header alone."""
    assert [str(included) for included in own_includes(path) if not may_include(path, included)] == []


def test_only_ports_c_asks_ethdev_for_what_a_port_is():
    """It keeps the port meanwhile, which another thread may be removing. A name is in memory that stays."""
    asks = re.compile(
        r"^\t[^/*\n]*\brte_eth_(?!dev_get_name_by_port)(\w+_get|dev_get_mtu|dev_socket_id)\(", re.MULTILINE
    )
    assert {path.name for path in (CSRC / "control").glob("*.c") if asks.search(path.read_text())} == {"ports.c"}


def test_only_compat_h_tests_the_dpdk_version():
    """What differs between DPDK releases is in one file."""
    testing = [path for path in C_FILES if re.search(r"^#\s*(el)?if.*RTE_VER", path.read_text(), flags=re.MULTILINE)]
    assert testing == [CSRC / "compat.h"]


# Where no file may call, by whatever way, a file that calls it.
WITHOUT_CIRCLES = [".", "blocks", "capture", "control", "datapath", "drain", "ffi", "filter", "plugin"]

COMMENTS_AND_TEXTS = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", flags=re.DOTALL)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:\\\n|[^\n])*)", flags=re.MULTILINE)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", flags=re.MULTILINE)
# As clang-format lays them out.
FUNCTION = re.compile(r"^([^\s;{}][^\n;{}]*)\n(\w+)\([^;{}]*\n\{", flags=re.MULTILINE)
VARIABLE = re.compile(r"^(?!(?:struct|enum|union) \w+;)(\w[\w *]*[ *])(\w+)(?:\[[^]]*\])*(?:;| =)", flags=re.MULTILINE)
DECLARED = re.compile(
    r"^(?!typedef|(?:struct|enum|union) \w+;)\w[\w *]*[ *](\w+)(?:\([^{}]*?\)[^{};]*|\[[^]]*\])?;", flags=re.MULTILINE
)
BODY = re.compile(r"^\{.*?^\}|=[^;]*;", flags=re.MULTILINE | re.DOTALL)
# Fields are nobody's.
NAME = re.compile(r"(?<![.\w])(?<!->)\w+")


@functools.cache
def defined_and_used(path: Path) -> tuple[set[str], set[str]]:
    """What a file defines for others, be it function, variable or a header's macro; and the names that it uses."""
    code = COMMENTS_AND_TEXTS.sub(" ", path.read_text())
    macros = dict(MACRO.findall(code))
    code = DIRECTIVE.sub("", code)
    definitions = FUNCTION.findall(code) + VARIABLE.findall(code)
    if path.suffix == ".h":
        defined = {name for kind, name in definitions if not kind.startswith("extern")} | set(macros)
    else:
        defined = {name for kind, name in definitions if not kind.startswith(("extern", "static", "typedef"))}
    return defined, set(NAME.findall(" ".join([*BODY.findall(code), *macros.values()])))


def uses_in_folder(folder: Path) -> dict[str, set[str]]:
    """Which of a folder's files each uses something of, a header together with the file of its name."""
    files = sorted(folder.glob("*.[ch]"))
    owners: dict[str, set[str]] = {}
    for path in files:
        for name in defined_and_used(path)[0]:
            owners.setdefault(name, set()).add(path.stem)
    uses: dict[str, set[str]] = {path.stem: set() for path in files}
    for path in files:
        for name in defined_and_used(path)[1]:
            if path.stem not in owners.get(name, set()):
                uses[path.stem] |= owners.get(name, set())
    return uses


@pytest.mark.parametrize("folder", WITHOUT_CIRCLES)
def test_what_c_files_define_is_found(folder):
    """Whatever a header declares some file defines, as far as what follows can see."""
    files = list((CSRC / folder).glob("*.[ch]"))
    found = set().union(*(defined_and_used(path)[0] for path in files))
    declared = [name for path in files if path.suffix == ".h" for name in DECLARED.findall(path.read_text())]
    assert declared
    assert [name for name in declared if name not in found] == []


@pytest.mark.parametrize("folder", WITHOUT_CIRCLES)
def test_c_files_of_a_folder_use_each_other_without_circles(folder):
    """Every arrow points one way: a file is understood, and tested, with those below it alone."""
    TopologicalSorter(uses_in_folder(CSRC / folder)).prepare()


@pytest.mark.parametrize("folder", sorted({*WITHOUT_CIRCLES} - {"ffi"}))
def test_symbols_of_the_library_say_whose_they_are(folder):
    """Where these files are linked into a program, as in tests, they take no name that may be another's."""
    names = set().union(*(defined_and_used(path)[0] for path in (CSRC / folder).glob("*.c")))
    assert [name for name in names if not name.startswith(("mirror_", "rte_mirror_"))] == []


HEADERS = sorted(path for path in CSRC.rglob("*.h") if path.parent.name not in {"ffi", "pch"})


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_of_headers_say_whose_they_are(path):
    """Whatever includes them has them, the data path too."""
    code = DIRECTIVE.sub("", COMMENTS_AND_TEXTS.sub(" ", path.read_text()))
    assert [name for _, name in FUNCTION.findall(code) if not name.startswith(("mirror_", "rte_mirror_"))] == []


def layers_of_control() -> dict[str, int]:
    """The layer of each file of csrc/control, as docs/architecture.md's table has it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| layer \| header \| files .*\n\|[-|]+\n((?:\|.*\n)+)", page, flags=re.MULTILINE)
    layers: dict[str, int] = {}
    for row in table.splitlines():
        layer, *cells = row.strip("| ").split(" | ")
        for name in re.findall(r"`([\w.]+)`", " ".join(cells[:2])):
            assert name not in layers, f"{name} is in two layers"
            layers[name] = int(layer)
    return layers


def test_the_table_of_layers_has_every_file_of_control():
    """Each in the layer that its header names."""
    layers = layers_of_control()
    assert layers.keys() - {"rte_mirror.h"} == {path.name for path in (CSRC / "control").glob("*.[ch]")}
    for path in (CSRC / "control").glob("*.h"):
        ((layer, said),) = re.findall(r"\* Layer (\d)((?:, [^:]*)?):", path.read_text())
        names = [path.name, *re.findall(r"\w+\.c", said)]
        assert {name: layers[name] for name in names} == dict.fromkeys(names, int(layer))


def test_no_file_of_control_uses_a_higher_layer():
    """What a lower one has to tell a higher one goes through a function that it was given."""
    layers = {Path(name).stem: layer for name, layer in layers_of_control().items()}
    uses = uses_in_folder(CSRC / "control")
    found = [(name, used) for name in uses for used in uses[name] if layers[used] > layers[name]]
    assert found == []
    assert any(layers[used] < layers[name] for name in uses for used in uses[name])


# What a poller of the application's runs, and the threads beside it.
BUSY = [
    *sorted(path for folder in ("datapath", "drain") for path in (CSRC / folder).glob("*.c")),
    *(CSRC / "filter" / name for name in ("interpreter.c", "read.c")),
]


@pytest.mark.parametrize("path", BUSY, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_of_the_data_path_say_whose_they_are(path):
    """A profile of somebody's switch shows them among its own: static ones, too."""
    code = DIRECTIVE.sub("", COMMENTS_AND_TEXTS.sub(" ", path.read_text()))
    assert [name for _, name in FUNCTION.findall(code) if not name.startswith("mirror_")] == []


def guard_of(path: Path) -> str:
    """As the file's path, so no two are the same; the public header's is as its name."""
    if path.name == "rte_mirror.h":
        return "RTE_MIRROR_H"
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "_".join([*(["MIRROR", *parts[1:]] if parts[0] == "csrc" else parts), "H"]).upper()


def test_include_guards_have_one_form():
    headers = [*CSRC.rglob("*.h"), *(ROOT / "tests").rglob("*.h")]
    assert len(headers) > 100
    for path in headers:
        guard, text = guard_of(path), path.read_text()
        assert f"*/\n\n#ifndef {guard}\n#define {guard}\n" in text, path
        assert text.endswith(f"\n#endif /* {guard} */\n"), path


def c_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and how many lines its body has, braces included."""
    lines = path.read_text().splitlines()
    opening = None
    for number, line in enumerate(lines):
        if line == "{":
            opening = number
        elif line == "}" and opening is not None:
            names = re.findall(r"^(\w+)\(", "\n".join(lines[max(0, opening - 8) : opening]), flags=re.MULTILINE)
            yield names[-1], number - opening + 1
            opening = None


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_c_file_and_its_functions_are_short(path):
    """A file has at most 400 lines (the public header, which tells all, may have more), a function at most 40."""
    assert path.name == "rte_mirror.h" or len(path.read_text().splitlines()) <= 400
    assert [(name, length) for name, length in c_functions(path) if length > 40] == []
