# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What captures write: files one after the other, pipes, and either of these compressed."""

import gzip
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pcapng_blocks import INTERFACE, SECTION, STATISTICS, fed, packet

from dpdk_mirror.errors import ConflictError, UnsupportedError
from dpdk_mirror.tap import sinks
from dpdk_mirror.tap.ringfiles import Files, _numbered
from dpdk_mirror.tap.sinks import compression, sink_of
from dpdk_mirror.tap.store import SMALLEST, Store
from dpdk_mirror.tap.writer import Rotation, Writer

HEADER = SECTION + INTERFACE


def store_of(data):
    return fed(Store(SMALLEST), data)


def writer_of(store, path, *, size=None, seconds=None, keep=0, compress=None, overwrite=False):
    files = Files(str(path), many=size is not None or seconds is not None, keep=keep, overwrite=overwrite)
    return Writer(store, files, Rotation(size, seconds), compress)


def write_all(writer, store, most=-1):
    while (span := store.take(0)) is not None:
        writer.write(span, most)


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.just(STATISTICS), st.just(INTERFACE), st.integers(0, 3000)), max_size=15),
    st.integers(1, 9000),
)
@example([600, 600, INTERFACE], len(HEADER) + 2 * len(packet(600)))
def test_files_of_a_size_are_whole_and_together_have_everything(tmp_path_factory, kinds, limit):
    """Each begins with all headers that came before; none is larger unless it has just one packet."""
    folder = tmp_path_factory.mktemp("files")
    blocks = [packet(kind) if isinstance(kind, int) else kind for kind in kinds]
    store = store_of(HEADER + b"".join(blocks))
    writer = writer_of(store, folder / "a.pcapng", size=limit)
    write_all(writer, store)
    writer.finish()
    found = b""
    for path in writer._files.made:
        data = Path(path).read_bytes()
        assert data.startswith(HEADER)
        packets = [block for block in split(data) if block[0] == 6]
        assert len(data) <= limit or len(packets) <= 1
        found += b"".join(packets)
    assert found == b"".join(block for block in blocks if block[0] == 6)
    assert writer.packets == sum(isinstance(kind, int) for kind in kinds)


def split(data):
    """A pcapng's blocks, which must be whole."""
    blocks = []
    while data:
        size = int.from_bytes(data[4:8], sys.byteorder)
        assert len(data) >= size >= 12
        assert data[size - 4 : size] == data[4:8]
        blocks.append(data[:size])
        data = data[size:]
    return blocks


@pytest.mark.parametrize("most", [1, 2, 6])
def test_no_more_packets_than_asked_for_are_written(tmp_path, most):
    store = store_of(HEADER + packet(60) + packet(61) + STATISTICS + packet(62))
    writer = writer_of(store, tmp_path / "a.pcapng")
    write_all(writer, store, most)
    writer.finish()
    assert writer.packets == min(most, 3)
    assert sum(block[0] == 6 for block in split((tmp_path / "a.pcapng").read_bytes())) == min(most, 3)


def test_a_file_without_packets_has_its_headers(tmp_path):
    store = store_of(HEADER)
    writer = writer_of(store, tmp_path / "a.pcapng")
    writer.open()
    writer.finish()
    assert (tmp_path / "a.pcapng").read_bytes() == HEADER
    assert stat.S_IMODE((tmp_path / "a.pcapng").stat().st_mode) == 0o600


def test_only_the_latest_files_are_kept_and_nothing_of_others_goes(tmp_path):
    """What is there is left alone, by name and, where somebody has put something else there, by what it is."""
    (tmp_path / "a2.pcapng").write_text("mine")
    store = store_of(HEADER)
    writer = writer_of(store, tmp_path / "a.pcapng", size=100, keep=2)
    fed(store, packet(60))
    write_all(writer, store)
    (tmp_path / "a.pcapng").rename(tmp_path / "moved")
    (tmp_path / "a.pcapng").write_text("another's")
    fed(store, packet(60) * 4)
    write_all(writer, store)
    writer.finish()
    assert {path.name for path in tmp_path.iterdir()} == {"a.pcapng", "a2.pcapng", "a4.pcapng", "a5.pcapng", "moved"}
    assert [(tmp_path / name).read_text() for name in ("a.pcapng", "a2.pcapng")] == ["another's", "mine"]


