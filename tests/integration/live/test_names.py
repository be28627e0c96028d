# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Filters with names, while the name server is silent: whoever asked for one waits, and nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from livekit.application import wait_until
from livekit.forwarder import Forwarder, ForwarderOptions, build_forwarder
from livekit.telemetry import RefusedError, Telemetry
from programs import ROOT, compile_program

NAME = "host name.example"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")


@pytest.fixture(params=["telemetry", "the library's socket"])
def application(request, program, tmp_path):
    """An application, ``connect()`` to it, and the file whose presence keeps its name server silent."""
    tmp_path.chmod(0o700)
    silent = tmp_path / "silent"
    silent.touch()
    library = compile_program(tmp_path / "resolver.so", [ROOT / "tests" / "livekit" / "resolver.c"], "-shared", "-fPIC")
    environment = {"LD_PRELOAD": str(library), "RESOLVER_IS_SILENT": str(silent)}
    own = request.param != "telemetry"
    if own:
        environment["DPDK_MIRROR_SOCKET"] = str(tmp_path / "s")
    with Forwarder(program, ForwarderOptions(eal=["--no-telemetry"] * own, environment=environment)) as forwarder:
        wait_until(lambda: not own or (tmp_path / "s").is_socket(), "the socket")
        yield forwarder, (lambda: Telemetry(tmp_path / "s")) if own else forwarder.telemetry, silent
        silent.unlink(missing_ok=True)


def wait_for_name(connect, command, **parameters):
    with connect() as client:
        client.call(command, **parameters)


@pytest.mark.parametrize("command", ["add", "update"])
def test_others_are_served_while_a_filter_waits_for_a_name(application, command):
    forwarder, connect, silent = application
    with connect() as client, ThreadPoolExecutor(1) as others:
        client.call("add", source=0, to="ring:r", name="here", filter="udp")
        parameters = {"mirror": "here"} if command == "update" else {"source": 1, "to": "ring:r", "name": "there"}
        waiting = others.submit(wait_for_name, connect, command, **parameters, filter=NAME)
        wait_until(silent.with_suffix(".asked").exists, "the name asked for")
        # What others ask for and change has an answer before that has.
        assert client.call("stats", mirror="here")["packets"] == 0
        assert client.call("list") == [1]
        client.call("update", mirror="here", snaplen=60)
        assert client.call("info", mirror="here")["filter_engine"] == "jit"
        assert not waiting.done()
        silent.unlink()
        with pytest.raises(RefusedError, match="unknown host"):
            waiting.result(timeout=60)
        assert client.call("list") == [1]
    assert forwarder.end() == 0


def test_an_application_ends_while_a_filter_waits_for_a_name(application):
    """And does not wait for it: whoever asked has no answer."""
    forwarder, connect, silent = application
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(wait_for_name, connect, "add", source=0, to="ring:r", filter=NAME)
        wait_until(silent.with_suffix(".asked").exists, "the name asked for")
        assert forwarder.end() == 0
        assert silent.exists()
        with pytest.raises((AssertionError, ConnectionError), match=r"hung up|reset"):
            waiting.result(timeout=60)
