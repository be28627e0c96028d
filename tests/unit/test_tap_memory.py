# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Streams whose blocks come in memory of the application's: what is read there, copied, and given back."""

import errno
import fcntl
import mmap
import os
import resource
import socket
import struct
from contextlib import ExitStack

import pytest
from pcapng_blocks import INTERFACE, SECTION, STATISTICS, fed, packet

from dpdk_mirror.errors import ProtocolError
from dpdk_mirror.tap import blocks
from dpdk_mirror.tap.reader import Reader
from dpdk_mirror.tap.ringfiles import Files
from dpdk_mirror.tap.store import SMALLEST, LentSegment, Store
from dpdk_mirror.tap.writer import Rotation, Writer

HEADER = SECTION + INTERFACE
MAGIC, VERSION, SEGMENT, COUNT = 0x4D4D5244, 1, 1 << 16, 4
TIMEOUT_S = 30


class FakeMemory:
    """What an application gives, and what it is answered."""

    def __init__(self, stack, *, version=VERSION, seals=fcntl.F_SEAL_SHRINK, count=COUNT, size=None, said=16):
        self.near, self.far = (stack.enter_context(end) for end in socket.socketpair())
        self.far.settimeout(TIMEOUT_S)
        self.fd = os.memfd_create("test", os.MFD_ALLOW_SEALING)
        stack.callback(os.close, self.fd)
        os.ftruncate(self.fd, SEGMENT * COUNT if size is None else size)
        self.bytes = stack.enter_context(mmap.mmap(self.fd, 0))
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)
        socket.send_fds(self.far, [struct.pack("=4I", MAGIC, version, SEGMENT, count)[:said]], [self.fd])

    def put(self, offset, data):
        self.bytes[offset : offset + len(data)] = data
        self.tell(offset, len(data))

    def tell(self, offset, length):
        self.far.send(struct.pack("=2I", offset, length))

    def released(self, count):
        """The next bytes that are given back, which are so many: where each lot is, and how long."""
        answers = []
        while (left := count - sum(length for _, length in answers)) > 0:
            answers += struct.iter_unpack("=2I", self.far.recv(8))
        assert left == 0
        return answers


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def alone(monkeypatch):
    """Whoever takes blocks reads, and no thread."""
    monkeypatch.setattr(Reader, "_run", lambda self: None)


def reader_of(memory, stack, *, recording=False):
    store = Store(SMALLEST)
    store.recording = recording
    return stack.enter_context(Reader(memory.near, store))


def next_bytes(reader):
    span = reader.take(TIMEOUT_S)
    return bytes(span.segment.buffer[span.start : span.stop])


def begun(stack):
    """Memory whose reader has passed on what came first."""
    memory = FakeMemory(stack)
    reader = reader_of(memory, stack)
    memory.put(0, HEADER + numbered(1))
    assert next_bytes(reader) == numbered(1)
    return memory, reader


def numbered(*numbers):
    return b"".join(packet(60, time_ns=number) for number in numbers)


@pytest.mark.usefixtures("alone")
def test_blocks_are_taken_where_they_are_and_given_back_when_they_have_been_taken(stack):
    memory, reader = begun(stack)
    assert bytes(reader.store.header) == HEADER
    memory.put(SEGMENT, numbered(2))
    memory.far.settimeout(0)
    with pytest.raises(BlockingIOError):
        memory.far.recv(8)
    memory.far.settimeout(TIMEOUT_S)
    assert next_bytes(reader) == numbered(2)
    assert memory.released(len(HEADER + numbered(1))) == [(0, len(HEADER + numbered(1)))]


@pytest.mark.usefixtures("alone")
def test_what_comes_in_one_segment_is_taken_at_once(stack):
    """But not what is behind it in the next, which is given back by itself."""
    memory = FakeMemory(stack)
    reader = reader_of(memory, stack)
    memory.put(0, HEADER)
    lots = {SEGMENT - 2 * len(numbered(1)): numbered(1), SEGMENT - len(numbered(1)): numbered(2), SEGMENT: numbered(3)}
    for offset, data in lots.items():
        memory.put(offset, data)
    memory.put(2 * SEGMENT, numbered(4) + INTERFACE + numbered(5))
    taken = []
    while len(b"".join(taken)) < len(numbered(1, 2, 3, 4, 5)):
        if reader.store.ended or (span := reader.take(TIMEOUT_S)) is None:
            continue
        taken.append(bytes(span.segment.buffer[span.start : span.stop]))
    assert taken == [numbered(1, 2), numbered(3), numbered(4), numbered(5)]
    assert bytes(reader.store.header) == HEADER + INTERFACE


def test_a_recorder_gives_memory_back_at_once_and_has_copies(stack):
    memory = FakeMemory(stack)
    reader = reader_of(memory, stack, recording=True)
    kept = HEADER + numbered(1, 2, 3)
    memory.put(0, kept)
    memory.released(len(kept))
    memory.bytes[: len(kept)] = bytes(len(kept))
    reader.store.stop_recording()
    assert next_bytes(reader) == numbered(1, 2, 3)


