# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""How applications end while they are mirrored: with each kind of target, in each way."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from .application import wait_until
from .forwarder import Forwarder, ForwarderOptions
from .telemetry import RefusedError, Telemetry
from .wire import run_in

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = {
    "tap": "tap:end0",
    "file": "file:{}/end.pcapng",
    "stream": "stream:{}/end.sock",
    "pcap": "pcap:{}/end.pcap",
    "af_packet": "af_packet:veth0",
    "ring": "ring:end",
    "vhost": "vhost:{}/end.vhost",
    "null": "null:end",
    "port": "port:2",
}
"""A target of each kind, in an application's directory."""

ENDS = {
    "cleanup": 0,
    "slowly": 0,
    "ports open": 0,
    "all ports closed": 0,
    "exit": 7,
    "atexit": 7,
    "early atexit": 7,
    "return": 7,
    "quick_exit": 7,
    "_exit": 7,
    "handler": 7,
    "signal": -signal.SIGTERM,
}
"""The ends of forwarder.c, and what an application that ends so leaves as its exit code."""


class Client(threading.Thread):
    """Adds and removes a mirror and a target, and looks at all there are, until the application hangs up."""

    def __init__(self, socket: Path, name: str) -> None:
        super().__init__(name=name)
        self._socket = Telemetry(socket)
        self.rounds = 0

    def run(self) -> None:
        try:
            while True:
                self._socket.call("stats", mirror="end")
                self._socket.call("add", source=1, to=f"ring:{self.name}", name=self.name, mode="copy")
                self._socket.call("remove", mirror=self.name)
                self.rounds += 1
        except (RefusedError, OSError, AssertionError):
            # It is ending, or has ended.
            self._socket.__exit__()


def start(program: Path, kind: str, end: str = "cleanup", socket: Path | None = None) -> Forwarder:
    """An application whose first port is mirrored to a target of a kind, and that has mirrored packets.

    With a socket, that is the library's, and there is no telemetry.
    """
    vdevs = ("net_null0", "net_null1", "net_null2")
    options = ForwarderOptions(vdevs, ends=end, interfaces=True)
    if socket is not None:
        options = replace(options, eal=("--no-telemetry",), environment={"DPDK_MIRROR_SOCKET": str(socket)})
    forwarder = Forwarder(program, options)
    try:
        if kind == "af_packet":
            run_in(forwarder.pid, "ip", "link", "add", "veth0", "up", "type", "veth", "peer", "name", "veth1")
        target = TARGETS[kind].format(forwarder.directory)
        path = socket or forwarder.telemetry_path
        wait_until(path.is_socket, "the socket")
        with Telemetry(path) as telemetry:
            telemetry.call("add", source=0, to=target, name="end", **({"force": "yes"} if kind == "port" else {}))
            wait_until(lambda: telemetry.call("stats", mirror="end")["seen"] > 1000, "packets mirrored")
    except BaseException as error:
        forwarder.__exit__(type(error))
        raise
    return forwarder


def end_well(program: Path, kind: str, end: str) -> int:
    """Starts an application and ends it in a way, while two clients ask it for this and that; how often they did."""
    with start(program, kind, end) as forwarder:
        clients = [Client(forwarder.telemetry_path, f"guest{number}") for number in range(2)]
        for client in clients:
            client.start()
        wait_until(lambda: all(client.rounds > 0 for client in clients), "clients at work")
        code = forwarder.end()
        for client in clients:
            client.join()
        assert code == ENDS[end], f"{kind}, {end}: {code}\n{forwarder.output()}"
        return sum(client.rounds for client in clients)
