# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Who may have written the library that is loaded into others: nobody who could not have written this program."""

import os

import pytest

from dpdk_mirror.attach import library
from dpdk_mirror.errors import NotPermittedError
from dpdk_mirror.plugin import plugin_path

ANN, BOB = 4711, 4712  # users, and groups

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads a library of this owner, group and mode, by a program of those: root's caller, as with sudo."""

    def make(of_library, of_program):
        for name, (owner, group, mode) in (("library", of_library), ("program", of_program)):
            (tmp_path / name).write_bytes(plugin_path().read_bytes() if name == "library" else b"")
            os.chown(tmp_path / name, owner, group)
            (tmp_path / name).chmod(mode)
        monkeypatch.setattr(library, "_PROGRAM", tmp_path / "program")
        return library.read_library(tmp_path / "library").path

    return make


@pytest.mark.parametrize(
    ("of_library", "of_program"),
    [
        ((0, 0, 0o755), (ANN, ANN, 0o644)),
        ((ANN, ANN, 0o755), (ANN, ANN, 0o644)),  # an ordinary user's installation, by sudo
        ((ANN, ANN, 0o775), (ANN, ANN, 0o664)),  # with the umask that Debian 13 has for those who log in
        ((0, BOB, 0o775), (ANN, BOB, 0o664)),
    ],
)
def test_what_is_as_safe_as_the_program_is_taken(read, tmp_path, of_library, of_program):
    assert read(of_library, of_program) == tmp_path / "library"


@pytest.mark.parametrize(
    ("of_library", "of_program"),
    [
        ((ANN, ANN, 0o755), (0, 0, 0o644)),
        ((BOB, ANN, 0o755), (ANN, ANN, 0o644)),
        ((ANN, ANN, 0o775), (ANN, ANN, 0o644)),
        ((ANN, BOB, 0o775), (ANN, ANN, 0o664)),
        ((ANN, ANN, 0o757), (ANN, ANN, 0o666)),
    ],
)
def test_what_others_may_write_to_is_refused(read, of_library, of_program):
    with pytest.raises(NotPermittedError, match=r"others may write to it \[EPERM\]; have it owned by root, or by you"):
        read(of_library, of_program)