def test_while_nobody_takes_blocks_they_are_copied_and_come_in_their_order(stack):
    """As when a disk stalls. What was taken before stays as it is."""
    memory = FakeMemory(stack)
    reader = reader_of(memory, stack)
    memory.put(0, HEADER + numbered(1))
    while (span := reader.take(TIMEOUT_S)) is None:
        pass
    lots = [numbered(*range(100 * turn, 100 * turn + 100)) for turn in range(1, 30)]
    for turn, data in enumerate(lots):
        offset = SEGMENT * (1 + turn % (COUNT - 1))
        memory.put(offset, data)
        while memory.far.recv(8) != struct.pack("=2I", offset, len(data)):
            pass
    assert bytes(span.segment.buffer[span.start : span.stop]) == numbered(1)
    taken = b""
    while len(taken) < len(b"".join(lots)):
        taken += next_bytes(reader)
    assert taken == b"".join(lots)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "piece",
    [(0, 0), (2, 12), (0, 14), (SEGMENT - 4, 8), (SEGMENT * COUNT, 12), (0xFFFFFFFC, 0xFFFFFFFC), (0, 32)],
    ids=str,
)
def test_memory_that_cannot_be_is_refused(stack, piece):
    memory = FakeMemory(stack)
    reader = reader_of(memory, stack)
    memory.bytes[: len(HEADER)] = HEADER
    memory.tell(*piece)
    assert reader.take(TIMEOUT_S) is None
    assert isinstance(reader.store.error, ProtocolError)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "wrong",
    [{"version": 2}, {"count": 0}, {"count": 1 << 20}, {"seals": 0}, {"size": SEGMENT}, {"said": 8}],
    ids=str,
)
def test_memory_that_could_be_cut_or_is_of_another_kind_is_refused(stack, wrong):
    reader = reader_of(FakeMemory(stack, **wrong), stack)
    assert reader.take(TIMEOUT_S) is None
    assert isinstance(reader.store.error, ProtocolError)


def test_what_was_copied_before_and_behind_what_is_lent_stays():
    """In the same segment of the store's: as where a thread has just read when blocks are lent, and reads again."""
    packets = [packet(60000, time_ns=number) for number in range(40)]
    store = Store(SMALLEST)
    fed(store, HEADER + packets[0])
    lent = memoryview(bytearray(packets[1]))
    store.lend(LentSegment((lent, blocks.words_of(lent)), slice(0, len(lent)), lambda: None), 0)
    taken = take(store)
    fed(store, b"".join(packets[2:20]))
    taken += take(store)
    fed(store, b"".join(packets[20:]))
    while more := take(store):
        taken += more
    assert taken == b"".join(packets)


def take(store):
    span = store.take(0)
    return b"" if span is None else bytes(span.segment.buffer[span.start : span.stop])


@pytest.mark.usefixtures("alone")
def test_where_there_is_no_descriptor_left_that_is_what_is_said(stack):
    reader = reader_of(FakeMemory(stack), stack)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    os.close(lowest := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    assert reader.take(TIMEOUT_S) is None
    assert isinstance(reader.store.error, OSError)
    assert reader.store.error.errno == errno.EMFILE


@pytest.mark.usefixtures("alone")
def test_an_application_that_ends_has_not_broken_off(stack):
    """Though it has not heard all that it was answered, as the kernel tells."""
    memory, reader = begun(stack)
    memory.put(SEGMENT, numbered(2))
    assert next_bytes(reader) == numbered(2)
    memory.far.close()
    assert reader.take(TIMEOUT_S) is None
    assert reader.store.ended
    assert reader.store.error is None


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("in_c", [True, False])
@pytest.mark.parametrize("word", [0, 4, 1 << 20, 0xFFFFFFFF])
def test_blocks_that_change_while_they_are_read_end_the_capture(stack, tmp_path, monkeypatch, word, in_c):
    """Whatever is written: packets, or what is said of them alone."""
    if not in_c:
        monkeypatch.setattr(blocks, "_blocks", None)
    memory = FakeMemory(stack)
    store = (reader := reader_of(memory, stack)).store
    memory.put(0, HEADER + numbered(1) + STATISTICS)
    span = reader.take(TIMEOUT_S)
    files = Files(str(tmp_path / "x.pcapng"), many=True, keep=0, overwrite=False)
    writer = Writer(store, files, Rotation(size=100), None)
    stack.callback(writer.close)
    memory.bytes[len(HEADER) + 4 : len(HEADER) + 8] = struct.pack("=I", word)
    with pytest.raises(ProtocolError):
        writer.write(span)
    with pytest.raises(ProtocolError):
        writer.write_statistics(span)
    assert len(files.made) <= 2
