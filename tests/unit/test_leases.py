# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors that end by themselves, and whose they are, as commands ask for it and show it."""

import os
import pwd
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from fakeapp import FakeMirror

from dpdk_mirror.cli import main, shell
from dpdk_mirror.errors import InvalidConfigError, NotFoundError, UnsupportedError
from dpdk_mirror.remote import Application, process_text
from dpdk_mirror.remote.channel import REQUEST_MAX
from dpdk_mirror.remote.owner import myself
from dpdk_mirror.spec import MirrorSpec

USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def fake(start):
    return start("ovs")


@pytest.fixture
def app(fake):
    with Application(fake.path) as app:
        yield app


def rows_of(out):
    return [re.split(r"  +", line.strip()) for line in out.splitlines()]


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)]
)
def test_a_lease_is_a_time_in_any_unit(text, seconds):
    assert MirrorSpec.from_texts({"for": text}).lease == seconds


@pytest.mark.parametrize("text", ["", "m", "1h30m", "1.5h", "10M", "-1", "49711d"])
def test_a_lease_is_no_other_text(text):
    with pytest.raises(InvalidConfigError, match="lease="):
        MirrorSpec.from_texts({"lease": text})


def test_add_and_update_say_for_how_long(fake, capsys):
    """In whatever unit the application may be told."""
    assert main(["add", "0", "--to", "ring:a", "--name", "web", "--for", "10m"]) == 0
    assert fake.mirrors[1].spec.lease == 600
    assert main(["update", "web", "--for", "1h"]) == 0
    assert fake.requests[-2] == "/mirror/update,mirror=1,lease=1h"
    fake.mirrors[1].owner = {"ends_in_s": 3600}
    assert main(["update", "web", "--for", "1h"]) == 0
    assert capsys.readouterr().out.endswith("ends in 3600 s\n")


def test_a_mirror_ends_with_what_has_run_the_command(fake):
    """Here that is this process; the text tells it from any other of its number."""
    add = "import sys; from dpdk_mirror.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", add, "add", "0", "--to", "ring:a", "--with-shell", "--app", str(fake.path)]
    subprocess.run(command, check=True)
    assert fake.mirrors[1].spec.ends_with == process_text(os.getpid())
    update = [*command[:3], "update", "1", "--no-with-shell", "--app", str(fake.path)]
    subprocess.run(update, check=True)
    assert fake.mirrors[1].spec.ends_with is None
    # What ends with the command is passed over.
    subprocess.run(["timeout", "60", *command[:3], "update", "1", "--with-shell", "--app", str(fake.path)], check=True)
    assert fake.mirrors[1].spec.ends_with == process_text(os.getpid())


def test_where_the_shell_cannot_be_seen_a_time_can_be_given(monkeypatch, fake, capsys):
    """As after docker exec: the parent is 0 there."""
    monkeypatch.setattr(os, "getppid", lambda: 0)
    with pytest.raises(UnsupportedError, match="no process that has run this command is seen from here"):
        shell.shell()
    assert main(["add", "0", "--to", "ring:a", "--with-shell"]) == 1
    assert capsys.readouterr().err.endswith("give a time: --for\n")
    assert not fake.mirrors


def test_a_process_that_is_not_there_has_no_text():
    process = subprocess.Popen(["true"])
    process.wait()
    with pytest.raises(NotFoundError):
        process_text(process.pid)


def test_a_library_that_takes_it_is_told_who_adds(app, fake):
    fake.takes_by = True
    mirror = app.mirror(0, to="ring:a", name="web")
    assert mirror.info().added_by == myself()
    assert myself().startswith(USER)
    assert myself().endswith(f"@{os.uname().nodename}, process {os.getpid()}")


def test_an_earlier_library_is_told_what_it_knows(app, fake):
    """It would refuse the rest, and of its mirrors nobody knows whose they are."""
    mirror = app.mirror(0, to="ring:a", name="web")
    assert fake.requests[-1] == "/mirror/add,source=0,to=ring:a,directions=both,mode=auto,name=web"
    assert (mirror.info().added_by, mirror.info().added_at, mirror.info().ends_in_s) == ("", "", None)


def test_who_adds_takes_no_room_from_what_is_asked_for(app, fake):
    """A request that is full without is sent without."""
    fake.takes_by = True
    room = REQUEST_MAX - len("/mirror/add,source=0,to=,directions=both,mode=share")
    app.mirror(0, to="ring:" + "a" * (room - 5), spec=MirrorSpec())
    assert len(fake.requests[-1]) == REQUEST_MAX
    assert app.find(1).info().added_by == ""


def test_list_shows_age_and_owner_and_end(fake, capsys):
    """The kernel's word on a user before the client's; no column for ends where there are none."""
    ago = f"{datetime.now(UTC) - timedelta(seconds=7300):%Y-%m-%dT%H:%M:%SZ}"
    fake.mirrors = {
        1: FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="a")),
        2: FakeMirror(2, "net_ring0", "ring:b", MirrorSpec(name="b")),
    }
    fake.mirrors[1].owner = {"added_at": ago, "added_by": ["me@there, process 7"]}
    assert main(["list"]) == 0
    out = rows_of(capsys.readouterr().out)
    assert [row[7:] for row in out] == [["age", "by"], ["2h", "me@there"], ["-", "-"]]
    fake.mirrors[1].owner |= {"ends_in_s": 601}
    fake.mirrors[2].owner = {
        "added_at": ago, "added_by": ["me@there, process 7"], "added_uid": os.getuid(), "added_pid": 9,
        "ends_in_s": 90, "ends_with": 7,
    }  # fmt: skip
    assert main(["list"]) == 0
    out = rows_of(capsys.readouterr().out)
    assert [row[8:] for row in out] == [["by", "ends"], ["me@there", "in 10m"], [USER, "in 90s, or with 7"]]
