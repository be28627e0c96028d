# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk_mirror.remote, and an unmodified dpdk-testpmd that has loaded the library."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

import pytest
from captures import read_capture, some_frames, write_capture
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror import (
    BusyTimeoutError,
    ConflictError,
    Direction,
    DisconnectedError,
    InvalidConfigError,
    MirrorSpec,
    MirrorState,
    MirrorStats,
    Mode,
    NoPluginError,
    NotFoundError,
)
from dpdk_mirror.remote import applications, connect

NULLS = TestpmdOptions(["net_null0", "net_null1"])


@pytest.fixture
def testpmd():
    with Testpmd(NULLS) as testpmd:
        yield testpmd


@pytest.fixture
def app(testpmd):
    with connect(testpmd.telemetry_path) as app:
        yield app


def test_a_running_application_is_found_and_described(testpmd):
    """Although its runtime directory is its own."""
    (found,) = [app for app in applications() if app.path == testpmd.telemetry_path]
    with found as app:
        assert app.dpdk.startswith("DPDK ")
        assert app.pid == testpmd.pid
        assert app.has_plugin
        first, second = app.ports()
    assert (first.id, first.name, first.driver, first.started) == (0, "net_null0", "net_null", True)
    assert (second.rx_queues, second.tx_queues, second.mtu, second.is_target) == (1, 1, 1500, False)


def test_what_an_application_receives_arrives_byte_for_byte(tmp_path):
    """Each frame once, in order, in a file that is made for it and whole when the mirror is removed."""
    frames = [frame for frame in some_frames(300) if len(frame) <= 1514]
    write_capture(tmp_path / "in.pcap", frames)
    device = f"net_pcap0,rx_pcap={tmp_path}/in.pcap,tx_pcap={tmp_path}/tx.pcap"
    with Testpmd(TestpmdOptions([device, "net_null0"])) as testpmd, connect(testpmd.telemetry_path) as app:
        with app.mirror("net_pcap0", to=f"pcap:{tmp_path}/mirror.pcap", direction=Direction.RX) as mirror:
            testpmd.start()
            deadline = time.monotonic() + 20
            while mirror.stats().packets < len(frames) and time.monotonic() < deadline:
                time.sleep(0.01)
            stats = mirror.stats()
        assert app.mirrors() == []
        assert [port.name for port in app.ports()] == ["net_pcap0", "net_null0"], "the target went with the mirror"
    size = sum(len(frame) for frame in frames)
    assert stats == MirrorStats(seen=len(frames), packets=len(frames), bytes=size)
    assert [frame for frame, *_ in read_capture(tmp_path / "mirror.pcap").frames] == frames


def test_a_mirror_lives_through_all_that_can_be_done_to_it(testpmd, app, wait_until):
    testpmd.start()
    mirror = app.mirror("net_null0", to="ring:live", snaplen=64, name="web")
    wait_until(lambda: mirror.stats().seen > 1000)
    info = mirror.info()
    assert (info.name, info.source, info.target, info.state) == ("web", "net_null0", "ring:live", MirrorState.RUNNING)
    assert info.mode is not Mode.AUTO
    assert info.mode_reason
    assert mirror.spec == MirrorSpec(mode=Mode.AUTO, snaplen=64, name="web")
    assert (info.rx_polled, info.rx_unpolled, info.tx_polled, info.tx_unpolled) == ("0", "", "0", "")
    mirror.update(snaplen=0, mode=Mode.COPY, name="né")
    assert mirror.spec == MirrorSpec(mode=Mode.COPY, name="né")
    assert app.find("né").id == mirror.id
    mirror.pause()
    mirror.reset()
    assert mirror.info().state is MirrorState.PAUSED
    assert mirror.stats() == MirrorStats()
    mirror.resume()
    wait_until(lambda: mirror.stats().seen > 1000)
    mirror.close()
    assert app.mirrors() == []
    assert testpmd.counters(0)["RX-packets"] > 1000


def test_a_name_of_any_kind_arrives_as_it_is(testpmd, app):
    """Path and name have quotes, blanks and no ASCII; the file is there under its name."""
    path = testpmd.directory / 'ö "quoted" \\ file'
    with app.mirror(0, to=f"pcap:{path}", name='ä " \\') as mirror:
        assert (mirror.info().name, mirror.info().target) == ('ä " \\', f"pcap:{path}")
        assert path.exists()
        assert app.find('ä " \\').id == mirror.id


