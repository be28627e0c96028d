# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make matrix says of a release: only one that has been built and tested to the end has passed."""

import contextlib
import fcntl
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAID = "Python 3.13.5\n24.11.4\n24.11\novs-vswitchd-dpdk (Open vSwitch) 3.5.0\n"
TESTED = "Ok:                 65\nFail:                0\nTimeout:             0\n"
CLOSING = "===== 7 passed, 2 skipped in 9.81s =====\n"


def load(name, monkeypatch):
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """``matrix(steps, **environment)`` runs it on a tree whose chroots are folders; returns its status.

    ``steps`` are shell scripts: what a chroot does when it is made, and when the step of that name is run in it.
    """
    module = load("matrix", monkeypatch)
    tree = tmp_path / "tree"
    (tree / ".ci").mkdir(parents=True)
    (tree / ".ci" / "releases").write_text("# DPDK Debian\n24.11 trixie\n25.11 forky\n")
    subprocess.run(["git", "init", "-q", tree], check=True)
    monkeypatch.setattr(module, "TREE", tree)
    monkeypatch.setattr(module, "LOGS", tree / "build" / "matrix")
    monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    monkeypatch.setenv("CHROOTS", str(tmp_path / "chroots"))
    for name in ("ONLY", "QUICK", "MINUTES", "DPDK_MIRROR_PCAPS"):
        monkeypatch.delenv(name, raising=False)

    def run(steps=None, main=module.main, **environment):
        does = {"chroot": "", "build": f"printf '{SAID}'", "demo": "", "c-test": f"printf '{TESTED}'", "docs": ""}
        does |= {"pytest": f"echo '{CLOSING}'"} | (steps or {})
        made = f'#!/bin/sh\nset -e\n{does.pop("chroot")}\nmkdir -p "$2/srv"\n'
        cases = [f"*'make {name}'*|*'make C_BUILDS=gcc {name}'*|*'; {name} '*) {does[name]};;" for name in does]
        inside = "\n".join(["#!/bin/sh", 'case "$4" in', *cases, "esac\n"])
        for name, script in {"make-chroot": made, "in-chroot": inside}.items():
            (tree / ".ci" / name).write_text(script)
            (tree / ".ci" / name).chmod(0o755)
        for name, value in ({"ONLY": "24.11"} | environment).items():
            monkeypatch.setenv(name, value)
        return main()

    return run


@pytest.fixture
def rows(capsys):
    """The table's lines, one a release."""
    return lambda: [line for line in capsys.readouterr().out.splitlines() if line[:2].isdigit()]


@pytest.fixture
def row(rows):
    """The only one."""
    return lambda: "".join(rows())


def test_what_has_been_built_and_tested_has_passed(matrix, row):
    assert matrix() == 0
    assert [*filter(None, row().split("  "))] == [
        *("24.11.4", "trixie", "3.13.5", "3.5.0", "65 ok, 0 not", "7 passed, 2 skipped", "0", "passed"),
    ]


def test_it_says_how_many_minutes_a_release_took(matrix, row, monkeypatch):
    minutes = itertools.count(step=60)
    monkeypatch.setattr(time, "monotonic", lambda: next(minutes))
    matrix()
    steps = 6  # each asks how much time is left
    assert int(row().split()[-2]) > steps


def test_without_its_chroot_a_release_is_not_run(matrix, row):
    assert matrix({"chroot": "exit 1"}) == 3
    assert row().endswith("  not run: its chroot cannot be made")


def test_a_chroot_with_another_dpdk_is_not_run(matrix, row):
    """A Debian that has moved on says nothing of the release that it had."""
    said = SAID.replace("24.11", "26.11")
    assert matrix({"build": f"printf '{said}'"}) == 3
    assert row().endswith("  not run: trixie has DPDK 26.11.4, and the library is for 26.11")


@pytest.mark.parametrize("step", ["build", "demo", "c-test", "docs", "pytest"])
def test_a_release_of_which_anything_fails_has_failed(matrix, row, step):
    assert matrix({step: "exit 1"}) == 1
    names = {"c-test": "C tests", "docs": "docs", "pytest": "pytest"}
    assert row().endswith(f"  FAILED: {names.get(step, f'make {step}')}")


def test_what_follows_a_failed_test_is_run(matrix, row):
    assert matrix({"demo": "exit 1", "pytest": "exit 1"}) == 1
    assert row().endswith("  FAILED: make demo, pytest")


@pytest.mark.parametrize(("beside", "alone", "code"), [(0, 1, 0), (1, 0, 0), (1, 1, 1), (2, 0, 1)])
def test_a_test_that_fails_beside_others_counts_as_it_is_alone(monkeypatch, tmp_path, beside, alone, code):
    """Which is asked only where tests have failed, not the session."""
    module = load("matrix", monkeypatch)
    program = tmp_path / ".venv" / "bin" / "pytest"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ncase $* in *--last-failed*) exit {alone};; *) exit {beside};; esac\n")
    program.chmod(0o755)
    for quick in (False, True):
        (script,) = (script for step, script in module.steps(quick=quick) if step == "pytest")
        assert subprocess.run(["sh", "-c", script], cwd=tmp_path, check=False).returncode == code


