# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The port that is looked at, and its far end, where what it sends arrives and what it receives comes from."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import TYPE_CHECKING, cast

from ..ealconfig import is_pci
from ..errors import UnsupportedError
from ..packets import Packets
from ..testing.frames import PROTOCOLS
from ..waiting import nap
from .frames import BURST, TIMEOUT_S, gather, is_ours, make, probe
from .properties import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from ..eal import Eal
    from ..ethdev import Port
    from ..mempool import Mempool
    from ..portconfig import PortOptions
    from .testbed import Plan, Testbed

__all__ = ["Wire"]

_PROBES_S = 0.02
_LINK_S = 10.0
"""Until both links are up."""
_OPENS_S = 1.0
"""Until a frame comes through then."""
_MOST_MTU = 0xFFFF


class Wire:
    """The port, plugged and started; with a second device, that, too, and its port is the far end."""

    peer: Port | None = None

    def __init__(self, eal: Eal, devices: Sequence[str], pools: tuple[Mempool, Mempool], *, peer_first: bool) -> None:
        self._eal = eal
        self._device = devices[0]
        self._devices = devices[::-1] if peer_first else devices
        self._pool, self._peers_pool = pools
        self._ports = contextlib.ExitStack()
        self._plan: Plan | None = None
        self._is_pulled = False
        self._probes = itertools.count()
        self._others = 0  # frames that have come where probes were looked for

    def open(self, peer_tx_offloads: tuple[str, ...] = (), **options: Unpack[PortOptions]) -> None:
        """Options are the port's; of queues and MTU its peer has as many, if it can."""
        for device in self._devices:
            port = self._eal.plug(device)
            self._ports.callback(self._give_back, port)
            if device == self._device:
                self.port = port
                port.start(self._pool, **options)
            else:
                self.peer = port
                self._start_peer(port, {**_peers_options(port, options), "tx_offloads": peer_tx_offloads})
        self.options = options

    def _start_peer(self, peer: Port, options: PortOptions) -> None:
        """Without an MTU where its driver has none to set."""
        try:
            peer.start(self._peers_pool, **options)
        except UnsupportedError:
            if not options.pop("mtu", 0):
                raise
            peer.start(self._peers_pool, **options)

    def close(self) -> None:
        """A second call does nothing."""
        self._ports.close()

    def _give_back(self, port: Port) -> None:
        if self._is_pulled and port is self.port:
            port.close()
        elif is_pci(port.name):
            port.release()
        else:
            self._eal.unplug(port)

    @property
    def far(self) -> Port:
        """Where what the port sends arrives."""
        return self.peer or self.port

    @property
    def shows(self) -> bool:
        """Whether anything arrives there."""
        return self._plan is None or self._plan.shows

    # The way is open once a frame has come through.

    def get_ready(self, testbed: Testbed) -> None:
        """Waits for that, if the testbed knows that anything ever comes through."""
        self._plan = vars(testbed).get("plan")
        if self._plan is not None and self._plan.shows and not self.settle():
            raise Failed("the link does not come up: no frame comes through")

    def settle(self) -> bool:
        """Sends frames, in both directions, until one arrives; whether one has."""
        ways = [(self.port, self.far)] + ([(self.peer, self.port)] if self.peer is not None else [])
        return all(self.opens(sender.send, receiver) for sender, receiver in ways)

    def need(self, sender: Port, receiver: Port) -> None:
        """Fails if no frame comes through that way, which nobody knows yet."""
        self._others = 0
        if self.shows or self.opens(sender.send, receiver):
            return
        others = f", where {self._others} other frames do" if self._others else ""
        links = " and ".join(f"{port.name}'s is {'up' if port.link.up else 'down'}" for port in (sender, receiver))
        raise Failed(f"nothing that is sent on {sender.name} arrives at {receiver.name}{others}; of the links, {links}")

    def opens(self, send: Callable[[list[bytes]], object], receiver: Port) -> bool:
        """Has frames sent until one arrives; whether one has."""
        sent: set[bytes] = set()
        is_up, deadline = False, time.monotonic() + _LINK_S
        while time.monotonic() < deadline:
            if not is_up and self.port.link.up and self.far.link.up:
                is_up, deadline = True, time.monotonic() + _OPENS_S
            frame = probe(next(self._probes))
            sent.add(frame)
            send([frame])
            came = gather(receiver, 1, counts=sent.__contains__, timeout_s=_PROBES_S)
            if any(each in sent for each in came):
                return True
            self._others += len(came)
        return False

    def gives_by_itself(self) -> bool:
        for _ in range(int(TIMEOUT_S / 10 / _PROBES_S)):
            if self.port.receive(BURST):  # some drivers return nothing to who asks for less than 4
                return True
            nap(_PROBES_S)
        return False

    def restart(self) -> None:
        """Stops the port, if it is not, and starts it; ready when frames come through."""
        self.port.stop()
        self.port.start(self._pool, **self.options)
        if self.shows and not self.settle():
            raise Failed("no frame comes through after the restart")

    def pull(self) -> None:
        """Unplugs the port's device under whoever uses it."""
        self._eal.unplug(self.port, hot=True)
        self._is_pulled = True

    # Traffic.

    def bring(self, frames: Sequence[bytes], *, by: int = 0, strict: bool = True) -> list[bytes]:
        """Has the port receive frames, or as many of those that it makes itself; all that it has received.

        ``by`` is the queue that the far end sends them on, if it has so many. If they do not all come that fails,
        unless it is not strict.
        """
        got = self.delivered(frames, by=by, strict=strict) if self.shows else self._take(len(frames))
        came = sum(map(is_ours, got)) if self.shows else len(got)
        if strict and came < len(frames):
            raise Failed(f"it has received {came} of {len(frames)} frames")
        return got

    def delivered(self, frames: Sequence[bytes], *, by: int = 0, strict: bool = True) -> list[bytes]:
        """What the port receives of frames that the far end sends; if that does not take all, strictly, it fails."""
        got: list[bytes] = []
        for burst in bursts(frames):
            if not offer(self.far, burst, min(by, self.far.tx_queues - 1), strict=strict):
                break
            got += gather(self.port, len(burst))
        return got

    def _take(self, count: int) -> list[bytes]:
        """At least so many of those that it makes itself, which have no end."""
        got: list[bytes] = []
        deadline = time.monotonic() + TIMEOUT_S
        while len(got) < count and time.monotonic() < deadline:
            got += self.port.receive(BURST)
        return got

    def receive_and_hold(self, frames: Sequence[bytes]) -> Packets:
        """Has the port receive frames, at most a burst; what has come first of these, one packet at least."""
        if self.shows:
            offer(self.far, frames)
        deadline = time.monotonic() + TIMEOUT_S
        while not (packets := Packets.receive(self.port, len(frames))):
            packets.close()
            if time.monotonic() > deadline:
                raise Failed(f"it has received none of {len(frames)} frames")
        return packets

    def arrived(self, count: int) -> list[bytes]:
        """The test's frames among what has come out at the far end, once so many have."""
        return [frame for frame in gather(self.far, count) if is_ours(frame)]

    def carried(self, frames: Sequence[bytes], *, strict: bool = True) -> list[bytes]:
        """What arrives of frames that the port is given without a mirror. Fails if it does not take all, if strict."""
        arrived: list[bytes] = []
        for burst in bursts(frames):
            if not offer(self.port, burst, strict=strict):
                break
            arrived += self.arrived(len(burst))
        return arrived

    def protocols(self) -> tuple[str, ...]:
        """Those whose frames come through as they are, both ways; all, if none does: then nothing else will work."""
        frames = make(2 * BURST)
        sent = set(self.carried(frames, strict=False))
        received = sent if self.peer is None else set(self.bring(frames, strict=False))
        changed = {PROTOCOLS[at % len(PROTOCOLS)] for at, frame in enumerate(frames) if frame not in sent & received}
        return tuple(each for each in PROTOCOLS if each not in changed) or PROTOCOLS


def _peers_options(port: Port, options: PortOptions) -> PortOptions:
    most = {"rx_queues": port.max_rx_queues, "tx_queues": port.max_tx_queues, "mtu": _MOST_MTU}
    values = {key: min(value, most[key]) for key, value in options.items() if key in most and isinstance(value, int)}
    return cast("PortOptions", values)


def bursts(frames: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [frames[at : at + BURST] for at in range(0, len(frames), BURST)]


def offer(port: Port, frames: Sequence[bytes], queue: int = 0, *, strict: bool = True) -> bool:
    """Sends them, in several bursts if the port takes no more at once; whether it takes all. Fails else, if strict."""
    rest = list(frames)
    for _ in range(int(TIMEOUT_S / _PROBES_S)):
        rest = rest[port.send(rest, queue) :]
        if not rest:
            return True
        nap(_PROBES_S)
    if strict:
        raise Failed(f"{port.name} takes none of {len(rest)} frames, though nothing else has been sent on it")
    return False
