# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""check-dpdk.py PREFIX: says which DPDK is loaded, and fails unless it, its drivers and testpmd are of that prefix."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from dpdk_mirror._binding import ffi, lib
from dpdk_mirror.installing import driver_folders


def found() -> dict[str, set[Path]]:
    """Who has which files or folders of DPDK's."""
    ours = r"(/\S*/librte_(?!mirror)\w+\.so\S*)"
    loaded = re.findall(ours, Path("/proc/self/maps").read_text(encoding="utf-8"))
    testpmd = shutil.which("dpdk-testpmd")
    needed = subprocess.run(["ldd", testpmd], check=True, capture_output=True, text=True).stdout if testpmd else ""
    package = set(map(Path, loaded))
    folders = {path.parent for path in package}
    return {
        "the package": package,
        "EAL's drivers": {folder.path for folder in driver_folders() if folder.eal.parent in folders},
        "dpdk-testpmd": {*map(Path, filter(None, [testpmd])), *map(Path, re.findall(ours, needed))},
    }


def main() -> int:
    prefix = Path(sys.argv[1]).resolve()
    print(f"{ffi.string(lib.ffi_eal_release()).decode()}, to be of {prefix}")
    status = 0
    for who, paths in found().items():
        others = sorted(str(path) for path in paths if not path.resolve().is_relative_to(prefix))
        if others or not paths:
            print(f"{who}: not of there: {', '.join(others) or 'nothing is there'}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