def test_both_runs_of_tests_are_told_and_no_session_of_theirs(matrix, row):
    said = ["1 failed in 0.1s", "2 failed, 9 passed in 9.9s (0:00:09)", "", "1 failed in 0.2s", "2 passed in 0.3s"]
    lines = [f"=== {each} ===" if each else "What failed is run alone:" for each in said]
    assert matrix({"pytest": "\n".join(f"echo '{line}'" for line in lines)}) == 0
    assert "  2 failed, 9 passed; alone: 2 passed  " in row()


def alive(group):
    """Which processes of a group run."""
    stats = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            stats.append(path.read_text().rpartition(")")[2].split())
    return [stat for stat in stats if int(stat[2]) == group and stat[0] not in "ZX"]


@pytest.mark.parametrize(
    ("step", "command", "said"),
    [
        ("chroot", "make-chroot", "not run: no time for its chroot"),
        ("build", "make build", "CUT OFF: make build"),
        ("c-test", "make c-test", "CUT OFF: C tests"),
        ("pytest", "; pytest ", "CUT OFF: pytest"),
    ],
)
def test_what_is_cut_off_has_not_passed(matrix, row, monkeypatch, wait_until, step, command, said):
    """However well the rest went. The time that is left at that step is short here."""
    wait, killed = subprocess.Popen.wait, []

    def short(process, timeout=None):
        if command in " ".join(map(str, process.args)) and not killed:
            killed.append(process)
            timeout = 0.01
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", short)
    # Not exec: what the script has started ends with it.
    assert matrix({step: "sleep 600"}) == 3
    assert row().endswith(f"  {said}")
    assert [process.returncode for process in killed] == [-signal.SIGKILL]
    wait_until(lambda: not alive(killed[0].pid))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -9)])
def test_who_ends_it_ends_what_it_has_started(tmp_path, wait_until, number, status):
    """A chroot's processes are in a session of their own, so no signal of a terminal's or of make's reaches them."""
    if os.geteuid() != 0:
        pytest.skip("only root has chroots")
    folder = tmp_path / ".ci"
    folder.mkdir()
    shutil.copy(ROOT / ".ci" / "matrix.py", folder)
    (folder / "releases").write_text("24.11 trixie\n")
    (folder / "make-chroot").write_text(
        f"#!/bin/sh\necho $$ >{tmp_path}/new && mv {tmp_path}/new {tmp_path}/pid\nexec sleep 600\n"
    )
    (folder / "make-chroot").chmod(0o755)
    environment = {**os.environ, "CHROOTS": str(tmp_path)}  # another matrix may be in the usual ones
    with subprocess.Popen(
        [sys.executable, folder / "matrix.py"], stdout=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            wait_until((tmp_path / "pid").exists, 60)
            process.send_signal(number)
            assert process.wait(60) == status
        finally:
            process.kill()
    group = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(group))


def test_what_runs_in_a_chroot_may_have_mounts_of_its_own_and_leaves_none(tmp_path):
    """And is told of no place of this machine's, as DPDK=PREFIX make matrix would."""
    if os.geteuid() != 0:
        pytest.skip("only root has chroots")
    for name in ("dev", "etc", "proc", "run", "sys", "usr"):
        (tmp_path / name).mkdir()
    for name in ("bin", "lib", "lib64", "sbin"):
        (tmp_path / name).symlink_to(f"usr/{name}")
    script = """
        mount --bind /usr "$1/usr"
        export DPDK=/elsewhere PKG_CONFIG_PATH=/elsewhere/lib/pkgconfig PYTHON=/elsewhere/python MAKEFLAGS=B ONLY=C
        exec "$0" "$1" sh -ec '
            ! env | grep /elsewhere
            [ -z "$MAKEFLAGS$ONLY" ]
            cd / && unshare -m mount -t tmpfs none /run && touch here && nsenter -m -t $$ ls /here
        '
    """
    mounts = Path("/proc/self/mounts").read_text()
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, ROOT / ".ci" / "in-chroot", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "/here\n", "")
    assert Path("/proc/self/mounts").read_text() == mounts


def test_without_time_nothing_is_run(matrix, rows):
    assert matrix(ONLY="24.11 25.11", MINUTES="0") == 3
    assert [row.split("  ")[-1].strip() for row in rows()] == ["not run: no time for its chroot"] * 2


def test_the_short_form_says_that_it_is_one(matrix, capsys):
    assert matrix(QUICK="1") == 0
    assert "The short form: not all tests." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ONLY": "24.11 23.11"}, r'has no 23\.11: .* any of "24\.11 25\.11"'),
        ({"MINUTES": "x"}, "MINUTES=x: .* no number"),
    ],
)
def test_what_it_cannot_do_is_refused(matrix, environment, said):
    with pytest.raises(SystemExit, match=said):
        matrix(**environment)


