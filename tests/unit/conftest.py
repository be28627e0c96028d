# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that are none, for what controls live ones."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from fakeapp import FakeApplication

from dpdk_mirror.remote import sockets


@pytest.fixture
def runtime(monkeypatch):
    """A runtime directory, of a short name, that is the only one which anybody knows of."""
    folder = Path(tempfile.mkdtemp(prefix="dm-"))
    monkeypatch.setattr(sockets, "runtime_directories", lambda: [folder / "dpdk"])
    monkeypatch.setattr(sockets, "_that_listen", lambda: iter(()))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(runtime):
    """``start(prefix)`` starts a stand-in for an application of that file prefix; all end with the test."""
    with contextlib.ExitStack() as stack:

        def start(prefix="app", socket="dpdk_telemetry.v2", **options):
            return stack.enter_context(FakeApplication(runtime / "dpdk" / prefix / socket, **options))

        yield start
