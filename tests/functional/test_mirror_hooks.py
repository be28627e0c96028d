# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""C code and memory of the user's own in the data path: the offload function with its context, and the lock."""

import ctypes
import shlex
import subprocess
import sysconfig
import threading

import pytest

from dpdk_mirror import Mirror, MirrorHooks
from dpdk_mirror._binding import ffi
from dpdk_mirror.errors import InvalidConfigError, NotFoundError
from dpdk_mirror.selection import Select
from dpdk_mirror.spec import Direction

# Takes every second packet, and notes what it was called with.
OFFLOAD_C = """
#include <stdint.h>

struct notes { uint64_t calls, packets; uint16_t port, queue, most; };

uint16_t every_second(uint16_t port, uint16_t queue, void **pkts, uint16_t nb, void *ctx)
{
    struct notes *notes = ctx;
    uint16_t i, kept = 0;

    for (i = 0; i < nb; i++)
        if (notes->packets++ % 2 == 0)
            pkts[kept++] = pkts[i];
    notes->calls++;
    notes->port = port;
    notes->queue = queue;
    if (nb > notes->most)
        notes->most = nb;
    return kept;
}

uint16_t too_many(uint16_t port, uint16_t queue, void **pkts, uint16_t nb, void *ctx)
{
    return 65535;
}
"""


class Notes(ctypes.Structure):
    _fields_ = [
        ("calls", ctypes.c_uint64),
        ("packets", ctypes.c_uint64),
        ("port", ctypes.c_uint16),
        ("queue", ctypes.c_uint16),
        ("most", ctypes.c_uint16),
    ]


@pytest.fixture(scope="module")
def offloads(tmp_path_factory):
    """A library of offload functions, as a user would bring it."""
    folder = tmp_path_factory.mktemp("offloads")
    (folder / "offloads.c").write_text(OFFLOAD_C, encoding="ascii")
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
    subprocess.run([compiler, "-shared", "-fPIC", "-o", "offloads.so", "offloads.c"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "offloads.so"))


def address(thing):
    return ctypes.cast(thing, ctypes.c_void_p).value


