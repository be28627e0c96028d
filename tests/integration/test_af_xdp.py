# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""net_af_xdp copies what it is sent into a buffer, however long that is: mirrors send it nothing that is too long."""

import json
import socket
import subprocess
import sys

import pytest
from livekit.application import need_namespaces

AF_XDP = 44
# libxdp 1.3 opens an interface once in a process, so one tries all modes.
SCRIPT = """
import json, sys
from dpdk_mirror import Direction, Eal, Mirror, Mode
from dpdk_mirror.conformance.frames import gather
from dpdk_mirror.testing import make_frames

frames = [make_frames(1, size)[0] for size in (60, 6072, 1514, 1515, 2177, 9000, 64)]
with Eal(hugepages=False) as eal:
    pool = eal.mempool("packets", data_room=9216)
    target = eal.plug(sys.argv[1]).start(eal.mempool("xdp"))
    wire = eal.plug("net_pcap0,iface=v1").start(pool)
    near, far = (port.start(pool) for port in eal.pair("p"))
    said = []
    for mode in (Mode.SHARE, Mode.COPY):
        with Mirror(far, target, direction=Direction.RX, mode=mode) as mirror:
            near.send(frames)
            far.receive()
            stats = mirror.stats()
            said.append((stats.packets, stats.oversize, [len(frame) for frame in gather(wire, 3)]))
    print(json.dumps(said))
"""


@pytest.mark.parametrize("device", ["net_af_xdp0,iface=v0", "net_failsafe0,dev(net_af_xdp9,iface=v0)"])
def test_a_frame_that_is_too_long_for_a_buffer_is_oversize(device):
    need_namespaces()
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW).close()
    except OSError as error:
        pytest.skip(f"this kernel has no AF_XDP: {error}")
    wires = "ip link add v0 type veth peer name v1 && ip link set v1 up && ip link set v0 up"
    quiet = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"
    command = ["unshare", "-n", "sh", "-c", f'{quiet}; {wires} && exec "$@"', "sh", sys.executable, "-c", SCRIPT]
    command.append(device)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[3, 4, [60, 1514, 64]]] * 2
