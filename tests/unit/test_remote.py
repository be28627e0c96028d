# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors in a live application, as Python asks for them: what goes over the socket, and what comes back."""

import errno
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakeapp import PORT_COUNTERS, FakeMirror
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpdk_mirror import (
    ClosedError,
    Direction,
    FilterEngine,
    InvalidConfigError,
    MirrorSpec,
    MirrorState,
    MirrorStats,
    Mode,
    NoPluginError,
    NotFoundError,
    UnsupportedError,
)
from dpdk_mirror.pairs import join_pairs
from dpdk_mirror.remote import Application, RemoteMirrorInfo, RemotePort, RemotePortStats, RemoteTarget, connect
from dpdk_mirror.remote.channel import REQUEST_MAX

LONG = 'é \\ " \n' + "x" * 200


@pytest.fixture
def fake(start):
    return start()


@pytest.fixture
def app(fake):
    with connect("app") as app:
        yield app


def test_an_application_says_who_it_is(app):
    """Its id, however, is the kernel's word."""
    assert (app.dpdk, app.plugin, app.has_plugin, str(app)) == ("DPDK 22.11.11", "0.1.0", True, "app")
    assert app.pid == os.getpid() != 4711


def test_its_ports_are_described(app):
    ring, _null = app.ports()
    assert ring == RemotePort(
        id=0, name="net_ring0", driver="net_ring", started=True, rx_queues=2, tx_queues=2, mtu=1500,
        mac="02:00:00:00:00:01", is_target=False,
    )  # fmt: skip
    assert app.port("net_null1") == app.port(1) == _null


def test_a_mirror_is_added_with_its_spec_and_removed_with_its_block(app, fake):
    with app.mirror("net_ring0", to="tap:m0", direction=Direction.RX, snaplen=96, name="x") as mirror:
        assert fake.requests[-1] == "/mirror/add,source=net_ring0,to=tap:m0,directions=rx,mode=auto,snaplen=96,name=x"
        assert (mirror.id, str(mirror), mirror.closed) == (1, "mirror x", False)
        assert mirror.spec == MirrorSpec(Direction.RX, Mode.AUTO, snaplen=96, name="x")
        (same,) = app.mirrors()
        assert same.id == mirror.id == app.find("x").id == app.find(1).id
    assert fake.requests[-1] == "/mirror/remove,mirror=1"
    assert mirror.closed
    assert app.mirrors() == []
    with pytest.raises(ClosedError, match="use mirror x: it is closed"):
        mirror.stats()


def test_without_a_mode_it_is_auto_and_a_spec_says_its_own(app):
    """An application's habits are not known from outside, so what nobody has chosen is chosen for it."""
    assert app.mirror(0, to="ring:a").spec == MirrorSpec(mode=Mode.AUTO)
    assert app.mirror(0, to="ring:b", spec=MirrorSpec()).spec == MirrorSpec(mode=Mode.SHARE)
    both = app.mirror(0, to="ring:c", spec=MirrorSpec(mode=Mode.COPY, snaplen=64), direction=Direction.TX)
    assert both.spec == MirrorSpec(Direction.TX, Mode.COPY, snaplen=64)


def test_an_existing_port_as_a_target_takes_force(app, fake):
    with pytest.raises(InvalidConfigError, match=r"register mirror 0 -> port:x \(both\) in app: port:x may be in use"):
        app.mirror(0, to="port:x")
    app.mirror(0, to="port:x", force=True)
    assert "to=port:x,force=yes," in fake.requests[-1]


def test_info_tells_all(app, fake):
    fake.warning = "long ones are lost"
    mirror = app.mirror("net_ring0", to="tap:m0", name=LONG)
    assert mirror.info() == RemoteMirrorInfo(
        id=1, name=LONG, source_port=0, target_port=9, target_queue=0, nb_target_queues=1,
        rx_queues=2, tx_queues=2, directions=Direction.BOTH, mode=Mode.SHARE, state=MirrorState.RUNNING,
        snaplen=0, split_len=0, origin=False, filter_engine=FilterEngine.NONE, reason="",
        mode_reason="net_tap reads a packet within its tx burst", warning="long ones are lost",
        source="net_ring0", target="tap:m0", spec=mirror.spec.to_pairs(), rx_polled="0", rx_unpolled="1",
        tx_polled="0-1", tx_unpolled="", added=True, sampled_cycles=0, sampled_packets=0, poller_cpu_us=0,
        drain_cpu_us=0, drain_yields=False, added_at="", added_by="", added_uid=None, added_pid=None,
        ends_in_s=None, ends_with=None,
    )  # fmt: skip


