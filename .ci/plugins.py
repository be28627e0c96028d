#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Builds librte_mirror for other releases of DPDK, in matrix's chroots, and puts each beside the one in .venv.

What has been put there attaches to applications of that release, as in containers. ONLY and CHROOTS as for matrix.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from matrix import FACTS, LOGS, TREE, Chroot, Run, chosen, chroots, end_with_children, tell_facts

PATH_OF = "from dpdk_mirror.plugin import plugin_path; print('plugin', plugin_path())"
BUILD = f'make build && .venv/bin/python -c "{PATH_OF}" && {FACTS}'


def build_beside(own: Path, run: Run, chroot: Chroot) -> bool:
    with chroot.held():
        if not chroot.make():
            return False
        chroot.copy_tree()
        if not (chroot.sh(BUILD) and tell_facts(run, chroot)):
            return False
        (path,) = chroot.said(r"^plugin (\S+)$")
        beside = own.with_name(f"librte_mirror-{run.release}.so")
        # Applications that have the one before keep it: it is not written to.
        new = beside.with_suffix(".new")
        shutil.copy(chroot.folder / path[1:], new)
        new.chmod(0o755)
        new.replace(beside)
    print(beside)
    return True


def main() -> int:
    if os.geteuid() != 0:
        sys.exit("plugins: only root has chroots")
    own = Path(
        subprocess.run([TREE / ".venv/bin/python", "-c", PATH_OF], check=True, text=True, stdout=-1).stdout.split()[1]
    )
    LOGS.mkdir(parents=True, exist_ok=True)
    status = 0
    for run in chosen():
        chroot = Chroot(run, chroots(), float("inf"))
        try:
            built = build_beside(own, run, chroot)
        except (OSError, subprocess.CalledProcessError) as error:
            built, run.not_run = False, str(error)
        if not built:
            print(f"{run.release}: {run.not_run or 'failed'}: see {chroot.log}")
            status = 1
    return status


if __name__ == "__main__":
    end_with_children()
    sys.exit(main())
