# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Captures that a running application writes: files, and streams to whoever connects."""

import contextlib
import fcntl
import os
import signal
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from captures import read_capture
from livekit.application import need_namespaces, wait_until
from livekit.frames import udp_frames
from livekit.telemetry import RefusedError
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror.errors import UnsupportedError
from dpdk_mirror.remote import Application, connect, process_text

COUNT = 100


def wait_for_end(telemetry, reason):
    wait_until(lambda: telemetry.call("info", mirror="in")["state"] == "stopped", "the mirror's end")
    assert reason in telemetry.call("info", mirror="in")["reason"]


@pytest.mark.parametrize("mode", ["auto", "share", "split", "copy"])
@pytest.mark.parametrize("snaplen", [0, 64])
def test_a_file_says_all_that_is_known(telemetry, forward, testpmd, tmp_path, mode, snaplen):
    path = tmp_path / "some, file.pcapng"
    telemetry.call("add", source=0, to=f"file:{path}", directions="rx", mode=mode, snaplen=snaplen, name="in")
    sent = udp_frames(COUNT, longest=1400)
    before = time.time_ns()
    forward(sent)
    after = time.time_ns()
    telemetry.call("remove", mirror="in")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    capture = read_capture(path)
    assert capture.frames == [(frame[: snaplen or None], len(frame)) for frame in sent]
    assert before <= capture.times_ns[0] <= capture.times_ns[-1] <= after
    assert capture.times_ns == sorted(capture.times_ns)
    assert (set(capture.directions), set(capture.queues)) == ({"rx"}, {0})
    assert (capture.ids, set(capture.dropped)) == (list(range(1, COUNT + 1)), {0})
    assert (capture.interface, capture.description) == ("net_tap0", f"dpdk-testpmd, pid {testpmd.pid}, rx")
    last = capture.statistics[-1]
    assert (last.received, last.accepted, last.dropped, last.full) == (COUNT, COUNT, 0, 0)
    assert last.end_ns is not None


def test_tshark_reads_a_file_at_any_moment(telemetry, forward, tmp_path):
    """Within a second, and after a pause at once."""
    path = tmp_path / "both.pcapng"
    telemetry.call("add", source=0, to=f"file:{path}", directions="both", name="in")
    forward(udp_frames(COUNT, longest=1400))
    telemetry.call("pause", mirror="in")
    said = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.len"], capture_output=True, check=True)
    assert len(said.stdout.split()) == COUNT
    telemetry.call("resume", mirror="in")
    forward(udp_frames(COUNT, longest=1400))
    wait_until(lambda: len(read_capture(path).frames) == 2 * COUNT, "what was mirrored in the file")
    telemetry.call("remove", mirror="in")


@pytest.mark.parametrize("name", ["a.pcap", "a.cap", "A.PCAP", "pcap:a"])
def test_a_name_says_which_format(telemetry, forward, tmp_path, name):
    kind, _, last = name.rpartition(":")
    path = tmp_path / last
    telemetry.call("add", source=0, to=f"{kind or 'file'}:{path}", directions="rx", snaplen=60, name="in")
    sent = udp_frames(COUNT, longest=1400)
    forward(sent)
    telemetry.call("remove", mirror="in")
    assert path.read_bytes()[:4] == b"\x4d\x3c\xb2\xa1"
    assert read_capture(path).frames == [(frame[:60], len(frame)) for frame in sent]


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [("packets", 30, "has its 30 packets"), ("max_size", 20000, "has its 20000 bytes"), ("seconds", 1, "1 s are over")],
)
def test_a_limit_ends_a_capture(telemetry, forward, tmp_path, limit, value, reason):
    """Each packet is in the file, or counted as one that is not."""
    path = tmp_path / "limited.pcapng"
    telemetry.call("add", source=0, to=f"file:{path}", directions="rx", name="in", **{limit: value})
    forward(udp_frames(COUNT, longest=1400))
    wait_for_end(telemetry, reason)
    with pytest.raises(RefusedError, match="stay as they are"):
        telemetry.call("update", mirror="in", **{limit: value + 1})
    # It is finished without the mirror's end.
    wait_until(lambda: read_capture(path).statistics[-1:], "the last statistics")
    capture, stats = read_capture(path), telemetry.call("stats", mirror="in")
    assert stats["packets"] == len(capture.frames)
    # What comes after its end it does not see.
    assert (stats["full"], capture.statistics[-1].full) == (stats["seen"] - len(capture.frames),) * 2
    if limit == "packets":
        assert len(capture.frames) == value
    elif limit == "max_size":
        assert value - 1600 < path.stat().st_size <= value


