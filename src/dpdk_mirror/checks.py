# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a machine has, and lacks, for mirrors in live applications; and what to do about it."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from .attach.library import read_library
from .errors import DisconnectedError, InvalidConfigError, MirrorError, NoPluginError, NotFoundError, NotPermittedError
from .installing import driver_folders, installed, is_for_all
from .plugin import load_error, plugin_for, plugin_path, use_error, writable_parents
from .pmdinfo import driver_directory, installed_release
from .remote import Application, connect
from .remote.discovery import PROBE_S, look, own_socket, processes, scan
from .remote.sockets import closed_directories, label, listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .attach.library import Library
    from .remote import DpdkProcess

__all__ = ["Finding", "findings"]

_PROC = Path("/proc")
_TUN = Path("/dev/net/tun")
_MIRRORS_S = 10.0
"""How long an application may take to tell of its mirrors."""
_LOAD = "with -d $(dpdk-mirror plugin-path) among its EAL arguments"
_OLDER, _NEWER = "; it is older than this package's", "; it is newer than this package's"
_OTHER = "; it is another build than this package's"
_LOG = "its log says why, in a line that begins with MIRROR"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``status`` is ok, note (it may do without) or bad (it will not do)."""

    topic: str
    status: str
    what: str
    fix: str = ""


def findings(app: str | None = None) -> Iterator[Finding]:
    """Everything, in the order in which to fix it; of applications only ``app``, if it is given."""
    yield from _plugin()
    yield from _installed()
    yield _dpdk()
    yield from _hugepages()
    yield from _rights()
    yield from _applications() if app is None else _named(app)


def _plugin() -> Iterator[Finding]:
    try:
        path = plugin_path()
    except NotFoundError as error:
        yield Finding("plugin", "bad", error.what, error.hint)
        return
    reason = load_error(path)
    if reason:
        yield Finding("plugin", "bad", f"{path} cannot be loaded: {reason}", "install what is missing, or reinstall it")
    else:
        yield Finding("plugin", "ok", f"{path} can be loaded")
    folders = writable_parents(path)
    if folders:
        what = f"EAL refuses its path: anybody may write to {', '.join(map(str, folders))}"
        fix = f"give -d {path.name} and LD_LIBRARY_PATH={path.parent}, or install it elsewhere"
        yield Finding("plugin path", "bad", what, fix)
    else:
        yield Finding("plugin path", "ok", "not everybody may write to the folders above it, as EAL requires")


def _installed() -> Iterator[Finding]:
    """Where EAL takes drivers from; nothing of where it is not."""
    for folder in driver_folders():
        topic = f"installed for DPDK {folder.dpdk}"
        try:
            library = installed(folder)
        except MirrorError as error:
            fix = "have it be gone: EAL loads it" if isinstance(error, InvalidConfigError) else error.hint
            yield Finding(topic, "bad", error.what, fix)
            continue
        if library is None:
            continue
        what = f"librte_mirror {library.version} in {folder.path}"
        install = f"dpdk-mirror plugin install --dpdk {folder.dpdk}"
        if reason := load_error(folder.library):
            what += f" cannot be loaded, so no application of that DPDK starts: {reason}"
            yield Finding(topic, "bad", what, f"{install}, or --remove")
        elif not is_for_all(folder):
            yield Finding(
                topic, "bad", f"{what}: not everybody may read it, so others' applications do not start", install
            )
        elif library.dpdk != folder.dpdk:
            yield Finding(
                topic, "bad", f"{what} is for DPDK {library.dpdk}, and does nothing", f"{install}, or --remove"
            )
        else:
            comparison = _compared(library)
            status = "note" if comparison in {_OLDER, _OTHER} else "ok"
            what += f": applications have it from their start{comparison}"
            yield Finding(topic, status, what, install if status == "note" else "")


def _compared(library: Library) -> str:
    """With what this package would install."""
    try:
        own = read_library(plugin_for(library.dpdk))
    except MirrorError:
        return ""
    if own.dpdk != library.dpdk or own.content == library.content:
        return ""
    versions = [[int(part) for part in re.findall(r"\d+", each.version)] for each in (library, own)]
    return _OTHER if versions[0] == versions[1] else _OLDER if versions[0] < versions[1] else _NEWER


def _dpdk() -> Finding:
    try:
        folder = driver_directory()
    except NotFoundError as error:
        fix = "none is needed to control applications; to run dpdk-mirror run, install libdpdk-dev"
        return Finding("DPDK", "note", error.what, fix)
    here = f"{installed_release() or 'unknown release'}, drivers in {folder}"
    reason, fix = use_error()
    return Finding("DPDK", "bad", f"{here}: {reason}", fix) if reason else Finding("DPDK", "ok", here)


def _hugepages() -> Iterator[Finding]:
    text = (_PROC / "meminfo").read_text(encoding="utf-8")
    sizes = {key: int(value) for key, value in re.findall(r"^(Huge\w+):\s+(\d+)", text, re.MULTILINE)}
    total, free = sizes.get("HugePages_Total", 0), sizes.get("HugePages_Free", 0)
    what = f"{free} of {total} pages of {sizes.get('Hugepagesize', 0)} kB are free"
    if free:
        yield Finding("hugepages", "ok", what)
    else:
        fix = "applications without --no-huge require some; as root: sysctl vm.nr_hugepages=512"
        yield Finding("hugepages", "note", what, fix)


def _rights() -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield Finding("rights", "ok", "root may control all applications")
    else:
        closed = ", ".join(map(str, closed_directories()))
        what = f"you may control your own applications{f'; no permission to read {closed}' if closed else ''}"
        yield Finding("rights", "note", what, "for applications of root: sudo $(command -v dpdk-mirror)")
    if _TUN.exists():
        yield Finding("tap", "ok", f"{_TUN} exists, for targets tap:IFACE")
    else:
        what = f"{_TUN} does not exist, so targets tap:IFACE do not work"
        yield Finding("tap", "note", what, "as root: modprobe tun")


def _applications() -> Iterator[Finding]:
    known = {process.pid: process for process in processes()}
    told: set[int] = set()
    found = False
    for path, each in scan():
        found = True
        if isinstance(each, Application):
            with each as app:
                app.timeout_s = PROBE_S
                with contextlib.suppress(MirrorError):
                    told.add(app.pid)
                yield _application(app, known)
                yield from _mirrors(app)
        else:
            told.add(pid := listener(path) or 0)
            # Somebody else's application may be in order.
            status = "note" if isinstance(each, NotPermittedError) else "bad"
            what = f"process {pid}, {each.what}" if pid else each.what
            yield Finding(f"application {label(path)}", status, what, each.hint)
    for process in known.values():
        # Python that controls applications, or tests, is none of them.
        if process.pid not in told and process.started and not process.own:
            found = True
            yield _process(process, known)
    if not found:
        yield Finding("applications", "note", "no DPDK application runs here", "start one, as root or as yourself")


def _named(where: str) -> Iterator[Finding]:
    """An application that must be there, and answer."""
    try:
        app = connect(where, timeout_s=PROBE_S)
    except MirrorError as error:
        yield Finding(f"application {where}", "bad", error.what, error.hint)
        return
    with app:
        found = _application(app, {})
        # What others may do without, it may not.
        yield replace(found, status="bad") if found.status == "note" else found
        yield from _mirrors(app)


def _mirrors(app: Application) -> Iterator[Finding]:
    """What they cost. Whoever does not answer has been told of before, and a mirror may go meanwhile."""
    end = time.monotonic() + _MIRRORS_S
    with contextlib.suppress(MirrorError):
        for mirror in app.mirrors():
            if time.monotonic() > end:
                return
            info = mirror.info()
            topic = f"mirror {info.name} of {app}"
            what = f"{info.state}, {info.cost() or 'nothing has come yet'}"
            if info.drain_yields:
                what += "; its thread has no CPU that pollers leave free, so all is copied, and sent late"
                yield Finding(topic, "note", what, "give the application one more CPU, as by taskset -ap")
            else:
                yield Finding(topic, "ok", what)


def _application(app: Application, known: Mapping[int, DpdkProcess]) -> Finding:
    """``known`` are processes that have been looked at; another is looked at here."""
    topic = f"application {app}"
    try:
        # A process of another container's has no number here.
        who = f"process {app.pid}, {app.dpdk}" if app.pid else app.dpdk
        return Finding(topic, "ok", f"{who}, librte_mirror {app.plugin}: can be mirrored")
    except NoPluginError as error:
        what = f"{who}: librte_mirror is"
        process = known.get(app.pid) or look(app.pid)
        if process is not None and process.plugin:
            because = f": {process.inert}" if process.inert else ""
            return Finding(topic, "bad", f"{what} loaded there, but inert{because}", "" if because else _LOG)
        return Finding(topic, "note", f"{what} not loaded there", _how_to_load(process) or error.hint)
    except MirrorError as error:
        return Finding(topic, "bad", error.what, error.hint)


def _process(process: DpdkProcess, known: Mapping[int, DpdkProcess]) -> Finding:
    """One that no telemetry socket leads to."""
    topic = f"process {process.pid}"
    if process.plugin and process.socket:
        return _own_socket(process, known)
    if process.socket:
        what = f"{process.name} has DPDK_MIRROR_SOCKET in its environment, but librte_mirror is not loaded there"
        return Finding(topic, "bad", what, _how_to_load(process))
    if process.inert:
        return Finding(topic, "bad", f"{process.name}: librte_mirror is loaded there, but inert: {process.inert}")
    what = f"{process.name} runs DPDK{f' {process.dpdk}' if process.dpdk else ''}, but no telemetry socket was found"
    if process.plugin:
        path = _socket_for(process)
        fix = f"have it open a socket: dpdk-mirror attach {process.pid} --socket {path}"
        fix += f"; or start it with DPDK_MIRROR_SOCKET={path} in its environment"
        return Finding(topic, "note", f"{what}; librte_mirror is loaded there", fix)
    return Finding(topic, "note", what, _how_to_load(process))


def _own_socket(process: DpdkProcess, known: Mapping[int, DpdkProcess]) -> Finding:
    with Application(own_socket(process), timeout_s=PROBE_S) as app:
        try:
            app.greet()
        except (NotFoundError, DisconnectedError) as error:
            return Finding(f"application {app}", "bad", error.what, _LOG)
        except MirrorError as error:
            return Finding(f"application {app}", "bad", error.what, error.hint)
        return _application(app, known)


def _socket_for(process: DpdkProcess) -> str:
    """A path to try, as a word of a shell."""
    return quote(f"/run/{process.name}.mirror")


def _how_to_load(process: DpdkProcess | None) -> str:
    """The library, into what runs, or into what takes its place."""
    if process is None:
        return ""
    if not process.obstacle:
        return f"attach it: dpdk-mirror attach {process.pid}"
    own = "" if process.telemetry else f", and with DPDK_MIRROR_SOCKET={_socket_for(process)} in its environment"
    return f"start it {_LOAD}{own}; it cannot be attached now: {process.obstacle}"
