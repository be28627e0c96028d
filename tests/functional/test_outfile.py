# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Files that are written where others may write, too: nobody gets anything of it but its name."""

import contextlib
import errno
import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest
from captures import read_capture, some_frames, write_capture
from runs import error_line, run, run_well

from dpdk_mirror.outfile import OutFile

OTHER = 65534  # nobody
SWAPS = 10_000

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="to be somebody else takes root")


@pytest.fixture
def tmp_path():
    """Others may pass through it. Those above pytest's own are closed again by any other pytest that starts."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture(params=[0o777, 0o1777], ids=["open", "sticky"])
def shared(tmp_path, request):
    """A folder that everybody may write to, and a file that nobody else may."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(request.param)
    (tmp_path / "secret").write_bytes(b"precious")
    (tmp_path / "secret").chmod(0o600)
    return folder


def as_somebody_else(work, *arguments):
    """Has another user do something."""

    def become():
        os.setgroups([])
        os.setresgid(OTHER, OTHER, OTHER)
        os.setresuid(OTHER, OTHER, OTHER)
        work(*arguments)

    process = multiprocessing.get_context("fork").Process(target=become, daemon=True)
    process.start()
    return process


def do_as_somebody_else(work, *arguments):
    process = as_somebody_else(work, *arguments)
    process.join(60)
    assert process.exitcode == 0


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    """What was there stays until then, and a part of an earlier run of one's own is nobody's loss."""
    (tmp_path / "out").write_bytes(b"old")
    (tmp_path / "out.part").write_bytes(b"killed")
    with OutFile(str(tmp_path / "out")) as file:
        os.write(file.fd, b"new")
        assert (tmp_path / "out").read_bytes() == b"old"
        assert (tmp_path / "out.part").read_bytes() == b"new"
        file.commit()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out": b"new"}


def test_what_exists_is_not_overwritten_unless_that_was_asked_for(tmp_path):
    """Nor what has come to be there meanwhile; what was written keeps the name of a part."""
    with OutFile(str(tmp_path / "out"), overwrite=False) as file:
        os.write(file.fd, b"new")
        (tmp_path / "out").write_bytes(b"old")
        with pytest.raises(FileExistsError, match="somebody has made it meanwhile: write elsewhere"):
            file.commit()
    for name in ("out", "out.part"):
        with pytest.raises(FileExistsError, match=r"exists: move it away, or give overwrite=True"):
            OutFile(str(tmp_path / "out"), overwrite=False)
        (tmp_path / name).rename(tmp_path / f"moved.{name}")
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"new", b"old"]


