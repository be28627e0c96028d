# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""librte_mirror in the folder that EAL loads drivers from: every application of that DPDK has it from its start.

One file there that cannot be loaded keeps every application from starting. So what gets there has been loaded before,
with that DPDK, and gets there whole.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .attach.dpdk import parse_status, release_by_abi
from .attach.library import Library, read_library
from .errors import (
    ConflictError,
    InvalidConfigError,
    MirrorError,
    NotFoundError,
    NotPermittedError,
    UnsupportedError,
    error_for,
)
from .plugin import library_for, plugin_path, writable_parents
from .pmdinfo import library_directories, read_only_data

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DriverFolder", "Outcome", "driver_folders", "install", "installed", "is_for_all", "remove"]

_NAME = "librte_mirror.so"
# EAL passes over this one: it takes those that end in .so, or in .so and its ABI's version.
_NEW = ".librte_mirror-{}.new"
_MODE = 0o644  # as the drivers beside it
_READABLE = 0o444
# EAL has it for those who ask its file, and says that it stays.
_FOLDER = re.compile(rb"DPDK_PLUGIN_PATH=(/[^\0]+)\0")
_EAL = re.compile(r"librte_eal\.so\.(\d{1,4})")
_PART = re.compile(r"librte_eal\.so\.\d{1,4}\.(\d)")
# With the DPDK of that folder in the process; says the library's status, in bytes.
_TRY = """
import ctypes, os, signal, sys
signal.alarm(30)  # ends it
ethdev, library = sys.argv[1:]
ctypes.CDLL(ethdev, mode=os.RTLD_NOW | os.RTLD_GLOBAL)
status = ctypes.c_uint32.in_dll(ctypes.CDLL(library, mode=os.RTLD_NOW), "rte_mirror_status")
size = ctypes.c_uint32.from_address(ctypes.addressof(status) + 4).value
sys.stdout.buffer.write(ctypes.string_at(ctypes.addressof(status), size))
sys.stdout.buffer.flush()
os._exit(0)
"""
_SUDO = "be root: sudo $(command -v dpdk-mirror) plugin install"


@dataclass(frozen=True, slots=True)
class DriverFolder:
    """A folder that an installed librte_eal loads drivers from; ``dpdk`` is its series of releases, such as 22.11."""

    dpdk: str
    path: Path
    eal: Path

    @property
    def library(self) -> Path:
        """Where librte_mirror is, if it is installed."""
        return self.path / _NAME


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a folder. Versions are of the library: the one that is there now, and before; "" if none."""

    folder: DriverFolder
    version: str
    before: str
    changed: bool


def driver_folders() -> list[DriverFolder]:
    """Those of all DPDKs with shared libraries that the dynamic loader, or pkg-config, knows."""
    found: dict[Path, DriverFolder] = {}
    for directory in dict.fromkeys(path.resolve() for path in library_directories()):
        for eal in sorted(directory.glob("librte_eal.so.*")):
            name, real = _EAL.fullmatch(eal.name), eal.resolve()
            match = _FOLDER.search(read_only_data(real)) if name is not None else None
            if name is not None and match is not None:
                path, part = Path(os.fsdecode(match[1])), _PART.fullmatch(real.name)
                release = release_by_abi(int(name[1]), int(part[1]) if part is not None else 0)
                found.setdefault(path, DriverFolder(release, path, eal))
    return list(found.values())


def installed(folder: DriverFolder) -> Library | None:
    """The library that is there. InvalidConfigError: that is something else; NotPermittedError: others may write it."""
    if not os.path.lexists(folder.library):
        return None
    if not stat.S_ISREG(folder.library.lstat().st_mode):
        raise InvalidConfigError(errno.EINVAL, f"read {folder.library}: it is no file", "see who has put it there")
    return read_library(folder.library)


def is_for_all(folder: DriverFolder) -> bool:
    """Whether everybody's applications can load the library that is there. Those that cannot do not start."""
    return folder.library.stat().st_mode & _READABLE == _READABLE


def install(dpdk: str | None = None, *, dry_run: bool = False) -> list[Outcome]:
    """Put the library for a series of DPDK's releases, by default this package's own, to where its drivers are.

    dry_run: make all checks, and say what would be done.
    """
    library = read_library(plugin_path()) if dpdk is None else library_for(dpdk, "install the library")
    folders = _folders_of(library.dpdk)
    for folder in folders:
        _check_folder(folder, "install")
        _check_ours(folder)
    return [_install(folder, library, dry_run=dry_run) for folder in folders]


def remove(dpdk: str | None = None, *, dry_run: bool = False) -> list[Outcome]:
    """Take it away, of all releases by default. Applications that run keep what they have loaded."""
    folders = driver_folders() if dpdk is None else _folders_of(dpdk)
    there = [folder for folder in folders if _check_ours(folder)]
    for folder in there:
        _check_folder(folder, "remove")
    return [
        _remove(folder, dry_run=dry_run) if folder in there else Outcome(folder, "", "", changed=False)
        for folder in folders
    ]