def test_a_file_that_is_old_is_followed_by_another_when_more_comes(tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("dpdk_mirror.tap.writer.time.monotonic", lambda: now)
    store = store_of(HEADER + packet(60))
    writer = writer_of(store, tmp_path / "a.pcapng", seconds=10)
    for now in (1000.0, 1009.0, 1010.0, 1020.0):  # noqa: B007  it is the clock
        write_all(writer, store)
        fed(store, packet(60))
    writer.finish()
    made = [tmp_path / name for name in ("a.pcapng", "a1.pcapng", "a2.pcapng")]
    assert sorted(tmp_path.iterdir()) == made
    assert [len(split(path.read_bytes())) - 2 for path in made] == [2, 1, 1]


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("trace", "trace1"), ("trace.pcapng", "trace1.pcapng"), ("a.b/trace", "a.b/trace1"), (".trace", ".trace1"),
        ("a.pcapng.zst", "a1.pcapng.zst"), ("a.gz", "a1.gz"), ("1.2.3", "1.2.31"), ("a/.b.pcapng", "a/.b1.pcapng"),
        ("a\nb.pcapng", "a\nb1.pcapng"),
    ],
)  # fmt: skip
def test_numbers_come_before_what_says_of_what_type_a_file_is(name, second):
    assert (_numbered(name, 0), _numbered(name, 1)) == (name, second)


def test_names_of_many_files_may_tell_the_time(tmp_path):
    files = Files(f"{tmp_path}/%Y.pcapng", many=True)
    os.close(files.open_next())
    os.close(files.open_next())
    year = time.strftime("%Y")
    assert [Path(path).name for path in files.made] == [f"{year}.pcapng", f"{year}1.pcapng"]
    single = Files(f"{tmp_path}/100%Y.pcapng", many=False)
    os.close(single.open_next())
    assert (tmp_path / "100%Y.pcapng").exists()


def make_file(path):
    path.write_text("precious")


def make_link(path):
    make_file(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def make_dangling_link(path):
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [make_file, make_link, make_dangling_link])
def test_what_exists_is_replaced_only_if_that_was_asked_for(tmp_path, make):
    """The file itself: never what a link leads to."""
    path = tmp_path / "a.pcapng"
    make(path)
    with pytest.raises(ConflictError, match="it exists"):
        Files(str(path), many=False).open_next()
    os.close(Files(str(path), many=False, overwrite=True).open_next())
    assert not path.is_symlink()
    assert path.read_bytes() == b""
    for other in tmp_path.iterdir():
        assert other == path or other.read_text() == "precious"


def test_what_cannot_be_made_is_refused_before_anything_is_done(tmp_path):
    make_file(tmp_path / "a.pcapng")
    with pytest.raises(ConflictError, match="it exists"):
        Files(str(tmp_path / "a.pcapng"), many=False).check()
    with pytest.raises(FileNotFoundError):
        Files(str(tmp_path / "no" / "a.pcapng"), many=False).check()
    with pytest.raises(IsADirectoryError):
        Files(f"{tmp_path}/", many=False).check()
    Files(str(tmp_path / "b.pcapng"), many=False).check()
    assert not (tmp_path / "b.pcapng").exists()


def test_what_is_no_file_is_written_to_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reading = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    for path in (tmp_path / "fifo", Path("/dev/null")):
        writer = writer_of(store_of(HEADER + packet(60)), path)
        write_all(writer, writer._store)
        writer.finish()
        assert writer.packets == 1
    assert os.read(reading, 1 << 16) == HEADER + packet(60)
    os.close(reading)


