# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The folder for a socket of the library's own, made by root where another user may be at it, too."""

import os
import subprocess

import pytest

from dpdk_mirror import MirrorError
from dpdk_mirror.attach import socketpath

USER = 12345

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes it for others, and mounts")


@pytest.fixture
def parent(tmp_path):
    descriptor = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_it_is_the_users_own(tmp_path, parent):
    for _ in range(2):
        socketpath._make(parent, "own", USER)
        status = (tmp_path / "own").stat()
        assert (status.st_uid, status.st_mode & 0o777) == (USER, 0o700)


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_what_is_mounted_there_meanwhile_is_not_given_away(tmp_path, parent, monkeypatch, mode):
    """By the process, in a mount namespace of its own: a folder of root's, that it sees."""
    others = tmp_path / "others"
    others.mkdir(mode)
    mkdir = os.mkdir

    def make_and_mount(name, *arguments, **options):
        mkdir(name, *arguments, **options)
        subprocess.run(["mount", "--bind", others, tmp_path / name], check=True)

    monkeypatch.setattr(os, "mkdir", make_and_mount)
    try:
        with pytest.raises((MirrorError, OSError)):
            socketpath._make(parent, "own", USER)
        assert others.stat().st_uid == 0
    finally:
        subprocess.run(["umount", tmp_path / "own"], check=True)


@pytest.mark.parametrize("what", ["link", "another's", "open"])
def test_what_is_there_and_not_the_users_alone_is_refused(tmp_path, parent, what):
    if what == "link":
        (tmp_path / "own").symlink_to("/root")
    else:
        (tmp_path / "own").mkdir(0o700 if what == "another's" else 0o750)
        if what == "open":
            os.chown(tmp_path / "own", USER, USER)
    before = os.lstat(tmp_path / "own")
    with pytest.raises((MirrorError, OSError)):
        socketpath._make(parent, "own", USER)
    assert os.lstat(tmp_path / "own") == before
