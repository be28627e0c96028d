# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The telemetry commands as they are on the socket, without the package."""

from __future__ import annotations

import errno
import json
import socket
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 30
_TEXTS = {"reason", "mode_reason", "warning", "spec", "source", "target", "name"}


class RefusedError(Exception):
    """The application said no; ``error`` is errno's name."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["reason"])
        self.error = answer["error"]
        assert getattr(errno, self.error) == answer["errno"]


def quote(value: object) -> str:
    """A value of key=value pairs, whatever is in it."""
    plain = (
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}" for byte in str(value).encode()
    )
    return f'"{"".join(plain)}"'


class Telemetry:
    """A connection to an application: ``call("add", source=0, to="tap:m0")``."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Several clients at once fill the queue of connections: one without a timeout of Python's waits for its turn.
        self._socket.connect(str(path))
        self._socket.settimeout(_TIMEOUT_S)
        self.greeting = json.loads(self._socket.recv(16384))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: str) -> Any:
        """The answer to a request as it is."""
        self._socket.send(request.encode())
        answer = self._socket.recv(self.greeting["max_output_len"])
        assert answer, f"the application has hung up on {request}"
        (value,) = json.loads(answer).values()
        return value

    def call(self, command: str, **parameters: object) -> Any:
        """A command of ours; texts are whole, a refusal is raised."""
        pairs = ",".join(f"{key}={quote(value)}" for key, value in parameters.items())
        value = self.ask(f"/mirror/{command}" + (f",{pairs}" if pairs else ""))
        if isinstance(value, dict):
            value = {key: "".join(text) if key in _TEXTS else text for key, text in value.items()}
            if "error" in value:
                raise RefusedError(value)
        return value
