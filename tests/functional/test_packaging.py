# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What pip makes of the project, and how the set-up finds out what a machine lacks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from programs import pkg_config

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def build_wheel(folder: Path, extension: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = [f"--config-settings=setup-args=-Dextension={extension}", f"--config-settings=build-dir={folder}/build"]
    pip = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", str(folder)]
    return subprocess.run(
        [*pip, *settings, str(ROOT)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=250,
    )


def test_without_libdpdk_the_package_is_pure_python(tmp_path):
    """pip install works on a machine that merely controls others, a compiler or none."""
    built = build_wheel(tmp_path, "auto", PKG_CONFIG_LIBDIR="/nonexistent", CC="/nonexistent")
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert sources <= set(names)
    assert [name for name in names if name.endswith((".so", ".pyc"))] == []
    data = {name.split(".data/data/")[1] for name in names if ".data/data/" in name}
    assert data == {
        "share/bash-completion/completions/dpdk-mirror",
        "share/fish/vendor_completions.d/dpdk-mirror.fish",
        "share/man/man1/dpdk-mirror.1",
        "share/zsh/site-functions/_dpdk-mirror",
    }
    assert {f"dpdk_mirror/completions/{shell}" for shell in ("bash", "fish", "zsh")} < set(names)


def test_extension_that_is_asked_for_is_not_left_out(tmp_path):
    """Makefile and CI say enabled: then a missing libdpdk is an error that names it."""
    built = build_wheel(tmp_path, "enabled", PKG_CONFIG_LIBDIR="/nonexistent")
    assert built.returncode != 0
    assert "libdpdk" in built.stdout + built.stderr
    assert list(tmp_path.glob("*.whl")) == []


def test_builds_without_isolation_have_what_isolated_ones_have():
    """The group build repeats build-system.requires."""
    assert set(PROJECT["build-system"]["requires"]) <= set(PROJECT["dependency-groups"]["build"])


def test_version_is_in_one_place():
    """meson.build's; the changelog may only be ahead of it."""
    assert "version" in PROJECT["project"]["dynamic"]
    (version,) = re.findall(r"^    version: '([0-9.]+)',", (ROOT / "meson.build").read_text(), flags=re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## [{version}]" in changelog or "## [Unreleased]" in changelog


@pytest.fixture
def machine(tmp_path):
    """A machine of stand-ins: runs install-packages on a list of two packages, as this user, with these there.

    Its Debian has nothing else, but for a package rare once its lists are there.
    """

    def stand_in(name: str, script: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def install(*packages: str, user: int) -> tuple[int, str, str]:
        log = tmp_path / "apt.log"
        log.unlink(missing_ok=True)
        (tmp_path / "database").write_text("".join(f"{package}\n" for package in packages))
        stand_in("dpkg-query", f"cat {tmp_path / 'database'}")
        stand_in("id", f"echo {user}")
        stand_in("sudo", "exit 1")
        stand_in("apt-get", f'echo "$@" >>{log}')
        stand_in("apt-cache", f'[ "$2" = rare ] && [ -e {log} ]')
        (tmp_path / "list").write_text("# what for\nfirst\n\nsecond  # and why\ngone?\nrare?\n")
        done = subprocess.run(
            [ROOT / ".ci" / "install-packages", tmp_path / "list"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        )
        return done.returncode, done.stderr, log.read_text() if log.exists() else ""

    return install


def test_packages_that_are_there_are_not_installed(machine):
    """apt-get is not so much as called."""
    assert machine("installed first ", "installed second ", user=0) == (0, "", "")


def test_packages_that_others_provide_are_not_installed(machine):
    """As binutils does gold, in one release of Debian."""
    assert machine("installed first zeroth, second (= 2.40), third", user=0) == (0, "", "")


def test_missing_packages_are_installed_by_root(machine):
    """Only those that are missing, and that this Debian has, after the lists are refreshed."""
    code, _, apt = machine("installed first first-data", "config-files second ", "not-installed other second", user=0)
    assert code == 0
    assert apt.splitlines() == ["update -q", "install -y --no-install-recommends second rare -q"]


def test_missing_packages_are_named_to_an_ordinary_user(machine):
    """Who gets the line to run, and no half-done build."""
    code, stderr, apt = machine("installed second ", user=1000)
    assert code == 1
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends first\n" in stderr
    assert apt == ""


def test_an_environment_is_made_anew_for_another_dpdk(tmp_path):
    """By its prefix, and its release: what was built for the one before would say that it is not for this one."""
    python = f'exec {sys.executable} "$@"'
    python = f'[ "$1" = -m ] || {python}; mkdir -p .venv/bin; echo made >>log; cp $0 .venv/bin/python'
    for name, script in {"python": python, "pkg-config": f"cat {tmp_path}/release"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    machines = (("22.11.10", ""), ("22.11.11", ""), ("24.11.4", ""), ("24.11.4", "/opt/it's"), ("24.11.4", "/opt/it's"))
    made = []
    for release, prefix in machines:
        (tmp_path / "release").write_text(f"{release}\n")
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": f"{tmp_path}/python", "DPDK": prefix}
        subprocess.run(
            [ROOT / ".ci" / "make-venv"], check=True, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
        )
        made.append(len((tmp_path / "log").read_text().splitlines()))
    assert made == [1, 1, 2, 3, 3]


def check_dpdk(prefix: str | Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / "check-dpdk.py"), str(prefix)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": path})


def test_a_dpdk_that_is_loaded_is_told():
    prefix = Path(pkg_config("--variable=prefix", "libdpdk")[0])
    done = check_dpdk(prefix)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"DPDK \d\d\.\d\d\.\S+, to be of {prefix.resolve()}\n", done.stdout)


def test_a_dpdk_that_was_asked_for_and_is_not_loaded_is_an_error(tmp_path):
    """DPDK=PREFIX make test tests what it says, or nothing."""
    done = check_dpdk(tmp_path)
    assert done.returncode == 1
    for who in ("the package", "EAL's drivers", "dpdk-testpmd"):
        assert re.search(rf"^{who}: not of there: /\S", done.stderr, flags=re.MULTILINE)
    assert "\ndpdk-testpmd: not of there: nothing is there\n" in check_dpdk(tmp_path, "/nonexistent").stderr
    spaced = tmp_path / "a b"
    for prefix, reason in ((tmp_path, "no pkgconfig/libdpdk.pc below its lib"), (spaced, "pkg-config cannot tell of")):
        command = ["make", "-C", ROOT, f"DPDK={prefix}", "build"]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        assert made.returncode != 0
        assert f"DPDK={prefix}: {reason}" in made.stderr
