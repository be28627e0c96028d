# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors that are paused, resumed and given other parameters while packets flow; and how they are found by name."""

import errno
import gc
import weakref

import pytest

from dpdk_mirror._binding import ffi, lib
from dpdk_mirror.errors import ClosedError, ConflictError, InvalidConfigError, MirrorError, NotFoundError
from dpdk_mirror.forwarder import Forwarder
from dpdk_mirror.mirror import Mirror, MirrorHooks, MirrorState
from dpdk_mirror.spec import Direction, MirrorSpec, Mode

RING_ROOM = 1023  # packets that a net_ring queue holds


def circulate(source, frames):
    """Sends them on the source, and receives them from it."""
    assert source.send(frames) == len(frames)
    assert source.receive() == frames


def test_a_paused_mirror_is_offered_nothing(dpdk_port, dpdk_frames):
    """Its counters stay and go on, and it says what it is; pausing and resuming twice is fine."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(30)
    with Mirror(source, target, direction=Direction.RX) as mirror:
        circulate(source, frames[:10])
        mirror.pause()
        mirror.pause()
        assert mirror.info().state is MirrorState.PAUSED
        assert mirror.info().reason
        circulate(source, frames[10:20])
        assert mirror.stats().seen == 10
        mirror.resume()
        mirror.resume()
        assert mirror.info().state is MirrorState.RUNNING
        circulate(source, frames[20:])
        assert mirror.stats().seen == mirror.stats().packets == 20
        assert target.receive() == frames[:10] + frames[20:]


def test_pausing_one_mirror_leaves_the_others_of_its_source_alone(dpdk_port, dpdk_frames):
    source, one, other = dpdk_port("source"), dpdk_port("one"), dpdk_port("other")
    with Mirror(source, one, direction=Direction.RX) as mirror, Mirror(source, other, direction=Direction.RX):
        mirror.pause()
        circulate(source, dpdk_frames(10))
        assert (one.receive(), other.receive()) == ([], dpdk_frames(10))


def test_the_target_of_a_paused_mirror_is_everybodys(dpdk_port, dpdk_pool, dpdk_frames):
    """It may be sent on, stopped and set up anew; before the mirror goes on it must be its own again."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX) as mirror:
        mirror.pause()
        assert target.send([b"own"]) == 1
        assert target.receive() == [b"own"]
        target.stop()
        with pytest.raises(ConflictError, match=r"resume mirror .*: .*not started") as caught:
            mirror.resume()
        assert caught.value.errno == errno.ENETDOWN
        target.start(dpdk_pool, rx_queues=2, tx_queues=2)
        with Forwarder(source, target), pytest.raises(ConflictError, match=r"forward .* uses it"):
            mirror.resume()
        assert mirror.info().state is MirrorState.PAUSED
        mirror.resume()
        with pytest.raises(ConflictError, match="uses it"):
            target.send([b"own"], queue=1)
        circulate(source, dpdk_frames(3))
        assert target.receive() == dpdk_frames(3)


def test_a_paused_mirror_can_be_closed(dpdk_port, dpdk_frames):
    source, target = dpdk_port("source"), dpdk_port("target")
    mirror = Mirror(source, target)
    mirror.pause()
    mirror.close()
    assert lib.rte_mirror_list(ffi.NULL, 0) == 0
    with Mirror(source, target, direction=Direction.RX):
        circulate(source, dpdk_frames(3))
    assert target.receive() == dpdk_frames(3)


