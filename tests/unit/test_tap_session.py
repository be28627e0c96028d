# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Taps: why their stream has ended."""

import errno
import re

import pytest
from fakeapp import refusal

from dpdk_mirror.remote import Application
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
