# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Virtual machines, as far as a switch can tell: vm.c, each a process with a virtio-user port."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from programs import compile_program, pkg_config

from .application import Application

if TYPE_CHECKING:
    from collections.abc import Iterable

_SOURCE = Path(__file__).with_name("vm.c")
_MEMORY = ("--no-huge", "--no-shconf", "-m", "256")
_RECORD = struct.Struct("=IHHI")


def build_vm(directory: Path) -> Path:
    return compile_program(directory / "vm", [_SOURCE], "-O2", *pkg_config("--libs", "libdpdk"))


@dataclass(frozen=True)
class Frame:
    """What a machine says, whole, or hears; and what is left to do of it, for its card or for its kernel."""

    data: bytes
    queue: int = 0
    segment: int = 0  # that it is to be cut into segments of so many bytes
    unfinished: bool = False  # that its checksum of TCP or UDP is not there yet


class Vm(Application):
    """A machine on a vhost-user socket: ``with Vm(program, socket, "queues=2") as vm: vm.say(frames)``.

    It says what it is given when it has come up.
    """

    def __init__(self, program: Path, socket: Path, *options: str) -> None:
        super().__init__()
        self._heard, self._log = self.directory / "heard", self.directory / "log"
        self._read = 0
        device = ",".join(["net_virtio_user0", f"path={socket}", "queue_size=1024", *options])
        command = [program, *_MEMORY, "--no-pci", "--lcores", "0@(0,1)", f"--vdev={device}", "--", self._heard]
        self._heard.touch()
        with self._log.open("wb") as log:
            self.spawn(command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def say(self, frames: Iterable[Frame]) -> None:
        """Has its card send them."""
        assert self.process is not None
        assert self.process.stdin is not None
        for frame in frames:
            record = _RECORD.pack(len(frame.data), frame.queue, frame.segment, frame.unfinished)
            self.process.stdin.write(record + frame.data)
        self.process.stdin.flush()

    def hear(self) -> list[Frame]:
        """What it has heard since it was asked last."""
        assert self.running, self.output()
        with self._heard.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        frames, at = [], 0
        while len(data) >= at + _RECORD.size:
            length, queue, segment, unfinished = _RECORD.unpack_from(data, at)
            if len(data) < at + _RECORD.size + length:
                break
            at += _RECORD.size
            frames.append(Frame(data[at : at + length], queue, segment, bool(unfinished)))
            at += length
        self._read += at
        return frames
