# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application that has switched telemetry off, through the library's own socket."""

import stat

from captures import read_capture, write_capture
from livekit.application import need_hugepages, wait_until
from livekit.frames import udp_frames
from livekit.telemetry import Telemetry
from livekit.testpmd import Testpmd, TestpmdOptions

COUNT = 100
MEMORY_MB = 256


def test_an_application_without_telemetry_is_mirrored_through_a_socket_of_the_librarys(tmp_path):
    """It is its owner's alone, and goes with the application."""
    need_hugepages(MEMORY_MB)
    tmp_path.chmod(0o700)
    socket, sent = tmp_path / "mirror.sock", udp_frames(COUNT)
    write_capture(tmp_path / "in.pcap", sent)
    options = TestpmdOptions(
        [f"net_pcap0,rx_pcap={tmp_path}/in.pcap", "net_null0"],
        "5tswap",
        eal=("--no-telemetry", "--in-memory", "-m", str(MEMORY_MB)),
    )
    with Testpmd(options, {"DPDK_MIRROR_SOCKET": str(socket)}) as testpmd:
        assert not testpmd.telemetry_path.exists()
        wait_until(socket.is_socket, "the library's socket")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        with Telemetry(socket) as telemetry:
            assert telemetry.greeting["pid"] == testpmd.pid
            telemetry.call("add", source=0, to=f"pcap:{tmp_path}/out.pcap", directions="rx", name="in")
            testpmd.start()
            wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] == COUNT, "all packets mirrored")
            assert telemetry.call("remove", mirror="in") == {"removed": 1}
        assert testpmd.quit() == 0
        assert not socket.exists()
    assert [frame for frame, _ in read_capture(tmp_path / "out.pcap").frames] == sent