def test_a_disk_that_is_full_ends_the_mirrors(testpmd, telemetry, forward):
    """The file consists of whole records, and the counters say how many."""
    disk = testpmd.disk
    path, filler = disk / "full.pcapng", disk / "filler"
    telemetry.call("add", source=0, to=f"file:{testpmd.directory}/disk/full.pcapng", directions="rx", name="in")
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)) > 0:
                pass
        os.truncate(filler, filler.stat().st_size - 3 * 65536)
        while telemetry.call("info", mirror="in")["state"] == "running":
            forward(udp_frames(COUNT, longest=1400))
        wait_for_end(telemetry, "cannot be written: No space left on device")
        capture, stats = read_capture(path), telemetry.call("stats", mirror="in")
        assert len(capture.frames) == stats["packets"] > 0
        assert stats["full"] == stats["seen"] - stats["packets"] > 0
        telemetry.call("remove", mirror="in")
    finally:
        filler.unlink()
        path.unlink()


@pytest.fixture
def app(testpmd):
    with Application(testpmd.telemetry_path) as app:
        yield app


def read_whole(telemetry, stream, path):
    """What has been sent there so far: all that was mirrored, when the mirror is paused."""
    telemetry.call("pause", mirror="in")
    stream.setblocking(False)  # noqa: FBT003  Python's
    with contextlib.suppress(BlockingIOError), path.open("wb") as file:
        while data := stream.recv(1 << 20):
            file.write(data)
    telemetry.call("resume", mirror="in")
    return read_capture(path)


def test_a_stream_has_what_comes_from_then_on(telemetry, forward, app, tmp_path):
    """And the next reader's is as whole as the first one's."""
    added = telemetry.call("add", source=0, to="stream:", directions="rx", name="in")
    socket = Path(added["target"].removeprefix("stream:"))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    forward(udp_frames(COUNT, longest=1400))
    for longest in (1400, 700):
        telemetry.call("reset", mirror="in")
        sent = udp_frames(COUNT, longest=longest)
        with app.find("in").open_stream() as stream:
            # The first block says that it has come to be the reader.
            assert stream.recv(4, 2) == b"\x0a\x0d\x0d\x0a"
            forward(sent)
            capture = read_whole(telemetry, stream, tmp_path / "stream.pcapng")
            assert [frame for frame, _ in capture.frames] == sent
            assert telemetry.call("stats", mirror="in")["packets"] == COUNT
            with app.find("in").open_stream() as second:
                assert second.recv(1) == b""
    telemetry.call("remove", mirror="in")
    assert not socket.exists()


def test_a_stream_may_end_with_its_reader_and_its_mirror_goes(telemetry, forward, app):
    added = telemetry.call("add", source=0, to="stream:", directions="rx", linger="no", name="in")
    socket = Path(added["target"].removeprefix("stream:"))
    app.find("in").open_stream().close()
    wait_until(lambda: telemetry.call("list") == [], "the mirror's end")
    with pytest.raises(RefusedError, match="its reader has gone"):
        telemetry.call("info", mirror="in")
    assert not socket.exists()
    forward(udp_frames(COUNT, longest=1400))


