# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What cannot be mirrored is refused with its errno and one sentence, and leaves nothing behind."""

import errno
import re

import pytest

from dpdk_mirror import Mirror, MirrorHooks
from dpdk_mirror._binding import ffi, lib
from dpdk_mirror.errors import ConflictError, InvalidConfigError, MirrorError, NotFoundError, UnsupportedError
from dpdk_mirror.spec import Direction, MirrorSpec, Mode


@pytest.fixture
def refused():
    """``refused(number, error, reason, source, target, **options)``: that mirror is refused for that."""

    def check(number, error, reason, source, target, **options):
        before = lib.rte_mirror_list(ffi.NULL, 0)
        with pytest.raises(error, match=re.escape(reason)) as caught:
            Mirror(source, target, **options)
        direction = options.get("direction", Direction.BOTH)
        sentence = f"register mirror {source.name} -> {target.name} ({direction}): "
        assert str(caught.value).startswith(sentence)
        assert str(caught.value).endswith(f"[{errno.errorcode[number]}]")
        assert caught.value.errno == number
        assert lib.rte_mirror_list(ffi.NULL, 0) == before

    return check


@pytest.mark.parametrize(
    ("number", "error", "reason", "options"),
    [
        (errno.ERANGE, InvalidConfigError, "asked for", {"target_queue": 2}),
        (errno.ERANGE, InvalidConfigError, "asked for", {"nb_target_queues": 3}),
        (errno.ERANGE, InvalidConfigError, "asked for", {"target_queue": 1, "nb_target_queues": 2}),
        (errno.ERANGE, InvalidConfigError, "asked for", {"target_queue": 65535, "nb_target_queues": 65535}),
        (errno.EINVAL, InvalidConfigError, "name is empty", {"name": ""}),
        (errno.EINVAL, InvalidConfigError, "longer than 63 bytes", {"name": "x" * 64}),
        (errno.EINVAL, InvalidConfigError, "control character", {"name": "bell\a"}),
    ],
)
def test_parameters_that_cannot_be_are_refused(dpdk_port, dpdk_frames, refused, number, error, reason, options):
    """Nothing is half-set: traffic goes on unmirrored, and the same ports can be mirrored properly."""
    source, target = dpdk_port("source"), dpdk_port("target", tx_queues=2)
    refused(number, error, reason, source, target, **options)
    source.send(dpdk_frames(5))
    assert source.receive() == dpdk_frames(5)
    assert target.receive() == []
    with Mirror(source, target):
        source.send(dpdk_frames(5))
        assert source.receive() == dpdk_frames(5)
    assert len(target.receive()) > 0


@pytest.mark.parametrize(
    ("options", "of_what"),
    [
        ({"seconds": 1}, "seconds is for captures that a running application writes"),
        ({"lease": 1}, "lease is for running applications"),
        ({"ends_with": "1:1"}, "ends_with is for running applications"),
    ],
)
def test_what_the_plugin_does_is_refused_in_process(dpdk_port, options, of_what):
    with pytest.raises(InvalidConfigError, match=f"{of_what} .EINVAL.; leave it out"):
        Mirror(dpdk_port("source"), dpdk_port("target"), spec=MirrorSpec(**options))
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0


