# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Captures as targets: files, and streams with a reader."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from live_targets import MIRROR, Target, make_own_folder, own_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live_cases import LiveCase
    from live_targets import Bed


@dataclass(frozen=True)
class FileForm:
    """What a file target is called, and the bytes that a packet of a size takes in it."""

    to: str
    record: int  # beside the packet's own bytes
    alignment: int = 1

    def count(self, size: int, packet: int) -> int:
        """How many packets so many bytes are; what a file begins with is less than a few."""
        return size // (self.record + packet + -packet % self.alignment)


PCAP = FileForm("pcap:{}.pcap", record=16)
# With an interface, a time, two lengths, a direction, a number and a queue.
PCAPNG = FileForm("file:{}.pcapng", record=64, alignment=4)


class Capture(Target):
    """A file in a folder, gone after each round; "before" may know it by another name."""

    def __init__(self, name: str, folder: Path, form: FileForm, before: FileForm) -> None:
        super().__init__(name, form.to)
        self._folder, self._forms = folder, {"now": form, "before": before}

    def to(self, bed: Bed) -> str:
        return self._forms[bed.build].to.format(own_folder(self._folder) / f"{bed.build}-{bed.size}")

    def _path(self, bed: Bed) -> Path:
        return Path(self.to(bed).partition(":")[2])

    def prepare(self, bed: Bed) -> None:
        make_own_folder(self._folder, bed)
        bed.stack.callback(self._path(bed).unlink, missing_ok=True)

    def end(self, bed: Bed) -> None:
        self._path(bed).unlink(missing_ok=True)

    def received(self, bed: Bed) -> int:
        return self._forms[bed.build].count(self._path(bed).stat().st_size, bed.size)


class Stream(Target):
    """Read by a process that does nothing else; "before" has none."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "stream:")
        self._reader: subprocess.Popen[bytes] | None = None

    def is_for(self, bed: Bed) -> bool:
        return bed.build == "now"

    @contextmanager
    def mirrored(self, bed: Bed, case: LiveCase) -> Iterator[str]:
        with super().mirrored(bed, case) as mode, socket.socket(socket.AF_UNIX) as reader:
            # The application has chosen its path.
            reader.connect(bed.telemetry.call("info", mirror=MIRROR)["target"].partition(":")[2])
            self._reader = subprocess.Popen(["cat"], stdin=reader.fileno(), stdout=subprocess.DEVNULL)
            try:
                yield mode
            finally:
                self._reader.kill()
                self._reader.wait()

    def received(self, bed: Bed) -> int:
        assert self._reader is not None
        counts = dict(line.split(": ") for line in Path(f"/proc/{self._reader.pid}/io").read_text().splitlines())
        return PCAPNG.count(int(counts["rchar"]), bed.size)