def test_an_update_changes_what_it_names_and_nothing_else(dpdk_port, dpdk_frames):
    """Mode, lengths, direction and name, one after another; counters go on, and so does what was not named."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(4, size=1000)
    with Mirror(source, target, direction=Direction.RX, name="first") as mirror:
        circulate(source, frames[:1])
        mirror.update(mode=Mode.COPY, snaplen=600)
        assert mirror.spec == MirrorSpec(Direction.RX, Mode.COPY, snaplen=600, name="first")
        circulate(source, frames[1:2])
        mirror.update(mode=Mode.SPLIT, split_len=100)
        assert (mirror.info().mode, mirror.info().snaplen, mirror.info().split_len) == (Mode.SPLIT, 600, 100)
        circulate(source, frames[2:3])
        mirror.update(direction=Direction.BOTH, snaplen=0, name="second")
        circulate(source, frames[3:])
        assert target.receive() == [frames[0], frames[1][:600], frames[2][:600], frames[3], frames[3]]
        info, stats = mirror.info(), mirror.stats()
        assert (info.name, info.directions, info.snaplen) == ("second", Direction.BOTH, 0)
        assert (info.rx_queues, info.tx_queues) == (1, 1)
        assert (stats.seen, stats.packets, stats.bytes) == (5, 5, 4200)


@pytest.mark.parametrize(
    ("error", "reason", "options"),
    [
        (InvalidConfigError, "snaplen=13", {"snaplen": 13}),
        (InvalidConfigError, "target", {"target_queue": 1}),
        (InvalidConfigError, "target", {"nb_target_queues": 1}),
        (InvalidConfigError, "control character", {"name": "bell\a"}),
        (ConflictError, "taken", {"name": "taken"}),
        (TypeError, "no_such_option", {"no_such_option": 1}),
        (TypeError, "must be a Mempool", {"pool": "pool"}),
        (TypeError, "must be MirrorHooks", {"hooks": 1}),
    ],
)
def test_an_update_that_is_refused_leaves_all_as_it_was(dpdk_port, dpdk_frames, error, reason, options):
    source, target, other = dpdk_port("source"), dpdk_port("target", tx_queues=2), dpdk_port("other")
    with (
        Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, snaplen=99) as mirror,
        Mirror(source, other, name="taken"),
    ):
        spec, info = mirror.spec, mirror.info()
        with pytest.raises(error, match=reason):
            mirror.update(mode=Mode.SPLIT, **options)
        assert (mirror.spec, mirror.info()) == (spec, info)
        circulate(source, dpdk_frames(5))
        assert target.receive() == [frame[:99] for frame in dpdk_frames(5)]


def test_a_paused_mirror_that_is_updated_stays_paused(dpdk_port, dpdk_frames):
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target, direction=Direction.RX) as mirror:
        mirror.pause()
        mirror.update(mode=Mode.COPY, snaplen=20)
        assert mirror.info().state is MirrorState.PAUSED
        circulate(source, dpdk_frames(5))
        mirror.resume()
        circulate(source, dpdk_frames(5))
        assert target.receive() == [frame[:20] for frame in dpdk_frames(5)]


def test_an_update_lets_go_of_the_old_pool_and_holds_the_new(dpdk_eal, dpdk_port, dpdk_frames):
    """A refused one changes nothing about either."""
    source, target = dpdk_port("source"), dpdk_port("target")
    old, new = dpdk_eal.mempool("old", size=63), dpdk_eal.mempool("new", size=63)
    with Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, pool=old) as mirror:
        with pytest.raises(MirrorError):
            mirror.update(pool=new, nb_target_queues=5)
        new.close()
        with pytest.raises(ConflictError, match="uses it"):
            old.close()
        with pytest.raises(ClosedError):
            mirror.update(pool=new)
        circulate(source, dpdk_frames(3))
        assert old.in_use == 3
        new = dpdk_eal.mempool("new", size=63)
        mirror.update(pool=new)
        assert target.receive() == dpdk_frames(3)
        old.close()
        circulate(source, dpdk_frames(4))
        assert new.in_use == 4
        with pytest.raises(ConflictError, match="uses it"):
            new.close()
        mirror.update(pool=None)
        assert target.receive() == dpdk_frames(4)
        new.close()
        circulate(source, dpdk_frames(5))
        assert target.receive() == dpdk_frames(5)


def test_what_c_uses_stays_alive_as_long_as_it_may(dpdk_port):
    """Hooks that nobody else holds: until an update or the end."""

    class Context:
        """Something that a weak reference can tell the end of."""

    def hooks():
        context = Context()
        kept.append(weakref.ref(context))
        return MirrorHooks(ctx=ffi.new_handle(context))  # which holds it

    kept = []
    source, target = dpdk_port("source"), dpdk_port("target")
    mirror = Mirror(source, target, hooks=hooks())
    gc.collect()
    assert kept[0]() is not None
    mirror.update(hooks=hooks())
    gc.collect()
    assert (kept[0](), kept[1]() is None) == (None, False)
    mirror.close()
    gc.collect()
    assert kept[1]() is None


def test_updates_under_traffic_miss_nothing_and_mirror_nothing_twice(dpdk_port, dpdk_pool, dpdk_frames, wait_until):
    """The frames circle through one worker while another drains the target: all that came round count."""
    source, target = dpdk_port("source"), dpdk_port("target")
    frames = dpdk_frames(200, size=1000)
    source.send(frames)
    changes = [{"mode": Mode.COPY}, {"mode": Mode.SPLIT}, {"snaplen": 300}, {"mode": Mode.SHARE}, {"snaplen": 0}]
    forwarder, drain = Forwarder(source, source, workers=1), Forwarder(target, workers=1)
    with Mirror(source, target, direction=Direction.RX) as mirror, drain:
        with forwarder:
            for number in range(100):
                mirror.update(**changes[number % len(changes)])
                if number % 10 == 0:
                    seen = mirror.stats().seen
                    wait_until(lambda seen=seen: mirror.stats().seen > seen + 500)
        stats = mirror.stats()
        assert stats.seen == forwarder.stats().forth.rx_packets
        assert stats.seen == stats.packets + stats.nombuf + stats.full
        wait_until(lambda: drain.stats().forth.rx_packets == stats.packets)
        assert drain.stats().forth.rx_bytes == stats.bytes
    assert sorted(source.receive()) == sorted(frames)
    assert dpdk_pool.in_use == 0


def test_pauses_under_traffic_are_complete(dpdk_port, dpdk_frames, wait_until):
    """When pause() returns, no poller is inside: not one packet is counted until resume()."""
    source, target = dpdk_port("source"), dpdk_port("target", driver="net_null")
    source.send(dpdk_frames(200))
    with Mirror(source, target) as mirror, Forwarder(source, source, workers=1) as forwarder:
        for _ in range(20):
            mirror.pause()
            seen, received = mirror.stats().seen, forwarder.stats().forth.rx_packets
            wait_until(lambda received=received: forwarder.stats().forth.rx_packets > received + 1000)
            assert mirror.stats().seen == seen
            mirror.resume()
            wait_until(lambda seen=seen: mirror.stats().seen > seen)


def test_a_closed_mirror_is_not_changed(dpdk_port):
    """It is a named error before any C call."""
    mirror = Mirror(dpdk_port("source"), dpdk_port("target"))
    mirror.close()
    for change in (mirror.pause, mirror.resume, mirror.update, lambda: mirror.update(snaplen=100)):
        with pytest.raises(ClosedError, match="it is closed"):
            change()


def test_a_mirror_whose_target_is_gone_is_not_changed(dpdk_port, wait_until):
    """It has ended for good."""
    source, target = dpdk_port("source"), dpdk_port("target")
    with Mirror(source, target) as mirror:
        lib.ffi_port_stop(target.id)
        lib.ffi_port_close(target.id)
        wait_until(lambda: mirror.info().state is MirrorState.STOPPED)
        for change in (mirror.pause, mirror.resume, mirror.update):
            with pytest.raises(ConflictError) as caught:
                change()
            assert caught.value.errno == errno.ENETDOWN
        assert mirror.info().state is MirrorState.STOPPED


# By name


def test_a_mirror_is_found_by_its_name(dpdk_eal, dpdk_port):
    """The one that it was given, or the library's own; it is the same object, until it is closed."""
    source, one, other = dpdk_port("source"), dpdk_port("one"), dpdk_port("other")
    named, unnamed = Mirror(source, one, name="tap é"), Mirror(source, other)
    assert dpdk_eal.mirror("tap é") is named
    assert dpdk_eal.mirror(f"mirror{unnamed.id}") is dpdk_eal.mirror(unnamed.info().name) is unnamed
    named.update(name="other tap")
    assert dpdk_eal.mirror("other tap") is named
    for name in ("tap é", "nix", "", "other", "other tap\0", "x" * 100):
        with pytest.raises(NotFoundError, match="find mirror") as caught:
            dpdk_eal.mirror(name)
        assert caught.value.errno == errno.ENOENT
    named.close()
    unnamed.close()
    with pytest.raises(NotFoundError):
        dpdk_eal.mirror("other tap")


