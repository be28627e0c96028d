# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A stand-in for an application with librte_mirror: a telemetry socket, and whatever misbehaviour a test asks for."""

from __future__ import annotations

import errno
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from dpdk_mirror.pairs import escape, split_pairs
from dpdk_mirror.spec import COUNTERS, MirrorSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = 256
PORT_COUNTERS = ("ipackets", "opackets", "ibytes", "obytes", "imissed", "ierrors", "rx_nombuf", "oerrors")
SIZE = 16384


def pieces(text: str) -> list[str]:
    """A text as it comes through telemetry: cut at 127 bytes, wherever that is."""
    escaped = escape(text)
    return [escaped[start : start + 127] for start in range(0, len(escaped), 127)]


def refusal(code: int, reason: str) -> dict[str, Any]:
    return {"errno": code, "error": errno.errorcode[code], "reason": pieces(reason)}


@dataclass
class FakeMirror:
    """What the application knows of a mirror."""

    id: int
    source: str
    to: str
    spec: MirrorSpec
    state: str = "running"
    reason: str = ""
    seen: int = 0
    added: int = 1
    owner: dict[str, Any] = field(default_factory=dict)  # as info has it

    @property
    def name(self) -> str:
        return f"mirror{self.id}" if self.spec.name is None else self.spec.name


