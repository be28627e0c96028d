# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that are none, for what controls live ones."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from fakeapp import FakeApplication

from dpdk_mirror.remote import discovery, sockets


@pytest.fixture
def runtime(monkeypatch):
    """A runtime directory, of a short name, that is the only one which anybody knows of; and no process is."""
    folder = Path(tempfile.mkdtemp(prefix="dm-"))
    monkeypatch.setattr(sockets, "runtime_directories", lambda: [folder / "dpdk"])
    monkeypatch.setattr(sockets, "_that_listen", lambda: iter(()))
    monkeypatch.setattr(sockets, "_elsewhere", lambda: iter(()))
    monkeypatch.setattr(discovery, "survey", lambda pids=None: [])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(runtime):
    """``start(prefix)`` starts a stand-in for an application of that file prefix; all end with the test."""
    with contextlib.ExitStack() as stack:

        def start(prefix="app", socket="dpdk_telemetry.v2", **options):
            return stack.enter_context(FakeApplication(runtime / "dpdk" / prefix / socket, **options))

        yield start


@pytest.fixture
def vsctl(tmp_path, monkeypatch):
    """``vsctl([name, type, status, options], ...)`` has ovs-vsctl list these; the file that has what it was asked."""
    program, asked = tmp_path / "ovs-vsctl", tmp_path / "asked"

    def make(*interfaces):
        rows = [[["map", [*cell.items()]] if isinstance(cell, dict) else cell for cell in row] for row in interfaces]
        program.write_text(f"#!/bin/sh\necho \"$@\" >> {asked}\ncat <<'E'\n{json.dumps({'data': rows})}\nE\n", "utf-8")
        program.chmod(0o755)
        return asked

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return make


@pytest.fixture
def processes(runtime, monkeypatch):
    """A list of the DPDK processes that are found, whatever runs."""
    found = []
    monkeypatch.setattr(
        discovery, "survey", lambda pids=None: [each for each in found if pids is None or each.pid in pids]
    )
    return found
