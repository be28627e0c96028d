# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Another host, as far as ssh can tell: an sshd with keys, and a network, of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from commands import COMMAND

from .application import Application, find_program, need_namespaces, wait_until
from .wire import run_in

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "elsewhere"
_SSHD = """
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
_SSH = """
Host {name}
    HostName 127.0.0.1
    User root
    IdentityFile {folder}/user
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known
Host *
    GlobalKnownHostsFile none
"""


class Elsewhere(Application):
    """``with Elsewhere(variables) as host``: dpdk-mirror is run there with these environment variables, too."""

    def __init__(self, variables: dict[str, str]) -> None:
        sshd, ssh = find_program("sshd"), find_program("ssh")
        need_namespaces()
        super().__init__()
        self._variables = variables
        for key in ("host", "user"):
            self._write_key(key)
        self._write("known", f"127.0.0.1 {(self.directory / 'host.pub').read_text()}")
        self._write("sshd", _SSHD.format(folder=self.directory))
        self._write("config", _SSH.format(folder=self.directory, name=NAME))
        self._write("ssh", f'#!/bin/sh\nexec {ssh} -F {self.directory}/config "$@"\n').chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        self._log = self.directory / "log"
        with self._log.open("wb") as log:
            command = f"ip link set lo up && exec {sshd} -D -e -f {self.directory}/sshd"
            self.spawn(["unshare", "-n", "sh", "-c", command], stdin=subprocess.DEVNULL, stderr=log)
        wait_until(lambda: "listening" in self.output() or not self.running, "sshd listens")
        assert self.running, self.output()

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def caller(self, remote: str = "") -> dict[str, str]:
        """The environment of who calls it; ``remote`` is how dpdk-mirror is run there, if that is to be said."""
        words = ["env", *(f"{key}={value}" for key, value in self._variables.items()), COMMAND]
        path = f"{self.directory}:{os.environ['PATH']}"
        home = str(self.directory)
        return {"PATH": path, "XDG_CONFIG_HOME": home, "HOME": home, "DPDK_MIRROR_REMOTE": remote or " ".join(words)}

    def calling(self, *words: object) -> list[str]:
        """The command line of a program that is run here, and can reach it."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *map(str, words)]

    def cut(self) -> None:
        """The network is dead from now on: nothing comes through, and nobody is told."""
        run_in(self.pid, "ip", "link", "set", "lo", "down")

    def _write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text)
        return path

    def _write_key(self, name: str) -> None:
        command: Sequence[object] = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / name]
        subprocess.run([str(word) for word in command], check=True)
