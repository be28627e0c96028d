# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What fixtures that are called are, for annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from ..ethdev import Port
    from ..mirror import Mirror, MirrorOptions
    from ..portconfig import PortOptions
    from ..testing import Program, Testpmd
    from ..vdev import Vdev

__all__ = [
    "EalOptions",
    "FramesMaker",
    "MirrorMaker",
    "PortMaker",
    "ProcessMaker",
    "ProcessOptions",
    "ReadyOptions",
    "TestpmdMaker",
]


class PortMaker(Protocol):
    """What the fixture ``dpdk_port`` is."""

    def __call__(
        self,
        name: str | Vdev,
        driver: str = "net_ring",
        args: str = "",
        *,
        start: bool = True,
        **options: Unpack[PortOptions],
    ) -> Port: ...


class FramesMaker(Protocol):
    """What the fixture ``dpdk_frames`` is."""

    def __call__(self, count: int, size: int | None = None, *, of: object = None, seed: int = 0) -> list[bytes]: ...


class MirrorMaker(Protocol):
    """What the fixture ``dpdk_mirror`` is."""

    def __call__(self, source: Port, target: Port, **options: Unpack[MirrorOptions]) -> Mirror: ...


class EalOptions(TypedDict, total=False):
    """Keywords for EAL of another process."""

    devices: Sequence[str]
    workers: int
    memory_mb: int
    hugepages: bool
    eal: Sequence[str]


class ProcessOptions(EalOptions, total=False):
    """``env`` is added to its environment."""

    env: Mapping[str, str]


class ReadyOptions(ProcessOptions, total=False):
    """``timeout_s`` is how long ``ready`` may take."""

    timeout_s: float


class ProcessMaker(Protocol):
    """What the fixture ``dpdk_process`` is."""

    def __call__(
        self,
        program: str | os.PathLike[str],
        *arguments: object,
        vdevs: Sequence[Vdev | str] = (),
        ready: str = "",
        **options: Unpack[ReadyOptions],
    ) -> Program: ...


class TestpmdMaker(Protocol):
    """What the fixture ``dpdk_testpmd`` is."""

    def __call__(
        self,
        *vdevs: Vdev | str,
        mode: str = "io",
        arguments: Sequence[str] = (),
        **options: Unpack[ProcessOptions],
    ) -> Testpmd: ...