@pytest.mark.parametrize(
    ("reason", "options"),
    [
        ("snaplen=13", {"snaplen": 13}),
        ("split_len=100", {"split_len": 100}),
        ("nothing is left", {"mode": Mode.AUTO, "split_len": 100, "snaplen": 100}),
        ("origin", {"origin": True}),
    ],
)
def test_options_that_make_no_sense_are_refused_before_c_is_asked(dpdk_port, reason, options):
    """As MirrorSpec refuses them; its own tests have the details."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with pytest.raises(InvalidConfigError, match=reason) as caught:
        Mirror(source, target, **options)
    assert caught.value.hint
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0
    assert target.send([b"free"]) == 1


def test_split_is_refused_where_the_target_takes_no_chains(dpdk_port, refused):
    """By what is enabled there; auto takes copy then, and says why."""
    source, target = dpdk_port("source"), dpdk_port("target", multi_segs=False)
    refused(errno.ENOTSUP, UnsupportedError, "MULTI_SEGS", source, target, mode=Mode.SPLIT)
    with Mirror(source, target, mode=Mode.AUTO) as mirror:
        assert mirror.info().mode is Mode.COPY
        assert "one segment" in mirror.info().mode_reason


def test_a_pool_with_too_little_room_is_refused(dpdk_eal, dpdk_port, refused):
    """For the headers that split copies, and for a whole frame where it must fit into one buffer."""
    source, target, single = dpdk_port("source"), dpdk_port("target"), dpdk_port("single", multi_segs=False)
    with dpdk_eal.mempool("narrow", size=63, data_room=128) as pool:
        reason = "pool narrow has room for 128 bytes"
        refused(errno.EINVAL, InvalidConfigError, reason, source, target, mode=Mode.SPLIT, pool=pool)
        refused(errno.EINVAL, InvalidConfigError, reason, source, single, mode=Mode.COPY, pool=pool)
        Mirror(source, target, mode=Mode.SPLIT, split_len=128, pool=pool).close()
        Mirror(source, single, mode=Mode.COPY, snaplen=128, pool=pool).close()


@pytest.mark.dpdk_pmd("net_failsafe")
def test_a_copy_is_made_where_fast_free_forbids_to_share(dpdk_port, refused):
    """Auto comes to that by itself."""
    source, target = dpdk_port("source"), dpdk_port("target")
    fast_free_failsafe(dpdk_port)
    for mode in (Mode.SHARE, Mode.SPLIT):
        refused(errno.ENOTSUP, UnsupportedError, "MBUF_FAST_FREE", source, target, mode=mode)
    Mirror(source, target, mode=Mode.COPY).close()
    with Mirror(source, target, mode=Mode.AUTO) as mirror:
        assert mirror.info().mode is Mode.COPY
        assert "MBUF_FAST_FREE" in mirror.info().mode_reason


def test_a_port_that_is_not_started_is_refused(dpdk_port, dpdk_pool, refused):
    """As source and as target, never started or stopped."""
    started, never, stopped = dpdk_port("started"), dpdk_port("never", start=False), dpdk_port("stopped")
    stopped.stop()
    for port in (never, stopped):
        refused(errno.ENETDOWN, ConflictError, "not started", started, port)
        refused(errno.ENETDOWN, ConflictError, "not started", port, started)
    Mirror(started, stopped.start(dpdk_pool)).close()


def test_a_target_without_tx_queues_is_refused(dpdk_port, refused):
    """Nothing can be sent there."""
    source, target = dpdk_port("source"), dpdk_port("target", tx_queues=0)
    refused(errno.EINVAL, InvalidConfigError, "has no tx queue", source, target)


@pytest.mark.parametrize(("direction", "queues"), [(Direction.RX, {"rx_queues": 0}), (Direction.TX, {"tx_queues": 0})])
def test_a_direction_without_queues_is_refused(dpdk_port, refused, direction, queues):
    """It would never mirror anything."""
    source, target = dpdk_port("source", **queues), dpdk_port("target")
    refused(errno.EINVAL, InvalidConfigError, f"has no {direction} queue", source, target, direction=direction)


def test_loops_are_refused(dpdk_port, refused):
    """A port to itself, two to each other, three in a circle; a chain is fine."""
    a, b, c = dpdk_port("a"), dpdk_port("b"), dpdk_port("c")
    refused(errno.ELOOP, ConflictError, "source and target", a, a)
    with Mirror(a, b):
        refused(errno.ELOOP, ConflictError, "mirrored back to its source", b, a)
        with Mirror(b, c, direction=Direction.TX):
            refused(errno.ELOOP, ConflictError, "mirrored back to its source", c, a)
            a.send([b"frame"])
            assert c.receive() == [b"frame"]
        a.receive()
        b.receive()


def test_the_same_mirror_twice_is_refused(dpdk_port, refused):
    """Source, target and direction together are unique; a direction more is the same again in part."""
    source, target, other = dpdk_port("source"), dpdk_port("target"), dpdk_port("other")
    with Mirror(source, target, direction=Direction.RX):
        refused(errno.EEXIST, ConflictError, "already", source, target, direction=Direction.RX)
        refused(errno.EEXIST, ConflictError, "already", source, target)
        Mirror(source, target, direction=Direction.TX).close()
        Mirror(source, other, direction=Direction.RX).close()


def test_a_name_twice_is_refused(dpdk_port, refused):
    source, target, other = dpdk_port("source"), dpdk_port("target"), dpdk_port("other")
    with Mirror(source, target, name="tap"):
        refused(errno.EEXIST, ConflictError, "a mirror named tap already", source, other, name="tap")
    Mirror(source, other, name="tap").close()


def test_one_lock_on_chained_mirrors_is_refused(dpdk_port, refused):
    """The second would wait for the first, which waits for it."""
    a, b, c = dpdk_port("a"), dpdk_port("b"), dpdk_port("c")
    one, other = (MirrorHooks(lock=ffi.new("rte_spinlock_t *")) for _ in range(2))
    with Mirror(a, b, hooks=one):
        refused(errno.EBUSY, ConflictError, "holds the same lock", b, c, direction=Direction.TX, hooks=one)
        Mirror(b, c, direction=Direction.TX, hooks=other).close()


def fast_free_failsafe(dpdk_port):
    """net_failsafe offers the offload as long as its sub-device is absent."""
    return dpdk_port("absent", driver="net_failsafe", args="dev(0000:ff:1f.7)", tx_offloads=("MBUF_FAST_FREE",))


def fast_free_bonding(dpdk_port, dpdk_pool):
    """net_bonding offers what its members offer; 22.11 knows them by another word."""
    dpdk_port("absent", driver="net_failsafe", args="dev(0000:ff:1f.7)", start=False)
    try:
        port = dpdk_port("bond", driver="net_bonding", args="mode=1,member=net_failsafe_absent", start=False)
    except MirrorError:
        port = dpdk_port("bond", driver="net_bonding", args="mode=1,slave=net_failsafe_absent", start=False)
    port.start(dpdk_pool)  # it takes its members in when it is configured
    port.stop()
    return port.start(dpdk_pool, tx_offloads=("MBUF_FAST_FREE",))


@pytest.mark.dpdk_pmd("net_failsafe")
@pytest.mark.parametrize(
    "driver", ["net_failsafe", pytest.param("net_bonding", marks=pytest.mark.dpdk_pmd("net_bonding"))]
)
def test_fast_free_is_refused_wherever_it_is_enabled(dpdk_port, dpdk_pool, refused, driver):
    """On the target, on the source, and on a port that is neither: the application may send the packet there."""
    source, target = dpdk_port("source"), dpdk_port("target")
    fast = fast_free_bonding(dpdk_port, dpdk_pool) if driver == "net_bonding" else fast_free_failsafe(dpdk_port)
    reason = "MBUF_FAST_FREE"
    refused(errno.ENOTSUP, UnsupportedError, reason, source, fast)
    refused(errno.ENOTSUP, UnsupportedError, reason, fast, target)
    refused(errno.ENOTSUP, UnsupportedError, reason, source, target)
    fast.stop()
    fast.start(dpdk_pool)
    Mirror(source, target).close()


def test_tx_mirrors_of_a_lock_free_source_are_refused(dpdk_port, dpdk_pool, refused):
    """Several threads may be in one queue of it at once; rx is not concerned."""
    source, target = dpdk_port("source", driver="net_null", start=False), dpdk_port("target")
    if "MT_LOCKFREE" not in source.tx_capabilities:
        pytest.skip("no virtual driver of this DPDK offers MT_LOCKFREE; net_null does from 25.11 on")
    source.start(dpdk_pool, tx_offloads=("MT_LOCKFREE",))
    for direction in (Direction.TX, Direction.BOTH):
        refused(errno.ENOTSUP, UnsupportedError, "MT_LOCKFREE", source, target, direction=direction)
    Mirror(source, target, direction=Direction.RX).close()


def test_a_device_that_is_gone_is_not_found(dpdk_port, refused):
    """Its Port does not know yet when other code in the process has removed it."""
    source, target = dpdk_port("source"), dpdk_port("target")
    lib.ffi_port_stop(target.id)
    lib.ffi_port_close(target.id)
    refused(errno.ENODEV, NotFoundError, "there is no port", source, target)
    refused(errno.ENODEV, NotFoundError, "there is no port", target, source)


@pytest.mark.parametrize(
    "options",
    [
        {"direction": "rx"},
        {"mode": "share"},
        {"target_queue": "0"},
        {"name": 5},
        {"no_such_option": 1},
        {"hooks": MirrorHooks(offload=print)},
        {"hooks": MirrorHooks(lock="lock")},
        {"hooks": MirrorHooks(ctx=1.5)},
        {"hooks": 1},
        {"pool": "packets"},
        {"spec": "mode=copy"},
        {"origin": 1},
    ],
)
def test_wrong_types_are_type_errors(dpdk_port, options):
    source, target = dpdk_port("source"), dpdk_port("target")
    with pytest.raises(TypeError):
        Mirror(source, target, **options)
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0
    target.stop()


def test_no_direction_is_refused(dpdk_port):
    with pytest.raises(InvalidConfigError, match="neither rx nor tx nor both") as caught:
        Mirror(dpdk_port("source"), dpdk_port("target"), direction=Direction(0))
    assert caught.value.errno == errno.EINVAL