def test_what_a_mirror_of_the_applications_own_was_asked_is_not_told(app, fake):
    """Rather than a spec without what only the application knows; the rest of it is told."""
    mirror = app.mirror(0, to="ring:a", snaplen=64)
    fake.mirrors[1].added = 0
    assert mirror.info().spec == ""
    assert mirror.info().snaplen == 64
    with pytest.raises(UnsupportedError, match="mirror1 was asked to do: the application itself has made it"):
        _ = mirror.spec


def test_a_stream_of_a_process_that_is_not_seen_is_refused_in_a_sentence(app, monkeypatch):
    """That of another container, whose socket is in a volume of both."""
    mirror = app.mirror(0, to="stream:/s")
    monkeypatch.setattr(Application, "pid", 0)
    monkeypatch.setattr("dpdk_mirror.remote.mirror.listener", lambda path: None)
    with pytest.raises(UnsupportedError, match="in no namespace that is seen from here"):
        mirror.open_stream()


def test_counters_are_read_and_reset(app, fake):
    mirror = app.mirror(0, to="ring:a")
    fake.mirrors[1].seen = 2**57  # more than a double can tell apart
    assert mirror.stats() == MirrorStats(seen=2**57, packets=2**57, bytes=2**63)
    mirror.reset()
    assert mirror.stats() == MirrorStats()


def test_a_mirror_is_paused_and_resumed(app):
    mirror = app.mirror(0, to="ring:a")
    mirror.pause()
    assert mirror.info().state is MirrorState.PAUSED
    mirror.resume()
    assert mirror.info().state is MirrorState.RUNNING


def test_an_update_says_what_changes_and_nothing_else(app, fake):
    """Also where the new value is the default."""
    mirror = app.mirror(0, to="ring:a", snaplen=64, origin=True)
    mirror.update(snaplen=0, direction=Direction.RX)
    assert fake.requests[-1] == "/mirror/update,mirror=1,directions=rx,snaplen=0"
    mirror.update(mode=Mode.COPY, origin=False, name="new")
    assert fake.requests[-1] == "/mirror/update,mirror=1,mode=copy,origin=no,name=new"
    assert mirror.spec == MirrorSpec(Direction.RX, Mode.COPY, name="new")
    mirror.update(snaplen=64)
    mirror.update(mode=Mode.SHARE, origin=True)  # whatever is shared is cut, and so has room for it
    assert fake.requests[-1] == "/mirror/update,mirror=1,mode=share,origin=yes"
    with pytest.raises(InvalidConfigError, match="a shared packet has no room"):
        mirror.update(mode=Mode.SHARE, snaplen=0, origin=True)
    with pytest.raises(TypeError):
        mirror.update(nonsense=1)
    with pytest.raises(InvalidConfigError, match="snaplen=1: less than"):
        mirror.update(snaplen=1)
    assert fake.requests[-1] == "/mirror/update,mirror=1,mode=share,origin=yes"


def test_remove_all_removes_all(app):
    assert app.remove_all() == 0
    for name in "abc":
        app.mirror(0, to=f"ring:{name}")
    assert app.remove_all() == 3
    assert app.mirrors() == []


def test_what_a_port_has_counted_is_told(app, fake):
    fake.port_stats[1] = dict(zip(PORT_COUNTERS, range(8), strict=True))
    stats = app.port_stats("net_null1")
    assert fake.requests[-1] == "/mirror/port/stats,port=net_null1"
    assert stats == RemotePortStats(
        ipackets=0, opackets=1, ibytes=2, obytes=3, imissed=4, ierrors=5, rx_nombuf=6, oerrors=7
    )
    fake.odd["/mirror/port/stats"] = fake.say({"/mirror/port/stats": None})
    with pytest.raises(
        NoPluginError, match="read the counters of port 1 in app: its librte_mirror has no /mirror/port/"
    ):
        app.port_stats(1)


