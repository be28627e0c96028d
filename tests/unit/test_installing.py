# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library where DPDK loads its drivers: what is put there works, and nothing of others is touched."""

import errno
import fcntl
import json
import os
import re
import stat

import pytest
from programs import run

from dpdk_mirror import checks, installing
from dpdk_mirror.cli import main
from dpdk_mirror.errors import ConflictError, MirrorError, NotFoundError, NotPermittedError, UnsupportedError
from dpdk_mirror.installing import DriverFolder, driver_folders, install, installed, remove
from dpdk_mirror.plugin import plugin_path
from dpdk_mirror.pmdinfo import driver_directory, installed_release

SERIES = ".".join(installed_release().split(".")[:2])


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two releases are installed, of which one is this machine's own DPDK; anybody may write above their folders."""
    (own,) = [folder for folder in driver_folders() if folder.dpdk == SERIES]
    found = [DriverFolder(SERIES, tmp_path / "own", own.eal), DriverFolder("99.07", tmp_path / "other", own.eal)]
    for folder in found:
        folder.path.mkdir(mode=0o755)
    monkeypatch.setattr(installing, "driver_folders", lambda: found)
    monkeypatch.setattr(checks, "driver_folders", lambda: found)
    monkeypatch.setattr(installing, "writable_parents", lambda path: [])
    return found


def everything(folders):
    """What is in the folders: names, bytes, modes and inodes."""
    return {
        path: (path.read_bytes() if path.is_file() else b"", path.lstat().st_mode, path.lstat().st_ino)
        for folder in folders
        for path in sorted(folder.path.iterdir())
    }


def test_folders_are_those_that_librte_eal_names():
    """Not what looks like one: a build may have put them anywhere."""
    assert {folder.path.resolve() for folder in driver_folders() if folder.dpdk == SERIES} == {
        driver_directory().resolve()
    }


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("librte_eal.so.25", "DPDK_PLUGIN_PATH=/opt/a/pmds", [("24.11", "/opt/a/pmds")]),
        ("librte_eal.so.25.0", "DPDK_PLUGIN_PATH=/opt/a/pmds", []),
        ("librte_eal.so.24", "DPDK_PLUGIN_PATH=/opt/a/pmds-24.0", [("23.11", "/opt/a/pmds-24.0")]),
        ("librte_eal.so.25", "DPDK_PLUGIN_PATH=", []),
        ("librte_eal.so", "DPDK_PLUGIN_PATH=/opt/a/pmds", []),
    ],
)
def test_a_librte_eal_says_where_its_drivers_are(tmp_path, monkeypatch, name, text, expected):
    (tmp_path / "x.c").write_text(f'const char path[] = "{text}";')
    run("gcc", "-shared", "-o", tmp_path / name, tmp_path / "x.c")
    monkeypatch.setattr(installing, "library_directories", lambda: iter([tmp_path, tmp_path / "none"]))
    assert [(folder.dpdk, str(folder.path)) for folder in driver_folders()] == expected


@pytest.mark.parametrize(("version", "expected"), [("24.0", "23.11"), ("24.1", "24.03"), ("24.2", "24.07")])
def test_releases_that_keep_an_abi_are_told_apart(tmp_path, monkeypatch, version, expected):
    """By the last part of its version, which the name that programs ask for does not have."""
    (tmp_path / "x.c").write_text('const char path[] = "DPDK_PLUGIN_PATH=/opt/a/pmds";')
    run("gcc", "-shared", "-o", tmp_path / f"librte_eal.so.{version}", tmp_path / "x.c")
    (tmp_path / "librte_eal.so.24").symlink_to(f"librte_eal.so.{version}")
    monkeypatch.setattr(installing, "library_directories", lambda: iter([tmp_path]))
    assert [folder.dpdk for folder in driver_folders()] == [expected]


def test_it_is_put_where_its_release_has_its_drivers_and_taken_away(folders):
    """Whole, readable by all, and nothing else."""
    own, other = folders
    (outcome,) = install()
    assert (outcome.folder, outcome.before, outcome.changed) == (own, "", True)
    assert own.library.read_bytes() == plugin_path().read_bytes()
    assert stat.S_IMODE(own.library.stat().st_mode) == 0o644
    assert [path.name for path in own.path.iterdir()] == ["librte_mirror.so"]
    assert list(other.path.iterdir()) == []
    assert [(each.folder, each.changed) for each in remove()] == [(own, True), (other, False)]
    assert everything(folders) == {}


def test_what_is_being_tried_has_no_name_that_eal_loads(folders, monkeypatch):
    """An application may start meanwhile."""
    seen = []
    check_works = installing._check_works

    def look(folder, library, path):
        check_works(folder, library, path)
        seen.extend(each.name for each in folder.path.iterdir())

    monkeypatch.setattr(installing, "_check_works", look)
    install()
    assert len(seen) == 1
    assert re.search(r"\.so(\.[\d.]+)?$", seen[0]) is None


