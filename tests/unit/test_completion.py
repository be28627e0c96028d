# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Completion of what is there: applications, ports, mirrors, kinds of targets, drivers, in the shells themselves."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakeapp import FakeMirror

import dpdk_mirror
from dpdk_mirror import completing
from dpdk_mirror.pmdinfo import drivers
from dpdk_mirror.remote.targets import KINDS
from dpdk_mirror.spec import MirrorSpec

SCRIPTS = Path(dpdk_mirror.__file__).parent / "completions"
PROMPT = "ready> "
NAME = "dm-completed"  # as nothing else that runs here
# The command, but it waits longer for answers.
PROGRAM = """\
#!{python}
import sys
from dpdk_mirror import __main__, completing
completing._TIMEOUT_S = 10  # less than the test waits: an application of somebody else's may hang
sys.exit(__main__.main())
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine takes longer to answer."""
    monkeypatch.setattr(completing, "_TIMEOUT_S", 60)


@pytest.fixture
def fake(start):
    fake = start(NAME)
    fake.ports = {0: "0000:03:00.0", 1: "0000:03:00.1", 2: "net_null1", 3: "net_tap_m0"}
    fake.mirrors = {
        1: FakeMirror(1, "net_null1", "tap:a", MirrorSpec(name="web")),
        2: FakeMirror(2, "net_null1", "tap:b", MirrorSpec(name="$(touch${IFS}harm)")),
        3: FakeMirror(3, "net_null1", "tap:c", MirrorSpec(name="west")),
    }
    return fake


def offered(capsys, *words):
    assert completing.main(words) == 0
    return capsys.readouterr().out.splitlines()


def test_what_is_there_is_offered(fake, start, capsys, monkeypatch):
    """Of the application that is named, else of all; targets are no sources."""
    other = start("other")
    other.mirrors = {1: FakeMirror(1, "net_null1", "tap:d", MirrorSpec(name="wide"))}
    assert offered(capsys, "apps", "list", "--app", "") == [NAME, "other"]
    assert offered(capsys, "apps", "list", "--app", NAME[:4]) == [NAME]
    assert offered(capsys, "mirrors", "info", "we") == ["web", "west"]
    assert offered(capsys, "mirrors", "info", "w") == ["web", "west", "wide"]
    assert offered(capsys, "mirrors", "info", "--app", "other", "w") == ["wide"]
    assert offered(capsys, "mirrors", "info", "--app=other", "w") == ["wide"]
    assert offered(capsys, "mirrors", "info", "--app", "nobody", "w") == []
    monkeypatch.setenv("DPDK_MIRROR_APP", NAME)
    assert offered(capsys, "mirrors", "info", "w") == ["web", "west"]
    assert offered(capsys, "ports", "add", "") == ["0000:03:00.0", "0000:03:00.1", "net_null1"]
    assert offered(capsys, "targets", "add", "--to", "") == [f"{kind}:" for kind in KINDS]
    assert offered(capsys, "targets", "add", "--to", "port:net") == ["port:net_null1"]
    assert "net_null" in offered(capsys, "drivers", "net_nu")
    assert offered(capsys, "drivers", "") == [driver.name for driver in drivers()]


def test_nothing_is_offered_that_a_shell_would_have_to_quote(fake, capsys):
    assert offered(capsys, "mirrors", "info", "$") == []


def test_those_that_hang_or_lack_the_library_offer_nothing(fake, start, capsys, monkeypatch):
    monkeypatch.setattr(completing, "_TIMEOUT_S", 2)  # one is waited for
    start("without", plugin=False)
    hanging = start("hanging")
    hanging.odd["/mirror/list"] = hanging.hang
    start("dead").close()
    assert offered(capsys, "mirrors", "info", "w") == ["web", "west"]
    assert offered(capsys, "apps", "list", "--app", "") == [NAME, "hanging", "without"]


