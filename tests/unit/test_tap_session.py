# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Taps: whose they are, and why their stream has ended."""

import errno
import os
import re
import threading

import pytest
from fakeapp import refusal

from dpdk_mirror.remote import Application, process_text
from dpdk_mirror.remote.wanted import Wanted
from dpdk_mirror.spec import MirrorSpec
from dpdk_mirror.tap import session
from dpdk_mirror.tap.session import Tap


@pytest.fixture
def fake(start):
    return start()


@pytest.fixture
def tap(fake):
    """As if its two mirrors went into a stream."""
    with Application(fake.path) as app:
        tap = Tap.__new__(Tap)
        tap.app, tap.mirrors = app, [app.mirror(0, to="null:x"), app.mirror(1, to="null:x")]
        yield tap


def end_by_limit(fake):
    fake.mirrors[2].state, fake.mirrors[2].reason = "stopped", "stream:/s: its 5 s are over"


def end_by_lease(fake):
    said = "there is no mirror 1: it ended 3 s ago (its 60 s are over), when it had seen 2 packets"
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": refusal(errno.ENOENT, said)})


def hang(fake):
    fake.odd["/mirror/info"] = fake.hang


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (end_by_limit, "capture from app: stream:/s: its 5 s are over [EPIPE]"),
        (end_by_lease, "capture from app: its 60 s are over [ENOENT]"),
        (lambda fake: fake.mirrors.clear(), "capture from app: somebody has removed the mirrors [ENOENT]"),
        (lambda fake: fake.close(), "capture from app: the application has ended [ECONNRESET]"),
        (lambda _fake: None, "capture from app: its stream has ended, and its mirrors go on [EPIPE]"),
        (hang, "describe mirror mirror1 in app: the application does not answer within 0.5 s"),
    ],
    ids=["limit", "lease", "removed", "dead", "running", "hanging"],
)
def test_why_a_stream_has_ended_is_said(tap, fake, end, says):
    tap.app.timeout_s = 0.5
    tap.app.hang_up()
    end(fake)
    assert re.match(re.escape(says), str(tap.why_ended()))


def test_the_last_counters_are_read_once_others_let_go_of_an_application(tap, fake):
    tap.app.hang_up()
    fake.clients_max = 0
    others_end = threading.Timer(0.1, setattr, (fake, "clients_max", 10))
    others_end.start()
    assert len(tap.finish()) == 2
    assert fake.mirrors == {}
    others_end.join()


def test_an_application_that_is_ending_removes_the_mirrors_itself(tap, fake):
    ending = refusal(errno.ESHUTDOWN, "the application is ending")
    for command in ("pause", "remove"):
        fake.odd[f"/mirror/{command}"] = fake.say({f"/mirror/{command}": ending})
    assert len(tap.finish()) == 2
    assert [mirror.closed for mirror in tap.mirrors] == [True, True]


def add(fake, *, number=1):
    """As a tap does; the mirrors that there are then, by name."""
    spec = MirrorSpec(ends_with=process_text(os.getpid()))
    names = session._names("tcpdump-4711")
    with Application(fake.path) as app:
        for _ in range(number):
            session._add(app, Wanted("0", f"stream:/{len(fake.mirrors)}", force=False, spec=spec), names)
    return {mirror.name: mirror for mirror in fake.mirrors.values()}


def test_each_mirror_of_a_tap_is_named_after_whose_it_is(fake):
    """Two processes of one number, in containers, get along."""
    assert list(add(fake, number=2)) == ["tcpdump-4711", "tcpdump-4711-2"]
    assert list(add(fake, number=2))[2:] == ["tcpdump-4711-3", "tcpdump-4711-4"]


@pytest.mark.parametrize("why", [errno.ENOTSUP, errno.EPERM, errno.EACCES])
def test_an_application_that_does_not_see_a_process_mirrors_for_it_all_the_same(fake, why):
    """In a container, or where /proc hides others' processes."""
    (seen,) = add(fake).values()
    assert seen.spec.ends_with == process_text(os.getpid())
    fake.blind = why
    assert add(fake)["tcpdump-4711-2"].spec.ends_with is None
