# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that hang, die or answer nonsense: an error that says so, within the time that was given."""

import errno
import json
import os
import socket
import time

import pytest
from fakeapp import SIZE, FakeApplication, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpdk_mirror import (
    BusyTimeoutError,
    ConflictError,
    DisconnectedError,
    InvalidConfigError,
    MirrorError,
    MirrorStats,
    NoPluginError,
    NotFoundError,
    OutOfMemoryError,
    ProtocolError,
    UnsupportedError,
)
from dpdk_mirror.remote import Application, RemoteMirror, connect


@pytest.fixture
def fake(start):
    return start()


@pytest.fixture
def app(fake):
    """An application with one mirror, which is asked with little patience."""
    with connect("app", timeout_s=2) as app:
        app.mirror("net_ring0", to="ring:a", name="m")
        yield app


def test_an_application_that_hangs_is_given_up(app, fake):
    """The next request goes over a connection of its own, where no late answer can pass for its own."""
    fake.odd["/mirror/stats"] = fake.hang
    begin = time.monotonic()
    with pytest.raises(BusyTimeoutError, match=r"read the counters of mirror m in app: .* not answer within 2 s"):
        app.find("m").stats()
    assert time.monotonic() - begin < 20
    assert app.find("m").info().name == "m"


def test_after_a_change_that_was_not_answered_it_says_that_it_may_be_done(app, fake):
    fake.odd["/mirror/add"] = fake.hang
    with pytest.raises(
        BusyTimeoutError, match=f"see ps {os.getpid()}; what was asked for may have been done all the same"
    ):
        app.mirror(0, to="ring:b")


def test_an_application_that_dies_in_the_middle_is_an_error(app, fake):
    fake.odd["/mirror/info"] = fake.die
    with pytest.raises(
        DisconnectedError, match=r"find mirror m in app: .* closed the connection .*; it may have ended"
    ):
        app.find("m")


def test_an_application_that_is_stopped_does_not_even_greet(fake):
    fake.odd["greeting"] = fake.hang
    begin = time.monotonic()
    with pytest.raises(
        BusyTimeoutError,
        match=r"connect to .*: the application does not answer within 2 s.*; "
        rf"process {os.getpid()} may be stopped, in a debugger, or busy on .*, see ps {os.getpid()}",
    ):
        connect(fake.path, timeout_s=2)
    assert time.monotonic() - begin < 20


def test_an_application_that_accepts_nobody_is_given_up(runtime):
    """Its queue of connections is full, as when its thread is stopped."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as first,
    ):
        listener.bind(str(runtime / "full"))
        listener.listen(0)
        first.connect(str(runtime / "full"))
        begin = time.monotonic()
        with pytest.raises(BusyTimeoutError, match=r"does not answer within 2 s"):
            connect(runtime / "full", timeout_s=2)
        assert time.monotonic() - begin < 20


def test_an_eleventh_client_is_told_so(fake):
    apps = [Application(fake.path) for _ in range(11)]
    for app in apps[:10]:
        app.greet()
    with pytest.raises(ConflictError, match=r"takes no more clients: it has 10 already.*\[EBUSY\]; end one"):
        apps[10].greet()
    for app in apps:
        app.close()


def test_a_client_is_told_why_it_is_not_let_in(fake):
    """The library's own socket says so itself, in place of its greeting."""
    fake.odd["greeting"] = fake.say({"errno": 16, "error": "EBUSY", "reason": ["10 clients are served ", "already"]})
    with pytest.raises(ConflictError, match=r"connect to .*: 10 clients are served already \[EBUSY\]"):
        connect(fake.path)