def test_targets_may_be_there_without_a_mirror(app, fake):
    assert app.add_target("tap:m0", tx_queues=4) == RemoteTarget(9, "tap:m0")
    assert fake.requests[-1] == "/mirror/target/add,to=tap:m0,tx_queues=4"
    app.remove_target("tap:m0")
    with pytest.raises(NotFoundError, match="remove target tap:m0 in app: there is no target tap:m0"):
        app.remove_target("tap:m0")
    app.add_target("ring:m0")
    app.remove_target("ring:m0", force=True)
    assert fake.requests[-1] == "/mirror/target/remove,to=ring:m0,force=yes"


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_lists_of_any_length_come_whole(app, fake, count):
    """They come in pages of 256; ids need not be dense."""
    fake.mirrors = {3 * n + 1: FakeMirror(3 * n + 1, "net_ring0", "ring:a", MirrorSpec()) for n in range(count)}
    assert [mirror.id for mirror in app.mirrors()] == list(fake.mirrors)


def test_a_mirror_that_is_gone_is_closed(app, fake):
    mirror = app.mirror(0, to="ring:a")
    fake.mirrors.clear()
    with pytest.raises(NotFoundError, match="pause mirror mirror1 in app: there is no mirror 1"):
        mirror.pause()
    mirror.close()
    assert mirror.closed
    mirror.close()


def test_an_application_that_is_gone_took_its_mirrors_with_it(app, fake):
    with app.mirror(0, to="ring:a") as mirror:
        fake.close()
    assert mirror.closed


def test_a_closed_application_is_closed(app):
    app.close()
    app.close()
    with pytest.raises(ClosedError, match="list mirrors in app: the connection is closed"):
        app.mirrors()


def test_a_socket_of_the_plugins_own_goes_by_its_path(start):
    fake = start("somewhere", "own.sock")
    with connect(fake.path) as app:
        assert (str(app), app.plugin) == (str(fake.path), "0.1.0")
    with connect(str(fake.path)) as app:
        assert app.mirrors() == []


@pytest.mark.parametrize(
    "values",
    [{"source": 1.5, "to": "ring:a"}, {"source": 0, "to": None}, {"source": 0, "to": "ring:a", "spec": "mode=copy"}],
)
def test_wrong_types_are_type_errors(app, values):
    with pytest.raises(TypeError):
        app.mirror(**values)


NUMBER = re.compile("[0-9]+")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.binary(min_size=1).map(os.fsdecode)


NO_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: not NUMBER.fullmatch(name))


@given(target=NAMES, name=NO_IDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_names_of_any_kind_arrive_as_they_are(app, fake, target, name):
    """File names that are no UTF-8 among them; or the request is too long, and says so before it is sent."""
    fake.mirrors.clear()
    before = len(fake.requests)
    try:
        mirror = app.mirror(0, to=f"pcap:{target}", name=name)
    except InvalidConfigError as refused:
        error = refused
    else:
        error = None
    if error is not None:
        assert error.errno == errno.EMSGSIZE
        assert len(fake.requests) == before
        return
    assert (mirror.info().name, mirror.info().target) == (name, f"pcap:{target}")
    assert len(fake.requests[before]) <= REQUEST_MAX


@pytest.mark.parametrize("excess", [0, 1])
def test_a_request_of_1023_bytes_is_sent_and_one_of_more_is_not(app, fake, excess):
    """DPDK would cut it, and mirror something else."""
    assert app.plugin
    fixed = {"source": "0", "to": "ring:a", **MirrorSpec(mode=Mode.AUTO, name="x").said()}
    name = "x" * (REQUEST_MAX + excess + 1 - len(f"/mirror/add,{join_pairs(fixed)}"))
    if excess:
        with pytest.raises(InvalidConfigError, match="has 1024 bytes; the socket takes at most 1023"):
            app.mirror(0, to="ring:a", name=name)
        assert fake.requests == ["/mirror/version"]
    else:
        assert app.mirror(0, to="ring:a", name=name).info().name == name
    assert app.mirrors() is not None  # the connection is as good as before


def test_an_application_can_be_used_by_several_threads(app):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: app.mirror(0, to=f"ring:r{number}").id, range(50)))
    assert sorted(ids) == list(range(1, 51))


def test_an_application_by_its_path_connects_when_it_is_asked(runtime):
    app = Application(runtime / "nowhere")
    with pytest.raises(NotFoundError, match=r"connect to .*nowhere: No such file or directory"):
        app.greet()