class FakeApplication:
    """Serves ``path`` until it is closed. ``odd`` has what to do instead, by command: a function of the connection."""

    def __init__(self, path: Path, *, plugin: bool = True, pid: int = 4711) -> None:
        self.path, self.plugin, self.pid = path, plugin, pid
        self.ports = {0: "net_ring0", 1: "net_null1"}
        self.port_stats: dict[int, dict[str, int]] = {}
        self.mirrors: dict[int, FakeMirror] = {}
        self.targets: set[str] = set()
        self.bad_targets: set[str] = set()
        self.late_failures: set[str] = set()  # targets that cannot be made, which nobody has known before
        self.requests: list[str] = []
        self.warning = ""
        self.cost: dict[str, int] = {}  # of each mirror, as info has it
        self.first_seen = 0  # by a new mirror
        self.takes_by = False  # as the first libraries
        self.blind = 0  # the errno with which it does not see its clients' processes
        self.odd: dict[str, Callable[[socket.socket], object]] = {}
        self.clients_max = 10
        self._clients: list[socket.socket] = []
        self._next_id = 1
        self._lock = threading.Lock()
        self.over = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Ends as an application that crashes: the socket's file stays."""
        self.over.set()
        for each in (self._listener, *self._clients):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        for each in (self._listener, *self._clients):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # Misbehaviour.

    def hang(self, _client: socket.socket) -> None:
        self.over.wait()

    @staticmethod
    def die(client: socket.socket) -> None:
        client.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def say(value: object) -> Callable[[socket.socket], object]:
        """Says just that: bytes, or a value as JSON."""
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return lambda client: client.send(data)

    # Its inside.

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is shut down
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            if sum(each.fileno() >= 0 for each in self._clients) <= self.clients_max:
                greeting = {"version": "DPDK 22.11.11", "pid": self.pid, "max_output_len": SIZE}
                self.odd.get("greeting", self.say(greeting))(client)
                while request := client.recv(1024):
                    self._answer(client, request[:1023].decode("ascii"))
        client.close()

    def _answer(self, client: socket.socket, request: str) -> None:
        command, _, parameters = request.partition(",")
        self.requests.append(request)
        if command in self.odd:
            self.odd[command](client)
            return
        with self._lock:
            try:
                value = self.value(command, split_pairs(parameters))
            except RefusedError as refused:
                value = refused.args[0]
        client.send(json.dumps({command: value}).encode())

    def value(self, command: str, asked: dict[str, str]) -> Any:
        """The answer to a command; RefusedError holds the refusal."""
        handler = getattr(self, "do_" + command.removeprefix("/mirror/").replace("/", "_"), None)
        if command == "/":
            return ["/", "/ethdev/list"]
        return handler(asked) if self.plugin and handler is not None else None

    def do_version(self, asked: dict[str, str]) -> Any:
        new = {"takes_by": 1} if self.takes_by else {}
        return {"version": "0.1.0", "protocol": 1, "dpdk": "DPDK 22.11.11", "pid": self.pid, **new}

    def do_ports(self, asked: dict[str, str]) -> Any:
        if "port" not in asked:
            return [each for each in sorted(self.ports) if each >= int(asked.get("start", 0))][:PAGE]
        for number, name in self.ports.items():
            if asked["port"] in (str(number), name):
                return {
                    "port": number, "name": pieces(name), "driver": name.rstrip("0123456789"), "started": 1,
                    "rx_queues": 2, "tx_queues": 2, "mtu": 1500, "mac": "02:00:00:00:00:01",
                    "is_target": int(name.startswith("net_tap")),
                }  # fmt: skip
        raise RefusedError(refusal(errno.ENODEV, f"there is no port {asked['port']}"))

    def do_port_stats(self, asked: dict[str, str]) -> Any:
        number = self._port(asked["port"])
        if number is None:
            raise RefusedError(refusal(errno.ENODEV, f"there is no port {asked['port']}"))
        return self.port_stats.setdefault(number, dict.fromkeys(PORT_COUNTERS, 0))

    def do_list(self, asked: dict[str, str]) -> Any:
        return [each for each in sorted(self.mirrors) if each >= int(asked.get("start", 0))][:PAGE]

    def do_info(self, asked: dict[str, str]) -> Any:
        mirror = self._mirror(asked)
        spec = mirror.spec
        mode = "share" if str(spec.mode) == "auto" else str(spec.mode)
        return {
            "id": mirror.id, "name": pieces(mirror.name), "state": mirror.state, "reason": pieces(mirror.reason),
            "mode": mode, "mode_reason": pieces("net_tap reads a packet within its tx burst"),
            "warning": pieces(self.warning),
            "source_port": self._port(mirror.source), "source": pieces(mirror.source),
            "target_port": 9, "target": pieces(mirror.to),
            "directions": str(spec.directions), "snaplen": spec.snaplen, "split_len": spec.split_len,
            "filter_engine": "jit" if spec.select is not None and spec.select.filter else "none",
            "origin": int(spec.origin), "target_queue": 0, "nb_target_queues": 1, "rx_queues": 2, "tx_queues": 2,
            "spec": pieces(spec.to_pairs() if mirror.added else ""), "added": mirror.added,
            "rx_polled": "0", "rx_unpolled": "1", "tx_polled": "0-1", "tx_unpolled": "", **self.cost, **mirror.owner,
        }  # fmt: skip

    def do_stats(self, asked: dict[str, str]) -> Any:
        mirror = self._mirror(asked)
        return dict.fromkeys(COUNTERS, 0) | {
            "seen": mirror.seen, "packets": mirror.seen, "bytes": 64 * mirror.seen,
        }  # fmt: skip

    def do_reset(self, asked: dict[str, str]) -> Any:
        self._mirror(asked).seen = 0
        return {"id": self._mirror(asked).id}

    def do_add(self, asked: dict[str, str]) -> Any:
        source, to, force = asked.pop("source"), asked.pop("to"), asked.pop("force", "no")
        dry, without = asked.pop("dry", "no"), asked.pop("without", "")
        owner = {"added_by": pieces(asked.pop("by"))} if "by" in asked and self.takes_by else {}
        gone = [int(number) for number in without.split(",") if number]
        if (replaced := asked.pop("replace", None)) is not None:
            gone.append(self._mirror({"mirror": replaced}).id)
        if self._port(source) is None:
            raise RefusedError(refusal(errno.ENODEV, f"there is no port {source}"))
        if to.startswith("port:") and force != "yes":
            raise RefusedError(refusal(errno.EINVAL, f"{to} may be in use by others: give force=yes if it is not"))
        if to in self.bad_targets and to not in {mirror.to for mirror in self.mirrors.values()}:
            raise RefusedError(refusal(errno.EEXIST, f"{to}: it exists"))
        spec = MirrorSpec.from_texts({"mode": "auto", **asked})
        if spec.ends_with is not None and self.blind:
            raise RefusedError(refusal(self.blind, "process 1: the application cannot look at it"))
        mirror = FakeMirror(self._next_id, source, to, spec, seen=self.first_seen, owner=owner)
        self._check(mirror, gone)
        if dry == "yes":
            return {"checked": 1}
        if to in self.late_failures:
            raise RefusedError(refusal(errno.ENOMEM, f"{to}: no memory"))
        if replaced is not None:
            mirror.state = "paused" if self.mirrors[gone[-1]].state == "paused" else "running"
            self._forget(self.mirrors.pop(gone[-1]), to)
        self._next_id += 1
        self.mirrors[mirror.id] = mirror
        return {"id": mirror.id, "name": pieces(mirror.name), "target": pieces(to)}

    def _forget(self, mirror: FakeMirror, to: str = "") -> None:
        """A capture stays, and is never overwritten."""
        if mirror.to.startswith(("file:", "pcap:")) and mirror.to not in {
            to,
            *(other.to for other in self.mirrors.values()),
        }:
            self.bad_targets.add(mirror.to)

    def _port(self, name_or_id: str) -> int | None:
        return next((number for number, name in self.ports.items() if name_or_id in (str(number), name)), None)

    def _check(self, mirror: FakeMirror, gone: list[int]) -> None:
        """What other mirrors are in the way of; and one filter that is none."""
        if mirror.spec.select is not None and mirror.spec.select.filter == "tcp prt 1":
            raise RefusedError(refusal(errno.EINVAL, "can't parse filter expression"))
        for other in self.mirrors.values():
            if other.id in {mirror.id, *gone}:
                continue
            if other.name == mirror.name:
                why = f"there is a mirror named {mirror.name} already: choose another name"
                raise RefusedError(refusal(errno.EEXIST, why))
            same = self._port(other.source) == self._port(mirror.source) and other.to == mirror.to
            if same and other.state != "stopped" and other.spec.directions & mirror.spec.directions:
                raise RefusedError(refusal(errno.EEXIST, f"{other.name} mirrors in this direction already"))

    def do_remove(self, asked: dict[str, str]) -> Any:
        gone = list(self.mirrors.values()) if asked.get("all") == "yes" else [self._mirror(asked)]
        for mirror in gone:
            self._forget(self.mirrors.pop(mirror.id))
        return {"removed": len(gone)}

    def do_update(self, asked: dict[str, str]) -> Any:
        mirror = self._mirror(asked)
        del asked["mirror"]
        spec = MirrorSpec.from_texts({**mirror.spec.texts(), **asked})
        self._check(replace(mirror, spec=spec), [])
        mirror.spec = spec
        return {"id": mirror.id}

    def do_pause(self, asked: dict[str, str]) -> Any:
        self._mirror(asked).state = "paused"
        return {"id": self._mirror(asked).id}

    def do_resume(self, asked: dict[str, str]) -> Any:
        self._mirror(asked).state = "running"
        return {"id": self._mirror(asked).id}

    def do_target_add(self, asked: dict[str, str]) -> Any:
        self.targets.add(asked["to"])
        return {"port": 9, "target": pieces(asked["to"])}

    def do_target_remove(self, asked: dict[str, str]) -> Any:
        if asked["to"] not in self.targets:
            raise RefusedError(refusal(errno.ENOENT, f"there is no target {asked['to']}"))
        self.targets.remove(asked["to"])
        return {"removed": 1}

    def _mirror(self, asked: dict[str, str]) -> FakeMirror:
        for mirror in self.mirrors.values():
            if asked["mirror"] in (str(mirror.id), mirror.name):
                return mirror
        raise RefusedError(refusal(errno.ENOENT, f"there is no mirror {asked['mirror']}"))


class RefusedError(Exception):
    """The answer is a refusal."""
