# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What tests fork for dpdk-mirror is what a start of the installed script is."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import commands
import pytest
from commands import COMMAND


@pytest.mark.parametrize(
    ("words", "code"), [(["--version"], 0), (["ports", "--app", "missing.sock", "--json"], 1), (["run", "--to"], 2)]
)
def test_a_forked_command_says_the_same_and_ends_the_same(tmp_path, words, code):
    options = {"cwd": tmp_path, "env": {**os.environ, "COLUMNS": "60"}, "capture_output": True, "text": True}
    forked, started = (module.run([COMMAND, *words], check=False, **options) for module in (commands, subprocess))
    assert (forked.returncode, forked.stdout, forked.stderr) == (code, started.stdout, started.stderr)
    assert forked.stdout + forked.stderr


def state(pid):
    """What others see of a process."""
    folder = Path(f"/proc/{pid}")
    lines = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines())
    told = ("Umask", "PPid", "Uid", "SigIgn", "SigCgt", "Cpus_allowed_list")
    files = {path.name: str(path.readlink()) for path in (folder / "fd").iterdir()}
    streams = [files[name] for name in "012"]
    kinds = {text.partition(":")[0] for text in files.values() if "libffi" not in text}  # which opens itself, or not
    return {key: lines[key] for key in told}, (folder / "cwd").readlink(), os.getsid(pid) == pid, streams, kinds


def settled(pid):
    """What they see once two looks are the same: it opens and closes files until it waits."""
    before = None
    while True:
        with contextlib.suppress(FileNotFoundError):
            if (now := state(pid)) == before:
                return now
            before = now
        time.sleep(0.05)


def test_a_forked_command_is_a_child_like_any_other(tmp_path):
    """Waiting for a capture that does not come, each with the same files, and killed."""
    os.mkfifo(tmp_path / "in.pcap")
    states = []
    for module in (commands, subprocess):
        with (tmp_path / "said").open("wb") as said:
            options = {"cwd": tmp_path, "stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
            process = module.Popen([COMMAND, "run", "in.pcap", "--to", "out.pcap"], start_new_session=True, **options)
            with process, (tmp_path / "in.pcap").open("wb"):  # which waits until it is opened at the other end
                states.append(settled(process.pid))
                process.kill()
            assert process.returncode == -9
    assert states[0] == states[1]
    assert states[0][0]["PPid"] == str(os.getpid())
    assert (tmp_path / "said").read_bytes() in (b"", b"ready\n")  # as far as it has come


def test_a_forked_command_has_its_session_when_its_number_is_known():
    """So a signal to its group reaches it, however early."""
    for _ in range(20):
        with commands.Popen([COMMAND, "apps"], stdout=subprocess.DEVNULL, start_new_session=True) as process:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == -9


def test_what_is_not_dpdk_mirror_or_asks_for_more_is_started():
    asked = commands.run(["sh", "-c", "echo $0 $PPID"], capture_output=True, text=True)
    assert asked.stdout.split() == ["sh", str(os.getpid())]
    told = commands.run([COMMAND, "--version"], capture_output=True, env={"PYTHONVERBOSE": "1"})
    assert b"import _frozen_importlib" in told.stderr
