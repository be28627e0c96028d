# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Live ports of the kernel: forwarding both ways, and a mirror for each direction."""

import json
import os
import subprocess
import sys

import pytest
from captures import read_capture
from runs import COMMAND

# Runs in a network namespace of its own: the command, then frames into both interfaces until all came out.
PLAYER = """
import json, signal, socket, subprocess, sys
def frames(start, numbers): return [bytes.fromhex(start) + b"%03d" % n + bytes(n) for n in numbers]
forth = frames("ffffffffffff02000000000188b5" + b"forth".hex(), range(40, 90))
back = frames("ffffffffffff02000000000288b5" + b"back.".hex(), range(40, 70))
def end(name):
    subprocess.run(["ip", "link", "set", "dev", name, "addrgenmode", "none", "up"], check=True)
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
    one.bind((name, 0x88B5))
    one.settimeout(10)
    return one
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
try:
    assert process.stderr.readline() == b"ready\\n", process.stderr.read()
    a, b = end("a0"), end("b0")
    for near, far, sent in ((a, b, forth), (b, a, back)):
        for frame in sent:
            near.send(frame)
            if process.args[-1] != "--one-way" or near is a:
                assert far.recv(2000) == frame
    process.send_signal(signal.SIGINT)
    print(process.stdout.read().decode())
    sys.exit(process.wait())
finally:
    process.kill()
"""


@pytest.fixture
def play(tmp_path):
    """Runs the command between the interfaces a0 and b0; returns its counters and what its target got."""

    def run(*options):
        out = tmp_path / "out.pcapng"
        command = [*COMMAND, "net_tap0,iface=a0", "net_tap1,iface=b0", "--to", str(out), "--json", *options]
        unshare = ["unshare", "-nm"] if os.geteuid() == 0 else ["unshare", "-Urnm"]
        tried = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            pytest.skip(f"no network namespace of one's own here: {tried.stderr.strip()}")
        play = [*unshare, sys.executable, "-c", PLAYER, *command]
        done = subprocess.run(play, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        capture = read_capture(out)
        return json.loads(done.stdout), [
            (data[14:22], length, direction)
            for (data, length), direction in zip(capture.frames, capture.directions, strict=True)
            if data[12:14] == b"\x88\xb5"
        ]

    return run


FORTH = [b"forth%03d" % number for number in range(40, 90)]
BACK = [b"back.%03d" % number for number in range(40, 70)]


@pytest.mark.parametrize(("direction", "mirrored"), [("rx", FORTH), ("tx", BACK), ("both", FORTH + BACK)])
def test_two_live_ports_are_forwarded_both_ways_and_mirrored_as_asked(play, direction, mirrored):
    result, got = play("--direction", direction)
    assert [payload for payload, _, _ in got] == mirrored
    source, sink, _ = result["ports"]
    assert (source["rx_packets"], source["tx_packets"]) == (sink["tx_packets"], sink["rx_packets"])
    assert source["rx_packets"] >= len(FORTH)
    assert source["tx_packets"] >= len(BACK)


def test_one_way_forwards_and_mirrors_only_what_the_source_receives(play):
    result, got = play("--one-way")
    assert [payload for payload, _, _ in got] == FORTH
    assert result["ports"][0]["tx_packets"] == result["ports"][1]["rx_packets"] == 0


@pytest.mark.parametrize("mode", ["split", "copy"])
def test_a_capture_of_both_directions_tells_them_apart(play, mode):
    """And how long the frames were that it cuts."""
    _, got = play("--mode", mode, "--snaplen", "22")
    # 14 bytes of header, 5 and 3 of the payload, and zeros.
    forth = [(b"forth%03d" % number, 14 + 8 + number, "rx") for number in range(40, 90)]
    back = [(b"back.%03d" % number, 14 + 8 + number, "tx") for number in range(40, 70)]
    assert got == forth + back
