# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The live part of the demo: live.py PROGRAM SHOWN, in a network namespace of its own, which goes when this ends.

client's eth0 ==== c  (net_af_packet0)  <---->  (net_af_packet1)  s ==== server's eth0
                             |
                             +----------------> (net_af_packet2)  m ==== tcpdump's m0
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import io
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapReader

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, SERVER, PORT = "192.0.2.1", "192.0.2.2", 8000
PINGS = 3
DOWNLOAD_SIZE = 300_000
TIMEOUT_S = 15
FORWARDED = ["net_af_packet0,iface=c", "net_af_packet1,iface=s", "--to", "net_af_packet2,iface=m"]
_SIOCETHTOOL, _ETHTOOL_STXCSUM = 0x8946, 0x17


def sh(*words: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(word) for word in words], check=True, timeout=TIMEOUT_S, **options)


@contextlib.contextmanager
def background(*words: object, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([str(word) for word in words], **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(stream: IO[bytes] | None, text: bytes) -> None:
    """Reads lines until one has the text."""
    lines = []
    for line in stream or ():
        lines.append(line)
        if text in line:
            return
    sys.exit(b"".join(lines).decode())


def without_checksum_offload(interface: str) -> None:
    """Has the kernel finish TCP's checksums itself: nobody behind it will."""
    command = array.array("I", [_ETHTOOL_STXCSUM, 0])
    address, _ = command.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCETHTOOL, struct.pack("16sP", interface.encode(), address))


def cable(interface: str, far_end: str) -> None:
    sh("ip", "link", "add", "dev", interface, "type", "veth", "peer", "name", far_end)
    for end in (interface, far_end):
        sh("ip", "link", "set", "dev", end, "addrgenmode", "none")  # nothing of IPv6's own
        without_checksum_offload(end)
        sh("ip", "link", "set", "dev", end, "up")


@contextlib.contextmanager
def machine(interface: str, address: str) -> Iterator[list[str]]:
    """A network namespace at the far end of a cable; yields what runs a command there."""
    with background("unshare", "-n", "sleep", "infinity") as holder:
        namespace = f"/proc/{holder.pid}/ns/net"
        while Path(namespace).readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.01)
        there = ["nsenter", f"--net={namespace}"]
        cable(interface, "far")
        sh("ip", "link", "set", "dev", "far", "netns", holder.pid, "name", "eth0")
        sh(*there, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        sh(*there, "ip", "link", "set", "dev", "eth0", "up")
        yield there


def talk(client: list[str], server: list[str], file: Path) -> None:
    """A ping and a download, which must arrive whole."""
    sh(*client, "ping", "-c", PINGS, "-i", "0.2", SERVER)
    serve = [sys.executable, "-u", "-m", "http.server", "--bind", SERVER, "--directory", file.parent, PORT]
    with background(*server, *serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        wait_for(process.stdout, b"Serving")
        fetch = "import sys, urllib.request as r; sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())"
        url = f"http://{SERVER}:{PORT}/{file.name}"
        print(f"client$ download {url}", flush=True)
        got = sh(*client, sys.executable, "-c", fetch, url, stdout=subprocess.PIPE).stdout
    if got != file.read_bytes():
        sys.exit("live: the download is not what the server has")


def seen(capture: bytes) -> tuple[int, bytes]:
    """How many pings and answers, and which bytes of the server's, tcpdump has seen."""
    pings, stream = 0, {}
    with RawPcapReader(io.BytesIO(capture)) as reader:
        for data, _ in reader:
            packet = Ether(data)
            pings += ICMP in packet
            if TCP in packet and packet[TCP].sport == PORT:
                size = packet[IP].len - 4 * packet[IP].ihl - 4 * packet[TCP].dataofs
                stream[packet[TCP].seq] = bytes(packet[TCP].payload)[:size]
    return pings, b"".join(stream[seq] for seq in sorted(stream))


def watch(output: IO[bytes], download: bytes) -> tuple[int, bytes]:
    """What tcpdump has seen, once that is all: what has been mirrored is still on its way through tcpdump."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        output.seek(0)
        pings, stream = seen(output.read())
        if (pings == 2 * PINGS and download in stream) or time.monotonic() > end:
            return pings, stream
        time.sleep(0.05)


def show(program: str, file: Path) -> str:
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(machine("c", CLIENT))
        server = stack.enter_context(machine("s", SERVER))
        cable("m", "m0")
        # -s: shorter frames, and so more, in tcpdump's buffer.
        dump = ["tcpdump", "-i", "m0", "--immediate-mode", "-s", 2000, "-U", "-w", "-"]
        output = stack.enter_context(tempfile.TemporaryFile())
        tcpdump = stack.enter_context(background(*dump, stdout=output, stderr=subprocess.PIPE))
        wait_for(tcpdump.stderr, b"listening")
        print(f"$ dpdk-mirror run {' '.join(FORWARDED)}", flush=True)
        run = stack.enter_context(background(program, "run", *FORWARDED, stderr=subprocess.PIPE))
        wait_for(run.stderr, b"ready")
        talk(client, server, file)
        pings, stream = watch(output, file.read_bytes())
        run.send_signal(signal.SIGINT)
        if run.wait(TIMEOUT_S) != 0:
            sys.exit(f"live: {run.stderr.read().decode() if run.stderr else ''}")
    if pings != 2 * PINGS or file.read_bytes() not in stream:
        sys.exit(f"live: tcpdump saw {pings} pings and answers, and {len(stream)} bytes of the server's")
    return (
        f"{PINGS} pings and a download of {DOWNLOAD_SIZE} bytes crossed the forwarder between two network namespaces, "
        f"and tcpdump saw all of both on the interface that they were mirrored to"
    )


def main() -> int:
    program, shown = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="dpdk-mirror-live-") as folder:
        file = Path(folder, "download")
        file.write_bytes(os.urandom(DOWNLOAD_SIZE))
        Path(shown).write_text(show(program, file), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