@pytest.mark.parametrize("step", ["chroot", "build", "demo", "pytest"])
def test_nobody_else_is_let_into_a_chroot_meanwhile(matrix, row, tmp_path, step):
    """Another matrix would make it anew, or copy its own tree there."""
    used = f"{tmp_path}/chroots/24.11.used"
    said = f"printf '{SAID}'" if step == "build" else "true"
    assert matrix({step: f"[ -e {used} ] && ! flock -n {used} true || exit 1; {said}"}) == 0, row()


def test_who_is_not_let_into_a_chroot_waits_and_has_no_part_in_what_is_done_there(matrix, tmp_path, capsys):
    log = tmp_path / "tree" / "build" / "matrix" / "24.11.log"
    log.parent.mkdir(parents=True)
    log.write_text("Ok: 65\n")
    (tmp_path / "chroots").mkdir()
    with (tmp_path / "chroots" / "24.11.used").open("w") as used:
        fcntl.flock(used, fcntl.LOCK_EX)
        assert matrix(MINUTES="0.001") == 3
    assert log.read_text() == "Ok: 65\n"
    said = capsys.readouterr().out
    assert f"waiting: another matrix is in {tmp_path}/chroots/24.11\n" in said
    assert " ok, " not in said
    assert said.endswith("  not run: no time for its chroot\n")


def test_a_tree_that_cannot_be_copied_is_not_run_and_the_next_release_is_tried(matrix, rows, tmp_path):
    """As on a full disk."""
    assert matrix(ONLY="24.11 25.11", DPDK_MIRROR_PCAPS=str(tmp_path / "nowhere")) == 3
    said = [row.split("  ")[-1] for row in rows()]
    assert said == [f"not run: the tree's copy: [Errno 2] No such file or directory: '{tmp_path}/nowhere'"] * 2


def test_a_tree_is_copied_as_it_is_whosever_it_is(matrix, tmp_path, monkeypatch):
    """With what is not committed, without what was removed, and with links as they are."""
    monkeypatch.setenv("HOME", str(tmp_path))  # whose git trusts every tree, perhaps
    tree, inside = tmp_path / "tree", tmp_path / "chroots" / "24.11" / "srv" / "dpdk-mirror"
    (tree / "folder").mkdir()
    for name in ("removed", "kept", "folder/file"):
        (tree / name).write_text(name)
    subprocess.run(["git", "-C", tree, "add", "-A"], check=True)
    (tree / "removed").unlink()
    (tree / "new").write_text("new")
    (tree / "to-folder").symlink_to("folder")
    (tree / "to-nothing").symlink_to("removed")
    if os.geteuid() == 0:
        os.chown(tree, 65534, 65534)
    for _ in range(2):  # the second finds what the first has left
        assert matrix() == 0
        found = {path.name for path in inside.iterdir()} - {".ci", "build"}
        assert found == {"kept", "new", "folder", "to-folder", "to-nothing"}
        assert (inside / "to-folder").readlink() == Path("folder")
        assert (inside / "to-folder" / "file").read_text() == "folder/file"


@pytest.fixture
def plugins(matrix, tmp_path, monkeypatch):
    """``plugins(said)`` has the libraries of other releases made, where a build says so; returns the status."""
    (tmp_path / "own.so").touch()
    python = tmp_path / "tree" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho plugin {tmp_path}/own.so\n")
    python.chmod(0o755)
    module = load("plugins", monkeypatch)
    made = "mkdir -p $2/srv/lib; echo built >$2/srv/lib/librte_mirror.so"
    return lambda said: matrix(
        {"chroot": made, "build": f"printf 'plugin /srv/lib/librte_mirror.so\n{said}'"}, module.main
    )


def test_a_library_of_another_release_is_put_beside_the_own_one(plugins, tmp_path):
    assert plugins(SAID) == 0
    beside = tmp_path / "librte_mirror-24.11.so"
    assert beside.read_text() == "built\n"
    assert beside.stat().st_mode & 0o777 == 0o755


def test_a_library_that_was_there_is_not_written_to(plugins, tmp_path):
    """Applications may have it."""
    beside = tmp_path / "librte_mirror-24.11.so"
    beside.write_text("in use\n")
    with beside.open() as used:
        assert plugins(SAID) == 0
        assert used.read() == "in use\n"
    assert beside.read_text() == "built\n"


def test_a_library_that_is_for_another_release_is_not_put_anywhere(plugins, tmp_path, capsys):
    assert plugins(SAID.replace("24.11", "26.11")) == 1
    assert "24.11: trixie has DPDK 26.11.4, and the library is for 26.11: see " in capsys.readouterr().out
    assert list(tmp_path.glob("librte_mirror-*")) == []