NONSENSE = [
    b"\xff\xfe",
    b"nonsense",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"/mirror/list": [1]}',
    b'{"/mirror/info": {}, "more": 1}',
    b'{"/mirror/info": 17}',
    b'{"/mirror/info": []}',
    b'{"/mirror/info": {}}',
    b'{"/mirror/info": {"error": "EINVAL"}}',
    b'{"/mirror/info": {"error": "EINVAL", "errno": "22", "reason": []}}',
    b'{"/mirror/info": {"error": "EINVAL", "errno": 22, "reason": [22]}}',
    b'{"/mirror/info": {"error": "EINVAL", "errno": -22, "reason": ["x"]}}',
    b'{"/mirror/info": {"id": 1' + b"0" * 5000 + b"}}",
    b"[" * 15000,
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: nonsense[:40].decode(errors="replace"))
def test_nonsense_is_called_so(app, fake, nonsense):
    fake.odd["/mirror/info"] = fake.say(nonsense)
    with pytest.raises(ProtocolError, match=r"find mirror m in app: .*answer"):
        app.find("m")
    del fake.odd["/mirror/info"]
    assert app.find("m").id == 1


@pytest.mark.parametrize(
    "greeting", [b"x", b"[]", b"{}", b'{"version": 1, "pid": 1, "max_output_len": 1}', b"\0" * 2000]
)
def test_a_greeting_that_is_none_is_called_so(fake, greeting):
    fake.odd["greeting"] = fake.say(greeting)
    with pytest.raises(ProtocolError, match="connect to "):
        connect(fake.path)


def test_an_answer_longer_than_agreed_is_refused(app, fake):
    """It was cut, so whatever it says is not the whole of it."""
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": "x" * SIZE})
    with pytest.raises(ProtocolError, match=f"longer than {SIZE} bytes"):
        app.find("m")


@pytest.mark.parametrize("size", [-1, 1.5, "x", None, 2**70])
def test_a_greeting_must_say_a_size(fake, size):
    fake.odd["greeting"] = fake.say({"version": "DPDK", "pid": 1, "max_output_len": size})
    with pytest.raises(ProtocolError, match="max_output_len in the answer is no number"):
        connect(fake.path)


def test_no_memory_is_taken_for_whatever_size_a_greeting_says(fake):
    fake.odd["greeting"] = fake.say({"version": "DPDK", "pid": 1, "max_output_len": 2**63})
    with connect(fake.path) as app:
        assert app.mirrors() == []


def test_a_greeting_that_leaves_no_room_leaves_no_answer(fake):
    fake.odd["greeting"] = fake.say({"version": "DPDK", "pid": 1, "max_output_len": 0})
    with connect(fake.path) as app, pytest.raises(ProtocolError, match="longer than 1 bytes"):
        app.mirrors()


GOOD = {
    "id": 1, "name": ["m"], "state": "running", "reason": [], "mode": "share", "mode_reason": [], "source_port": 0,
    "source": ["net_ring0"], "target_port": 1, "target": ["ring:a"], "directions": "both", "snaplen": 0, "split_len": 0,
    "origin": 0, "filter_engine": "none", "target_queue": 0, "nb_target_queues": 1, "rx_queues": 1,
    "tx_queues": 1, "spec": [], "rx_polled": "", "rx_unpolled": "", "tx_polled": "", "tx_unpolled": "",
}  # fmt: skip
WRONG = [None, -1, 1.5, True, 2**64, "nonsense", ["nonsense", 1], {}, ["\ud800"]]


@pytest.mark.parametrize("key", GOOD)
def test_each_key_is_missed_or_refused(app, fake, key):
    info = app.find("m").info
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": GOOD})
    assert info().target == "ring:a"
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": {k: v for k, v in GOOD.items() if k != key}})
    with pytest.raises(ProtocolError, match=f"the answer has no {key}"):
        info()
    for wrong in WRONG:
        if type(wrong) is type(GOOD[key]) and wrong != -1:
            continue
        fake.odd["/mirror/info"] = fake.say({"/mirror/info": GOOD | {key: wrong}})
        with pytest.raises(ProtocolError, match=f"{key} in the answer is no"):
            info()


