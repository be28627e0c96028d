# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Blocks of a pcapng stream: where they end, how they are kept, and what is done about streams that are none."""

import contextlib
import re
import socket
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pcapng_blocks import INTERFACE, SECTION, STATISTICS, block, fed, packet

from dpdk_mirror.errors import ProtocolError
from dpdk_mirror.tap import blocks as blocks_module
from dpdk_mirror.tap.blocks import LONGEST, find_statistics, find_time, pass_blocks, words_of, write_some
from dpdk_mirror.tap.blocks import SECTION as SECTION_KIND
from dpdk_mirror.tap.store import SEGMENT, SMALLEST, Store

HEADER = SECTION + INTERFACE
IN_C = Path(__file__).resolve().parents[2] / "csrc" / "blocks"


@pytest.fixture(params=["C", "Python"], autouse=True)
def language(request, monkeypatch):
    """What looks at each block, on a machine with a compiler and on one without."""
    if request.param == "Python":
        monkeypatch.setattr(blocks_module, "_blocks", None)
    else:
        assert blocks_module._blocks is not None


def words(data):
    return words_of(memoryview(bytearray(data + bytes(-len(data) % 4))))


def taken(store, header=0):
    """All that it has, behind so many bytes of headers: headers where they are needed, blocks; and how many packets."""
    data, packets = b"", 0
    while (span := store.take(0)) is not None:
        data += bytes(store.header[header : span.header]) + bytes(span.segment.buffer[span.start : span.stop])
        packets, header = packets + span.packets, span.header
    return data + bytes(store.header[header:]), packets


def test_whole_blocks_are_passed_and_packets_counted():
    data = packet(60) + STATISTICS + packet(1500) + packet(9)
    last = len(packet(9))
    assert pass_blocks(words(data), 0, len(data)) == (len(data), 3)
    assert pass_blocks(words(data), 0, len(data) - 4) == (len(data) - last, 2)
    assert pass_blocks(words(data), 0, len(data), most=1) == (len(packet(60)), 1)
    assert pass_blocks(words(packet(1) + HEADER), 0, len(packet(1) + HEADER)) == (len(packet(1)), 1)


BROKEN = [(6, 8), (6, 0), (6, 34), (6, LONGEST + 4), (6, 12, 16)]


@pytest.mark.parametrize("numbers", BROKEN)
def test_what_is_no_block_is_refused_and_all_before_it_kept(numbers):
    store = Store(SMALLEST)
    with pytest.raises(ProtocolError, match="read the application's stream"):
        fed(store, HEADER + packet(7) + struct.pack(f"<{len(numbers)}I", *numbers))
    assert taken(store) == (HEADER + packet(7), 1)


def test_the_first_packet_of_a_time_is_found():
    data = b"".join(packet(60, time_ns=time) for time in (1, 2, (5 << 32) + 1, (5 << 32) + 2))
    size = len(packet(60))
    for since, first in ((0, 0), (2, 1), (3, 2), ((5 << 32) + 2, 3), (6 << 32, 4)):
        assert find_time(words(data), 0, len(data), since) == (first * size, first)


def test_statistics_are_found_among_packets():
    data = packet(60) + STATISTICS + packet(5) + packet(60)
    assert find_statistics(words(data), 0, len(data)) == len(packet(60))
    behind = len(packet(60) + STATISTICS)
    assert find_statistics(words(data), behind, len(data)) == len(data)


def test_a_packet_without_room_for_a_time_is_older_than_all():
    data = struct.pack("<3I", 6, 12, 12)
    assert find_time(words(data), 0, len(data), 0) == (12, 1)


WHOLE = [packet(1), STATISTICS, struct.pack("<3I", 6, 12, 12), struct.pack("<4I", 5, 16, 0, 16)]
# Lengths that are whole, that are not, and that lead beyond all.
NUMBERS = st.one_of(
    st.sampled_from([0, 1, 5, 6, 8, 12, 13, 16, 20, 24, LONGEST + 4, SECTION_KIND, 2**32 - 4]), st.integers(0, 40)
)


@given(
    st.lists(st.one_of(NUMBERS.map(lambda number: struct.pack("<I", number)), st.sampled_from(WHOLE))),
    st.integers(0, 3),
    st.integers(-1, 4),
    st.integers(0, 2**34),
)
def test_c_and_python_find_the_same_in_whatever_comes(parts, start, most, since_ns):
    """C reads no more than there is, though it is told of more."""
    data = words(b"".join(parts))
    start, beyond = min(start * 4, data.nbytes), data.nbytes + 64
    passed = pass_blocks(data, start, data.nbytes, most)
    assert passed == blocks_module._pass_blocks(data, start, data.nbytes, most)
    assert find_time(data, start, passed.stop, since_ns) == blocks_module._find_time(data, start, passed.stop, since_ns)
    found = find_statistics(data, start, passed.stop)
    assert found == blocks_module._find_statistics(data, start, passed.stop)
    if blocks_module._blocks is not None:
        assert pass_blocks(data, start, beyond, most) == passed


def test_c_and_python_know_the_same_numbers():
    text = "".join(path.read_text() for path in IN_C.glob("blocks.[ch]"))
    numbers = {name: int(value, 0) for name, value in re.findall(r"#define (\w+) +(\w+?)u?\n", text) if value != name}
    assert numbers["MIRROR_BLOCKS_LONGEST"] == LONGEST
    assert numbers["SECTION"] == SECTION_KIND
    assert (numbers["INTERFACE"], numbers["PACKET"]) == (blocks_module._INTERFACE, blocks_module._PACKET)
    assert numbers["STATISTICS"] == blocks_module._STATISTICS
    assert numbers["SHORTEST"] * 4 == blocks_module._SHORTEST
    assert numbers["TIME_END"] * 4 == blocks_module._TIME_END


