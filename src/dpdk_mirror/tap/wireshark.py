# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Where Wireshark looks for programs that capture for it, and the one there that is dpdk-mirror."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from ..errors import ConflictError, NotFoundError
from ..outfile import OutFile

__all__ = ["install", "launcher", "remove"]

_NAME = "dpdk-mirror"
_OURS = "#!/bin/sh\n# Made by dpdk-mirror extcap --install; --install --remove takes it away.\n"
_TIMEOUT_S = 30


def launcher(*, for_all: bool = False) -> Path:
    """Where the launcher belongs: for this user, or for everybody who uses this Wireshark."""
    folders = _folders()
    if for_all:
        found = folders.get("Global Extcap path") or folders.get("Extcap path")
    else:  # before 4.2 it was beside the configuration, and not told
        found = folders.get("Personal Extcap path")
        if found is None and "Personal configuration" in folders:
            found = f"{folders['Personal configuration']}/extcap"
    if found is None:
        what = "find Wireshark's folder for extcap: neither tshark nor wireshark is here, or tells it"
        raise NotFoundError(errno.ENOENT, what, "install tshark or wireshark first")
    return Path(found) / _NAME


def install(*, for_all: bool = False) -> Path:
    """Put the launcher to where Wireshark finds it; return its path. ConflictError: somebody else's is there."""
    path = launcher(for_all=for_all)
    _check_ours(path, "install")
    path.parent.mkdir(parents=True, exist_ok=True)
    # -P: nothing is imported from the folder that Wireshark happens to be in.
    text = f'{_OURS}exec {shlex.quote(sys.executable)} -P -m dpdk_mirror extcap "$@"\n'
    with OutFile(str(path)) as out:
        os.write(out.fd, text.encode())
        os.fchmod(out.fd, 0o755)
        out.commit()
    return path


def remove(*, for_all: bool = False) -> Path | None:
    """Take the launcher away; return its path, None if there was none. ConflictError: somebody else's is there."""
    path = launcher(for_all=for_all)
    if not _check_ours(path, "remove"):
        return None
    path.unlink()
    return path


def _check_ours(path: Path, doing: str) -> bool:
    """Whether there is anything, which is ours then."""
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file() or not path.read_bytes().startswith(_OURS.encode()):
        what = f"{doing} {path}: somebody else has made what is there"
        raise ConflictError(errno.EEXIST, what, "see what it is, and move it away")
    return True


def _folders() -> dict[str, str]:
    """What Wireshark says of its folders, by its own words for them."""
    for program in ("tshark", "wireshark"):
        if shutil.which(program) is not None:
            environment = {**os.environ, "LC_ALL": "C", "QT_QPA_PLATFORM": "offscreen"}
            done = subprocess.run(
                [program, "-G", "folders"], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="surrogateescape", timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
            return dict(re.findall(r"^([^:\n]+):\s*(/.*)$", done.stdout, flags=re.MULTILINE))
    return {}