def test_unknown_kinds_are_wrong_usage(capsys):
    assert completing.main(["colours", ""]) == 2
    assert completing.main([]) == 2
    assert capsys.readouterr().out == ""


@pytest.fixture
def environment(fake, runtime, tmp_path):
    """Of a shell that finds the stand-ins, and the command by its name."""
    program = tmp_path / "dpdk-mirror"
    program.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8",
        "RUNTIME_DIRECTORY": str(runtime), "DPDK_MIRROR_APP": NAME,
    }  # fmt: skip


class Shell:
    """A shell with our completion, on a terminal of its own."""

    def __init__(self, command, setup, environment):
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
            cwd=environment["HOME"],
        )  # fmt: skip
        os.close(theirs)
        self._said = ""
        os.write(self._terminal, f"{setup}; PS1='ready''> '\n".encode())
        self.read_until(lambda said: PROMPT in said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def read_until(self, condition, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while not condition(self._said):
            assert time.monotonic() < deadline, self._said
            if select.select([self._terminal], [], [], 0.1)[0]:
                self._said += os.read(self._terminal, 65536).decode(errors="replace")

    def type(self, line, expected):
        """A line, TAB, and what the shell makes of it."""
        self._said = ""
        os.write(self._terminal, f"{line}\t".encode())
        self.read_until(lambda said: expected in shown(said))
        os.write(self._terminal, b"\x15")  # the line is forgotten


def shown(said):
    """The line as a terminal shows it, which goes back, and to the line's start, and overwrites."""
    line, at = [], 0
    for each in re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|\x07", "", said):
        if each == "\b":
            at -= 1
        elif each == "\r":
            at = 0
        elif each == "\n":
            line, at = [], 0
        else:
            line[at : at + 1] = each
            at += 1
    return "".join(line)


LINES = [
    ("dpdk-mirror info we", "we"),
    ("dpdk-mirror info wes", "west "),
    ("dpdk-mirror list --app dm-c", f"--app {NAME} "),
    ("dpdk-mirror add net", "net_null1 "),
    ("dpdk-mirror add 0000:03:0", "0000:03:00."),
    ("dpdk-mirror add 0000:03:00.1 --to nu", "--to null:"),
    ("dpdk-mirror add 0000:03:00.1 --to port:ne", "port:net_null1"),
    ("dpdk-mirror remove web wes", "web west "),
    ("dpdk-mirror add net_null1 --mode sp", "--mode split"),
]
# How each is started, and what gives it the completion; the quotes keep the prompt apart from its own echo.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {}"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "mkdir f; cp {} f/_dpdk-mirror; fpath=($PWD/f $fpath); autoload -U compinit; compinit -u -D",
    ),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_what_is_there(environment, tmp_path, shell):
    """Names with colons, too, at which bash cuts words; no name is ever run."""
    command, setup = SHELLS[shell]
    script = SCRIPTS / shell
    with Shell(command, setup.format(script), environment) as typed:
        for line, expected in LINES:
            typed.type(line, expected)
        typed.type("dpdk-mirror info $zz", "$zz")  # no variable: of many, zsh would ask whether to list them
    assert not (tmp_path / "harm").exists()


def test_fish_completes_what_is_there(environment, tmp_path):
    def offers(line):
        command = ["fish", "--no-config", "-c", f"source {SCRIPTS / 'fish'}; complete -C '{line}'"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return [each.partition("\t")[0] for each in done.stdout.splitlines()]

    assert offers("dpdk-mirror info w") == ["web", "west"]
    assert offers("dpdk-mirror info ") == ["web", "west"]
    assert NAME in offers("dpdk-mirror list --app ")
    assert offers("dpdk-mirror add 0000:03:0") == ["0000:03:00.0", "0000:03:00.1"]
    assert offers("dpdk-mirror add net_null1 --to nu") == ["null:"]
    assert not (tmp_path / "harm").exists()