def test_a_mirror_that_other_code_has_made_is_not_found(dpdk_eal, dpdk_port):
    """It has no object here."""
    source, target = dpdk_port("source"), dpdk_port("target")
    name = ffi.new("char[]", b"foreign")
    param = ffi.new("struct rte_mirror_param *", {"target_port": target.id, "directions": 1, "name": name})
    assert lib.rte_mirror_add(source.id, param, ffi.NULL) == 0
    with pytest.raises(NotFoundError, match="find mirror foreign: it was not made"):
        dpdk_eal.mirror("foreign")
    lib.rte_mirror_unregister(source.id)


# What goes together


@pytest.mark.parametrize("mode", list(Mode))
def test_python_refuses_what_c_refuses_and_no_more(dpdk_port, mode):
    """Every combination of lengths around their limits, and origin: MirrorSpec says no exactly where C says EINVAL."""
    source, target = dpdk_port("source"), dpdk_port("target")
    differ = []
    lengths = (0, 1, 13, 14, 15, 100, 101)
    combinations = [(snaplen, split, origin) for snaplen in lengths for split in lengths for origin in (False, True)]
    for snaplen, split_len, origin in combinations:
        param = ffi.new("struct rte_mirror_param *", {"target_port": target.id, "directions": 1, "mode": int(mode)})
        param.snaplen, param.split_len, param.flags = snaplen, split_len, origin * lib.RTE_MIRROR_F_ORIGIN
        rc = lib.rte_mirror_add(source.id, param, ffi.NULL)
        assert rc in (0, -errno.EINVAL)
        if rc == 0:
            lib.rte_mirror_unregister(source.id)
        try:
            MirrorSpec(mode=mode, snaplen=snaplen, split_len=split_len, origin=origin)
        except InvalidConfigError:
            accepted = False
        else:
            accepted = True
        if accepted != (rc == 0):
            differ.append((snaplen, split_len, origin, rc))
    assert differ == []