@pytest.mark.parametrize("is_at_work", [False, True])
def test_what_one_that_was_killed_has_left_goes(folders, is_at_work):
    """Not what another writes just now."""
    own = folders[0].path
    install()
    left = own / ".librte_mirror-0123456789abcdef.new"
    for change in (remove, install):
        left.write_bytes(b"left")
        folder = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
        if is_at_work:
            fcntl.flock(folder, fcntl.LOCK_EX)
        change()
        os.close(folder)
        assert left.exists() == is_at_work


def test_what_is_there_already_is_left(folders):
    install()
    before = everything(folders)
    (outcome,) = install(SERIES)
    assert (outcome.changed, outcome.version == outcome.before) == (False, True)
    assert everything(folders) == before


def test_a_dry_run_makes_all_checks_and_changes_nothing(folders, tmp_path, monkeypatch, capsys):
    """Its library is loaded as well."""
    (outcome,) = install(dry_run=True)
    assert (outcome.changed, everything(folders)) == (True, {})
    assert main(["plugin", "install", "--dry-run"]) == 0
    said = f"would install librte_mirror {outcome.version}: {folders[0].library}; nothing has been changed\n"
    assert capsys.readouterr().out == said
    (tmp_path / "x.c").write_text(RECORD.format(state=2, series=SERIES, reason="it does not like this DPDK"))
    run("gcc", "-shared", "-fPIC", "-o", tmp_path / "x.so", tmp_path / "x.c")
    with monkeypatch.context() as patched:
        patched.setattr(installing, "plugin_path", lambda: tmp_path / "x.so")
        with pytest.raises(UnsupportedError, match="it does not like this DPDK"):
            install(dry_run=True)
    install()
    before = everything(folders)
    assert [each.changed for each in remove(dry_run=True)] == [True, False]
    assert main(["plugin", "install", "--remove", "--dry-run", "--json"]) == 0
    assert [each["changed"] for each in json.loads(capsys.readouterr().out)] == [True, False]
    assert everything(folders) == before


def test_one_that_others_cannot_read_is_replaced(folders):
    """EAL does not start where it cannot load what is there."""
    install()
    own, _ = folders
    own.library.chmod(0o600)
    assert found()[0][:1] == ("bad",)
    assert "not everybody may read it" in found()[0][1]
    (outcome,) = install()
    assert outcome.changed
    assert stat.S_IMODE(own.library.stat().st_mode) == 0o644


def test_another_version_is_replaced_by_another_file(folders):
    """Who runs with the old one keeps it."""
    own, _ = folders
    of_version(own, "0.0.9")
    before = own.library.stat().st_ino
    with own.library.open("rb") as kept:
        (outcome,) = install()
        assert (outcome.before, outcome.changed) == ("0.0.9", True)
        assert b"0.0.9\0" in kept.read()
    assert own.library.stat().st_ino != before
    assert own.library.read_bytes() == plugin_path().read_bytes()


def of_version(folder, version):
    content = plugin_path().read_bytes()
    (offset,) = [each.start() for each in re.finditer(rb"(?<=[\1\0]\0{3})\d+\.\d+\.\d+\0{20}", content)]
    folder.library.write_bytes(content[:offset] + version.encode().ljust(8, b"\0") + content[offset + 8 :])
    folder.library.chmod(0o644)


@pytest.mark.parametrize("remove_it", [False, True])
@pytest.mark.parametrize("what", ["a text", "a link", "a folder"])
def test_what_is_not_ours_is_left_alone(folders, what, remove_it):
    own, _ = folders
    if what == "a text":
        own.library.write_text("not a library")
    elif what == "a link":
        own.library.symlink_to(plugin_path())
    else:
        own.library.mkdir()
    before = everything(folders)
    with pytest.raises(ConflictError, match=r"it is left alone .*; move it away"):
        (remove if remove_it else install)()
    assert everything(folders) == before


RECORD = (
    "struct {{ unsigned magic, size, state, sockets; char version[32], dpdk[32], reason[620]; }} rte_mirror_status = "
    '{{ 0x524d4952, 700, {state}, 0, "9.9.9", "{series}", "{reason}" }};\n'
)
BROKEN = {
    "a name is missing": (1, "", "int gone(void); int call(void) {{ return gone(); }}", "undefined symbol: gone"),
    "it ends who loads it": (1, "", "void abort(void); __attribute__((constructor)) static void f(void) {{ abort(); }}",
        "status -6"),
    "it does not come to work": (0, "", "", "cannot be loaded"),
    "it is inert": (2, "it does not like this DPDK", "", "with the DPDK there: it does not like this DPDK"),
}  # fmt: skip


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("why", BROKEN)
def test_what_cannot_be_loaded_does_not_get_there(folders, tmp_path, monkeypatch, why, there):
    """It would keep every application from starting."""
    state, reason, code, message = BROKEN[why]
    (tmp_path / "x.c").write_text(RECORD.format(state=state, series=SERIES, reason=reason) + code.format())
    run("gcc", "-shared", "-fPIC", "-o", tmp_path / "x.so", tmp_path / "x.c")
    if there:
        install()
    before = everything(folders)
    monkeypatch.setattr(installing, "plugin_path", lambda: tmp_path / "x.so")
    with pytest.raises(UnsupportedError, match=message):
        install()
    assert everything(folders) == before


