# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors real packets and shows it; ``make demo`` runs this. No hugepages, no NIC, no root.

First a capture of mixed traffic is replayed and mirrored into another, which must be the same byte for byte. Then a
ping and a download between two network namespaces cross a forwarder, and tcpdump must see them on the mirror's target.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import traffic

TOOLS = ("ip", "nsenter", "ping", "tcpdump", "unshare")
HERE = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).with_name("dpdk-mirror")
# Without root, a user namespace gives the rights over network namespaces of one's own. Not as its root: tcpdump would
# want to become somebody else, who is not there.
UNSHARES = (["unshare", "-nm"], ["unshare", "-Unm", "--map-user=1000", "--map-group=1000", "--keep-caps"])


def replay(folder: Path) -> str:
    """Mirrors a capture into another; returns what that has shown."""
    frames = traffic.mixed()
    traffic.write(folder / "traffic.pcap", frames)
    command = [PROGRAM, "run", "traffic.pcap", "--to", "mirror.pcapng"]
    print(f"$ dpdk-mirror {' '.join(map(str, command[1:]))}", flush=True)
    subprocess.run(command, cwd=folder, check=True)
    mirrored = traffic.read(folder / "mirror.pcapng")
    if mirrored != frames:
        differs = next((n for n, pair in enumerate(zip(frames, mirrored, strict=False)) if pair[0] != pair[1]), None)
        sys.exit(f"demo: {len(frames)} frames replayed, {len(mirrored)} mirrored; the first that differs: {differs}")
    lengths = [len(frame) for frame in frames]
    return f"{len(frames)} frames of {min(lengths)} to {max(lengths)} bytes were mirrored byte for byte and in order"


def live(folder: Path) -> str:
    """Mirrors between network namespaces; returns what that has shown, or why it could not be tried."""
    reasons = []
    for unshare in UNSHARES:
        allowed = subprocess.run(
            [*unshare, "ip", "link", "add", "type", "veth"], capture_output=True, text=True, check=False
        )
        if allowed.returncode == 0:
            done = subprocess.run([*unshare, sys.executable, HERE / "live.py", PROGRAM, folder / "shown"], check=False)
            if done.returncode != 0:
                sys.exit("demo: the live part failed")
            return (folder / "shown").read_text(encoding="utf-8")
        reasons.append(f"{' '.join(unshare)}: {(allowed.stderr.strip().splitlines() or ['refused'])[-1]}")
    return f"the live part was skipped, since this machine allows no network namespaces ({'; '.join(reasons)})"


def main() -> int:
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where an ordinary user may not look for ip and tcpdump
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        sys.exit(f"demo: {', '.join(missing)} not found; .ci/packages.build lists what is needed")
    with tempfile.TemporaryDirectory(prefix="dpdk-mirror-demo-") as folder:
        replayed = replay(Path(folder))
        print()
        lived = live(Path(folder))
    print(f"\nShown: {replayed}; {lived}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
