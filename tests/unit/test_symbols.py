# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What librte_mirror.so exports, and what it does not ask the loader for."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from dpdk_mirror.attach.bind import undefined
from dpdk_mirror.attach.hidden import OPTIONAL
from dpdk_mirror.attach.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

CSRC = Path(__file__).resolve().parents[2] / "csrc"


@pytest.fixture(scope="module")
def package() -> Path:
    """The installed package's folder."""
    spec = importlib.util.find_spec("dpdk_mirror")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def exported(library: Path, bind: str = "STB_GLOBAL") -> set[str]:
    """The library's own functions and data of a kind."""
    with library.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection)
        return {
            symbol.name
            for symbol in symbols.iter_symbols()
            if symbol["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS") and symbol["st_info"]["bind"] == bind
        }


def needed(library: Path) -> list[str]:
    with library.open("rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        return [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]


def test_exports_are_the_version_map_and_the_header(package):
    """What the library exports, what its version map lists and what the header declares are the same.

    But for the variable that all copies of the library in a process share, see load.c: that is a unique symbol; and
    for what other processes read of each, or write to its file.
    """
    header = re.sub(r"/\*.*?\*/", "", (CSRC / "include" / "rte_mirror.h").read_text(), flags=re.DOTALL)
    declared = set(re.findall(r"^[a-z][^(;{]*?\b(rte_mirror_\w+)\(", header, flags=re.MULTILINE))
    mapped = set(re.findall(r"^\t(\w+);", (CSRC / "version.map").read_text(), flags=re.MULTILINE))
    assert "rte_mirror_register" in declared
    assert exported(package / "librte_mirror.so", "STB_LOOS") == {"mirror_copy"}
    declared |= {"rte_mirror_status", "rte_mirror_binding"}
    assert exported(package / "librte_mirror.so") == mapped - {"mirror_copy"} == declared


def functions(library: Path) -> Iterator[tuple[str, str]]:
    """All of the library's functions, those that it keeps to itself included, with the names of their files."""
    source = ""
    with library.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        for symbol in symbols.iter_symbols():
            if symbol["st_info"]["type"] == "STT_FILE":
                source = symbol.name
            elif symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF":
                yield source, symbol.name


def test_what_pollers_and_targets_threads_run_says_whose_it_is(package):
    """As a profile of somebody's switch shows it. What DPDK's headers have compiled into it is called as there."""
    own = {path.name for folder in ("datapath", "drain") for path in (CSRC / folder).glob("*.c")}
    own |= {"interpreter.c", "read.c"}
    shared = {name for name in own if len(list(CSRC.rglob(name))) > 1}
    assert len(own - shared) > 10
    found = [(source, name) for source, name in functions(package / "librte_mirror.so") if source in own - shared]
    assert [name for _, name in found if name.startswith("mirror_")]
    assert [name for _, name in found if not name.startswith(("mirror_", "rte_", "__rte_"))] == []


def test_what_files_of_the_library_have_of_each_other_says_whose_it_is(package):
    """The linker lists it last, as of no file, with what the C library has compiled into it."""
    found = [name for source, name in functions(package / "librte_mirror.so") if not source]
    assert "rte_mirror_add" in found
    other = [name for name in found if not name.startswith(("mirror_", "rte_mirror_", "_"))]
    assert set(other) <= {"pthread_atfork"}


def test_library_is_linked_to_no_dpdk_library(package):
    """So it can be loaded into a running application, which brings its own."""
    libraries = needed(package / "librte_mirror.so")
    assert "libc.so.6" in libraries
    assert [name for name in libraries if "rte_" in name] == []


def listed(name: str) -> set[str]:
    """A list of symbols.h's, with what releases add to it."""
    text = (CSRC / "symbols.h").read_text() + (CSRC / "compat.h").read_text()
    lists = re.findall(rf"#define {name}\(X\)((?:.*\\\n)*.*)\n", text)
    return {symbol for each in lists for symbol in re.findall(r"X\((\w+)\)", each)}


def test_what_the_library_refers_to_is_listed_by_what_it_is_needed_for(package):
    """Where a program hides its DPDK it is known from outside, by the names, what the library can do without."""
    library = package / "librte_mirror.so"
    needed = listed("MIRROR_SYMBOLS") | listed("MIRROR_RELEASE_SYMBOLS")
    optional = listed("MIRROR_TELEMETRY_SYMBOLS") | listed("MIRROR_RELEASE_TELEMETRY_SYMBOLS")
    optional |= listed("MIRROR_DRIVER_SYMBOLS")
    assert undefined(Library(library, library.read_bytes(), "", "", 0)) <= needed | optional
    assert {name for name in needed | optional if OPTIONAL.match(name)} == optional


def test_library_asks_little_of_the_static_tls_block(package):
    """What has static TLS can be loaded late only if the loader has that much left: a kilobyte for all libraries."""
    with (package / "librte_mirror.so").open("rb") as file:
        sizes = [segment["p_memsz"] for segment in ELFFile(file).iter_segments("PT_TLS")]
    assert sum(sizes) <= 32


def test_extension_loads_the_packages_own_library(package):
    """The extension finds librte_mirror.so beside itself, whatever else is installed."""
    (extension,) = package.glob("_ffi*.so")
    with extension.open("rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        paths = [tag.runpath for tag in dynamic.iter_tags("DT_RUNPATH")]
    assert "librte_mirror.so" in needed(extension)
    # Behind it is where a DPDK of one's own is (DPDK=PREFIX).
    assert [path.split(":")[0] for path in paths] == ["$ORIGIN"]


def test_header_is_in_the_package(package):
    """Drivers' and applications' builds can find it."""
    assert (package / "include" / "rte_mirror.h").read_text() == (CSRC / "include" / "rte_mirror.h").read_text()
