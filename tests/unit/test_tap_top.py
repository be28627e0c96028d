# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What top knows: rates, a minute of them, applications that come, hang and go, and the lines that are made of that."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fakeapp import PORT_COUNTERS, FakeApplication, FakeMirror
from hypothesis import given
from hypothesis import strategies as st

from dpdk_mirror import BusyTimeoutError, Direction, DisconnectedError, MirrorState, NoPluginError
from dpdk_mirror.cli.top_texts import about, number
from dpdk_mirror.remote import Application, DpdkProcess, RemoteMirror
from dpdk_mirror.spec import MirrorSpec
from dpdk_mirror.tap import watch as watching
from dpdk_mirror.tap.look import Looker
from dpdk_mirror.tap.rates import Meter, bars
from dpdk_mirror.tap.rows import Sort, records, rows
from dpdk_mirror.tap.watch import Watch, change

PID = os.getpid()  # the stand-ins' process


def wait_until(condition, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return result


def test_a_rate_is_what_was_counted_since_the_look_before_in_a_second():
    meter = Meter(["packets"])
    assert meter.add(10.0, {"packets": 5, "full": 1}).per_s == {}
    assert meter.add(12.0, {"packets": 25, "full": 1}).per_s == {"packets": 10.0, "full": 0.0}
    # It was late, by whatever.
    measured = meter.add(32.0, {"packets": 225, "full": 1, "newer": 7})
    assert measured.per_s == {"packets": 10.0, "full": 0.0}
    assert measured.history == {"packets": ((12.0, 10.0), (32.0, 10.0))}


def test_a_counter_that_was_reset_has_counted_what_it_says_at_least():
    meter = Meter(["packets"])
    meter.add(0.0, {"packets": 1000})
    assert meter.add(1.0, {"packets": 30}).per_s == {"packets": 30.0}


def test_a_minute_is_remembered():
    meter = Meter(["packets"])
    for second in range(200):
        history = meter.add(float(second), {"packets": second}).history["packets"]
    assert [at for at, _ in history] == [float(second) for second in range(140, 200)]


def test_bars_show_a_minute_and_what_is_not_known():
    assert bars([], 100.0, 6) == "      "
    assert bars([(100.0, 8.0)], 100.0, 6) == "     █"
    assert bars([(45.0, 4.0), (72.0, 0.0), (73.0, 1e-9), (100.0, 8.0)], 100.0, 6) == "▅  ▂ █"[:6]
    assert bars([(40.5, 1.0)], 100.0, 60) == "█" + 59 * " "
    assert bars([(100.0, 0.0)], 100.0, 3) == "  ▁"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0, "0"), (0.4, "0"), (1, "1"), (999.4, "999"), (999.6, "1.00k"), (9994, "9.99k"), (9996, "10.0k"),
        (99_940, "99.9k"), (99_960, "100k"), (999_499, "999k"), (999_500, "1.00M"), (14_880_952, "14.9M"),
        (4e11, "400G"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@given(st.floats(min_value=0, max_value=1e21, allow_nan=False))
def test_numbers_fit_into_five_characters(value):
    assert len(number(value)) <= 5


@pytest.fixture
def watch(runtime):
    """``watch()`` looks at all that is there, again and again; all end with the test."""
    opened = []

    def watch(paths=None):
        opened.append(Watch(paths, interval_s=0.02))
        return opened[-1]

    yield watch
    for each in opened:
        each.close()


def mirror(fake, number=1, source="net_ring0", to="tap:m0", **options):
    fake.mirrors[number] = FakeMirror(number, source, to, MirrorSpec(**options))
    return fake.mirrors[number]


def view_of(watched, name="app"):
    return next((view for view in watched.views() if view.name == name), None)


def test_what_is_counted_becomes_rates(start, watch):
    fake = start()
    counted = mirror(fake, name="web")
    fake.port_stats[0] = dict.fromkeys(PORT_COUNTERS, 0)
    watched = watch()
    watched.settle()

    def rates():
        counted.seen += 100
        fake.port_stats[0]["ipackets"] += 100
        view = view_of(watched)
        ports = {each.port.name: each.measured for each in view.ports}
        return (
            view.mirrors[0].measured.per_s["packets"] > 0
            and view.mirrors[0].measured.per_s["bytes"] > 0
            and ports["net_ring0"].per_s["ipackets"] > 0
            and ports["net_null1"].per_s["ipackets"] == 0
        )

    wait_until(rates)


def test_one_that_hangs_holds_up_nobody(start, watch, monkeypatch):
    """Nor do those that have no library, that talk nonsense, or that have left a dead socket."""
    monkeypatch.setattr(watching, "PROBE_S", 0.5)
    hanging, dead, silly = start("hanging"), start("dead"), start("silly")
    start("without", plugin=False)
    dead.close()
    hanging.odd["/mirror/list"] = hanging.hang
    silly.odd["/mirror/version"] = silly.say(b"what?")
    fake = start("well")
    mirror(fake)
    watched = watch()
    watched.settle()
    views = {view.name: view for view in watched.views()}
    assert sorted(views) == ["hanging", "silly", "well", "without"]
    assert isinstance(views["hanging"].error, BusyTimeoutError)
    assert isinstance(views["without"].error, NoPluginError)
    assert views["well"].mirrors[0].measured.per_s["packets"] == 0
    seen = len(fake.requests)
    wait_until(lambda: len(fake.requests) > seen + 20)
    lines = {line.name: line.why for line in rows(watched.views()) if line.depth == 0}
    assert lines == {"hanging": "no answer", "silly": "error", f"well ({PID})": "", "without": "no library"}


def test_one_that_answers_again_is_shown_again(start, watch, monkeypatch):
    monkeypatch.setattr(watching, "PROBE_S", 0.2)
    fake = start()
    watched = watch()
    wait_until(lambda: view_of(watched) and view_of(watched).ports)
    fake.odd["/mirror/ports"] = lambda client: None
    wait_until(lambda: isinstance(view_of(watched).error, BusyTimeoutError))
    assert view_of(watched).pid == PID
    del fake.odd["/mirror/ports"]
    wait_until(lambda: view_of(watched).error is None)


def test_one_that_ends_says_so_for_a_while(start, watch, monkeypatch):
    monkeypatch.setattr(watching, "_ENDED_S", 0.3)
    fake = start()
    watched = watch()
    wait_until(lambda: view_of(watched) and view_of(watched).ports)
    fake.close()
    wait_until(lambda: isinstance(view_of(watched).error, DisconnectedError))
    assert [line.why for line in rows(watched.views())] == ["ended"]
    wait_until(lambda: view_of(watched) is None)


def test_those_that_come_are_found_and_what_has_gone_is_forgotten(start, watch, monkeypatch):
    monkeypatch.setattr(watching, "_FIND_S", 0.05)
    monkeypatch.setattr(watching, "_ENDED_S", 0.1)
    watched = watch()
    watched.settle()
    assert watched.views() == []
    fake = start()
    wait_until(lambda: view_of(watched))
    fake.close()
    fake.path.unlink()
    wait_until(lambda: not watched._watched)


def test_a_new_process_at_the_same_socket_starts_anew(start, watch, monkeypatch):
    """What the old one had counted is nothing to its successor."""
    monkeypatch.setattr(FakeApplication, "do_port_stats", lambda app, asked: dict.fromkeys(PORT_COUNTERS, app.pid))
    fake = start(pid=4711)
    watched = watch()
    wait_until(lambda: view_of(watched) and view_of(watched).ports)
    fake.close()
    fake.path.unlink()
    start(pid=4712)

    def history():
        """Of the new one."""
        ports = view_of(watched).ports
        return ports and ports[0].measured.counts["ipackets"] == 4712 and ports[0].measured.history["ipackets"]

    assert {rate for _, rate in wait_until(history)} == {0.0}


def test_the_librarys_own_socket_is_looked_at_too(start, watch, runtime, processes):
    fake = start(socket="own")
    processes.append(DpdkProcess(77, "/usr/bin/app", plugin="0.1.0", socket=str(fake.path)))
    watched = watch()
    watched.settle()
    assert [view.path for view in watched.views()] == [str(fake.path)]


def test_an_older_library_tells_nothing_of_ports(start, watch):
    fake = start()
    fake.odd["/mirror/port/stats"] = fake.say({"/mirror/port/stats": None})
    watched = watch()
    watched.settle()
    view = view_of(watched)
    assert view.error is None
    assert [each.measured for each in view.ports] == [None, None]
    assert all(line.packets_per_s is None for line in rows([view]) if line.port)


def looked(fake, change=lambda: None):
    """What two looks find, a second apart as far as rates go."""
    with Application(fake.path) as app:
        looker = Looker(app)
        looker.look()
        change()
        return looker.look()


def test_mirrors_stand_below_their_port_and_targets_nowhere(start):
    fake = start()
    fake.ports[5] = "net_tap_m0"
    mirror(fake, 3, "net_null1", name="late")
    mirror(fake, 1, "0", name="early")
    mirror(fake, 2, "net_ring0", name="gone").state = "stopped"
    lines = [(line.depth, line.name, line.why) for line in rows([looked(fake)])]
    assert "/mirror/port/stats,port=5" not in fake.requests
    assert lines == [
        (0, f"app ({PID})", ""),
        (1, "net_ring0 rx", ""),
        (1, "net_ring0 tx", ""),
        (2, "early > tap:m0", ""),
        (1, "net_null1 rx", ""),
        (1, "net_null1 tx", ""),
        (2, "late > tap:m0", ""),
        (1, "gone > tap:m0", "stopped"),
    ]


def test_what_goes_meanwhile_is_left_out(start):
    fake = start()
    mirror(fake)
    pages = iter([[1, 7], [], [1, 7], []])

    def tell(client):
        fake.say({"/mirror/list": next(pages)})(client)

    fake.odd["/mirror/list"] = tell
    assert [each.info.id for each in looked(fake).mirrors] == [1]


def test_drops_are_told_by_their_reason_the_most_frequent_first(start):
    """Of a mirror what it lost, not what it was to leave out; of a port what its driver lost."""
    fake = start()
    mirror(fake)
    counters = iter(
        [
            dict.fromkeys(("seen", "packets", "bytes"), 0),
            {"seen": 85, "packets": 10, "bytes": 640, "filtered": 20, "limited": 25, "full": 5, "nombuf": 15}
            | {"of_a_newer_one": 10},
        ]
    )
    base = dict.fromkeys(("filtered", "limited", "full", "nombuf", "of_a_newer_one"), 0)

    def tell(client):
        fake.say({"/mirror/stats": base | next(counters)})(client)

    fake.odd["/mirror/stats"] = tell
    fake.port_stats[0] = dict.fromkeys(PORT_COUNTERS, 0)

    def drop():
        fake.port_stats[0] |= {"imissed": 7, "rx_nombuf": 9, "oerrors": 1}

    lines = {line.name: line for line in rows([looked(fake, drop)])}
    assert lines["mirror1 > tap:m0"].why == "nombuf,of_a_newer_one,full"
    assert lines["net_ring0 rx"].why == "rx_nombuf,imissed"
    assert lines["net_ring0 tx"].why == "oerrors"
    assert lines["mirror1 > tap:m0"].drops_per_s == pytest.approx(3 * lines["mirror1 > tap:m0"].packets_per_s)
    assert lines[f"app ({PID})"].drops_per_s == pytest.approx(lines["mirror1 > tap:m0"].drops_per_s)


def test_mirrors_of_one_target_share_its_threads_cpu_time(start):
    fake = start()
    mirror(fake, 1, directions=Direction.RX)
    mirror(fake, 2, directions=Direction.TX)

    def work():
        fake.cost = {"drain_cpu_us": 50}

    lines = rows([looked(fake, work)])
    (one, two) = (line.cpu_percent for line in lines if line.mirror)
    assert one > 0
    assert two > 0
    assert lines[0].cpu_percent in {one, two}


def test_what_a_mirror_takes_of_its_pollers_now_is_said_and_recorded(start):
    fake = start()
    mirror(fake, 1)

    def work():
        fake.cost = {"sampled_cycles": 1200, "sampled_packets": 100, "poller_cpu_us": 5_000}

    view = looked(fake, work)
    (line,) = (line for line in rows([view]) if line.mirror)
    assert "12 cycles a packet, 0.0 s of CPU in its pollers, now " in about(line)
    (recorded,) = records([view])[0]["mirrors"]
    rise = recorded["per_s"]["poller_cpu_us"]
    assert recorded["poller_cpu_percent"] == pytest.approx(rise / 1e4, rel=0.01)
    assert f"now {rise / 1e4:.1f} % of a CPU in its pollers" in about(line)


def test_lines_are_sorted_among_their_neighbours(start):
    """Mirrors within their port, both sides of a port together; reversed, the other way round."""
    fake = start()
    few, many = mirror(fake, 1, to="tap:a"), mirror(fake, 2, to="tap:b")

    def count():
        few.seen, many.seen = 10, 9999  # over intervals that need not be the same
        fake.port_stats[1] = dict.fromkeys(PORT_COUNTERS, 1)

    view = looked(fake, count)
    names = [line.name for line in rows([view], Sort.PACKETS)]
    assert names[1:] == [
        "net_null1 rx",
        "net_null1 tx",
        "net_ring0 rx",
        "net_ring0 tx",
        "mirror2 > tap:b",
        "mirror1 > tap:a",
    ]
    assert [line.name for line in rows([view], Sort.PACKETS, reverse=True)][3:5] == [
        "mirror1 > tap:a",
        "mirror2 > tap:b",
    ]
    assert [line.name for line in rows([view], Sort.NAME, reverse=True)][3:] == [
        "net_ring0 rx", "net_ring0 tx", "mirror2 > tap:b", "mirror1 > tap:a",
    ]  # fmt: skip


def test_programs_get_all_that_is_known(start):
    fake = start()
    mirror(fake, name="web").seen = 3
    (record,) = records([looked(fake)])
    assert (record["app"], record["pid"], record["error"]) == ("app", PID, None)
    assert record["mirrors"][0]["counters"]["packets"] == 3
    assert record["mirrors"][0]["per_s"]["packets"] == 0
    assert record["mirrors"][0]["state"] == "running"
    assert [port["name"] for port in record["ports"]] == ["net_ring0", "net_null1"]


def test_a_mirror_is_changed_in_the_process_that_it_was_seen_in(start):
    """Another that has its socket now may have another mirror of that number."""
    fake = start()
    mirror(fake)
    view = looked(fake)
    change(view, view.mirrors[0], RemoteMirror.pause)
    assert fake.mirrors[1].state == str(MirrorState.PAUSED)
    change(view, view.mirrors[0], RemoteMirror.close)
    assert fake.mirrors == {}
    mirror(fake)
    with pytest.raises(DisconnectedError, match="its process 1 has ended"):
        change(replace(view, pid=1), view.mirrors[0], RemoteMirror.close)
    assert list(fake.mirrors) == [1]
    assert Path(view.path) == fake.path
