# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What properties are looked at with: EAL, the port, perhaps a second one, and what belongs to a mirror beside it."""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..ealconfig import is_pci
from ..errors import MirrorError, UnsupportedError
from ..mirror import Mirror
from ..packets import Form, Packets, external_buffers
from ..spec import Mode
from ..testing.frames import PROTOCOLS, make_frames
from ..waiting import nap
from .frames import TIMEOUT_S
from .properties import Failed, NotApplicable
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from ..eal import Eal
    from ..ethdev import Port
    from ..mempool import Mempool
    from ..mirror import MirrorOptions
    from ..portconfig import PortOptions

__all__ = ["MODES", "Plan", "Testbed"]

MODES = (Mode.SHARE, Mode.SPLIT, Mode.COPY)
"""Those that ``auto`` chooses from."""

_numbers = itertools.count()
_JUMBO = 9000
_PEERS_ROOM = 10240
"""Whatever the port sends, its peer has room for."""
_PEERS_BUFFERS = 2000
"""For each queue: drivers fill theirs."""
_MOST_QUEUES = 4
_MANY = 16000  # drivers fill their queues
_BUSY_S = 0.5
"""How long the kernel may keep a device, with the buffers that it has of it, once it has been closed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the port is looked at. ``shows``: what it sends can be seen; ``gives``: it receives frames.

    ``protocols`` are those whose frames the port and its far end leave as they are. ``keeps`` says what the port keeps
    of its own pool when it is closed, without a mirror; "" for nothing.
    """

    name: str
    driver: str
    shows: bool
    gives: bool
    protocols: tuple[str, ...] = PROTOCOLS
    keeps: str = ""