@pytest.mark.parametrize("count", [1, 64, 65, 257])
@pytest.mark.parametrize("direction", [Direction.RX, Direction.TX])
def test_an_offload_function_chooses_the_packets(dpdk_port, dpdk_frames, offloads, direction, count):
    """It gets its context, the port and the queue, at most 64 packets a call; what it leaves out is declined."""
    source, target = dpdk_port("source", rx_queues=2, tx_queues=2), dpdk_port("target")
    frames, notes = dpdk_frames(count), Notes()
    hooks = MirrorHooks(offload=address(offloads.every_second), ctx=ctypes.addressof(notes))
    with Mirror(source, target, direction=direction, hooks=hooks) as mirror:
        source.send(frames, queue=1)
        assert source.receive(limit=count, queue=1) == frames
        assert target.receive() == frames[::2]
        stats = mirror.stats()
        assert (stats.seen, stats.packets, stats.declined) == (count, len(frames[::2]), len(frames[1::2]))
        assert stats.bytes == sum(map(len, frames[::2]))
    assert (notes.packets, notes.port, notes.queue) == (count, source.id, 1)
    assert notes.most == min(count, 64)
    assert notes.calls == -(-count // 64)


def test_an_offload_function_that_claims_too_much_gets_what_there_is(dpdk_port, dpdk_frames, offloads):
    """More than it was given counts as all; a cffi pointer does as well as an address."""
    source, target = dpdk_port("source"), dpdk_port("target")
    function = ffi.cast("rte_mirror_offload_fn", address(offloads.too_many))
    with Mirror(source, target, direction=Direction.RX, hooks=MirrorHooks(offload=function)) as mirror:
        source.send(dpdk_frames(33))
        source.receive()
        assert target.receive() == dpdk_frames(33)
        assert (mirror.stats().packets, mirror.stats().declined) == (33, 0)


def test_an_offload_function_concerns_its_own_mirror_alone(dpdk_port, dpdk_frames, offloads):
    """Others on the same source get every packet."""
    source, some, every = dpdk_port("source"), dpdk_port("some"), dpdk_port("every")
    frames, notes = dpdk_frames(50), Notes()
    hooks = MirrorHooks(offload=address(offloads.every_second), ctx=ctypes.addressof(notes))
    with Mirror(source, some, direction=Direction.RX, hooks=hooks), Mirror(source, every, direction=Direction.RX):
        source.send(frames)
        assert source.receive() == frames
        assert some.receive() == frames[::2]
        assert every.receive() == frames


def test_an_offload_function_gets_what_is_selected(dpdk_port, dpdk_frames, offloads):
    """It comes last; what it leaves out is declined, the rest is filtered or unsampled."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames, notes = [*dpdk_frames(60, size=100), *dpdk_frames(40, size=200)], Notes()
    hooks = MirrorHooks(offload=address(offloads.every_second), ctx=ctypes.addressof(notes))
    select = Select(filter="greater 150", sample=2)
    with Mirror(source, target, direction=Direction.RX, hooks=hooks, select=select) as mirror:
        source.send(frames)
        assert source.receive() == frames
        assert target.receive() == frames[61::4]
        stats = mirror.stats()
        assert (stats.seen, stats.filtered, stats.unsampled, stats.declined) == (100, 60, 20, 10)
        assert notes.packets == 20


@pytest.mark.parametrize("kind", ["address", "ctypes", "c_void_p", "cffi", "text"])
def test_an_offload_function_is_named_in_many_ways(dpdk_port, dpdk_frames, offloads, kind):
    """By its address, as a pointer of ctypes or cffi, or by its name and its library's, which is loaded then."""
    function = offloads.every_second
    named = {
        "address": address(function),
        "ctypes": function,
        "c_void_p": ctypes.c_void_p(address(function)),
        "cffi": ffi.cast("void *", address(function)),
        "text": f"every_second@{offloads._name}",
    }[kind]
    source, target = dpdk_port("source"), dpdk_port("target")
    notes, frames = Notes(), dpdk_frames(10)
    with Mirror(
        source, target, direction=Direction.RX, hooks=MirrorHooks(offload=named, ctx=ctypes.pointer(notes))
    ) as mirror:
        source.send(frames)
        assert source.receive() == frames
        assert target.receive() == frames[::2]
        assert mirror.stats().declined == 5


@pytest.mark.parametrize(
    ("offload", "error", "message"),
    [
        ("every_second", InvalidConfigError, "not SYMBOL@LIBRARY.so"),
        ("@x.so", InvalidConfigError, "not SYMBOL@LIBRARY.so"),
        (
            "f@/nonexistent/x.so",
            NotFoundError,
            "find offload function f@/nonexistent/x.so: .*cannot open shared object",
        ),
        ("nonsense@libc.so.6", NotFoundError, "undefined symbol: nonsense"),
        (ctypes.CFUNCTYPE(ctypes.c_uint16)(lambda: 0), TypeError, "no Python runs per packet"),
    ],
)
def test_an_offload_function_that_is_none_is_refused(dpdk_port, offload, error, message):
    source, target = dpdk_port("source"), dpdk_port("target")
    with pytest.raises(error, match=message):
        Mirror(source, target, hooks=MirrorHooks(offload=offload))


def test_a_lock_is_held_while_packets_are_taken_and_sent(dpdk_port, dpdk_frames):
    """While the application holds it the mirror waits; afterwards it is free again."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames, lock = dpdk_frames(10), ctypes.c_int(0)
    with Mirror(source, target, direction=Direction.TX, hooks=MirrorHooks(lock=ctypes.addressof(lock))) as mirror:
        lock.value = 1
        sender = threading.Thread(target=source.send, args=(frames,))
        sender.start()
        sender.join(timeout=0.2)
        assert sender.is_alive()
        assert mirror.stats().seen == 0
        lock.value = 0
        sender.join(timeout=10)
        assert not sender.is_alive()
        assert lock.value == 0
        assert mirror.stats().packets == 10
    assert source.receive() == target.receive() == frames
