# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A run's files, ports, mirrors and forwarder, wired together."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from .._binding import lib
from ..capture import ETHERNET, STREAM, CaptureInterface, CaptureReader, CaptureWriter
from ..closeable import Closeable
from ..eal import Eal, is_pci
from ..errors import ConflictError, MirrorError, UnsupportedError
from ..forwarder import Forwarder, ForwarderStats
from ..mirror import Mirror
from ..selection import Select
from ..spec import MirrorSpec, Mode
from .ends import DeviceEnd, End, Ends, FileEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ethdev import Port
    from ..mempool import Mempool

# A live source does not wait for a file: so many packets may wait to be written, the rest counts as refused.
_WAITING_PACKETS = 8192
# What drivers hold for each of their queues is less.
_DESCRIPTORS = 4096
# What a copy of a buffer takes at most: one for the headers, one that refers to the rest.
_BUFFERS_PER_COPY = 2
# How long a sink may take nothing of a replay until what it does not take counts as lost.
_RETRY_S = 1.0
# How long nothing of a replay may move until that is an error; longer than a sink is waited for.
_STALL_S = 5.0
_STDIN = 0


@dataclass(frozen=True)
class Plan:
    """What a run is asked to do."""

    ends: Ends
    spec: MirrorSpec
    queues: int = 1
    one_way: bool = False
    packets: int | None = None
    stamp: bool = False
    overwrite: bool = False

    @property
    def is_replay(self) -> bool:
        return isinstance(self.ends.source, FileEnd)

    @property
    def both_ways(self) -> bool:
        source, sink = self.ends.source, self.ends.sink
        return sink is not None and source.is_live and sink.is_live and not self.one_way

    @property
    def devices(self) -> list[str]:
        """The PCI devices: EAL must know them from its start."""
        return [end.devargs for end in self.ends.all if isinstance(end, DeviceEnd) and is_pci(end.devargs)]

    @property
    def workers(self) -> int:
        return 1 if self.is_replay else min(self.queues, len(os.sched_getaffinity(0)))

    @property
    def takes_buffers(self) -> bool:
        """Whether the mirrors need packet buffers of their own."""
        return self.spec.mode is not Mode.SHARE or self.spec.snaplen > 0

    @property
    def target_pools(self) -> int:
        """How many of the library's pools there may be, counted in those of a target with few queues."""
        return len(self.ends.targets) * max(1, self.queues // 2)

    @property
    def pool_size(self) -> int:
        """Enough for what waits in files' rings and in drivers' queues, with as much again to go on with."""
        files = sum(isinstance(end, FileEnd) for end in self.ends.all)
        devices = len(self.ends.all) - files
        return files * _WAITING_PACKETS + devices * self.queues * _DESCRIPTORS + _WAITING_PACKETS - 1


class Files(Closeable):
    """The captures of a run. What has not begun when it fails is removed, what has begun keeps the name of a part."""

    def __init__(self, plan: Plan, stdout: int) -> None:
        self.begun = False
        self._source, ends = plan.ends.source, plan.ends
        self._targets = range(len(ends.outputs) - len(ends.targets), len(ends.outputs))
        self.reader: CaptureReader | None = None
        self.writers: dict[int, CaptureWriter] = {}  # by the number of their end among the outputs
        try:
            self._open(plan, stdout)
        except BaseException:
            self.close()
            raise

    @property
    def hung_up(self) -> bool:
        """Whether nobody wants to read on, of any target."""
        writers = [self.writers.get(number) for number in self._targets]
        return self.begun and all(writer is not None and writer.hung_up for writer in writers)

    def count(self, mirrors: list[Mirror]) -> None:
        """Tells the targets' captures what their mirrors have counted."""
        for number, mirror in zip(self._targets, mirrors, strict=True):
            if self.begun and number in self.writers:
                self.writers[number].count(mirror.stats())

    @property
    def waiting(self) -> bool:
        """Whether something is on its way into a capture."""
        return any(writer.port is not None and writer.port.waiting for writer in self.writers.values())

    def check(self) -> None:
        """Raises what went wrong with writing."""
        for writer in self.writers.values() if self.begun else ():
            writer.check()

    def begin(self, like: CaptureReader | None = None) -> None:
        """Lets the writers write, frames as those of a reader whose header is known."""
        self.begun = True
        for writer in self.writers.values():
            if like is None:
                writer.start()
            else:
                writer.start(like.link_type, like.fcs_length)

    def finish(self, timeout_s: float) -> None:
        """Waits until all is written, and gives the captures their names; BusyTimeoutError as of a writer."""
        if not self.begun:  # a stream from which nothing came
            self.begin()
        for writer in self.writers.values():
            writer.finish(timeout_s)
        for writer in self.writers.values():
            writer.commit()

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()
            if not self.begun:
                writer.discard()
        if self.reader is not None:
            self.reader.close()

    def open_stream(self) -> None:
        """Opens what can be read once only: nothing shall be read of it before it is sure that EAL has started."""
        source = self._source
        if isinstance(source, FileEnd) and source.is_stream:
            self.reader = CaptureReader(_STDIN if source.path == STREAM else source.path, wait=False)

    def _open(self, plan: Plan, stdout: int) -> None:
        source = self._source
        if isinstance(source, FileEnd) and not source.is_stream:
            self.reader = CaptureReader(source.path)
        for number, end in enumerate(plan.ends.outputs):
            if isinstance(end, FileEnd):
                target = stdout if end.path == STREAM else end.path
                directions = plan.spec.directions if number in self._targets else None
                what = f"dpdk-mirror run, {'forwarded' if directions is None else directions}"
                interface = CaptureInterface(source.label, what, directions)
                self.writers[number] = _make_writer(target, interface, plan)


def _make_writer(target: str | int, interface: CaptureInterface, plan: Plan) -> CaptureWriter:
    try:
        return CaptureWriter(target, interface=interface, stamp=plan.stamp, overwrite=plan.overwrite)
    except ConflictError as error:
        what = error.what.replace("overwrite=True", "--overwrite")  # as it is said here
        raise ConflictError(error.errno, what, error.hint) from None


@dataclass(frozen=True)
class PortReport:
    """One port's line in the report. Counted by us: not every driver counts, and some not bytes."""

    name: str
    role: str
    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0


class Circuit:
    """The running whole: ports started, mirrors on, packets forwarded."""

    def __init__(self, eal: Eal, plan: Plan, files: Files) -> None:
        self.plan = plan
        self._files = files
        self._eal = eal
        self._progress: object = None
        self._progress_time = 0.0
        self._pool: Mempool = eal.mempool("packets", size=plan.pool_size)
        self._files.open_stream()
        self._source = self._open_source(plan.ends.source)
        outputs = [self._open_output(number, end) for number, end in enumerate(plan.ends.outputs)]
        self._sink = outputs.pop(0) if plan.ends.sink is not None else None
        self.mirrors = [
            self._mirror(end, target, name)
            for end, target, name in zip(plan.ends.targets, outputs, _mirror_names(plan.ends), strict=True)
        ]
        self._forwarder = Forwarder(
            self._source,
            self._sink,
            both_ways=plan.both_ways,
            packets=plan.packets,
            retry_s=_RETRY_S if plan.is_replay else 0.0,
        )

    def start(self) -> None:
        """Lets packets through; a replay begins with feed()."""
        if self._files.reader is None:
            self._files.begin()
        else:
            self._files.reader.poll()  # what is no capture better fails now
        self._forwarder.start()

    def feed(self) -> None:
        """Begins a replay, as soon as its header was read."""
        reader = self._files.reader
        if reader is not None and not self._files.begun and reader.poll():
            self._check_link_type(reader)
            self._files.begin(reader)
            files = sum(isinstance(end, FileEnd) for end in self.plan.ends.targets)
            reader.start(self._pool, copies=files * _BUFFERS_PER_COPY if self.plan.takes_buffers else 0)

    def stop(self) -> None:
        """No packet moves any more; what has arrived is still to be written."""
        self._forwarder.stop()
        self._files.count(self.mirrors)

    def stats(self) -> ForwarderStats:
        return self._forwarder.stats()

    @property
    def has_ended(self) -> bool:
        """Whether the packets asked for, or all of the replay, have been received and passed on, or nobody reads."""
        if self._files.hung_up:
            return True
        forth = self.stats().forth
        passed = forth.rx_packets if self._sink is None else forth.tx_packets + forth.lost
        if self.plan.packets is not None and passed >= self.plan.packets:
            return True
        reader = self._files.reader
        return reader is not None and reader.ended and passed == reader.stats.frames

    def check(self) -> None:
        """Raises what has gone wrong."""
        self._files.check()
        self._files.count(self.mirrors)
        reader = self._files.reader
        if reader is None or not self._files.begun:
            return
        progress = (reader.stats, self.stats().forth)
        if progress != self._progress or self._files.waiting:
            self._progress, self._progress_time = progress, time.monotonic()
        elif not reader.ended and time.monotonic() - self._progress_time > _STALL_S:
            what = f"replay {reader.name}: stuck after {reader.stats.frames} frames"
            raise MirrorError(errno.ENOBUFS, f"{what}: ports that nobody empties hold all packet buffers")

    def ports(self) -> list[PortReport]:
        """The ports as the run's ends see them: source, sink if there is one, targets."""
        ends, stats = self.plan.ends, self.stats()
        forth, back = stats.forth, stats.back
        reports = [
            PortReport(ends.source.label, "source", forth.rx_packets, forth.rx_bytes, back.tx_packets, back.tx_bytes)
        ]
        if ends.sink is not None:
            reports.append(
                PortReport(ends.sink.label, "sink", back.rx_packets, back.rx_bytes, forth.tx_packets, forth.tx_bytes)
            )
        for end, mirror in zip(ends.targets, self.mirrors, strict=True):
            sent = mirror.stats()
            reports.append(PortReport(end.label, "target", 0, 0, sent.packets, sent.bytes))
        return reports

    def _check_link_type(self, reader: CaptureReader) -> None:
        """Nothing else than Ethernet frames has what packets are chosen by."""
        select = self.plan.spec.select or Select()
        looks = replace(select, sample=None, queues=None) != Select()
        if looks and reader.link_type != ETHERNET:
            what = f"replay {reader.name}: its packets are no Ethernet frames (link type {reader.link_type})"
            raise UnsupportedError(errno.ENOTSUP, what, "choose by --sample and --queue alone")

    def _open_source(self, end: End) -> Port:
        if isinstance(end, DeviceEnd):
            return self._start(self._eal.plug(end.devargs), self.plan.queues)
        return cast("CaptureReader", self._files.reader).open_port(self._eal, self._pool)

    def _open_output(self, number: int, end: End) -> Port:
        queues = self.plan.queues
        if isinstance(end, FileEnd):
            size = self._pool.size if self.plan.is_replay else _WAITING_PACKETS
            tx_queues = min(queues, lib.FFI_RINGPORT_QUEUES)
            return self._files.writers[number].open_port(self._eal, self._pool, size=size, tx_queues=tx_queues)
        port = self._eal.plug(end.devargs)
        # Of a target that has fewer, the source's queues share what there is.
        return self._start(port, queues if end is self.plan.ends.sink else min(queues, port.max_tx_queues))

    def _mirror(self, end: End, target: Port, name: str | None) -> Mirror:
        """A mirror to one of the targets; captures want to know where packets come from."""
        is_file = isinstance(end, FileEnd)
        spec = self.plan.spec
        spec = replace(spec, name=name, origin=is_file and (spec.mode is not Mode.SHARE or spec.snaplen > 0))
        # A replay waits for the buffers of its own pool.
        pool = self._pool if is_file and self.plan.is_replay and self.plan.takes_buffers else None
        return Mirror(self._source, target, spec=spec, pool=pool)

    def _start(self, port: Port, queues: int) -> Port:
        return port.start(self._pool, rx_queues=queues, tx_queues=queues)


def _mirror_names(ends: Ends) -> Iterator[str | None]:
    """The targets' names where they will do: short, printable and different."""
    names = [end.label[-(lib.RTE_MIRROR_NAME_SIZE - 1) :] for end in ends.targets]
    for name in names:
        yield name if name.isascii() and name.isprintable() and names.count(name) == 1 else None
