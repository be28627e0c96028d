# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What top shows of a real application, and that nothing it meets stops it."""

import contextlib
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from captures import write_capture
from livekit.application import wait_until
from livekit.frames import udp_frames
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror import ConflictError, NotFoundError
from dpdk_mirror.remote import connect

COUNT = 100


@pytest.fixture(params=["telemetry", "own socket"])
def player(request, tmp_path):
    """An application that receives COUNT frames once, and its socket: DPDK's or, without telemetry, the library's."""
    write_capture(tmp_path / "in.pcap", udp_frames(COUNT))
    options = TestpmdOptions([f"net_pcap0,rx_pcap={tmp_path}/in.pcap", "net_null0"])
    with contextlib.ExitStack() as stack:
        if request.param == "telemetry":
            testpmd = stack.enter_context(Testpmd(options))
            yield testpmd, testpmd.telemetry_path
        else:
            folder = Path(tempfile.mkdtemp())  # nobody else may write to it
            stack.callback(shutil.rmtree, folder)
            options = replace(options, eal=("--no-telemetry", *options.eal))
            yield stack.enter_context(Testpmd(options, {"DPDK_MIRROR_SOCKET": f"{folder}/s"})), folder / "s"


def test_ports_tell_what_their_drivers_have_counted(player):
    """As the application itself would say, while the port is started; no port, or a stopped one, is a refusal."""
    testpmd, path = player
    wait_until(path.is_socket, "its socket")
    with connect(path) as app:
        testpmd.start()
        wait_until(lambda: app.port_stats("net_pcap0").ipackets == COUNT, "all frames")
        stats = app.port_stats(0)
        shown = testpmd.counters(0)
        assert (stats.ipackets, stats.ibytes) == (shown["RX-packets"], shown["RX-bytes"])
        assert stats.ibytes == sum(map(len, udp_frames(COUNT)))
        assert app.port_stats("net_null0").opackets == COUNT
        testpmd.stop()
        testpmd.command("port stop 0")
        with pytest.raises(ConflictError, match="port 0 does not say what it has counted: it is not started"):
            app.port_stats(0)
        with pytest.raises(NotFoundError, match="there is no port net_pcap7"):
            app.port_stats("net_pcap7")
