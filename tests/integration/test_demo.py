# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The demo shows what it says."""

import os
import subprocess
import sys
import time
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def interfaces():
    return sorted(path.name for path in Path("/sys/class/net").iterdir())


def test_the_demo_shows_a_replay_and_live_traffic_in_time_and_leaves_nothing(tmp_path):
    """Byte for byte, in under 20 s; the live part, unless namespaces are refused, too."""
    before, start = interfaces(), time.monotonic()
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    environment["LD_LIBRARY_PATH"] = os.environ.get("LD_LIBRARY_PATH", "")  # where a DPDK of one's own is
    done = subprocess.run(
        [sys.executable, DEMO], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.splitlines()[-1]
    assert "1020 frames of 42 to 65549 bytes were mirrored byte for byte and in order" in shown
    # An ordinary user may not be allowed namespaces; root is.
    assert "tcpdump saw all of both" in shown or ("the live part was skipped" in shown and os.geteuid() != 0)
    assert time.monotonic() - start < 20
    assert interfaces() == before
    assert list(tmp_path.iterdir()) == []