@pytest.mark.parametrize("compress", [None, "gzip", "zstd"])
@pytest.mark.parametrize("room", range(700, 3000, 577))
def test_a_file_that_cannot_grow_ends_with_a_whole_block(tmp_path, compress, room):
    """Written by a process whose files may have so many bytes."""
    path = tmp_path / "a.pcapng"
    script = f"""
import resource, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}, *{sys.path!r}]
from test_tap_files import HEADER, STATISTICS, compression, fed, packet, store_of, write_all, writer_of
store = store_of(HEADER)
writer = writer_of(store, {str(path)!r}, compress={compress!r} and compression({compress!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
try:
    for number in range(90):
        fed(store, packet(number * 3) + STATISTICS)
        write_all(writer, store)
        writer._flushed_s = 0
        writer.tick()
except OSError as error:
    print(error.filename)
try:
    writer.finish()
except OSError:
    pass
print(writer.packets)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(path)), done.stderr
    blocks = split(unpacked(path.read_bytes(), compress))
    assert b"".join(blocks[:2]) == HEADER
    assert len(path.read_bytes()) <= room
    assert 0 < sum(block[0] == 6 for block in blocks) == int(done.stdout.split()[1]) <= 90


def unpacked(data, compress):
    if compress == "gzip":
        return gzip.decompress(data)
    if compress == "zstd":
        zstandard = pytest.importorskip("zstandard")
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


@pytest.mark.parametrize("compress", ["gzip", "zstd"])
def test_what_is_compressed_can_be_read_up_to_the_last_second_whoever_dies(tmp_path, compress):
    """All that has been flushed, without an end, and the same again when it has ended."""
    path = tmp_path / "a.pcapng.x"
    store = store_of(HEADER)
    writer = writer_of(store, path, compress=compression(compress))
    expected = HEADER
    for size in (60, 1500, 0):
        fed(store, packet(size))
        write_all(writer, store)
        writer._flushed_s = 0
        writer.tick()
        expected += packet(size)
        assert unpacked(path.read_bytes(), compress) == expected
    writer.finish()
    assert unpacked(path.read_bytes(), compress) == expected
    with path.open("rb") as file:
        subprocess.run([compress, "-tq"], stdin=file, check=True)


def test_large_files_are_compressed_in_pieces(tmp_path, monkeypatch):
    """Memory does not grow with the file."""
    monkeypatch.setattr(sinks, "_PIECE", 100_000)
    store = store_of(HEADER)
    writer = writer_of(store, tmp_path / "a.gz", compress=compression("gzip"))
    for _ in range(50):
        fed(store, packet(30_000))
        write_all(writer, store)
        assert len(writer._sink._held) < 100_000
    writer.finish()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == HEADER + packet(30_000) * 50


def test_without_zstandard_zstd_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'dpdk-mirror\[zstd\]', or give --compress gzip"):
        compression("zstd")


def test_a_pipe_gets_all_of_what_it_does_not_take_at_once(tmp_path):
    near, far = os.pipe()
    with (tmp_path / "out").open("wb") as out, subprocess.Popen(["cat"], stdin=near, stdout=out):
        os.close(near)
        sink = sink_of(far, None)
        blocks = packet(3000) * 300
        sink.write(memoryview(blocks), 300)
        sink.flush()
        sink.close()
    assert (tmp_path / "out").read_bytes() == blocks


def test_a_pipe_that_nobody_reads_any_more_is_noticed_though_nothing_comes():
    near, far = os.pipe()
    sink = sink_of(far, None)
    sink.flush()
    os.close(near)
    with pytest.raises(BrokenPipeError):
        sink.flush()
    with pytest.raises(BrokenPipeError):
        sink.write(memoryview(packet(60)), 1)
    sink.close()
