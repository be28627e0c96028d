# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The ends of a run as they are named on the command line: ports, capture files, stdin and stdout."""

from __future__ import annotations

import argparse
import errno
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..capture import STREAM
from ..ealconfig import is_pci
from ..errors import ConflictError, InvalidConfigError
from ..outfile import part_of, real
from ..remote.targets import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..remote.targets import Kind

# Other names of what "-" is as an output.
_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_CAPTURE_SUFFIXES = (".pcap", ".pcapng", ".cap")


@dataclass(frozen=True)
class DeviceEnd:
    """A port that EAL opens; its name is what stands before the first comma."""

    devargs: str

    @property
    def label(self) -> str:
        return self.devargs.partition(",")[0]

    @property
    def is_live(self) -> bool:
        """Whether something may come from it that has not been sent there: net_null takes all and gives nothing."""
        return not self.label.startswith("net_null")


@dataclass(frozen=True)
class FileEnd:
    """A capture file, or "-"."""

    path: str

    @property
    def label(self) -> str:
        return self.path

    @property
    def is_stream(self) -> bool:
        """Whether it can be read once only."""
        path = Path(self.path)
        return self.path == STREAM or (path.exists() and not path.is_file() and not path.is_dir())

    is_live = False


End = DeviceEnd | FileEnd


def parse_end(text: str) -> End:
    """What ``text`` names: a file when it has a slash or a capture's suffix, a driver's arguments left aside."""
    kind, colon, value = text.partition(":")
    if colon and kind in KINDS:
        return _target_end(text, KINDS[kind], value)
    if text in _STDOUT:
        return FileEnd(STREAM)
    name, _, arguments = text.partition(",")
    looks = name if "=" in arguments else text
    if text == STREAM or "/" in looks or looks.lower().endswith(_CAPTURE_SUFFIXES):
        return FileEnd(text)
    return DeviceEnd(text)


def _target_end(text: str, kind: Kind, value: str) -> End:
    """What is written as for a running application: a file, or what has another form here."""
    if kind.run is None:
        return FileEnd(value)
    raise argparse.ArgumentTypeError(f"{text}: a target of add; for run, write {kind.run.format(value)}")


@dataclass(frozen=True)
class Ends:
    """Who is who in a run."""

    source: End
    sink: End | None
    targets: Sequence[End]

    @property
    def all(self) -> list[End]:
        return [self.source, *self.outputs]

    @property
    def outputs(self) -> list[End]:
        return [*([self.sink] if self.sink else []), *self.targets]

    @property
    def writes_stdout(self) -> bool:
        return FileEnd(STREAM) in self.outputs

    def check(self) -> None:
        """Raises what cannot work, before anything is opened."""
        if not all(end.label for end in self.all):
            raise InvalidConfigError(errno.EINVAL, "open the ends: one of them has no name")
        for end in self.all:
            if _looks_misnamed(end):
                what = f"open {end.label}: not the name of a device"
                hint = "for a capture, put file: in front, or a slash, or end it in .pcap, .pcapng or .cap"
                raise InvalidConfigError(errno.EINVAL, what, hint)
        labels = [end.label for end in self.all if isinstance(end, DeviceEnd)]
        for label in labels:
            if labels.count(label) > 1:
                raise ConflictError(errno.EEXIST, f"open {label}: given twice; each end is a port of its own")
        self._check_files()

    def _check_files(self) -> None:
        taken = dict.fromkeys(_touched(self.source, reads=True), "it is what is replayed")
        for output in self.outputs:
            paths = _touched(output)
            for path in paths & taken.keys():
                raise ConflictError(errno.EEXIST, f"write {output.label}: {taken[path]}")
            taken |= dict.fromkeys(paths, "two ends would write to it")


def _looks_misnamed(end: End) -> bool:
    if not isinstance(end, DeviceEnd) or is_pci(end.devargs):
        return False
    return "." in end.label or Path(end.label).exists()


def _touched(end: End, *, reads: bool = False) -> set[str]:
    """The files that an end uses and nobody else may write; devices like /dev/null may be used by any number."""
    if not isinstance(end, FileEnd):
        return set()
    if end.path == STREAM:
        return set() if reads else {STREAM}
    path = real(end.path)
    if path.is_char_device():
        return set()
    return {str(path)} if reads else {str(path), str(part_of(path))}
