# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Tests that use EAL in a child of the session: a crash, or a hang, there is one test's failure."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ..programs import signal_name
from .crash import LOG, LOG_TITLE, WHERE, logged, relevant, tail, where_raised

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

    from .forkserver import Child, ForkServer

_Phase = Literal["setup", "call", "teardown"]
_FORKED = pytest.StashKey["_Forked"]()
_TOLD = ("pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish", "pytest_warning_recorded")
_PHASES: tuple[_Phase, ...] = ("setup", "call", "teardown")
_END_S = 10.0
_SOON_S = 2.0
_STOPPING = ("interrupted", "exit", "ended")  # what a child says that runs no further tests


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    items = [] if session.config.option.collectonly else getattr(session, "items", [])
    tests = [item for item in items if _is_for_child(item)]
    if not tests:
        return (yield)
    with tempfile.TemporaryDirectory(prefix="dpdk-mirror-") as folder:
        forked = session.config.stash[_FORKED] = _Forked(session, tests, Path(folder))
        try:
            return (yield)
        finally:
            del session.config.stash[_FORKED]
            forked.close()


@pytest.hookimpl(tryfirst=True)  # plugins that run tests themselves, those that repeat them for one, do so in the child
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    forked = item.config.stash.get(_FORKED, None)
    if forked is None or item not in forked.places:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    forked.run(item)
    _tear_down(item, nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _tear_down(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What this process has set up for its own tests goes before the next one, as after any test."""
    state = item.session._setupstate  # noqa: SLF001 - as pytest's own protocol does
    call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), "teardown")
    if call.excinfo is not None:
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)


def _is_for_child(item: pytest.Item) -> bool:
    mode = item.config.getoption("dpdk_forked")
    if mode == "no" or (mode == "auto" and _is_debugged(item.config)):
        return False
    if item.get_closest_marker("dpdk_forked"):
        return True
    uses_eal = "dpdk_eal" in getattr(item, "fixturenames", ())
    return uses_eal and (mode == "yes" or not hasattr(item.config, "workerinput"))


def _is_debugged(config: pytest.Config) -> bool:
    """Whether somebody looks at this process who may not look at its children: a debugger, coverage."""
    if any(config.getoption(name, default=None) for name in ("usepdb", "trace")) or sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)  # Python 3.12's
    return monitoring is not None and any(monitoring.get_tool(tool) for tool in range(6))


@dataclass
class _Forked:
    """The session's children: one for all tests but those that are to have their own."""

    session: pytest.Session
    tests: list[pytest.Item]
    folder: Path
    child: Child | None = None
    places: dict[pytest.Item, int] = field(init=False)
    server: ForkServer = field(init=False)

    def __post_init__(self) -> None:
        from .forkserver import ForkServer

        self.places = {item: place for place, item in enumerate(self.tests)}
        # Both are to number folders of the same one.
        with contextlib.suppress(AttributeError):
            self.session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001
        self.server = ForkServer(self._serve, self.folder)

    def close(self) -> None:
        if self.child is not None:
            self._end(self.child)
        self.server.close()

    def run(self, item: pytest.Item) -> None:
        """Runs it in a child, and reports what came of it."""
        log = self.folder / "log"
        log.write_bytes(b"")
        alone = item.get_closest_marker("dpdk_forked") is not None
        child = self.server.fork() if alone or self.child is None else self.child
        if not alone:
            self.child = child
        run = _Run(item, log, child)
        try:
            child.connection.send((self.places[item], None if alone else self._following(item)))
            run.follow()
        except (EOFError, OSError):
            self._forget(child)
            run.fail(f"the process that ran it {_how(child.wait())}")
        except pytest.fail.Exception as timeout:  # which the session's process notices, too
            if not run.is_done_soon():
                run.ask_where()
                child.kill()
                self._forget(child)
                run.fail(str(timeout))
        except BaseException:
            run.interrupt()
            self._end(child)
            self._forget(child)
            raise
        else:
            if alone:
                self._end(child)

    def _following(self, item: pytest.Item) -> int | None:
        """The next test of the same child, which may go on using what this one has set up."""
        rest = range(self.places[item] + 1, len(self.tests))
        return next((at for at in rest if not self.tests[at].get_closest_marker("dpdk_forked")), None)

    def _forget(self, child: Child) -> None:
        if child is self.child:
            self.child = None

    def _end(self, child: Child) -> None:
        """Has it tear down what is set up, and end; kills it if that takes long."""
        with contextlib.suppress(OSError, EOFError):  # one of a time-out, too
            child.connection.send(None)
            while child.receive(_END_S)[0] != "ended":
                pass
        child.kill()

    # In the child.

    def _serve(self, connection: Connection) -> None:
        config = self.session.config
        _silence(config)
        config.pluginmanager.register(_Reporter(config, connection))
        config.stash[LOG] = self.folder / "log"
        try:
            with logged(config):
                while (request := connection.recv()) is not None:
                    item, following = self.tests[request[0]], request[1]
                    nextitem = None if following is None else self.tests[following]
                    item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
                    sys.stdout.flush()
                    connection.send(("done", None))
        except pytest.exit.Exception as error:
            connection.send(("exit", (error.msg, error.returncode)))
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # the session may have gone
                connection.send(("interrupted", None))
        except Exception as error:  # noqa: BLE001 - of a hook; nobody else would tell of it
            with config.stash[LOG].open("a", encoding="utf-8") as log:
                log.write(where_raised(error))
            sys.exit(1)
        finally:
            self.session._setupstate.teardown_exact(None)  # noqa: SLF001 - as pytest does at a session's end
            with contextlib.suppress(OSError):
                connection.send(("ended", None))


def _silence(config: pytest.Config) -> None:
    """What plugins tell or write of a test, they do in the session's process, where they hear of it, too."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.unregister(terminal)
        config.pluginmanager.register(_Silent(terminal), "terminalreporter")
    for hook in (getattr(config.hook, name) for name in _TOLD):
        for impl in hook.get_hookimpls():
            module = getattr(impl.plugin, "__name__", None) or type(impl.plugin).__module__
            if not module.startswith("_pytest."):  # the session's own count of failures, and live logs
                hook._remove_plugin(impl.plugin)  # noqa: SLF001 - unregistered it would lack its other hooks


class _Silent:
    """Stands for a plugin whose hooks are not to be called; others write through it."""

    def __init__(self, plugin: object) -> None:
        self._plugin = plugin

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plugin, name)


@dataclass(eq=False)  # pytest looks for plugins in sets
class _Reporter:
    """Sends what is reported in the child, once other plugins have had their say."""

    config: pytest.Config
    connection: Connection

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Which makes a failure of a test that has passed but for its subtests.
        self.config.hook.pytest_report_teststatus(config=self.config, report=report)
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        data["user_properties"] = [(name, _sendable(value)) for name, value in data["user_properties"]]
        self.connection.send(("report", {key: _sendable(value) for key, value in data.items()}))

    def pytest_warning_recorded(self, warning_message: Any, when: str, nodeid: str, location: object) -> None:
        warning_message.source = None  # which keeps what it was about, and need not be a thing to send
        with contextlib.suppress(Exception):
            self.connection.send(("warning", (warning_message, when, nodeid, location)))


def _sendable(value: Any) -> Any:
    """Tests, and plugins, may put anything into a report: what can't be sent comes as its text."""
    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301 - one's own
    except Exception:  # noqa: BLE001 - any
        return str(value)
    return value


@dataclass
class _Run:
    """One test's, as the session sees it."""

    item: pytest.Item
    log: Path
    child: Child
    phases: list[_Phase] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    stopping: bool = False

    def follow(self) -> None:
        """Passes on what the child says, until the test is done. Raises EOFError if the child dies before."""
        while self._passes_on():
            pass

    def is_done_soon(self) -> bool:
        """After a timeout: the child has one, too, and says more of it, unless it hangs where Python does not run."""
        with contextlib.suppress(EOFError, OSError):  # one of a time-out, too
            while self._passes_on(_SOON_S):
                pass
            return True
        return False

    def interrupt(self) -> None:
        """Has its test stop, unless it does already, as after a terminal's Ctrl-C, which is for all processes."""
        with contextlib.suppress(EOFError, OSError):
            try:
                while not self.stopping:
                    self.stopping = self.child.receive(_SOON_S)[0] in _STOPPING
            except TimeoutError:
                os.kill(self.child.pid, signal.SIGINT)

    def ask_where(self) -> None:
        """Has a child that hangs write it into the log; not for long, since it may not be able to."""
        before, deadline = tail(self.log), time.monotonic() + _SOON_S
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child.pid, WHERE)
            while tail(self.log) == before and time.monotonic() < deadline:
                time.sleep(0.01)

    def _passes_on(self, timeout_s: float | None = None) -> bool:
        """One thing that the child says; whether there is more."""
        hook, config = self.item.ihook, self.item.config
        kind, data = self.child.receive(timeout_s)
        self.stopping = kind in _STOPPING
        if kind == "report":
            report = hook.pytest_report_from_serializable(config=config, data=data)
            self.phases.append(report.when)
            hook.pytest_runtest_logreport(report=report)
        elif kind == "warning":
            names = ("warning_message", "when", "nodeid", "location")
            hook.pytest_warning_recorded.call_historic(kwargs=dict(zip(names, data, strict=True)))
        elif kind == "exit":
            pytest.exit(*data)
        elif kind == "interrupted":
            raise KeyboardInterrupt
        elif kind == "ended":  # amid a test: an error in a hook, which it has printed
            raise EOFError
        return kind in {"report", "warning"}

    def fail(self, why: str) -> None:
        """Reports that it has not come to its end."""
        phase = next((each for each in _PHASES if each not in self.phases), _PHASES[-1])
        sections = [(LOG_TITLE, text)] if (text := tail(self.log)) else []
        sections += [(f"Captured {name} {phase}", text) for name, text in self._printed() if text]
        now = time.time()
        report = pytest.TestReport(
            self.item.nodeid, self.item.location, dict.fromkeys(self.item.keywords, 1), "failed", f"{phase}: {why}",
            phase, sections, duration=now - self.began, start=self.began, stop=now,
        )  # fmt: skip
        self.item.ihook.pytest_runtest_logreport(report=report)

    def _printed(self) -> list[tuple[str, str]]:
        """What it has printed, to the file that the child has from here."""
        capture = self.item.config.pluginmanager.getplugin("capturemanager")
        if capture is None or not capture.is_globally_capturing():
            return []
        return list(zip(("stdout", "stderr"), map(relevant, capture.read_global_capture()), strict=True))


def _how(code: int) -> str:
    return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