def test_a_reader_has_5_s_to_come_or_as_long_as_its_process_lives(telemetry, forward, app):
    of_streams = {"source": 0, "to": "stream:", "directions": "rx", "linger": "no"}
    busy = telemetry.call("add", **of_streams, name="busy", ends_with=process_text(os.getpid()))
    socket = Path(telemetry.call("add", **of_streams, name="nobody")["target"].removeprefix("stream:"))
    wait_until(lambda: telemetry.call("list") == [busy["id"]], "the end of one that is not read")
    with pytest.raises(RefusedError, match="nobody has connected within 5 s"):
        telemetry.call("info", mirror="nobody")
    assert not socket.exists()
    with app.find("busy").open_stream() as stream:
        assert stream.recv(4) == b"\x0a\x0d\x0d\x0a"
        forward(udp_frames(COUNT, longest=1400))
        assert telemetry.call("list") == [busy["id"]]
    wait_until(lambda: telemetry.call("list") == [], "the end of one whose reader has gone")


def test_a_slow_reader_holds_up_nobody(telemetry, forward, app):
    """What it does not take in time counts as full, and so does what is left when it goes."""
    telemetry.call("add", source=0, to="stream:", directions="rx", name="in")
    with app.find("in").open_stream() as stream:
        stream.recv(4)
        for _ in range(60):
            forward(udp_frames(COUNT, longest=1400))
        wait_until(lambda: telemetry.call("stats", mirror="in")["full"] > 0, "packets that are not taken")
    wait_until(lambda: telemetry.call("stats", mirror="in")["full"] >= 60 * COUNT / 2, "those that are lost")
    assert telemetry.call("stats", mirror="in")["seen"] == 60 * COUNT


def test_what_waits_for_a_reader_is_half_a_megabyte(telemetry, forward, app):
    """Twice what the kernel keeps by default, so that a reader has much at a time."""
    telemetry.call("add", source=0, to="stream:", directions="rx", name="in")
    with app.find("in").open_stream() as stream:
        stream.recv(4)
        for _ in range(20):
            forward(udp_frames(COUNT, longest=1400))

        def waiting():
            return int.from_bytes(fcntl.ioctl(stream, termios.FIONREAD, bytes(4)), sys.byteorder)

        wait_until(lambda: waiting() > 1 << 19, "what is sent and not read")
    telemetry.call("remove", mirror="in")


# In mounts of its own: what it has there, by a link, is nothing from here.
LINKED = (
    'mkdir -m 700 "$RUNTIME_DIRECTORY/real" && ln -s "$RUNTIME_DIRECTORY/real" "$RUNTIME_DIRECTORY/link" && exec "$@"'
)
OWN_MOUNTS = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs none "$RUNTIME_DIRECTORY" && {LINKED}', "sh")


@pytest.mark.parametrize("within", [("sh", "-c", LINKED, "sh"), OWN_MOUNTS], ids=["here", "in its own mounts"])
def test_what_a_killed_application_has_left_goes_with_its_reader(within):
    if within is OWN_MOUNTS:
        need_namespaces()
    with Testpmd(TestpmdOptions(["net_null0"], within=within)) as testpmd, connect(str(testpmd.pid)) as app:
        made = app.mirror(0, to=f"stream:{testpmd.directory}/link/s.sock")
        folder = os.open(f"/proc/{testpmd.pid}/root{testpmd.directory}/real", os.O_RDONLY | os.O_DIRECTORY)
        left = Path(f"/proc/self/fd/{folder}")
        assert [path.name for path in left.iterdir()] == ["s.sock"]
        with made.open_stream() as stream, stream.makefile("rb") as file:
            assert file.read(4) == b"\x0a\x0d\x0d\x0a"
            testpmd.end(signal.SIGKILL)
            file.read()
        assert list(left.iterdir()) == []
        os.close(folder)


def test_what_is_no_capture_has_no_limits_and_no_stream(telemetry, app):
    for options in ({"seconds": 1}, {"packets": 1}, {"max_size": 1}, {"linger": "no"}):
        with pytest.raises(RefusedError, match=r"only for (file and )?stream targets: leave (it|them) out"):
            telemetry.call("add", source=0, to="null:x", **options)
    telemetry.call("add", source=0, to="null:x", name="in")
    with pytest.raises(UnsupportedError, match="is no stream"):
        app.find("in").open_stream()
