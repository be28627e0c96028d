# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror on another host, by ssh, so that nothing is left there: each end notices that the other has gone.

Here, ssh has a stdin that ends with this process, and carries a keepalive every few seconds; Ctrl-C goes that way,
too. Over there, ``caller.end_with_stdio()`` has the process end with its stdin or stdout, or after a silence: of a
network that has died, too, which sshd notices late.
"""

from __future__ import annotations

import errno
import os
import select
import shlex
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from ..errors import DisconnectedError, NotFoundError
from ..programs import signal_name
from .caller import INTERRUPT
from .hosts import VARIABLE, hosts_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from .hosts import Host

__all__ = ["run_on"]

_ALIVE_S, _ALIVE_COUNT = 5, 3  # comes to caller.SILENCE_S

_OPTIONS = {
    "BatchMode": "yes",  # nobody is there to answer
    "ConnectTimeout": "10",
    "ServerAliveInterval": str(_ALIVE_S),
    "ServerAliveCountMax": str(_ALIVE_COUNT),
    "ControlPath": "none",  # a connection that others use ends when they say
    "ClearAllForwardings": "yes",
    "RemoteCommand": "none",
    "RequestTTY": "no",
}
_LIFE = b"\n"
_FAILED, _NOT_FOUND = 255, 127  # ssh's own exit code, and a shell's
_UNREAD = 128 + signal.SIGPIPE


def run_on(host: Host, words: Sequence[str], stdout: int = 1) -> int:
    """Run dpdk-mirror with these words there, to its end, and return its exit code. ``stdout`` gets what it writes.

    DisconnectedError: ssh says why; NotFoundError: there is no ssh here, or no dpdk-mirror there.
    """
    doing = f"run dpdk-mirror on {host.name}"
    with tempfile.TemporaryFile("r", errors="replace") as said:
        options = [word for key, value in _OPTIONS.items() for word in ("-o", f"{key}={value}")]
        # A file, of no name, for what ssh itself says: stderr is the command's.
        own = f"/proc/{os.getpid()}/fd/{said.fileno()}"
        command = ["ssh", *options, "-E", own, "--", host.ssh, f"{host.command} {shlex.join(words)}"]
        try:
            # Ctrl-C in a terminal is this process's, which passes it on.
            ssh = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, bufsize=0, start_new_session=True)
        except FileNotFoundError:
            raise NotFoundError(errno.ENOENT, f"{doing}: there is no ssh here", "install openssh-client") from None
        with ssh:
            code = _attend(ssh, stdout)
        why = said.read().strip().splitlines()
    if code < 0:
        by = signal_name(-code)
        raise DisconnectedError(errno.ECONNRESET, f"{doing}: ssh was ended by {by}", "it has ended over there, too")
    if code == _FAILED and why:
        hint = f"see that this asks nothing and works: ssh {shlex.quote(host.ssh)} true"
        raise DisconnectedError(errno.ECONNRESET, f"{doing}: {why[-1]}", hint)
    if code == _NOT_FOUND:
        hint = f"install it there, or say in {hosts_file()}, or in {VARIABLE}, how it is run there"
        raise NotFoundError(errno.ENOENT, f"{doing}: {host.command} is not found there", hint)
    return code


def _attend(ssh: subprocess.Popen[bytes], stdout: int) -> int:
    """Until ssh ends; it is ended when nobody reads stdout any more, and by the second Ctrl-C."""
    stdin = cast("IO[bytes]", ssh.stdin)
    interrupted = False
    ended = os.pidfd_open(ssh.pid)
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(stdout, 0)  # but for its end
        while True:
            try:
                events = dict(poll.poll(_ALIVE_S * 1000))
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                _say(stdin, INTERRUPT)
                continue
            if ended in events:
                return ssh.wait()
            if events:
                ssh.terminate()
                ssh.wait()
                return _UNREAD
            _say(stdin, _LIFE)
    except BaseException:
        ssh.kill()
        raise
    finally:
        os.close(ended)


def _say(stdin: IO[bytes], what: bytes) -> None:
    os.set_blocking(stdin.fileno(), False)  # a network that stands takes nothing
    with suppress(OSError):
        stdin.write(what)
