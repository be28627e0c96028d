# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""On a machine without DPDK: what needs none works, the rest says what to install."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dpdk_mirror

USE = """\
from dpdk_mirror import Eal, UnsupportedError
try:
    Eal()
except UnsupportedError as error:
    print(error)
"""


# Each from nothing of the package, and by itself.
IMPORT_EACH = """\
import importlib, os, sys
for name in sys.stdin.read().split():
    if (child := os.fork()) == 0:
        importlib.import_module(name)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(name, status, flush=True)
"""
MODULES = sorted(
    ".".join(path.relative_to(Path(dpdk_mirror.__file__).parents[1]).with_suffix("").parts)
    for path in Path(dpdk_mirror.__file__).parent.rglob("*.py")
    if path.name != "__init__.py"
)


def run(folder, code, **options):
    """Runs code with the copy that is in a folder; returns its output."""
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    options |= {"env": {"PYTHONPATH": path}, "capture_output": True, "text": True}
    process = subprocess.run([sys.executable, "-c", code], check=False, **options)
    assert process.returncode == 0, process.stderr
    return process.stdout


def copy_to(folder):
    """A copy of the package that has nothing that was compiled."""
    ignored = shutil.ignore_patterns("*.so", "__pycache__", "include")
    shutil.copytree(Path(dpdk_mirror.__file__).parent, folder / "dpdk_mirror", ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copy_to(tmp_path_factory.mktemp("copy"))


@pytest.fixture
def python(copy):
    """``python(code)`` runs code with the copy."""
    return functools.partial(run, copy)


@pytest.fixture
def changed(tmp_path):
    """``changed(text, code)`` runs code with a copy whose extension is that text."""

    def run_changed(text, code):
        (copy_to(tmp_path) / "dpdk_mirror" / "_ffi.py").write_text(text)
        return run(tmp_path, code)

    return run_changed


@pytest.fixture(scope="module")
def imported(copy):
    """The status with which each module's import has ended."""
    output = run(copy, IMPORT_EACH, input="\n".join(MODULES))
    return dict(line.split() for line in output.splitlines())


def test_the_copy_has_no_extension(python):
    assert "No module named 'dpdk_mirror._ffi'" in python(
        "try:\n    import dpdk_mirror._ffi\nexcept ImportError as error:\n    print(error)"
    )


@pytest.mark.parametrize("module", MODULES)
def test_each_module_can_be_imported(imported, python, module):
    assert imported[module] == "0", python(f"import {module}")


def test_each_name_of_the_package_can_be_had(python):
    python("import dpdk_mirror\nfor name in dpdk_mirror.__all__: getattr(dpdk_mirror, name)")


def test_the_package_has_no_other_names(python):
    output = python(
        "import dpdk_mirror\ntry:\n    dpdk_mirror.nonsense\nexcept AttributeError as error:\n    print(error)"
    )
    assert output == "module 'dpdk_mirror' has no attribute 'nonsense'\n"


def test_importing_the_package_loads_nothing_of_dpdk(python):
    """Nor anything else before it is used: so it also is where the extension is there."""
    code = "import sys, dpdk_mirror; print(sorted(m for m in sys.modules if m.startswith('dpdk_mirror.')))"
    assert python(code) == "[]\n"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_using_eal_says_what_to_install(python):
    output = python(USE)
    assert "cannot be loaded: No module named 'dpdk_mirror._ffi' [ENOTSUP]" in output
    assert "install libdpdk-dev, libpcap-dev, pkgconf and a C compiler" in output


def test_specs_and_the_list_of_drivers_work(python):
    assert python("from dpdk_mirror import MirrorSpec; print(MirrorSpec(name='x').to_pairs())") == (
        "directions=both,mode=share,name=x\n"
    )
    assert "net_null" in python("from dpdk_mirror.cli.drivers import drivers; print([d.name for d in drivers()])")


BUILT_FOR = """\
class ffi:
    string = staticmethod(str.encode)

class lib:
    ffi_eal_series = staticmethod(lambda: "22.11")
    ffi_eal_release = staticmethod(lambda: {release!r})
"""


@pytest.mark.parametrize("release", ["DPDK 24.11.4", "DPDK 22.03.0", "DPDK 22.110.0", ""])
def test_an_extension_for_another_release_is_not_used(changed, release):
    """However well the loader takes it: a year's releases have the same names of libraries."""
    output = changed(BUILT_FOR.format(release=release), USE)
    assert f"dpdk_mirror was built for DPDK 22.11, and this is {release}" in output
    assert "reinstall dpdk-mirror" in output


@pytest.mark.parametrize("release", ["DPDK 22.11.11", "DPDK 22.11.0-rc1", "Somebody's DPDK 22.11.3"])
def test_an_extension_for_this_release_is_used(changed, release):
    code = "from dpdk_mirror._binding import lib\nprint(lib.ffi_eal_series())"
    assert changed(BUILT_FOR.format(release=release), code) == "22.11\n"


def test_an_extension_whose_dpdk_is_not_here_says_which_that_is(changed):
    """As the loader tells it: the first of DPDK's libraries that it does not find."""
    error = "librte_ethdev.so.25: cannot open shared object file: No such file or directory"
    output = changed(f"raise ImportError({error!r})\n", USE)
    assert "dpdk_mirror was built for DPDK 24.11, whose librte_ethdev.so.25 is not here [ENOTSUP]" in output
    assert "have LD_LIBRARY_PATH name the folder with DPDK 24.11's libraries, or reinstall dpdk-mirror" in output