def test_links_of_ones_own_are_followed_by_whatever_way(tmp_path, monkeypatch):
    """To a file that is there or not, by relative and absolute ones, through folders and the one above."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "up").symlink_to("a/b")
    (tmp_path / "one").symlink_to(tmp_path / "up" / ".." / "two")
    (tmp_path / "a" / "two").symlink_to("../up/three")
    monkeypatch.chdir(tmp_path)
    for path in ("one", str(tmp_path / "one"), "up/../../one", "./a/../one"):
        with OutFile(path) as file:
            os.write(file.fd, path.encode())
            file.commit()
        assert (tmp_path / "a" / "b" / "three").read_bytes() == path.encode()
    assert (tmp_path / "one").is_symlink()


@pytest.mark.parametrize(
    ("path", "code"),
    [("loop", errno.ELOOP), ("nix/out", errno.ENOENT), ("file/out", errno.ENOTDIR), (".", errno.EISDIR),
     ("folder/..", errno.EISDIR), ("folder", errno.EISDIR), ("out/", errno.EISDIR), ("/", errno.EISDIR),
     ("dead/out", errno.ENOENT)],
)  # fmt: skip
def test_paths_that_lead_nowhere_are_refused(tmp_path, monkeypatch, path, code):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dead").symlink_to("nix")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r".") as caught:
        OutFile(path)
    assert caught.value.errno == code
    assert sorted(os.listdir(tmp_path)) == ["dead", "file", "folder", "loop"]  # noqa: PTH208  # names


def _link(path, target):
    path.symlink_to(target)


def _hard_link(path, target):
    os.link(target, path)


def _file(path, _target):
    path.write_bytes(b"theirs")
    path.chmod(0o666)


def _pipe(path, _target):
    os.mkfifo(path, 0o666)


@needs_root
@pytest.mark.parametrize("put", [_link, _file, _pipe])
def test_a_part_of_somebody_elses_is_refused(shared, tmp_path, put):
    """And left alone; the line says what to do."""
    write_capture(tmp_path / "in.pcap", some_frames(3))
    do_as_somebody_else(put, shared / "out.pcap.part", tmp_path / "secret")
    line = error_line(run(tmp_path / "in.pcap", "--to", shared / "out.pcap"))
    assert "out.pcap.part, which it is called until it is whole, is there and not yours: remove that, or choose" in line
    assert (tmp_path / "secret").read_bytes() == b"precious"
    assert [path.name for path in shared.iterdir()] == ["out.pcap.part"]
    if put is _file:
        assert (shared / "out.pcap.part").read_bytes() == b"theirs"


@needs_root
def test_a_part_that_is_one_more_name_of_a_file_is_refused(shared, tmp_path):
    """Whoever the file belongs to: others can have made the name, where the kernel lets them."""
    (shared / "out.pcap.part").hardlink_to(tmp_path / "secret")
    line = error_line(run("net_null0", "--packets", 1, "--to", shared / "out.pcap"))
    assert "is there and not yours" in line
    assert (tmp_path / "secret").read_bytes() == b"precious"


@needs_root
@pytest.mark.parametrize("put", [_link, _pipe])
@pytest.mark.parametrize("name", ["out.pcap", "way/out.pcap"])
def test_what_somebody_else_has_put_in_the_way_is_refused(shared, tmp_path, put, name):
    """Neither followed nor written to: a link to the file or to a folder on the way to it, a pipe."""
    target = tmp_path / "secret" if "/" not in name else tmp_path
    do_as_somebody_else(put, shared / name.split("/")[0], target)
    done = run("net_null0", "--packets", 1, "--to", shared / name)
    if put is _link or "/" not in name:
        assert "of somebody else's in a folder that others may write to: remove it, or choose" in error_line(done)
    else:
        assert done.returncode == 1
    assert (tmp_path / "secret").read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret", "shared"]


@needs_root
def test_a_file_of_somebody_elses_is_replaced_not_written_to(shared, tmp_path):
    """As any that is there; who has it open sees nothing."""
    do_as_somebody_else(_file, shared / "out.pcap", None)
    with (shared / "out.pcap").open("rb") as theirs:
        run_well("net_null0", "--packets", 3, "--to", shared / "out.pcap", "--overwrite")
        assert theirs.read() == b"theirs"
    assert len(read_capture(shared / "out.pcap").frames) == 3
    assert (shared / "out.pcap").stat().st_uid == 0


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_part_that_is_taken_away_is_told(tmp_path, is_replaced):
    """What gets the name is what was written, or nothing."""
    with OutFile(str(tmp_path / "out")) as file:
        (tmp_path / "out.part").rename(tmp_path / "away")
        if is_replaced:
            (tmp_path / "out.part").write_bytes(b"somebody else's")
        with pytest.raises(OSError, match=r"somebody has taken out\.part away, or put something else there"):
            file.commit()
        file.discard()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["away", *(["out.part"] if is_replaced else [])]


def _swap(folder, secret, swaps):
    """Puts links, names and pipes where files are to be made, and takes them away again, as fast as it can."""
    steps = (
        lambda path: path.symlink_to(secret),
        lambda path: os.link(secret, path),
        lambda path: path.symlink_to(secret.with_name("made")),
        os.mkfifo,
        Path.touch,
        Path.unlink,
        lambda path: path.rename(path.with_name("moved")),
    )
    number = 0
    while True:
        for name in ("out.part", "out", "way"):
            for step in steps:
                with contextlib.suppress(OSError):
                    step(folder / name)
                    number += 1
        swaps.value = number


@needs_root
def test_whoever_swaps_links_meanwhile_never_wins(shared, tmp_path):
    """Ten thousand times: the secret stays, and nothing is made outside of the folder, or written to what is theirs."""
    secret = tmp_path / "secret"
    swaps = multiprocessing.get_context("fork").Value("L", lock=False)
    attacker = as_somebody_else(_swap, shared, secret, swaps)
    tries = 0
    try:
        while swaps.value < SWAPS or tries < 500:
            assert attacker.is_alive()
            tries += 1
            with contextlib.suppress(OSError), OutFile(str(shared / ("out" if tries % 3 else "way/out"))) as file:
                if not file.is_file:
                    pytest.fail("a pipe of theirs was opened")
                assert os.fstat(file.fd).st_uid == 0
                os.write(file.fd, b"ours")
                file.commit()
    finally:
        attacker.kill()
        attacker.join()
    assert secret.read_bytes() == b"precious"
    assert secret.stat().st_uid == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret", "shared"]
