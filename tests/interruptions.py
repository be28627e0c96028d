# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Runs of the command that a signal hits at a random moment of their start."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from captures import some_frames, write_capture
from runs import COMMAND

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_S = 0.6  # about what a start takes
_HANG_S = 60.0


def interrupt(folder: Path, seed: int) -> str:
    """Interrupts a run in ``folder``, which is for temporary files, too; returns what is wrong, "" if nothing is.

    From the command's first statement on: before that, it is Python's own start that is hit.
    """
    choice = random.Random(seed)
    number, delay_s = choice.choice(SIGNALS), choice.uniform(0, _LONGEST_S)
    source, target = choice.choice(["in.pcap", "net_null0", "-"]), choice.choice(["out.pcapng", "net_null9"])
    command = [*COMMAND, source, "--to", target]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        _wait_until_caught(process)
        time.sleep(delay_s)
        process.send_signal(number)
        try:
            _, stderr = process.communicate(timeout=_HANG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"{seed}: {command} hangs after {number.name} at {delay_s} s"
    what = f"{seed}: {command} after {number.name} at {delay_s} s: {process.returncode}, {stderr.decode()}"
    begun = b"ready" in stderr
    codes = {0 if begun else 128 + number}
    if source == "in.pcap":  # which comes to its end by itself: what is interrupted may be behind that
        codes |= {128 + number, -number}
    if process.returncode not in codes or stderr != (b"ready\n" if begun else b""):
        return what
    expected = {"in.pcap"} | ({"out.pcapng"} if begun and target == "out.pcapng" else set())
    left = {path.name for path in folder.iterdir()}
    for name in left - {"in.pcap"}:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return "" if left == expected else f"{what} left {left - expected}"


def prepare(folder: Path) -> None:
    write_capture(folder / "in.pcap", some_frames(5))


def _wait_until_caught(process: subprocess.Popen[bytes]) -> None:
    """Until the command's own handlers are there."""
    wanted = sum(1 << (number - 1) for number in SIGNALS)
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
        (caught,) = [line for line in status.splitlines() if line.startswith("SigCgt")]
        if int(caught.split()[1], 16) & wanted == wanted:
            return
        time.sleep(0.0005)
