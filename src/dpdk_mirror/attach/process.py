# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A process, held so that no other that gets its number is ever taken for it: its memory, maps, tasks and files."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import select
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..closeable import Closeable
from ..errors import ClosedError, MalformedError, MirrorError, NotFoundError, error_for
from .below import open_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Mapping", "Process", "Task"]

_APPS = "dpdk-mirror apps lists what runs"
_RIGHTS = "be root, or the user that it runs as, with CAP_SYS_PTRACE where the system asks for that"

_READ_MAX = 16 << 20
"""Bytes of memory at a time."""

_PAGE = 4096
_TEXT_MAX = 1 << 20
_MAPS_MAX = 32 << 20
_TASKS_MAX = 32768
# No process of a 64-bit architecture has memory beyond.
_ADDRESS_MAX = 1 << 63

_MAPPING = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)")
_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A line of its maps. ``device`` is as st_dev would be; ``path`` is without the mark of a file that is deleted."""

    start: int
    end: int
    perms: str
    offset: int
    device: int
    inode: int
    path: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A thread. ``syscall`` is what the kernel says of it, "" without the rights, or if it has just ended."""

    tid: int
    comm: str
    syscall: str


class Process(Closeable):
    """The process of an id, from the first look to the last.

    Errors say what was tried: NotFoundError when it has ended, NotPermittedError without the rights, MalformedError
    when what it has there makes no sense. ``known`` is for what others have found in it, that does not change.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.known: dict[object, Any] = {}
        self._memory = -1
        self._root = -1
        self._thread = -1
        with contextlib.ExitStack() as opened:
            self._pidfd = self._open_pidfd()
            opened.callback(os.close, self._pidfd)
            self._folder = self._open_folder()
            opened.callback(os.close, self._folder)
            self.start_time = self._start_time()
            # Its number was nobody else's so far, if it has not ended yet: the folder is its own.
            self._check_alive("look at")
            if self._state() == "Z":
                self._thread = self._open_living()
            opened.pop_all()

    def __repr__(self) -> str:
        return f"<Process {self.pid}>"

    def close(self) -> None:
        for name in ("_memory", "_root", "_thread", "_folder", "_pidfd"):
            if (held := getattr(self, name)) >= 0:
                setattr(self, name, -1)
                os.close(held)

    @property
    def pidfd(self) -> int:
        """For pidfd_getfd(), pidfd_send_signal() and poll(); closed with this object."""
        self._check_open("use")
        return self._pidfd

    def check(self) -> None:
        """Raise NotFoundError if it has ended, or runs another program than at the first look at its memory."""
        self._check_alive("look at")
        if self._start_time() != self.start_time:
            raise self._ended("look at")
        # Nothing at address 0 is an error, unless the memory itself has gone.
        with contextlib.suppress(OSError):
            if self._memory >= 0 and not os.pread(self._memory, 1, 0):
                raise self._gone("look at")

    def check_thread(self, tid: int) -> None:
        """The same, and that a thread is one of its own: the number of one that has ended may be another's."""
        self.check()
        try:
            os.stat(f"task/{tid}", dir_fd=self._folder)
        except OSError:
            what = f"look at process {self.pid}: its thread {tid} has ended"
            raise NotFoundError(errno.ESRCH, what, "try again") from None

    # Its memory.

    def read(self, address: int, size: int) -> bytes:
        """Just so many bytes of its memory."""
        doing = f"read {size} bytes at {address:#x} of"
        if not 0 <= size <= _READ_MAX or not 0 <= address < _ADDRESS_MAX - size:
            raise self._malformed(doing, "no memory is there")
        memory, found = self._open_memory(doing), b""
        while len(found) < size:
            try:
                more = os.pread(memory, size - len(found), address + len(found))
            except OSError as error:
                raise self._error(error, doing) from None
            if not more:
                raise self._gone(doing)
            found += more
        return found

    def string(self, address: int, longest: int) -> str:
        """A text up to its zero byte; MalformedError if that is not among so many bytes."""
        found = b""
        while len(found) <= longest:
            # What is beyond the page may not be there.
            size = min(-(address + len(found)) % _PAGE or _PAGE, longest + 1 - len(found))
            more, end, _ = self.read(address + len(found), size).partition(b"\0")
            found += more
            if end:
                return os.fsdecode(found)
        raise self._malformed(f"read a text at {address:#x} of", f"it has no end within {longest} bytes")

    def write(self, address: int, data: bytes) -> None:
        """Replace what is there, also where the process itself may not write."""
        doing = f"write {len(data)} bytes at {address:#x} of"
        if not 0 <= address < _ADDRESS_MAX - len(data):
            raise self._malformed(doing, "no memory is there")
        memory, written = self._open_memory(doing), 0
        while written < len(data):
            try:
                count = os.pwrite(memory, data[written:], address + written)
            except OSError as error:
                raise self._error(error, doing) from None
            if not count:
                raise self._gone(doing)
            written += count

    def maps(self) -> list[Mapping]:
        """What is mapped there, by address."""
        return [self._mapping(line) for line in self.maps_text().split(b"\n") if line]

    def maps_text(self) -> bytes:
        """The same as the kernel writes it."""
        return self.raw("maps", _MAPS_MAX)

    def auxv(self) -> dict[int, int]:
        """The kernel's words to the program when that started, by their AT_ number."""
        raw = self.raw("auxv", _TEXT_MAX)
        words = _pairs(raw, "<QQ")
        # Of a 32-bit process two words look like one, which no number of the kernel's is like.
        if any(key >= 1 << 16 for key in words):
            words = _pairs(raw, "<II")
        return words

    # Its threads.

    def tids(self) -> list[int]:
        """Their ids. The oldest, which EAL's are among, if there are more than are looked at."""
        folder = self.open("task", os.O_RDONLY | os.O_DIRECTORY)
        try:
            with os.scandir(folder) as entries:
                names = itertools.islice((entry.name for entry in entries), _TASKS_MAX)
                return sorted(int(name) for name in names if name.isdecimal())
        except OSError as error:
            raise self._error(error, "list threads of") from None
        finally:
            os.close(folder)

    def tasks(self) -> list[Task]:
        """Its threads, oldest first."""
        return list(self._tasks(self.tids()))

    def thread_names(self) -> set[str]:
        """The names of its threads, which anybody may know."""
        return {name for tid in self.tids() if (name := self._comm(tid)) is not None}

    def ns_tid(self, tid: int) -> int:
        """The number that a thread has in the process's own namespace."""
        text = self.text(f"task/{tid}/status")
        match = re.search(r"^NSpid:(?:\t\d+)*\t(\d+)$", text, re.MULTILINE)
        return int(match[1]) if match else tid  # a kernel without such namespaces

    # Its files.

    def text(self, name: str) -> str:
        """A short file of its folder in /proc."""
        return os.fsdecode(self.raw(name, _TEXT_MAX))

    def link(self, name: str) -> str:
        """Where a link of its folder in /proc leads, as text."""
        self._check_open(f"read {name} of")
        try:
            return os.readlink(name, dir_fd=self._where(name))
        except OSError as error:
            raise self._error(error, f"read {name} of") from None

    def open(self, name: str, flags: int) -> int:
        """Open a file of its folder in /proc, such as exe or ns/mnt."""
        try:
            return self._open(name, flags)
        except OSError as error:
            raise self._error(error, f"open {name} of") from None

    def open_below_root(self, path: str, flags: int) -> int:
        """Open a path as the process sees it, and nothing outside of its root. Of a device or socket, O_PATH only."""
        doing = f"open {path} of"
        if self._root < 0:
            self._root = self.open("root", os.O_PATH | os.O_DIRECTORY)
        return open_below(self._root, path, flags, f"{doing} process {self.pid}")

    # The inside.

    def _open_pidfd(self) -> int:
        try:
            return os.pidfd_open(self.pid)
        except (OSError, OverflowError) as error:
            code = error.errno if isinstance(error, OSError) else errno.ESRCH
            what = f"look at process {self.pid}"
            if code in {errno.EINVAL, errno.ENOENT}:
                reason = "it is one of a process's threads, or none" if self.pid > 0 else "that is no id of a process"
                raise NotFoundError(errno.ESRCH, f"{what}: {reason}", _APPS) from None
            if code == errno.ESRCH:
                raise NotFoundError(code, f"{what}: there is none", _APPS) from None
            if code == errno.ENOSYS:
                raise error_for(code, f"{what}: this kernel has no pidfd_open()", "use Linux 5.6 or later") from None
            raise error_for(code or errno.EIO, what) from None

    def _open_folder(self) -> int:
        try:
            return os.open(f"/proc/{self.pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENOENT and not Path("/proc/self").exists():
                what = f"look at process {self.pid}: /proc is not mounted here"
                raise NotFoundError(errno.ENOENT, what, "mount it") from None
            raise self._error(error, "look at") from None

    def _open(self, name: str, flags: int) -> int:
        self._check_open("look at")
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self._where(name))

    def _where(self, name: str) -> int:
        """The folder that has it: a first thread that has ended before the others has no memory, nor files."""
        is_shared = self._thread >= 0 and name not in {"comm", "stat"} and not name.startswith("task")
        return self._thread if is_shared else self._folder

    def _open_living(self) -> int:
        """The folder of a thread that has not ended; none if there is none."""
        for tid in self.tids():
            with contextlib.suppress(OSError, MirrorError):
                if tid != self.pid and self.text(f"task/{tid}/stat").rpartition(")")[2].split()[0] != "Z":
                    return self._open(f"task/{tid}", os.O_PATH | os.O_DIRECTORY)
        return -1

    def _state(self) -> str:
        return self.text("stat").rpartition(")")[2].split()[0]

    def _open_memory(self, doing: str) -> int:
        self._check_open(doing)
        if self._memory < 0:
            try:
                self._memory = self._open("mem", os.O_RDWR)
            except OSError as error:
                raise self._error(error, doing) from None
        return self._memory

    def raw(self, name: str, size: int) -> bytes:
        doing = f"read {name} of"
        try:
            descriptor = self._open(name, os.O_RDONLY)
            with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123  a descriptor
                return b"".join(self._chunks(stream.read, size, doing))
        except OSError as error:
            raise self._error(error, doing) from None

    def _chunks(self, read: Callable[[int], bytes | None], size: int, doing: str) -> Iterator[bytes]:
        left = size
        while more := read(1 << 16):
            left -= len(more)
            if left < 0:
                raise self._malformed(doing, f"it has more than {size >> 20} MB")
            yield more

    def _mapping(self, line: bytes) -> Mapping:
        match = _MAPPING.fullmatch(line)
        if match is None:
            raise self._malformed("read maps of", f"there is a line {line[:80]!r}")
        start, end, offset, major, minor = (int(match[number], 16) for number in (1, 2, 4, 5, 6))
        path = os.fsdecode(match[8])
        return Mapping(
            start, end, match[3].decode(), offset, os.makedev(major, minor), int(match[7]),
            path.removesuffix(_DELETED), path.endswith(_DELETED),
        )  # fmt: skip

    def _comm(self, tid: int) -> str | None:
        """None if the thread has ended."""
        try:
            return self.text(f"task/{tid}/comm").removesuffix("\n")
        except NotFoundError:
            return None

    def _tasks(self, tids: list[int]) -> Iterator[Task]:
        for tid in tids:
            if (comm := self._comm(tid)) is None:
                continue
            try:
                syscall = self.text(f"task/{tid}/syscall").strip()
            except MirrorError:
                syscall = ""
            yield Task(tid, comm, syscall)

    def _start_time(self) -> int:
        """In ticks since the machine started."""
        fields = self.text("stat").rpartition(")")[2].split()
        try:
            return int(fields[19])
        except (IndexError, ValueError):
            raise self._malformed("look at", "its stat makes no sense") from None

    def _check_open(self, doing: str) -> None:
        if self._pidfd < 0:
            raise ClosedError(errno.EBADF, f"{doing} process {self.pid}: it is closed")

    def _check_alive(self, doing: str) -> None:
        self._check_open(doing)
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if poll.poll(0):
            raise self._ended(doing)

    def _gone(self, doing: str) -> MirrorError:
        """The kernel gives nothing, and says nothing."""
        what = f"{doing} process {self.pid}: its memory has gone: it ends, or has started another program"
        return NotFoundError(errno.ESRCH, what, _APPS)

    def _ended(self, doing: str) -> MirrorError:
        return NotFoundError(errno.ESRCH, f"{doing} process {self.pid}: it has ended", _APPS)

    def _malformed(self, doing: str, reason: str) -> MalformedError:
        return MalformedError(errno.EIO, f"{doing} process {self.pid}: {reason}")

    def _error(self, error: OSError, doing: str) -> MirrorError:
        code = error.errno or errno.EIO
        what = f"{doing} process {self.pid}"
        if code in {errno.ESRCH, errno.ENOENT} or not code:
            return NotFoundError(errno.ESRCH, f"{what}: it has ended", _APPS)
        if code in {errno.EACCES, errno.EPERM}:
            return error_for(code, f"{what}: no permission", _RIGHTS)
        if code in {errno.EIO, errno.EFAULT}:
            return MalformedError(code, f"{what}: no memory is there")
        return error_for(code, what)


def _pairs(raw: bytes, form: str) -> dict[int, int]:
    whole = len(raw) - len(raw) % struct.calcsize(form)
    found = {}
    for key, value in struct.iter_unpack(form, raw[:whole]):
        if key == 0:
            break
        found[key] = value
    return found
