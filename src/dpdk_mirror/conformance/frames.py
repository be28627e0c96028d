# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Frames that tests send, and how those that have come differ from them."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ..testing.frames import PROTOCOLS, make_frames
from ..waiting import nap
from .properties import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..ethdev import Port

__all__ = ["BURST", "TIMEOUT_S", "gather", "is_ours", "make", "probe", "same", "same_in_any_order", "unlike"]

BURST = 32
"""So many are sent at once, unless the burst's size is what is looked at."""

TIMEOUT_S = 3.0
"""What has not come by then will not."""

_LINGER_S = 0.005
_PAUSE_S = 0.0002
# As make_frames() has them, but for probes, whose EtherType no other frame has.
_MACS = (bytes.fromhex("0200000002"), bytes.fromhex("0200000001"))
_PROBE = bytes.fromhex("88b5")


def make(count: int, size: int | None = None, *, seed: int = 0) -> list[bytes]:
    """Frames of real protocols, no two alike."""
    return make_frames(count, size, of=PROTOCOLS, seed=seed)


def probe(number: int) -> bytes:
    """A frame that shows whether the way is open."""
    (frame,) = make_frames(1, 60, of="raw", seed=number)
    return frame


def is_ours(frame: bytes) -> bool:
    """Whether it is of make(): a kernel sends frames of its own, and so does a network."""
    return frame[:5] == _MACS[0] and frame[6:11] == _MACS[1] and frame[12:14] != _PROBE


def gather(
    port: Port, count: int, *, counts: Callable[[bytes], bool] = is_ours, timeout_s: float = TIMEOUT_S
) -> list[bytes]:
    """All that comes on all queues until ``count`` of those that count have, and nothing has for a moment."""
    got: list[bytes] = []
    missing, deadline, quiet = count, time.monotonic() + timeout_s, 0.0
    while (now := time.monotonic()) < deadline:
        burst = [frame for queue in range(port.rx_queues) for frame in port.receive(BURST, queue)]
        got += burst
        missing -= sum(map(counts, burst))
        if missing <= 0 and not quiet:
            quiet = now + _LINGER_S
        if not burst:
            if missing <= 0 and now >= quiet:
                break
            nap(_PAUSE_S)
    return got


def same(got: Sequence[bytes], expected: Sequence[bytes], whose: str) -> None:
    """Fails, with the first difference, unless they are the same, in the same order."""
    if list(got) != list(expected):
        raise Failed(f"{whose}: {_difference(got, expected)}")


def same_in_any_order(got: Sequence[bytes], expected: Sequence[bytes], whose: str) -> None:
    """As same(), for frames that take several ways."""
    if Counter(got) != Counter(expected):
        raise Failed(f"{whose}: {_difference(got, expected)}")


def _difference(got: Sequence[bytes], expected: Sequence[bytes]) -> str:
    missing, surplus = Counter(expected) - Counter(got), Counter(got) - Counter(expected)
    if not missing and not surplus:
        at = next(place for place, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1])
        return f"all {len(expected)} frames are there, but not in their order, from frame {at} on"
    if missing and surplus and len(got) == len(expected):
        at = next(place for place, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1])
        return f"frame {at} of {len(expected)} {unlike(got[at], expected[at])}"
    first = next((place for place, frame in enumerate(expected) if frame in missing), 0)
    parts = []
    if missing:
        parts.append(f"{missing.total()} of {len(expected)} frames are missing, the first is frame {first}")
    if surplus:
        parts.append(f"{surplus.total()} are there that should not be")
    return ", ".join(parts)


def unlike(got: bytes, expected: bytes) -> str:
    """What it has, or is, that the other is not."""
    at = next((place for place, pair in enumerate(zip(got, expected, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return f"has {len(got)} bytes instead of {len(expected)}"
    lengths = "" if len(got) == len(expected) else f", and has {len(got)} bytes instead of {len(expected)}"
    return f"has {got[at : at + 4].hex()} at byte {at}, where it had {expected[at : at + 4].hex()}{lengths}"