# Checks, which change nothing.


def _folders_of(dpdk: str) -> list[DriverFolder]:
    known = driver_folders()
    if found := [folder for folder in known if folder.dpdk == dpdk]:
        return found
    others = ", ".join(sorted({folder.dpdk for folder in known}))
    hint = f"installed are {others}; name one with --dpdk" if others else "load it with -d, or attach"
    what = f"install the library: no DPDK {dpdk} is here that loads drivers from a folder"
    raise NotFoundError(errno.ENOENT, what, hint)


def _check_folder(folder: DriverFolder, doing: str) -> None:
    """That it is there, this user may write to it, and nobody else."""
    what = f"{doing} {folder.library}"
    try:
        status = folder.path.stat()
    except OSError as error:
        raise error_for(error.errno or errno.EIO, what, f"DPDK {folder.dpdk} loads no drivers then") from None
    if not stat.S_ISDIR(status.st_mode):
        raise error_for(errno.ENOTDIR, what)
    if status.st_uid not in {0, os.geteuid()} or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise NotPermittedError(
            errno.EPERM, f"{what}: others may write to that folder", "have it owned by root, with mode 0755"
        )
    if open_to_all := writable_parents(folder.path / "x"):
        names = ", ".join(map(str, open_to_all))
        raise NotPermittedError(errno.EPERM, f"{what}: EAL would refuse it: anybody may write to {names}", "chmod o-w")
    if not os.access(folder.path, os.W_OK | os.X_OK):
        raise NotPermittedError(errno.EACCES, f"{what}: no permission", _SUDO)


def _check_ours(folder: DriverFolder) -> bool:
    """Whether the library is there; ConflictError if what has its name is something else."""
    try:
        return installed(folder) is not None
    except NotPermittedError:
        return True  # it says that it is ours
    except InvalidConfigError as error:
        raise ConflictError(errno.EEXIST, f"{error.what}: it is left alone", "move it away") from None


def _check_works(folder: DriverFolder, library: Library, path: Path) -> None:
    """Load the file with the folder's DPDK, in a process of its own."""
    doing = f"install {folder.library}"
    abi = folder.eal.name.removeprefix("librte_eal.so.")
    ethdev = folder.eal.with_name(f"librte_ethdev.so.{abi}")
    environment = {"PATH": os.defpath, "LD_LIBRARY_PATH": str(folder.eal.parent)}
    command = [sys.executable, "-I", "-c", _TRY, str(ethdev), str(path)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
    except OSError as error:  # this Python is not to be started again
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: it cannot be tried: {error}", "nothing was changed") from None
    status = parse_status(done.stdout)
    if status is None or status.loading:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        reason = lines[-1].removeprefix("OSError: ")
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: {library.path} cannot be loaded: {reason}", "reinstall it")
    if status.inert:
        raise UnsupportedError(errno.ENOTSUP, f"{doing}: with the DPDK there: {status.reason}")


# What changes the folder.


def _install(folder: DriverFolder, library: Library, *, dry_run: bool) -> Outcome:
    before, content = _there(folder)
    if content == library.content:
        _check_works(folder, library, folder.library)
        return Outcome(folder, library.version, before, changed=False)
    if dry_run:
        _check_works(folder, library, library.path)
    else:
        _put(folder, library)
    return Outcome(folder, library.version, before, changed=True)


def _put(folder: DriverFolder, library: Library) -> None:
    path = folder.path / _NEW.format(secrets.token_hex(8))
    try:
        with _held(folder.path):
            _write(path, library.content)
            try:
                _check_works(folder, library, path)
                path.replace(folder.library)
                _sync(folder.path)
            finally:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise _error(error, f"install {folder.library}") from None


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """What others have left who were killed is removed, if none of them is at work."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in folder.glob(_NEW.format("*")):
                left.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def _remove(folder: DriverFolder, *, dry_run: bool) -> Outcome:
    before, _ = _there(folder)
    try:
        if not dry_run:
            with _held(folder.path):
                folder.library.unlink()
                _sync(folder.path)
    except OSError as error:
        raise _error(error, f"remove {folder.library}") from None
    return Outcome(folder, "", before, changed=True)


def _there(folder: DriverFolder) -> tuple[str, bytes]:
    """The version and the bytes of what is there; of what others may write, or cannot read, no bytes."""
    try:
        library = installed(folder)
    except NotPermittedError:
        return "unknown", b""
    if library is None:
        return "", b""
    return library.version, library.content if is_for_all(folder) else b""


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, _MODE)  # whatever the umask
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _error(error: OSError, doing: str) -> MirrorError:
    return error if isinstance(error, MirrorError) else error_for(error.errno or errno.EIO, doing)
