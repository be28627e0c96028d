# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What goes wrong with a run: one clear line, the right exit code, and no output that looks whole but is not."""

import bz2
import gzip
import lzma
import os
import re
import resource
import struct
import subprocess

import pytest
from captures import read_capture, some_frames, write_capture
from children import child
from runs import COMMAND, error_line, run, run_well


@pytest.fixture
def capture(tmp_path):
    """in.pcap in tmp_path: 400 frames, about 300 KB."""
    return write_capture(tmp_path / "in.pcap", some_frames(400))


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("missing", [1, 7, 16, 20])
@pytest.mark.parametrize("output", ["out.pcapng", "out.pcap"])
def test_of_a_truncated_capture_all_that_is_whole_is_mirrored(tmp_path, capture, missing, output):
    """Exit 1; the line says after how many frames and at which byte it breaks; the output is a whole capture."""
    whole = (tmp_path / "in.pcap").read_bytes()
    last = 16 + len(capture.frames[-1][0])
    (tmp_path / "cut.pcap").write_bytes(whole[: len(whole) - last + missing])
    done = run("cut.pcap", "net_null0", "--to", output, cwd=tmp_path)
    line = error_line(done)
    assert line.startswith("dpdk-mirror: replay cut.pcap: broken after 399 frames, at byte ")
    assert f"at byte {len(whole) - last + missing}: truncated" in line
    assert read_capture(tmp_path / output).frames == capture.frames[:399]
    assert left_in(tmp_path) == ["cut.pcap", "in.pcap", output]
    assert b"399" in done.stdout


def test_a_broken_record_ends_a_replay_where_it_stands(tmp_path, capture):
    with (tmp_path / "in.pcap").open("ab") as file:
        file.write(struct.pack("<IIII", 1, 2, 300_000_000, 300_000_000) + bytes(100))
    line = error_line(run("in.pcap", "--to", "out.pcapng", cwd=tmp_path))
    assert "broken after 400 frames, at byte " in line
    assert read_capture(tmp_path / "out.pcapng") == capture


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"root:x:0:0:root:/root:/bin/bash\n" * 9, "not a capture: it is text"),
        ("name,grün\n".encode("latin-1"), "not a capture: unknown file format"),
        (b"\xff", "not a capture: truncated"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "not a capture: truncated"),
        (b"\x0a\x0d\x0d\x0a" * 20, "not a capture: a pcapng whose first blocks are cut off or broken"),
        (b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00", "not a capture: a pcapng whose first blocks are cut off or broken"),
        (gzip.compress(b"whatever" * 9, mtime=0), "not a capture: it is compressed: give what gzip -dc makes of it"),
        (bz2.compress(b"whatever" * 9), "not a capture: it is compressed: give what bzip2 -dc makes of it"),
        (lzma.compress(b"whatever" * 9), "not a capture: it is compressed: give what xz -dc makes of it"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "not a capture: it is compressed: give what zstd -dc makes of it"),
        (bytes(100), "not a capture: unknown file format"),
        (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 65000), "not a capture: libpcap does not know its"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:4].hex(),
)
@pytest.mark.parametrize("source", ["in.pcap", "-"])
def test_what_is_no_capture_leaves_no_output(tmp_path, content, reason, source):
    (tmp_path / "in.pcap").write_bytes(content)
    with (tmp_path / "in.pcap").open("rb") as stdin:
        done = run(source, "net_null0", "--to", "out.pcapng", cwd=tmp_path, stdin=stdin)
    assert f"read {source}: {reason}" in error_line(done)
    assert done.stdout == b""
    assert left_in(tmp_path) == ["in.pcap"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nix.pcap", "--to", "out.pcapng"], "read nix.pcap: No such file or directory"),
        (["./", "--to", "out.pcapng"], "read ./: Is a directory"),
        (["in.pcap", "--to", "nix/out.pcapng"], "write nix/out.pcapng: No such file or directory"),
        (["in.pcap", "out.pcap", "--to", "nix/out.pcapng"], "write nix/out.pcapng: No such file or directory"),
        (["in.pcap", "--to", "."], "open .: not the name of a device"),
        (["in.pcap", "--to", "out.txt"], "put file: in front"),
        (["in.pcap", "--to", "out/"], "write out/: Is a directory"),
        (["in.pcap", "--to", "./"], "write ./: Is a directory"),
        (["in.pcap", "--to", "in.pcap"], "write in.pcap: it is what is replayed"),
        (["in.pcap", "--to", "out.pcap", "--to", "./out.pcap"], "write ./out.pcap: two ends would write to it"),
        (["net_null0", "net_null0", "--to", "out.pcap"], "open net_null0: given twice"),
        (["net_nul0", "--to", "out.pcap"], "did you mean net_null?"),
        (["net_null0,sizes=64", "--to", "out.pcap"], "did you mean size?"),
        (["in.pcap", "net_tap0,iface=far_too_long_for_a_name", "--to", "out.pcap"], "plug net_tap0,"),
        (["net_af_packet0,iface=nix0", "--to", "out.pcap"], "plug net_af_packet0,iface=nix0"),
        (["0000:7f:1f.7", "--to", "out.pcap"], "0000:7f:1f.7"),
    ],
)
def test_ends_that_cannot_be_opened_leave_nothing_behind(tmp_path, capture, arguments, reason):
    done = run(*arguments, cwd=tmp_path)
    assert reason in error_line(done)
    assert b"ready" not in done.stderr
    assert done.stdout == b""
    assert left_in(tmp_path) == ["in.pcap"]


