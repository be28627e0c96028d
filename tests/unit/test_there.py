# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Sockets that other processes have: reached, told apart, and left where the way there leads nowhere."""

import os
import sys
import time
from pathlib import Path

import pytest
from fakeapp import FakeApplication
from stuckfs import LOOKUP, StuckFileSystem

from dpdk_mirror import BusyTimeoutError, DisconnectedError, NotFoundError
from dpdk_mirror.attach import apart
from dpdk_mirror.remote import connect, sockets
from dpdk_mirror.remote.discovery import scan
from dpdk_mirror.remote.reach import below, identities

needs_fuse = pytest.mark.skipif(
    not Path("/dev/fuse").exists() or os.geteuid() != 0, reason="only root mounts, where there is FUSE"
)


@pytest.fixture
def there(start):
    """An application's socket, by the way there of its process."""
    return below(os.getpid(), str(start("a").path))


def test_a_socket_is_reached_where_a_process_has_it(there):
    with connect(there) as app:
        assert (app.path, app.pid) == (there, os.getpid())
        assert app.has_plugin


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/false"])
def test_where_no_other_process_can_reach_it_this_one_does(there, monkeypatch, program):
    monkeypatch.setattr(apart, "_is_single", lambda: False)
    monkeypatch.setattr(sys, "executable", program)
    with connect(there) as app:
        assert app.pid == os.getpid()


def test_what_is_no_socket_or_nobodys_or_nothing_is_told(tmp_path):
    (tmp_path / "file").touch()
    fake = FakeApplication(tmp_path / "left")
    fake.close()
    pid = os.getpid()
    with pytest.raises(DisconnectedError, match="nobody listens any more"):
        connect(below(pid, f"{tmp_path}/left"))
    with pytest.raises(NotFoundError, match="No such file"):
        connect(below(pid, f"{tmp_path}/nothing"))
    with pytest.raises(Exception, match="it is no socket"):
        connect(below(pid, f"{tmp_path}/file"))


def test_one_socket_by_two_ways_is_one(there, tmp_path):
    """A volume has it here and there."""
    other = tmp_path / "other"
    other.touch()
    here = Path(f"/{'/'.join(there.parts[4:])}")
    found = identities([here, there, below(os.getpid(), str(other))])
    assert len(set(found.values())) == 2
    assert found[here] == found[there]


@needs_fuse
def test_a_way_there_that_never_ends_holds_up_nobody_for_ever(start, there, tmp_path, monkeypatch):
    folder = tmp_path / "mounted"
    folder.mkdir()
    begin = time.monotonic()
    with StuckFileSystem(folder, LOOKUP) as files:
        stuck = below(os.getpid(), f"{folder}/dpdk_telemetry.v2")
        with pytest.raises(BusyTimeoutError, match="what is mounted there keeps whoever looks waiting"):
            connect(stuck, timeout_s=0.5)
        assert files.has_waiting
        monkeypatch.setattr(sockets, "_elsewhere", lambda: [stuck, there])
        found = dict(scan())
        assert isinstance(found[stuck], BusyTimeoutError)
        assert [str(app) for app in found.values() if app is not found[stuck]] == ["a"]
        assert time.monotonic() - begin < 60