@given(st.lists(st.one_of(st.just(STATISTICS), st.just(INTERFACE), st.integers(0, 3000)), max_size=40), st.data())
def test_a_stream_comes_out_as_it_went_in_however_it_is_cut(kinds, data):
    """Headers come before what they came before, packets are counted, and a part of a block waits for the rest."""
    blocks = [packet(kind) if isinstance(kind, int) else kind for kind in kinds]
    stream = HEADER + b"".join(blocks)
    cut = data.draw(st.integers(0, len(stream)))
    chunk = data.draw(st.integers(1, 5000))
    store = fed(Store(SMALLEST), stream[:cut], chunk)
    first, count = taken(store)
    told = len(store.header)
    rest, more = taken(fed(store, stream[cut:], chunk), told)
    assert first + rest == stream
    assert count + more == sum(isinstance(kind, int) for kind in kinds)


@given(st.binary(max_size=400), st.integers(0, 200))
def test_whatever_comes_is_kept_or_refused(rubbish, at):
    """Nothing but ProtocolError, and what was whole before it is there."""
    stream = HEADER + packet(60) * 3
    store = Store(SMALLEST)
    with contextlib.suppress(ProtocolError):
        fed(store, stream[:at] + rubbish + stream[at:], 100)
    data, _ = taken(store)
    whole = [len(SECTION), len(HEADER), *(len(HEADER + packet(60) * count) for count in (1, 2, 3))]
    assert data.startswith(stream[: max((size for size in whole if size <= at), default=0)])


def test_a_stream_of_another_byte_order_is_refused():
    with pytest.raises(ProtocolError, match="another byte order"):
        fed(Store(SMALLEST), block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1)))


def test_what_is_no_section_is_refused():
    with pytest.raises(ProtocolError, match="does not begin with a section"):
        fed(Store(SMALLEST), packet(60))


def test_a_reader_waits_for_room_and_nothing_is_lost(wait_until):
    """More than it holds comes through, in order, and in memory of the size that was asked for."""
    stream = HEADER + b"".join(packet(1000, time_ns=number) for number in range(3 * SMALLEST // 1000))
    store = Store(SMALLEST)
    reader = threading.Thread(target=lambda: (fed(store, stream), store.end()))
    reader.start()
    wait_until(lambda: store._more == 0)
    data, header, segments = b"", 0, set()
    while not store.ended:
        if (span := store.take(1)) is not None:
            segments.add(span.segment)
            data += bytes(store.header[header : span.header]) + bytes(span.segment.buffer[span.start : span.stop])
            header = span.header
    reader.join()
    assert data == stream
    assert len(segments) * SEGMENT <= SMALLEST
    assert len(store._free) <= SMALLEST // SEGMENT


def test_a_record_is_of_what_came_last():
    """As much as there is room for, but for the parts that begin it and end it, and it goes on without a gap."""
    size = len(packet(1000))
    count = 3 * SMALLEST // size
    numbered = [packet(1000, time_ns=number) for number in range(count)]
    store = Store(SMALLEST)
    store.record()
    fed(store, HEADER + b"".join(numbered), 100_000)
    assert store.take(0) is None
    store.stop_recording()
    data, packets = taken(store)
    assert data == HEADER + b"".join(numbered[count - packets :])
    assert SMALLEST - 2 * SEGMENT < packets * size <= SMALLEST
    fed(store, packet(9))
    assert taken(store)[0].endswith(packet(9))


def test_a_record_goes_back_as_far_as_it_is_asked_to():
    """Memory of what is older is used again, and of the rest the first packet is the first of that time."""
    store = Store(64 * SEGMENT)
    store.record()
    for second in range(100):
        data = b"".join(packet(1000, time_ns=second * 1000 + number) for number in range(500))
        fed(store, data if second else HEADER + data, now_ns=second * 1000 + 999, keep_ns=10_000)
    assert 64 - 1 - store._more <= 10
    store.stop_recording(since_ns=95_100)
    data, packets = taken(store)
    assert packets == 4 * 500 + 400
    assert data == HEADER + b"".join(
        packet(1000, time_ns=second * 1000 + number)
        for second in range(95, 100)
        for number in range(500)
        if (second, number) >= (95, 100)
    )


def test_what_is_recorded_again_begins_behind_what_was_taken():
    store = fed(Store(SMALLEST), HEADER + packet(1))
    assert taken(store)[1] == 1
    store.record()
    fed(store, packet(2) + packet(3))
    store.stop_recording()
    span = store.take(0)
    assert bytes(span.segment.buffer[span.start : span.stop]) == packet(2) + packet(3)
    assert bytes(store.header[: span.header]) == HEADER


def test_files_are_written_in_pieces_that_the_kernel_has_memory_for():
    """As messages show, of which each is one write."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    data = memoryview(bytes(range(250)) * 1200)
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(data))
        done = 0
        while done < len(data):
            done += write_some(near.fileno(), data[done:])
        near.close()
        pieces = list(iter(lambda: far.recv(len(data)), b""))
    assert b"".join(pieces) == data
    assert [len(piece) for piece in pieces] == [1 << 17, 1 << 17, len(data) - (2 << 17)]


def test_what_a_file_takes_nothing_of_is_an_error():
    with open("/dev/full", "wb") as full, pytest.raises(OSError, match="No space left"):  # noqa: PTH123
        write_some(full.fileno(), memoryview(b"x"))
