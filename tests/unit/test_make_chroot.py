# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""When a chroot is made anew, and that none is taken which is not whole; and what CI makes of a machine without any."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).resolve().parents[2] / ".ci"
# What make-chroot calls. The chroot's folder is the second last of debootstrap's arguments, or the third last.
DEBOOTSTRAP = """
for folder; do [ "${folder%.new}" = "$folder" ] || break; done
mkdir -p "$folder"/etc/apt/apt.conf.d "$folder"/etc/dpkg/dpkg.cfg.d "$folder"/usr/sbin "$folder"/srv
echo "$*" >>made.log
"""


@pytest.fixture
def make_chroot(tmp_path):
    """``make_chroot(suite, **programs)`` makes it, with what these programs do; returns the status."""
    folder = tmp_path / "ci"
    folder.mkdir()
    for name in ("make-chroot", "install-packages", "packages.build", "packages.test"):
        shutil.copy(CI / name, folder)

    def make(suite="trixie", inside="true", **programs):
        bin_folder = tmp_path / "bin"
        shutil.rmtree(bin_folder, ignore_errors=True)
        bin_folder.mkdir()
        programs = {"debootstrap": DEBOOTSTRAP, "apt-get": "", "unshare": 'shift 3; exec "$@"'} | programs
        for path, script in {
            folder / "in-chroot": inside,
            **{bin_folder / name: programs[name] for name in programs},
        }.items():
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
        command = [folder / "make-chroot", suite, tmp_path / "chroot"]
        return subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL).returncode

    return make


@pytest.fixture
def made(tmp_path):
    """``made()`` is how often it was made."""
    return lambda: len((tmp_path / "ci" / "made.log").read_text().splitlines())


def test_a_chroot_is_made_anew_for_other_packages_and_for_another_suite_and_else_kept(make_chroot, made, tmp_path):
    for _ in range(2):
        assert make_chroot() == 0
        assert made() == 1
    with (tmp_path / "ci" / "packages.test").open("a") as packages:
        packages.write("# a comment\n")
    assert (make_chroot(), made()) == (0, 1)
    with (tmp_path / "ci" / "packages.test").open("a") as packages:
        packages.write("fish-doc\n")
    assert (make_chroot(), made()) == (0, 2)
    assert (make_chroot("forky"), made()) == (0, 3)


@pytest.mark.parametrize("failing", [{"inside": "exit 100"}, {"debootstrap": f"{DEBOOTSTRAP}\nexit 1"}])
def test_of_a_chroot_that_cannot_be_made_nothing_stays(make_chroot, tmp_path, failing):
    """It may be why the disk is full. The one that was there stays."""
    assert make_chroot("trixie") == 0
    assert make_chroot("forky", **failing) != 0
    assert not (tmp_path / "chroot.new").exists()
    assert (tmp_path / "chroot" / "made-of").exists()


def test_a_chroot_that_is_half_removed_is_not_taken_for_a_whole_one(make_chroot, made, tmp_path):
    """As where whoever makes it anew is killed."""
    assert make_chroot("trixie") == 0
    killed = f'[ "$3" != {tmp_path}/chroot ] || exit 137; exec /bin/rm "$@"'
    assert make_chroot("forky", rm=killed) != 0
    assert (tmp_path / "chroot" / "usr").exists()
    assert (make_chroot("trixie"), made()) == (0, 3)


@pytest.mark.parametrize(("matrix", "code"), [(0, 0), (3, 0), (1, 1)])
def test_without_what_makes_chroots_all_else_is_checked(tmp_path, matrix, code):
    """Those that are there need none of that; what the matrix makes of it is its to say."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(CI / "run", tmp_path / ".ci")
    scripts = {
        ".ci/install-packages": 'case $* in *packages.matrix*) exit 1;; esac; echo "$*" >>did',
        ".ci/matrix.py": f"echo matrix >>did; exit {matrix}",
        "make": 'echo "make $*" >>did',
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert subprocess.run([tmp_path / ".ci" / "run"], check=False, env=environment).returncode == code
    did = (tmp_path / "did").read_text()
    assert did == ".ci/packages.build .ci/packages.test\nmake test\nmatrix\n"
