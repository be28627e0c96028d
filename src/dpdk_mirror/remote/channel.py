# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A connection to a telemetry socket: one request at a time, and within its time an answer or an exception."""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import BusyTimeoutError, ConflictError, InvalidConfigError, MirrorError, ProtocolError, error_for
from ..pairs import join_pairs
from .answers import Answer, refusal
from .reach import connect_to, peer, seen_by
from .sockets import SUDO, listener

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["REQUEST_MAX", "Channel", "Greeting"]

REQUEST_MAX = 1023
"""Bytes of a request. DPDK cuts off what is longer, so no such request is sent."""

# What DPDK says in its greeting is believed up to here.
_ANSWER_MAX = 1 << 20

_SUDO = f"the socket belongs to another user: {SUDO}, or be the user that the application runs as"
_MAYBE_DONE = "what was asked for may have been done all the same"
_APPS = "dpdk-mirror apps lists what runs"
_ENDED = f"it may have ended, and its mirrors with it: {_APPS}"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What an application says of itself to whoever connects, and whose socket it is: that the kernel says."""

    dpdk: str
    pid: int
    said_pid: int
    """In a container, its number there. It tells a process that has the number of another."""
    max_output_len: int


class Channel:
    """Usable until it is closed, or until a request fails: then a late answer could pass for the next one's."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._doing = f"connect to {path}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._connect()
            self.greeting = self._greeting(self._receive(1024, time.monotonic() + timeout_s))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    @property
    def closed(self) -> bool:
        return self._socket.fileno() < 0

    def ask(self, doing: str, command: str, parameters: Mapping[str, str] | str) -> Any:
        """The answer's value; ``doing`` is what errors say that was tried. DPDK's own commands take another text."""
        asked = parameters if isinstance(parameters, str) else join_pairs(parameters)
        request = f"{command},{asked}" if asked else command
        if len(request) > REQUEST_MAX:
            what = f"{doing}: the request has {len(request)} bytes; the socket takes at most {REQUEST_MAX}"
            raise InvalidConfigError(errno.EMSGSIZE, what, "shorten what it names")
        self._doing = doing
        deadline = time.monotonic() + self._timeout_s
        try:
            self._send(request, deadline)
            answer = self._read(self._receive(self.greeting.max_output_len, deadline))
            if list(answer) != [command]:
                self._refuse(f"the answer is not one to {command}: {_excerpt(repr(answer))}")
        except BaseException:
            self.close()
            raise
        return answer[command]

    def _connect(self) -> None:
        try:
            # A queue of connections that is full lets connect() wait, with this for a limit; Python's own timeout does
            # not work there.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(self._timeout_s))
            connect_to(self._socket, self._path, self._timeout_s)
        except MirrorError as error:  # it is where a process has it, and that has ended, or is another user's
            raise type(error)(error.errno, f"{self._doing}: {error.what}", error.hint) from None
        except (OSError, ValueError) as error:
            raise self._error(error) from None

    def _send(self, request: str, deadline: float) -> None:
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.send(request.encode("ascii"), socket.MSG_NOSIGNAL)
        except OSError as error:
            raise self._error(error) from None

    def _receive(self, size: int, deadline: float) -> bytes:
        try:
            self._socket.settimeout(_left(deadline))
            packet, _, flags, _ = self._socket.recvmsg(size)
        except OSError as error:
            raise self._error(error) from None
        if flags & socket.MSG_TRUNC:
            self._refuse(f"the answer is longer than {size} bytes")
        if not packet and not self._is_connected:
            what = f"{self._doing}: it takes no more clients: it has 10 already, or is just ending"
            raise ConflictError(errno.EBUSY, what, "end one of them, such as a stats --watch, or try again")
        if not packet:
            raise self._error(ConnectionResetError(errno.ECONNRESET, ""))
        return packet

    def _read(self, packet: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(packet.decode())
        except (ValueError, RecursionError):
            self._refuse(f"the answer is no JSON: {_excerpt(packet.decode(errors='backslashreplace'))}")
        if not isinstance(answer, dict):
            self._refuse(f"the answer is no object: {_excerpt(repr(answer))}")
        return answer

    def _greeting(self, packet: bytes) -> Greeting:
        said = self._read(packet)
        if (refused := refusal(self._doing, said)) is not None:
            raise refused
        answer = Answer(self._doing, said)
        size = answer.number("max_output_len")
        pids = peer(self._socket), answer.number("pid")
        return Greeting(answer.string("version"), *pids, max(1, min(size, _ANSWER_MAX)))

    def _refuse(self, reason: str) -> NoReturn:
        raise ProtocolError(errno.EPROTO, f"{self._doing}: {reason}")

    def _error(self, error: OSError | ValueError) -> MirrorError:
        if isinstance(error, TimeoutError | BlockingIOError):
            what = f"{self._doing}: the application does not answer within {self._timeout_s:g} s"
            return BusyTimeoutError(errno.ETIMEDOUT, what, self._why_silent())
        if not isinstance(error, OSError) or error.errno is None:  # Python itself has refused the path
            return InvalidConfigError(errno.ENAMETOOLONG, f"{self._doing}: {error}")
        reasons = {
            errno.ECONNREFUSED: "nobody listens any more",
            errno.EPROTOTYPE: "it is no telemetry socket",
            errno.ENOTSOCK: "it is no socket",
            errno.ECONNRESET: "the application has closed the connection",
            errno.EPIPE: "the application has closed the connection",
        }
        if error.errno == errno.ECONNREFUSED and seen_by(self._path) is None and not self._path.is_socket():
            reasons[errno.ECONNREFUSED] = reasons[errno.ENOTSOCK]
        what = f"{self._doing}: {reasons.get(error.errno, os.strerror(error.errno))}"
        return error_for(error.errno, what, self._hint(error.errno))

    def _hint(self, code: int) -> str:
        if code in (errno.EACCES, errno.EPERM):
            return _SUDO
        return _ENDED if self._is_connected else _APPS

    def _why_silent(self) -> str:
        pid = self.greeting.pid if self._is_connected else listener(self._path)
        who = f"process {pid}" if pid else "it"
        look = f", see ps {pid}" if pid else ""
        stopped = f"{who} may be stopped, in a debugger, or busy on the CPU of its control threads{look}"
        return f"{stopped}; {_MAYBE_DONE}" if self._is_connected else stopped

    @property
    def _is_connected(self) -> bool:
        return hasattr(self, "greeting")


def _left(deadline: float) -> float:
    """Until the deadline, but never 0, which would mean that nothing may wait at all."""
    return max(deadline - time.monotonic(), 0.001)


def _timeval(seconds: float) -> bytes:
    """C type: struct timeval. 0 would be no limit."""
    microseconds = max(int(seconds * 1e6), 1)
    return struct.pack("ll", *divmod(microseconds, 1_000_000))


def _excerpt(text: str) -> str:
    """Enough of it to recognise it by."""
    text = ascii(text)[1:-1]
    return text if len(text) <= 80 else f"{text[:77]}..."