@pytest.mark.parametrize("key", ["state", "mode", "filter_engine", "directions"])
def test_a_word_of_a_newer_library_is_told_as_it_is(app, fake, key):
    mirror = app.find("m")
    for word in ("from the future", ""):
        fake.odd["/mirror/info"] = fake.say({"/mirror/info": GOOD | {key: word}})
        assert getattr(mirror.info(), key) == word


def test_older_libraries_know_neither_warnings_nor_some_counters(app, fake):
    mirror = app.find("m")
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": GOOD})
    assert mirror.info().warning == ""
    known = dict.fromkeys(("seen", "packets", "bytes", "full"), 1)
    fake.odd["/mirror/stats"] = fake.say({"/mirror/stats": known | {"from_the_future": 1}})
    assert mirror.stats() == MirrorStats(**known)
    assert mirror.stats().others == {"from_the_future": 1}
    assert repr(mirror.stats()).endswith(", others={'from_the_future': 1})")
    for number in (-1, -(1 << 80), 1 << 64):
        fake.odd["/mirror/stats"] = fake.say({"/mirror/stats": known | {"from_the_future": number}})
        assert mirror.stats().counts()["from_the_future"] == number
        fake.odd["/mirror/stats"] = fake.say({"/mirror/stats": known | {"seen": number}})
        with pytest.raises(ProtocolError, match="seen in the answer is no number"):
            mirror.stats()
    fake.odd["/mirror/stats"] = fake.say({"/mirror/stats": {"packets": 1, "bytes": 1}})
    with pytest.raises(ProtocolError, match="the answer has no seen"):
        mirror.stats()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.sampled_from([*GOOD, "error", "errno"]), values),
)


@given(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys([*GOOD, "error", "errno"], JSON)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_whatever_is_answered_is_no_traceback(app, fake, value):
    """Any JSON at all, for anything that is asked."""
    mirror = RemoteMirror(app, 1)
    commands = ("ports", "list", "info", "stats", "add", "remove")
    fake.odd = {
        f"/mirror/{command}": fake.say(json.dumps({f"/mirror/{command}": value})[:SIZE].encode())
        for command in commands
    }
    for ask in (app.ports, app.mirrors, mirror.info, mirror.stats, app.remove_all, lambda: app.mirror(0, to="x:y")):
        try:
            ask()
        except MirrorError:
            continue


def test_pages_come_to_an_end(app, fake):
    """However many there are said to be; and a page that starts before what was asked for would come for ever."""
    app.timeout_s = 60.0  # three times which is not over first
    numbers = iter(range(0, 10**9, 2000))

    def page(client):
        start = next(numbers)
        client.send(json.dumps({"/mirror/list": list(range(start, start + 2000))}).encode())

    fake.odd["/mirror/list"] = page
    with pytest.raises(ProtocolError, match="list mirrors in app: the answers have no end"):
        app.mirrors()
    for wrong in ([3, 2], [1, 1], [-1], [1.5], [True], ["1"]):
        fake.odd["/mirror/list"] = fake.say({"/mirror/list": wrong})
        with pytest.raises(ProtocolError, match="list mirrors in app: "):
            app.mirrors()
    fake.odd["/mirror/list"] = fake.say({"/mirror/list": [1]})
    with pytest.raises(ProtocolError, match=r"do not ascend from 2 on: \[1\]"):
        app.mirrors()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EINVAL", InvalidConfigError),
        ("ENODEV", NotFoundError),
        ("EBUSY", ConflictError),
        ("ENOMEM", OutOfMemoryError),
        ("ENOTSUP", UnsupportedError),
        ("ETIMEDOUT", BusyTimeoutError),
        ("EIO", MirrorError),
    ],
)
def test_a_refusal_is_the_exception_of_its_errno_with_its_reason(app, fake, name, kind):
    """As in process; the reason survives whatever it quotes."""
    code = getattr(errno, name)
    answer = refusal(code, 'filter "é": ' + "so " * 100) | {"error": name}
    fake.odd["/mirror/pause"] = fake.say({"/mirror/pause": answer})
    with pytest.raises(kind) as caught:
        app.find("m").pause()
    assert type(caught.value) is kind
    assert caught.value.errno == code
    assert str(caught.value) == f'pause mirror m in app: filter "é": {"so " * 100} [{name}]'


