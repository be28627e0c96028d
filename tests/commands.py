# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``run()`` and ``Popen()`` as subprocess has them, for dpdk-mirror: forked from a process that has imported it.

Imports are most of what a command takes, and a fork has them. Otherwise it is what a start of the installed script is:
a child of the tests' process with its own standard streams, folder, environment and, if need be, session, in which
main() returns as ever. /proc has the command line and the environment of the process that it was forked from.
What is not dpdk-mirror, or asks for more, subprocess starts: any test may call these. Tests of how the command starts
take subprocess's own.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import inspect
import json
import os
import pkgutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import dpdk_mirror.__main__
from dpdk_mirror import pmdinfo

COMMAND = str(Path(sys.executable).with_name("dpdk-mirror"))
_FORMS = ([COMMAND], [sys.executable, "-m", "dpdk_mirror"])
# Read as a process begins, before any of its Python is.
_EARLY = ("LANG", "LC_", "LD_", "PYTHON")
_NO_COMMANDS = {"conformance", "librte_mirror", "pytest_plugin", "testing"}
# Popen's options that are heeded.
_OPTIONS = {"stdin", "stdout", "stderr", "cwd", "env", "start_new_session", "text", "encoding", "errors", "bufsize"}
_PARAMETERS = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
# Of <linux/prctl.h>.
_PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 15, 36


def run(command: list[Any], **options: Any) -> subprocess.CompletedProcess[Any]:
    """As subprocess.run()."""
    check, timeout, given = options.pop("check", False), options.pop("timeout", None), options.pop("input", None)
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if given is not None:
        options["stdin"] = subprocess.PIPE
    with Popen(command, **options) as process:
        try:
            output = process.communicate(given, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, *output)
    if check:
        done.check_returncode()
    return done


class Popen(subprocess.Popen[Any]):
    """As subprocess.Popen."""

    def __init__(self, command: list[Any], **options: Any) -> None:
        words = [os.fspath(word) for word in command]
        environment = os.environ if (given := options.get("env")) is None else given
        is_ours = any(words[: len(form)] == form for form in _FORMS)
        self._is_forked = is_ours and options.keys() <= _OPTIONS and _early(environment) == _early(os.environ)
        super().__init__(words, **options)

    def _execute_child(self, *arguments: Any) -> None:
        if not self._is_forked:
            super()._execute_child(*arguments)  # type: ignore[misc]
            return
        given = _PARAMETERS.bind(self, *arguments).arguments
        streams = [given["p2cread"], given["c2pwrite"], given["errwrite"]]
        request = {
            "words": given["args"],
            "folder": str(Path.cwd() / (given["cwd"] or "")),
            "environment": dict(os.environ if given["env"] is None else given["env"]),
            "has_session": given["start_new_session"],
            "cpus": sorted(os.sched_getaffinity(0)),
        }
        self.pid = _server().fork(request, [number if fd < 0 else fd for number, fd in enumerate(streams)])
        self._child_created = True
        self._close_pipe_fds(*(given[name] for name in _PIPES))  # type: ignore[attr-defined]


def _early(environment: Any) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key.startswith(_EARLY)}


@functools.cache
def _server() -> _Server:
    return _Server()


class _Server:
    """The process that has imported it, as the tests' process sees it; it ends with that."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen([sys.executable, __file__, str(number)], pass_fds=[number])

    def fork(self, request: dict[str, Any], streams: list[int]) -> int:
        """The number of a new process, which is this one's child: the one between has ended."""
        with self._turn:
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
            try:
                socket.send_fds(self._ours, [json.dumps(request).encode()], streams)
                return int(self._ours.recv(16))
            finally:
                _prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _prctl(what: int, value: Any) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(what, value, 0, 0, 0)


def _serve(channel: socket.socket) -> bool:
    """Forks a process for each request, in which it returns True; False once nobody asks any more."""
    while True:
        said, streams, *_ = socket.recv_fds(channel, 1 << 20, 3)
        if not said:
            return False
        if (between := os.fork()) == 0:
            between = os.getpid()
            if os.fork() != 0:
                os._exit(0)
            while os.getppid() == between:  # and not yet the child of who has asked
                time.sleep(0.0001)
            _become(json.loads(said))
            # Whoever learns its number may send signals to its group.
            channel.send(str(os.getpid()).encode())
            channel.detach()
            _take_streams(streams)
            return True
        os.waitpid(between, 0)
        for stream in streams:
            os.close(stream)


def _take_streams(streams: list[int]) -> None:
    """Has them for its own, and nothing else."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        before = getattr(sys, f"__{name}__")
        stream = open(number, mode, encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        if name == "stderr":
            stream.reconfigure(line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _become(request: dict[str, Any]) -> None:
    """Is as a process that has been started so."""
    words = request["words"]
    _prctl(_PR_SET_NAME, os.fsencode(Path(words[0]).name))
    if request["has_session"]:
        os.setsid()
    os.sched_setaffinity(0, request["cpus"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.orig_argv = words if words[0] == sys.executable else [sys.executable, *words]
    sys.argv = words if words[0] == COMMAND else [str(dpdk_mirror.__main__.__file__), *words[3:]]


def _import_all() -> None:
    for module in pkgutil.walk_packages(dpdk_mirror.__path__, "dpdk_mirror."):
        if module.name.split(".")[1] not in _NO_COMMANDS:
            importlib.import_module(module.name)
    for path in sorted(pmdinfo.driver_directory().glob("librte_*.so")):  # which EAL loads all of
        ctypes.CDLL(str(path), mode=os.RTLD_NOW)
    gc.collect()
    gc.freeze()


def _main() -> None:
    """The process that imports it, and then those forked from that."""
    del sys.path[0]  # the tests' folder
    channel = socket.socket(fileno=int(sys.argv[1]))
    is_forked = False
    with contextlib.suppress(KeyboardInterrupt):
        _import_all()
        is_forked = _serve(channel)
    if not is_forked:
        return
    try:
        code = dpdk_mirror.__main__.main()
    except SystemExit as end:
        code = end.code
    _end(code)


def _end(code: int) -> NoReturn:
    """As sys.exit(), but for all that has been imported, which it does not take apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    ctypes.PyDLL(None).exit(code)


if __name__ == "__main__":
    _main()
