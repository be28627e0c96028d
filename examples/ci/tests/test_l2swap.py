# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The application as its users have it: a process, with frames on its ports."""

import struct
from pathlib import Path

import pytest

L2SWAP = Path(__file__).parents[1] / "build" / "l2swap"


def write_capture(path, frames):
    records = (struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame for frame in frames)
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))


def read_capture(path):
    data, frames = path.read_bytes()[24:], []
    while data:
        (length,) = struct.unpack_from("<8xI", data)
        frames.append(data[16 : 16 + length])
        data = data[16 + length :]
    return frames


def test_each_frame_comes_back_with_its_addresses_swapped(dpdk_process, dpdk_frames, tmp_path):
    """Of all protocols, in order; net_pcap is a port that reads one capture and writes another."""
    frames = dpdk_frames(500)
    write_capture(tmp_path / "in.pcap", frames)
    port = f"net_pcap0,rx_pcap={tmp_path}/in.pcap,tx_pcap={tmp_path}/out.pcap"
    app = dpdk_process(L2SWAP, len(frames), vdevs=[port], ready="forwarding on 1 ports")
    assert app.wait() == 0
    assert "forwarded 500 frames" in app.output()
    assert read_capture(tmp_path / "out.pcap") == [frame[6:12] + frame[:6] + frame[12:] for frame in frames]


def test_sigterm_ends_it_well(dpdk_process):
    app = dpdk_process(L2SWAP, vdevs=["net_null0", "net_null1"], ready="forwarding on 2 ports")
    assert app.end() == 0
    assert "forwarded" in app.output()


@pytest.mark.dpdk_pmd("net_tap")
@pytest.mark.dpdk_root
def test_it_takes_an_interface_of_the_kernel(dpdk_process):
    dpdk_process(L2SWAP, vdevs=["net_tap0,iface=l2swap0"], ready="forwarding on 1 ports")
    assert Path("/sys/class/net/l2swap0").exists()