def test_an_application_without_the_plugin_is_told_how_to_load_it(start):
    start("plain", plugin=False)
    with connect("plain") as app:
        assert not app.has_plugin
        with pytest.raises(
            NoPluginError, match=r"list mirrors in plain: .*; attach it first: dpdk-mirror attach plain"
        ):
            app.mirrors()


def test_a_plugin_that_speaks_otherwise_is_refused(fake):
    answer = {"version": "9.0.0", "protocol": 2, "dpdk": "DPDK 30.11", "pid": 1}
    fake.odd["/mirror/version"] = fake.say({"/mirror/version": answer})
    with connect("app") as app, pytest.raises(UnsupportedError, match=r"speaks protocol 2, this is 1 .*same version"):
        app.mirrors()


def test_another_process_that_got_the_socket_is_not_taken_for_the_first(app, fake, runtime):
    """Its mirrors of the same ids are others."""
    mirror = app.find("m")
    fake.close()
    fake.path.unlink()
    with FakeApplication(fake.path, pid=4712) as other, Application(fake.path) as new:
        new.mirror(0, to="ring:a")
        with pytest.raises(DisconnectedError, match="the application has closed the connection"):
            app.find(1)
        with pytest.raises(DisconnectedError, match=f"has ended, and process {os.getpid()} has its socket now"):
            app.find(1)
        mirror.close()
        assert len(other.mirrors) == 1


def test_an_application_that_has_ended_is_said_to(app, fake):
    fake.close()
    with pytest.raises(DisconnectedError):
        app.mirrors()
    with pytest.raises(DisconnectedError, match=r"list mirrors in app: .* has ended \(.*nobody listens.*connect to"):
        app.mirrors()
    fake.path.unlink()
    with pytest.raises(DisconnectedError, match=r"the application has ended \(.*No such file"):
        app.mirrors()


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda path: None, NotFoundError, "No such file or directory"),
        (lambda path: path.write_text(""), DisconnectedError, "it is no socket"),
        (lambda path: path.mkdir(), DisconnectedError, "it is no socket"),
        (os.mkfifo, DisconnectedError, "it is no socket"),
    ],
)
def test_what_is_no_socket_is_refused(runtime, make, kind, message):
    make(runtime / "thing")
    with pytest.raises(kind, match=f"{message} .*; dpdk-mirror apps lists what runs"):
        connect(runtime / "thing")


def test_a_socket_that_an_application_has_left_behind_is_refused(runtime):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(runtime / "left"))
    with pytest.raises(DisconnectedError, match="nobody listens any more"):
        connect(runtime / "left")


def test_a_socket_of_another_type_is_refused(runtime):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(runtime / "stream"))
        listener.listen()
        with pytest.raises(ProtocolError, match="it is no telemetry socket"):
            connect(runtime / "stream")


@pytest.mark.parametrize("path", ["/" + "x" * 200, "/nul\0"])
def test_a_path_that_cannot_be_one_is_refused(path):
    with pytest.raises(MirrorError, match="connect to /"):
        connect(path)


def test_a_list_that_comes_slowly_for_ever_is_given_up(app, fake):
    """Each answer within its time, and one more number in each."""
    app.timeout_s = 0.3
    numbers = iter(range(10**9))

    def slowly(client):
        time.sleep(0.05)
        client.send(json.dumps({"/mirror/list": [next(numbers)]}).encode())

    fake.odd["/mirror/list"] = slowly
    with pytest.raises(BusyTimeoutError, match=r"list mirrors in app: the answers take more than 0.9 s"):
        app.mirrors()