class Testbed:
    """A port to be looked at, and a second one that is connected to it, if there are two devices.

    What is made here is closed by ``finish()``, latest first.
    """

    __test__ = False
    leaks = False
    """Whether buffers have not come back."""

    def __init__(
        self, eal: Eal, devices: Sequence[str], plan: Plan | None = None, *, destructive: bool = False
    ) -> None:
        self.eal = eal
        self.devices = tuple(devices)
        self.destructive = destructive or not is_pci(devices[0])
        self._open = contextlib.ExitStack()
        self._pools: list[Mempool] = []
        self._ports_pools: list[Mempool] = []  # of these
        self._external = external_buffers()  # that have leaked before
        # A path, or an interface, may have to be made by one of the two; None: it is not known yet by which.
        self._peer_first = None if len(devices) > 1 else False
        if plan is not None:
            self.plan = plan

    @property
    def has_peer(self) -> bool:
        """Whether somebody says that the port is connected to a second one."""
        return len(self.devices) > 1

    @cached_property
    def plan(self) -> Plan:
        """Found out by a try, once."""
        try:
            wire = self.wire()
            shows = wire.settle()
            gives = shows or wire.gives_by_itself()
            name = "one-way" if not shows else "pair" if wire.peer is not None else "loopback"
            plan = Plan(name, wire.port.driver, shows, gives, wire.protocols() if shows else PROTOCOLS)
        except BaseException:
            self.finish()
            raise
        return replace(plan, keeps=self.finish())

    def frames(self, count: int, size: int | None = None, *, seed: int = 0) -> list[bytes]:
        """Frames, no two alike, that pass this way unchanged."""
        return make_frames(count, size, of=self.plan.protocols, seed=seed)

    def pool(self, *, size: int = 4000, data_room: int = 2048) -> Mempool:
        """All of whose buffers must be back in the end.

        DPDK's pools have room for 2^n - 1: of fewer, some is left for what is given back twice, or else that is lost.
        """
        pool = self.eal.mempool(f"verify{next(_numbers)}", size=size, data_room=data_room)
        self._pools.append(pool)
        return pool

    def wire(
        self, *, pool: Mempool | None = None, peer_tx_offloads: tuple[str, ...] = (), **options: Unpack[PortOptions]
    ) -> Wire:
        """The port, and its peer, started; options are those of Port.start(). Ready if the plan is known."""
        pools = pool or self.pool(), self._peers_pool(options.get("rx_queues", 1))
        self._ports_pools.append(pools[0])
        if (plan := vars(self).get("plan")) and plan.keeps:
            nap(_BUSY_S)
        errors: list[MirrorError] = []
        for peer_first in (False, True) if self._peer_first is None else (self._peer_first,):
            wire = Wire(self.eal, self.devices, pools, peer_first=peer_first)
            try:
                wire.open(peer_tx_offloads, **options)
            except MirrorError as error:
                errors.append(error)
                wire.close()
                continue
            self._peer_first = peer_first
            self._open.callback(wire.close)
            wire.get_ready(self)
            return wire
        raise errors[0]

    def _peers_pool(self, queues: int) -> Mempool:
        return self.pool(size=_PEERS_BUFFERS * queues, data_room=_PEERS_ROOM)

    def queues_wire(self, queues: int) -> Wire:
        """As wire(), with so many queues each way."""
        return self.wire(pool=self.pool(size=_MANY), rx_queues=queues, tx_queues=queues)

    def pair(self, queues: int = 1, *, pool: Mempool | None = None) -> tuple[Port, Port]:
        """Two ports that are known to work, each of which receives what the other sends: a mirror's other end."""
        pair = self.eal.pair(f"v{next(_numbers)}", queues=queues)
        pool = pool or self.pool()
        for port in pair:
            self._open.callback(port.close)
        for port in pair:
            port.start(pool, rx_queues=queues, tx_queues=queues)
        return pair

    def null(self) -> Port:
        """A target that takes everything."""
        port = self.eal.plug(f"net_null_v{next(_numbers)}")
        self._open.callback(self.eal.unplug, port)
        return port.start(self.pool())

    def mirror(self, source: Port, target: Port, **options: Unpack[MirrorOptions]) -> Mirror:
        return self._open.enter_context(Mirror(source, target, **options))

    def hold(self, packets: Packets) -> Packets:
        """Has them given back in the end."""
        return self._open.enter_context(packets)

    def send_raw(self, port: Port, frames: Sequence[bytes], **raw: int) -> None:
        """Sends frames as one burst of packets with those fields, as Packets.make() has them: for offloads."""
        packets = self.hold(Packets.make(self.pool(), frames, Form.DIRECT, **raw))
        packets.prepare(port)
        if (sent := packets.send(port)) != len(frames):
            raise Failed(f"{port.name} takes {sent} of {len(frames)} packets, though nothing else has been sent on it")

    def jumbo_wire(self) -> Wire:
        """As wire(), with an MTU of 9000, or with none where the driver has none; NotApplicable if that is too much."""
        try:
            return self.wire(mtu=_JUMBO)
        except UnsupportedError:
            return self.wire()
        except MirrorError as error:
            raise NotApplicable(f"an MTU of {_JUMBO} cannot be set: {error}") from None

    def queues(self) -> int:
        """How many to try, at most 4; NotApplicable if there can be but one. Nothing may be open."""
        port = self.wire().port
        most = min(_MOST_QUEUES, port.max_rx_queues, port.max_tx_queues)
        self.clear()
        if most < 2:
            raise NotApplicable("it has one queue, as it was plugged")
        return most

    def need(self, way: Literal["rx", "tx"], offload: str) -> None:
        """NotApplicable if the port cannot be started with that offload. Nothing may be open."""
        options: PortOptions = {"rx_offloads": (offload,)} if way == "rx" else {"tx_offloads": (offload,)}
        try:
            self.wire(**options)
        except UnsupportedError:
            raise NotApplicable(f"its driver does not have the {way} offload {offload}") from None
        finally:
            self.finish()

    @staticmethod
    def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
        """Waits for what comes with the library's next look at ports; fails with what is there instead."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > deadline:
                raise Failed(what())
            nap(0.01)

    def clear(self) -> None:
        """Closes all that is open; what is looked at next begins anew. Fails if something has leaked."""
        if leaked := self.finish():
            raise Failed(leaked)

    def finish(self) -> str:
        """Closes all that is open. What has leaked then, in words; "" for nothing.

        Of the port's own pool nothing is said if it keeps buffers of it even without a mirror.
        """
        self._open.close()
        self._open = contextlib.ExitStack()
        pools, self._pools = self._pools, []
        ports_pools, self._ports_pools = self._ports_pools, []
        plan: Plan | None = vars(self).get("plan")
        in_use = [pool.in_use for pool in pools if not (plan and plan.keeps and pool in ports_pools)]
        for pool in pools:
            if not pool.in_use:
                pool.close()
        leaked, self._external = external_buffers() - self._external, external_buffers()
        self.leaks = self.leaks or any(in_use)
        if any(in_use):
            return f"{_imbalance(in_use)} after all ports have been closed"
        if leaked:
            what = "are still in use" if leaked > 0 else "have been given back twice"
            return f"{abs(leaked)} external buffers {what} after all ports have been closed"
        return ""


def _imbalance(in_use: Sequence[int]) -> str:
    """Of pools that should all be whole: less than 0 is more than there are."""
    missing, surplus = sum(each for each in in_use if each > 0), -sum(each for each in in_use if each < 0)
    if missing and surplus:
        return f"{min(missing, surplus)} buffers are in another pool than their own"
    return (
        f"{missing} buffers are still in use"
        if missing
        else f"{surplus} buffers more than there are have been given back"
    )
