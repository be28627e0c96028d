# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Frames between Python and C."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ._binding import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["give_frames", "take_frames"]


def give_frames(frames: Sequence[bytes | bytearray | memoryview]) -> tuple[Any, list[Any]]:
    """C type: const struct ffi_frames *; and what it points to, which is to be kept as long."""
    data, lengths = ffi.from_buffer(b"".join(frames)), ffi.new("uint32_t[]", [len(frame) for frame in frames])
    return ffi.new("struct ffi_frames *", {"data": data, "lengths": lengths, "count": len(frames)}), [data, lengths]


def take_frames(frames: Any) -> list[bytes]:
    """The frames that C has made (``struct ffi_frames *``), which it frees."""
    try:
        lengths = ffi.unpack(frames.lengths, frames.count)
        data = ffi.buffer(frames.data, sum(lengths))
        ends = list(itertools.accumulate(lengths))
        return [data[end - length : end] for length, end in zip(lengths, ends, strict=True)]
    finally:
        lib.ffi_burst_release(frames)
