# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Packets that a test holds, as an application does while it works on them. For tests of drivers."""

from __future__ import annotations

import enum
import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._binding import check, ffi, lib
from .cframes import give_frames, take_frames
from .closeable import Closeable, finalize
from .errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ethdev import Port
    from .mempool import Mempool

__all__ = ["Form", "Packet", "Packets", "external_buffers"]

_MAX_SEGS = 0xFFFF


class Form(enum.IntEnum):
    """Where packets have their data. Values as in C."""

    DIRECT = 0
    INDIRECT = 1
    EXTERNAL = 2


@dataclass(frozen=True, slots=True)
class Packet:
    """What is to be seen of a packet; ``references`` are the most that one of its segments has.

    ``metadata`` are ol_flags, but for those that say where its data is, tx_offload and vlan_tci.
    """

    length: int
    segments: int
    references: int
    metadata: tuple[int, int, int] = (0, 0, 0)


class Packets(Closeable):
    """A burst of packets. Made of frames by ``make()``, or taken from a port by ``receive()``."""

    def __init__(self, made: Any) -> None:
        self._made = made  # C type: struct ffi_packets **
        self._finalizer = finalize(self, _close, made)

    @classmethod
    def make(
        cls, pool: Mempool, frames: Sequence[bytes], form: Form = Form.DIRECT, segment: int = 0, **raw: int
    ) -> Packets:
        """Of frames; ``segment`` is how many bytes each segment has, 0: as many as fit.

        Hazardous: ``raw`` are ol_flags, vlan_tci and tx_offload of every packet, as they are.
        """
        target = ffi.new(
            "struct ffi_burst_target *", {"pool": pool.c, "max_segs": _MAX_SEGS, "seg_len": segment, **raw}
        )
        c_frames, _kept = give_frames(frames)
        made = cls(ffi.new("struct ffi_packets **"))
        what = f"make {len(frames)} packets of mempool {pool.name}"
        check(lib.ffi_packets_make(target, int(form), c_frames, made._made), what)
        return made

    @classmethod
    def receive(cls, port: Port, limit: int, queue: int = 0) -> Packets:
        """One burst of at most ``limit``, which may be none."""
        made = cls(ffi.new("struct ffi_packets **"))
        rc = lib.ffi_packets_receive(port.id, queue, limit, made._made)
        check(rc, f"receive from port {port.name}")
        return made

    def prepare(self, port: Port, queue: int = 0) -> int:
        """Have the port's driver prepare them, as those with offloads are to be; how many can be sent."""
        return int(lib.ffi_packets_prepare(self._c, port.id, queue))

    def send(self, port: Port, queue: int = 0) -> int:
        """Send them as one burst; how many were taken, which are held no more."""
        return int(lib.ffi_packets_send(self._c, port.id, queue, False))  # noqa: FBT003 - C has no keywords

    def share(self, port: Port, queue: int = 0) -> int:
        """Send a second reference of each, as a mirror does, as one burst; how many were taken."""
        return int(lib.ffi_packets_send(self._c, port.id, queue, True))  # noqa: FBT003 - C has no keywords

    def __len__(self) -> int:
        return int(lib.ffi_packets_count(self._c))

    def look(self) -> list[Packet]:
        """What is to be seen of each."""
        infos = ffi.new("struct ffi_packet[]", len(self))
        lib.ffi_packets_look(self._c, infos)
        return [
            Packet(info.length, info.segments, info.references, (info.ol_flags, info.tx_offload, info.vlan_tci))
            for info in infos
        ]

    @property
    def references(self) -> int:
        """The most that one of them has; 1: nobody else has any."""
        return max((packet.references for packet in self.look()), default=0)

    def overwrite(self, byte: int) -> None:
        """Write over all their data."""
        lib.ffi_packets_overwrite(self._c, byte)

    def frames(self) -> list[bytes]:
        """Their data as it is now."""
        frames = ffi.new("struct ffi_frames *")
        check(lib.ffi_packets_frames(self._c, frames), "copy packets")
        return take_frames(frames)

    def close(self) -> None:
        """Give them back. A second call does nothing."""
        self._finalizer()

    @property
    def _c(self) -> Any:
        self._check_own()
        if self._made[0] == ffi.NULL:
            raise ClosedError(errno.EBADF, "use packets: they are closed")
        return self._made[0]


def external_buffers() -> int:
    """How many buffers of no pool are in use; less than 0: one was given back twice."""
    return int(lib.ffi_packets_external())


def _close(made: Any) -> None:
    if made[0] != ffi.NULL:
        lib.ffi_packets_close(made[0])
        made[0] = ffi.NULL