@pytest.mark.parametrize(
    ("source", "options", "kind", "reason"),
    [
        ("nix", {"to": "ring:r"}, NotFoundError, "nix"),
        (0, {"to": "nonsense"}, InvalidConfigError, "nonsense"),
        (0, {"to": "port:net_null1"}, InvalidConfigError, "force"),
        (0, {"to": "tap:" + "x" * 40}, InvalidConfigError, "tap:"),
        (0, {"to": "ring:r", "target_queue": 60}, InvalidConfigError, "queue"),
        (0, {"to": "ring:r", "name": "x" * 64}, InvalidConfigError, "63 bytes"),
        (0, {"to": "ring:r", "name": "x" * 1000}, InvalidConfigError, "at most 1023"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason_and_leaves_nothing(app, source, options, kind, reason):
    with pytest.raises(kind, match=reason):
        app.mirror(source, **options)
    assert app.mirrors() == []
    assert [port.name for port in app.ports()] == ["net_null0", "net_null1"]


def test_what_is_there_twice_is_a_conflict(app):
    app.mirror(0, to="ring:r", name="web")
    with pytest.raises(ConflictError, match="web"):
        app.mirror(0, to="ring:s", name="web")
    with pytest.raises(ConflictError, match=r"register mirror 0 -> ring:r \(both\) in .*\[EEXIST\]"):
        app.mirror(0, to="ring:r")
    assert app.remove_all() == 1


def test_targets_may_be_there_before_and_after_their_mirrors(app):
    made = app.add_target("ring:kept", tx_queues=2)
    assert (made.target, app.add_target("ring:kept")) == ("ring:kept", made)
    port = made.port
    assert app.port(port).is_target
    assert app.port(port).tx_queues == 2
    with app.mirror(0, to="ring:kept") as mirror:
        assert mirror.info().target_port == port
        with pytest.raises(ConflictError):
            app.remove_target("ring:kept")
    assert app.port(port).is_target
    with pytest.raises(ConflictError, match="give force=yes if nobody reads it any more"):
        app.remove_target("ring:kept")
    app.remove_target("ring:kept", force=True)
    with pytest.raises(NotFoundError):
        app.port(port)


def test_a_stream_that_is_made_before_its_mirrors_tells_its_path(app):
    target = app.add_target("stream:").target
    assert Path(target.removeprefix("stream:")).is_socket()
    with app.mirror(0, to=target) as mirror:
        assert mirror.info().target == target
        mirror.open_stream().close()
    app.remove_target(target)
    assert not Path(target.removeprefix("stream:")).exists()


def test_more_mirrors_than_one_answer_holds_are_all_listed():
    """Each source to each target, in either direction."""
    sources, targets = range(11), [f"ring:r{number}" for number in range(12)]
    names = [f"net_null{number}" for number in sources]
    with Testpmd(TestpmdOptions(names)) as testpmd, connect(testpmd.telemetry_path) as app:
        added = [
            app.mirror(source, to=target, direction=direction, mode=Mode.SHARE).id
            for source in sources
            for target in targets
            for direction in (Direction.RX, Direction.TX)
        ]
        assert len(added) == 264
        assert [mirror.id for mirror in app.mirrors()] == added
        assert app.remove_all() == 264
        for target in targets:
            app.remove_target(target, force=True)
        assert [port.name for port in app.ports()] == names


def test_without_the_plugin_it_says_how_to_load_it():
    with Testpmd(TestpmdOptions(["net_null0"], plugin=False)) as testpmd, connect(testpmd.telemetry_path) as app:
        assert not app.has_plugin
        assert app.pid == testpmd.pid
        with pytest.raises(NoPluginError, match="attach it first: dpdk-mirror attach live"):
            app.mirror(0, to="ring:r")


def is_stopped(pid):
    """All its threads, which takes a moment after the signal."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def test_an_application_that_is_stopped_is_given_up_in_time(testpmd, wait_until):
    with connect(testpmd.telemetry_path, timeout_s=2) as app:
        mirror = app.mirror(0, to="ring:r")
        os.kill(testpmd.pid, signal.SIGSTOP)
        wait_until(lambda: is_stopped(testpmd.pid))
        begin = time.monotonic()
        with pytest.raises(BusyTimeoutError, match=r"does not answer within 2 s"):
            mirror.stats()
        with pytest.raises(BusyTimeoutError, match=r"does not answer within 2 s"):
            mirror.stats()
        assert time.monotonic() - begin < 30
        os.kill(testpmd.pid, signal.SIGCONT)
        app.timeout_s = 20
        assert mirror.info().state is MirrorState.RUNNING


def test_an_application_that_is_killed_is_gone_and_so_are_its_mirrors(testpmd, app):
    with app.mirror(0, to="ring:r") as mirror:
        os.kill(testpmd.pid, signal.SIGKILL)
        testpmd.wait()
        with pytest.raises(DisconnectedError) as caught:
            mirror.stats()
        assert caught.value.errno in {errno.ECONNRESET, errno.EPIPE}
    assert mirror.closed
    assert testpmd.telemetry_path.exists()
    assert testpmd.telemetry_path not in [found.path for found in applications()]


def test_an_eleventh_client_is_told_that_there_are_ten(testpmd, wait_until):
    """And may try again when one has gone."""
    apps = [connect(testpmd.telemetry_path) for _ in range(10)]
    with pytest.raises(ConflictError, match="it has 10 already"):
        connect(testpmd.telemetry_path)
    for app in apps:
        app.close()

    def try_again():
        try:
            return connect(testpmd.telemetry_path)
        except ConflictError:
            return None

    wait_until(try_again)


def test_an_application_without_telemetry_is_controlled_by_a_socket_of_the_plugins_own(tmp_path, wait_until):
    """It has hard-coded --no-telemetry, so its environment says where."""
    options = TestpmdOptions(
        ["net_null0", "net_null1"], eal=("--no-huge", "--no-shconf", "-m", "512", "--no-telemetry")
    )
    path = tmp_path / "s"
    with Testpmd(options, {"DPDK_MIRROR_SOCKET": str(path)}) as testpmd:
        wait_until(path.exists)
        with connect(path) as app:
            assert (app.pid, app.has_plugin, str(app)) == (testpmd.pid, True, str(path))
            with app.mirror("net_null0", to="ring:r", name="né") as mirror:
                assert mirror.info().name == "né"
            with pytest.raises(NotFoundError, match=r"there is no mirror .*: the command list tells which there are"):
                app.find("né")
