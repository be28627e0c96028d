#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Builds and tests the tree on each of .ci/releases, in a chroot, one after the other; prints a table.

By its environment:
  ONLY="24.11 25.11"  these releases alone
  QUICK=1             the short form: README's two commands, C tests of one compiler, what pytest has in QUICK below
  MINUTES=40          so long in all, of which each release has its part; what has not ended by then is cut off
  CHROOTS=DIR         where the chroots are kept; ~/.cache/dpdk-mirror/chroots if it is not given

Logs are in build/matrix. Ends with 0 if all releases have passed, 1 if one has failed, else 3: one was not run, or was
cut off. While another matrix is in a chroot, this one waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TREE = Path(__file__).resolve().parents[1]
LOGS = TREE / "build" / "matrix"
INSIDE = "/srv/dpdk-mirror"
CHROOT_S = 40 * 60
ALONE = "What failed is run alone:"
SHOWN = 60  # lines of the log of what has failed
# Of each part that may differ between releases; with Open vSwitch and testpmd as applications.
QUICK = (
    "tests/unit/test_symbols.py",
    "tests/functional/test_c_library.py",
    "tests/functional/test_eal.py",
    "tests/functional/test_mirror.py",
    "tests/functional/test_mirror_refused.py",
    "tests/functional/test_run_replay.py",
    "tests/functional/test_run_select.py",
    "tests/integration/live/test_attach.py",
    "tests/integration/live/test_loading.py",
    "tests/integration/live/test_ovs.py",
    "tests/integration/live/test_targets.py",
    "tests/integration/live/test_testpmd_changes.py",
)
FACTS = """
    python3 --version && pkg-config --modversion libdpdk && .venv/bin/python -c "
from dpdk_mirror.attach.library import read_library
from dpdk_mirror.plugin import plugin_path
print(read_library(plugin_path()).dpdk)" &&
    /usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk --version
"""


class CutError(Exception):
    """There was no more time."""


@dataclass
class Run:
    """One release's: what is told of it in the table."""

    release: str
    suite: str
    python: str = "-"
    dpdk: str = "-"
    ovs: str = "-"
    c_tests: str = "-"
    pytest: str = "-"
    minutes: str = "-"
    failed: list[str] = field(default_factory=list)
    not_run: str = ""
    cut: str = ""

    @property
    def result(self) -> str:
        """What has failed counts more than what was cut off after it."""
        if self.failed:
            return f"FAILED: {', '.join(self.failed)}"
        if self.not_run or self.cut:
            return f"not run: {self.not_run}" if self.not_run else f"CUT OFF: {self.cut}"
        return "passed"