def test_a_mirror_that_is_refused_leaves_nothing_behind(tmp_path):
    done = run("net_null0", "--to", "out.pcapng", "--split-len", "5000", cwd=tmp_path)
    reason = "register mirror net_null0 -> out.pcapng (both): split_len 5000 is more"
    assert reason in error_line(done)
    assert b"ready" not in done.stderr
    assert done.stdout == b""
    assert left_in(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_an_output_that_must_not_be_written_is_refused(tmp_path, capture):
    (tmp_path / "out.pcap").write_bytes(b"precious")
    (tmp_path / "out.pcap").chmod(0o444)
    assert "write out.pcap: Permission denied" in error_line(run("in.pcap", "--to", "out.pcap", cwd=tmp_path))
    assert (tmp_path / "out.pcap").read_bytes() == b"precious"


def test_an_output_that_fails_keeps_the_name_of_a_part(tmp_path):
    """The file's size limit, which hugepages stay below, is reached in the middle; an older capture stays as it is."""
    write_capture(tmp_path / "in.pcap", some_frames(5000))
    (tmp_path / "out.pcapng").write_bytes(b"old")
    limits = (2 << 20, 2 << 20)
    done = run(
        "in.pcap", "net_null0", "--to", "out.pcapng", "--to", "other.pcap", "--overwrite", cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )  # fmt: skip
    # Whichever of them gets there first.
    said = r"write (out\.pcapng|other\.pcap): File too large \[EFBIG\]; what was written until then is in "
    assert re.search(said, error_line(done))
    assert left_in(tmp_path) == ["in.pcap", "other.pcap.part", "out.pcapng", "out.pcapng.part"]
    assert (tmp_path / "out.pcapng").read_bytes() == b"old"
    assert done.stdout == b""


@pytest.mark.parametrize(
    "ends",
    [["in.pcap", "old.pcap", "--to", "new.pcap"], ["in.pcap", "--to", "new.pcap", "--to", "old.pcap"],
     ["net_null0", "--packets", 1, "--to", "link.pcap"], ["-", "--to", "old.pcap"]],
)  # fmt: skip
def test_no_capture_is_overwritten_unasked(tmp_path, ends):
    """As SINK, as TARGET, and through a link; nothing of the run is left, and with --overwrite it goes well."""
    write_capture(tmp_path / "in.pcap", some_frames(3))
    (tmp_path / "old.pcap").write_bytes(b"old")
    (tmp_path / "link.pcap").symlink_to("old.pcap")
    before = left_in(tmp_path)
    line = error_line(run(*ends, cwd=tmp_path, input=(tmp_path / "in.pcap").read_bytes()))
    assert re.search(r"write (old|link)\.pcap: it exists: move it away, or give --overwrite \[EEXIST\]$", line)
    assert left_in(tmp_path) == before
    assert (tmp_path / "old.pcap").read_bytes() == b"old"
    run_well(*ends, "--overwrite", cwd=tmp_path, input=(tmp_path / "in.pcap").read_bytes())
    assert read_capture(tmp_path / "old.pcap").frames


def test_what_a_run_has_left_is_not_overwritten_unasked(tmp_path):
    (tmp_path / "out.pcap.part").write_bytes(b"killed")
    line = error_line(run("net_null0", "--packets", 1, "--to", "out.pcap", cwd=tmp_path))
    assert "out.pcap.part, of a run that has not ended, exists: move it away, or give --overwrite [EEXIST]" in line
    assert (tmp_path / "out.pcap.part").read_bytes() == b"killed"
    (tmp_path / "out.pcap.part").write_bytes(b"")
    run_well("net_null0", "--packets", 1, "--to", "out.pcap", cwd=tmp_path)


def test_more_than_one_sink_is_refused(tmp_path):
    """As a shell makes of *.pcap."""
    done = run("a.pcap", "b.pcap", "c.pcap", "--to", "all.pcap", cwd=tmp_path)
    assert done.returncode == 2
    assert b"unrecognized arguments: c.pcap; a run has one SOURCE and one SINK" in done.stderr


def test_a_disk_that_fills_up_ends_the_run(tmp_path, capture):
    """A live source never ends by itself: the full disk does it. What is there by then consists of whole blocks."""
    folder = tmp_path / "disk"
    folder.mkdir()
    script = f'mount -t tmpfs -o size=200k tmpfs {folder} || exit 77; "$@"; code=$?; '
    script += f"ls {folder}; cp {folder}/* {tmp_path}; exit $code"
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    command = [*unshare, "sh", "-c", script, "sh", *COMMAND, "net_null0", "--to", str(folder / "out.pcapng")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode == 77 or b"unshare" in done.stderr:
        pytest.skip(f"no tmpfs of one's own here: {done.stderr.decode().strip()}")
    assert f"write {folder}/out.pcapng: No space left on device [ENOSPC]" in error_line(done)
    assert done.stdout == b"out.pcapng.part\n"
    assert len(read_capture(tmp_path / "out.pcapng.part").frames) > 500


def test_a_full_device_is_an_error_too(capture, tmp_path):
    assert "write /dev/full: No space left on device" in error_line(run("in.pcap", "--to", "/dev/full", cwd=tmp_path))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["in.pcap"], "--to"),
        (["in.pcap", "--to", "-", "--json"], "--json"),
        (["in.pcap", "-", "--to", "out.pcap", "--json"], "--json"),
        (["in.pcap", "--to", "out.pcap", "--packets", "0"], "--packets"),
        (["in.pcap", "--to", "out.pcap", "--seconds", "nan"], "--seconds"),
        (["in.pcap", "--to", "out.pcap", "--seconds", "1", "--packets", "1"], "not allowed with"),
        (["in.pcap", "--to", "out.pcap", "--direction", "up"], "--direction"),
        (["in.pcap", "--to", "out.pcap", "--mode", "half"], "--mode"),
        (["in.pcap", "--to", "out.pcap", "--snaplen", "13"], "--snaplen"),
        (["in.pcap", "--to", "out.pcap", "--snaplen", "4294967296"], "--snaplen"),
        (["in.pcap", "--to", "out.pcap", "--split-len", "0"], "--split-len"),
        (["in.pcap", "--to", "out.pcap", "--split-len", "1e3"], "--split-len"),
        (["in.pcap", "--to", "out.pcap", "--mode", "share", "--split-len", "64"], "mode share does not split"),
        (["in.pcap", "--to", "out.pcap", "--mode", "copy", "--split-len", "64"], "mode copy does not split"),
        (["in.pcap", "--to", "out.pcap", "--snaplen", "64", "--split-len", "64"], "nothing is left"),
    ],
)
def test_wrong_usage_exits_with_2(tmp_path, capture, arguments, reason):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert reason in done.stderr.decode()
    assert left_in(tmp_path) == ["in.pcap"]


def test_a_killed_run_leaves_only_a_part(tmp_path, wait_until):
    with child([*COMMAND, "net_null0", "--to", "out.pcapng"], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        part = tmp_path / "out.pcapng.part"
        wait_until(lambda: part.exists() and part.stat().st_size, timeout_s=60)
        process.kill()
    assert left_in(tmp_path) == ["out.pcapng.part"]


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "2>/dev/full"])
def test_a_run_needs_neither_stdin_nor_stderr(tmp_path, capture, closed):
    """Nor does a capture get their numbers, and with them what C says."""
    script = f'exec "$@" {closed}'
    command = ["sh", "-c", script, "sh", *COMMAND, "in.pcap", "--to", "out.pcapng", "--debug"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert read_capture(tmp_path / "out.pcapng") == capture


def test_a_closed_stdin_is_an_empty_capture(tmp_path, capture):
    """Whatever else is open."""
    command = ["sh", "-c", 'exec "$@" <&- 1<>in.pcap', "sh", *COMMAND, "-", "--to", "out.pcapng"]
    done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, timeout=120, check=False)
    assert error_line(done) == "dpdk-mirror: read -: it is empty [EINVAL]"
    assert left_in(tmp_path) == ["in.pcap"]