def test_a_file_that_others_may_write_is_not_installed(folders, tmp_path, monkeypatch):
    (tmp_path / "x.so").write_bytes(plugin_path().read_bytes())
    (tmp_path / "x.so").chmod(0o666)
    monkeypatch.setattr(installing, "plugin_path", lambda: tmp_path / "x.so")
    with pytest.raises(NotPermittedError, match="others may write to it"):
        install()
    assert everything(folders) == {}


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(folders, mode):
    folders[0].path.chmod(mode)
    with pytest.raises(NotPermittedError, match="others may write to that folder"):
        install()
    assert everything(folders) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_another_user_is_refused(folders):
    os.chown(folders[0].path, 65534, 65534)
    with pytest.raises(NotPermittedError, match="others may write to that folder"):
        install()


def test_a_folder_below_one_that_anybody_may_write_to_is_refused(folders, monkeypatch):
    """EAL would not load the library from there, and so not start."""
    monkeypatch.undo()
    with monkeypatch.context() as patched:
        patched.setattr(installing, "driver_folders", lambda: folders)
        with pytest.raises(NotPermittedError, match="EAL would refuse it: anybody may write to /tmp"):
            install()
    assert everything(folders) == {}


def test_a_folder_that_is_not_there_is_refused(folders):
    folders[0].path.rmdir()
    with pytest.raises(MirrorError) as caught:
        install()
    assert caught.value.errno == errno.ENOENT


def test_a_release_that_is_not_here_is_refused_with_those_that_are(folders, monkeypatch):
    with pytest.raises(UnsupportedError, match=rf"is for {SERIES} .*; build it with that DPDK"):
        install("99.07")
    with pytest.raises(NotFoundError, match=rf"no DPDK 1\.2 is here .*; installed are {SERIES}, 99\.07"):
        remove("1.2")
    monkeypatch.setattr(installing, "driver_folders", list)
    with pytest.raises(NotFoundError, match=r"; load it with -d, or attach"):
        install()
    assert remove() == []


def test_the_command_takes_a_release_however_exact(folders, capsys):
    """Of one series all are alike."""
    assert main(["plugin", "install", "--dpdk", f"{SERIES}.11", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    version = installed(folders[0]).version
    assert row == {
        "dpdk": SERIES, "path": str(folders[0].library), "changed": True, "version": version, "before": None
    }  # fmt: skip
    assert main(["plugin", "install", "--remove"]) == 0
    said = capsys.readouterr().out
    assert f"removed librte_mirror {version}: {folders[0].library}\n" in said
    assert f"not installed: {folders[1].library}\n" in said
    for wrong in ("new", "22", "v22.11", ""):
        with pytest.raises(SystemExit):
            main(["plugin", "install", "--dpdk", wrong])
        assert "is no release of DPDK's, such as 22.11" in capsys.readouterr().err


# What doctor says.


def found():
    return [(each.status, each.what, each.fix) for each in checks._installed()]


def test_doctor_tells_where_it_is_installed_and_nothing_else(folders):
    assert found() == []
    install()
    version = installed(folders[0]).version
    where = f"librte_mirror {version} in {folders[0].path}"
    assert found() == [("ok", f"{where}: applications have it from their start", "")]


@pytest.mark.parametrize(
    ("version", "status", "reason"),
    [
        ("0.0.9", "note", "older than"),
        ("99.0.0", "ok", "newer than"),
        (None, "note", "another build than"),
    ],
)
def test_doctor_compares_it_with_the_packages(folders, version, status, reason):
    if version is None:
        folders[0].library.write_bytes(plugin_path().read_bytes() + b"\0")
    else:
        of_version(folders[0], version)
    ((said, what, fix),) = found()
    assert said == status
    assert f"it is {reason} this package's" in what
    assert fix == ("" if status == "ok" else f"dpdk-mirror plugin install --dpdk {SERIES}")


def test_doctor_tells_what_keeps_applications_from_starting(folders):
    own, other = folders
    own.library.write_text("no library")
    other.library.write_bytes(plugin_path().read_bytes())
    (status, what, _), (other_status, other_what, fix) = found()
    assert (status, other_status) == ("bad", "bad")
    assert "it is no librte_mirror" in what
    assert f"is for DPDK {SERIES}, and does nothing" in other_what
    assert fix.endswith("--remove")
    own.library.write_bytes(plugin_path().read_bytes()[:200_000].ljust(len(plugin_path().read_bytes()), b"\0"))
    assert found()[0][0] == "bad"