class Chroot:
    """A release's; everything that is done there goes into its log."""

    def __init__(self, run: Run, folder: Path, deadline: float) -> None:
        self.folder, self._deadline = folder / run.release, deadline
        self.log = LOGS / f"{run.release}.log"
        self.suite = run.suite
        self._is_held = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else makes it anew, or copies another tree there, meanwhile."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_name(f"{self.folder.name}.used").open("w") as lock:
            waited = False
            while not _try_lock(lock.fileno()):
                if time.monotonic() >= self._deadline:
                    raise CutError
                if not waited:
                    print(f"waiting: another matrix is in {self.folder}", flush=True)
                waited = True
                time.sleep(0.2)
            self.log.write_text("")
            self._is_held = True
            yield

    def make(self) -> bool:
        """Makes it, unless it is there and of today's lists; gives up where that takes too long to be worth it."""
        return self._do(TREE / ".ci" / "make-chroot", self.suite, self.folder, timeout_s=CHROOT_S)

    def sh(self, script: str) -> bool:
        """Runs a script in the tree there; whether it ends well."""
        captures = "DPDK_MIRROR_PCAPS=/srv/pcaps" if os.environ.get("DPDK_MIRROR_PCAPS") else ""
        script = f"cd {INSIDE} && export CI=1 {captures} && {script}"
        return self._do(TREE / ".ci" / "in-chroot", self.folder, "sh", "-c", script)

    def _do(self, *command: str | Path, timeout_s: float = 1e9) -> bool:
        left = min(self._deadline - time.monotonic(), timeout_s)
        if left <= 0:
            raise CutError
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                # It ends with this process, also if nobody can catch the signal.
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,  # fmt: skip
        ):
            try:
                return process.wait(left) == 0
            except BaseException as error:
                # What made a namespace takes all that runs there with it.
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise CutError from None
                raise

    def logged(self) -> str:
        """Nothing of what another matrix of this tree has logged."""
        return self.log.read_text(errors="replace") if self._is_held else ""

    def said(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.logged(), re.MULTILINE)

    def copy_tree(self) -> None:
        """The tree as it is here, committed or not, links as links. What was built of it there stays."""
        inside = self.folder / INSIDE[1:]
        inside.mkdir(exist_ok=True)
        for path in inside.iterdir():
            if path.name not in {".venv", "build"}:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name in files_of_tree():
            if (TREE / name).is_file() or (TREE / name).is_symlink():
                (inside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TREE / name, inside / name, follow_symlinks=False)
        pcaps = self.folder / "srv" / "pcaps"
        shutil.rmtree(pcaps, ignore_errors=True)
        if captures := os.environ.get("DPDK_MIRROR_PCAPS"):
            shutil.copytree(captures, pcaps)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def files_of_tree() -> list[str]:
    # Root may be working on somebody's tree.
    git = ["git", "-c", f"safe.directory={TREE}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, check=True, cwd=TREE, stdout=subprocess.PIPE)
    return [*filter(None, os.fsdecode(listed.stdout).split("\0"))]


def run_release(run: Run, chroot: Chroot, *, quick: bool) -> None:
    """Goes on after what fails, but not without a package."""
    begin, step = time.monotonic(), "its chroot"
    try:
        with chroot.held():
            if not chroot.make():
                run.not_run = "its chroot cannot be made"
                return
            step = "the tree's copy"
            chroot.copy_tree()
            step = "make build"
            if not chroot.sh(f"make build && {FACTS}"):
                run.failed.append(step)
                return
            if not tell_facts(run, chroot):
                return
            for step, script in steps(quick=quick):
                if not chroot.sh(script):
                    run.failed.append(step)
    except CutError:
        run.cut = step
        if step == "its chroot":
            run.not_run = "no time for its chroot"
    except (OSError, subprocess.CalledProcessError) as error:
        run.not_run = f"{step}: {error}"
    finally:
        run.minutes = f"{(time.monotonic() - begin) / 60:.0f}"
        count_tests(run, chroot)


def steps(*, quick: bool) -> list[tuple[str, str]]:
    # What fails beside others is run once more alone, as by make test.
    chosen, options = " ".join(QUICK) if quick else "", "-rfE --color=no"
    pytest = f"PATH=$PWD/.venv/bin:$PATH; pytest {options} -n 2 --dist loadfile {chosen} || "
    pytest += f"{{ [ $? -eq 1 ] && echo '{ALONE}' && pytest {options} --last-failed; }}"
    if quick:
        return [
            ("make demo", "make demo"),
            ("C tests", "make C_BUILDS=gcc c-test"),
            ("pytest", pytest),
        ]
    return [
        ("make demo", "make demo"),
        ("C tests", "make c-test PCH=false"),
        ("docs", "make docs"),
        ("pytest", pytest),
    ]


def tell_facts(run: Run, chroot: Chroot) -> bool:
    """Whether what was built is for the DPDK that this release is about."""
    (run.python,) = chroot.said(r"^Python (\S+)$")[-1:]
    run.dpdk, series = chroot.said(r"^(\d\d\.\d\d(?:\.\d+)?)$")[-2:]
    (run.ovs,) = chroot.said(r"^ovs-vswitchd\S* \(Open vSwitch\) (\S+)$")[-1:] or ["-"]
    if {run.dpdk[:5], series} == {run.release}:
        return True
    run.not_run = f"{run.suite} has DPDK {run.dpdk}, and the library is for {series}"
    return False


def count_tests(run: Run, chroot: Chroot) -> None:
    if ok := chroot.said(r"^Ok: +(\d+)"):
        bad = sum(int(each) for each in chroot.said(r"^(?:Fail|Timeout): +(\d+)"))
        run.c_tests = f"{sum(map(int, ok))} ok, {bad} not"
    # The last of each: sessions that tests have run are above, in what has failed.
    runs = [re.findall(r"^=+ (\d+ .*?) in [\d.]+s", part, re.MULTILINE) for part in chroot.logged().split(ALONE)]
    if closings := [found[-1] for found in runs if found]:
        run.pytest = "; alone: ".join(closings)


def table(runs: list[Run]) -> str:
    head = ("DPDK", "Debian", "Python", "OVS", "C tests", "pytest", "minutes", "result")
    rows = [head]
    for run in runs:
        release = run.release if run.dpdk == "-" else run.dpdk
        rows.append((release, run.suite, run.python, run.ovs, run.c_tests, run.pytest, run.minutes, run.result))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def chosen() -> list[Run]:
    lines = (TREE / ".ci" / "releases").read_text().splitlines()
    known = [Run(release, suite) for release, suite in (line.split() for line in lines if not line.startswith("#"))]
    releases = [run.release for run in known]
    only = os.environ.get("ONLY", "").split() or releases
    if unknown := set(only) - set(releases):
        sys.exit(f'matrix: .ci/releases has no {", ".join(sorted(unknown))}: ONLY may be any of "{" ".join(releases)}"')
    return [run for run in known if run.release in only]


def chroots() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CHROOTS") or cache / "dpdk-mirror" / "chroots")


def end_with_children() -> None:
    """Has whoever ends this end what it has started, too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def seconds_given() -> float:
    minutes = os.environ.get("MINUTES") or "1e6"
    try:
        return 60 * float(minutes)
    except ValueError:
        sys.exit(f"matrix: MINUTES={minutes}: that is no number")


def status(runs: list[Run]) -> int:
    if any(run.failed for run in runs):
        return 1
    return 0 if all(run.result == "passed" for run in runs) else 3


def main() -> int:
    runs = chosen()
    if os.geteuid() != 0:
        print("matrix: not run: only root has chroots")
        return 3
    end = time.monotonic() + seconds_given()
    quick = bool(os.environ.get("QUICK"))
    LOGS.mkdir(parents=True, exist_ok=True)
    for index, run in enumerate(runs):
        now = time.monotonic()
        deadline = now + (end - now) / (len(runs) - index)
        print(f"DPDK {run.release}, on {run.suite}: {LOGS.relative_to(TREE)}/{run.release}.log", flush=True)
        chroot = Chroot(run, chroots(), deadline)
        run_release(run, chroot, quick=quick)
        if run.failed or run.not_run:
            print("\n".join(chroot.logged().splitlines()[-SHOWN:]))
    print(f"\n{table(runs)}")
    if quick:
        print("The short form: not all tests. make matrix runs all.")
    return status(runs)


if __name__ == "__main__":
    end_with_children()
    sys.exit(main())
