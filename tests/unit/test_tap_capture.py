# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Captures as they go on: what ends them, and what a flight recorder writes."""

import os
import re
import shlex
import signal
import socket
import time
from contextlib import ExitStack

import pytest
from pcapng_blocks import INTERFACE, SECTION, STATISTICS, packet

from dpdk_mirror.cli import main, make_parser
from dpdk_mirror.errors import BusyTimeoutError, DisconnectedError, InvalidConfigError, NotFoundError, ProtocolError
from dpdk_mirror.remote import RemotePortStats
from dpdk_mirror.spec import MirrorStats
from dpdk_mirror.tap.capture import Capture, Limits, Recorder
from dpdk_mirror.tap.conditions import CounterRises, KeyPressed, SignalComes, check_form
from dpdk_mirror.tap.reader import Reader
from dpdk_mirror.tap.ringfiles import Files
from dpdk_mirror.tap.store import SMALLEST, Store
from dpdk_mirror.tap.writer import Rotation, Writer

HEADER = SECTION + INTERFACE


class FakeTap:
    """A stream that a test writes, of an application that does not answer any more."""

    def __init__(self):
        self.stream, self.far = socket.socketpair()
        self.last = b""

    def why_ended(self):
        return DisconnectedError(104, "the application has ended")

    def finish(self):
        self.far.sendall(self.last)
        self.far.shutdown(socket.SHUT_WR)
        return []


class Asked:
    """A condition that happens when a test says so."""

    def __init__(self):
        self.now = False

    def happened(self):
        now, self.now = self.now, False
        return now


class Run:
    """A capture into a file of a folder."""

    def __init__(self, folder, stack, *, limits=None, recording=False, keep_s=None):
        self.tap, self.store = FakeTap(), Store(SMALLEST)
        self.store.recording = recording
        self.files = Files(str(folder / "a.pcapng"), many=recording)
        self.writer = Writer(self.store, self.files, Rotation(), None)
        stack.callback(self.tap.far.close)
        stack.callback(self.tap.stream.close)
        reader = stack.enter_context(Reader(self.tap.stream, self.store, keep_s))
        self.capture = Capture(self.tap, reader, self.writer, limits or Limits())

    def send(self, data):
        self.tap.far.sendall(data)

    def run(self, steps, recorder=None):
        """Each step is done at a tick, once what the last one has sent has been read; then the capture is to end."""
        ahead = iter(steps)
        over = False

        def tick():
            nonlocal over
            step = next(ahead, None)
            over = step is None
            if step is not None:
                step()

        self.capture.run(lambda: over, tick, recorder)
        self.capture.finish(lambda: None)
        return [open(path, "rb").read() for path in self.files.made]  # noqa: PTH123


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


def numbered(*numbers):
    return b"".join(packet(60, time_ns=number) for number in numbers)


def test_all_that_comes_is_written_until_it_is_ended(tmp_path, stack):
    run = Run(tmp_path, stack)
    run.send(HEADER + numbered(1))
    assert run.run([lambda: run.send(numbered(2, 3)), lambda: run.send(numbered(4))]) == [HEADER + numbered(1, 2, 3, 4)]


def test_whoever_writes_reads_too(tmp_path, stack, monkeypatch):
    """Without the thread, which is for when that is at something else."""
    monkeypatch.setattr(Reader, "_run", lambda self: None)
    run = Run(tmp_path, stack)
    run.send(HEADER + numbered(1))
    assert run.run([lambda: run.send(numbered(2, 3)), lambda: None]) == [HEADER + numbered(1, 2, 3)]


def test_while_a_disk_stalls_all_that_there_is_room_for_is_read(tmp_path, stack):
    """More than a socket holds; and then it is written, in its order, and what has come since."""
    run = Run(tmp_path, stack)
    stalled = numbered(*range(20_000))
    run.tap.far.settimeout(30)

    def stall():
        run.send(stalled)

    run.send(HEADER)
    files = run.run([stall, lambda: run.send(numbered(20_000)), *[lambda: None] * 10])
    assert files == [HEADER + stalled + numbered(20_000)]


def test_packets_end_a_capture_to_the_packet(tmp_path, stack):
    run = Run(tmp_path, stack, limits=Limits(packets=3))
    run.send(HEADER + numbered(1, 2, 3, 4, 5))
    assert run.run([lambda: None] * 1000) == [HEADER + numbered(1, 2, 3)]


def test_the_last_statistics_are_written_whatever_ends_a_capture(tmp_path, stack):
    """And with them the headers that came after the last packet, but no packet that is too many."""
    run = Run(tmp_path, stack, limits=Limits(packets=2))
    run.send(HEADER + numbered(1, 2, 3) + STATISTICS + numbered(4))
    run.tap.last = INTERFACE + numbered(5) + STATISTICS
    assert run.run([lambda: None] * 1000) == [HEADER + numbered(1, 2) + STATISTICS + INTERFACE + STATISTICS]


def test_an_application_that_hangs_is_waited_for_once(tmp_path, stack):
    """What has come is in the file."""
    run = Run(tmp_path, stack)
    asked = []

    def hang():
        asked.append(True)
        raise BusyTimeoutError(110, "it does not answer")

    run.tap.finish = hang
    run.send(HEADER + numbered(1))
    with pytest.raises(BusyTimeoutError):
        run.run([lambda: None] * 5)
    assert run.capture.remove_mirrors() == []
    run.writer.finish()
    assert len(asked) == 1
    assert (tmp_path / "a.pcapng").read_bytes() == HEADER + numbered(1)


def test_seconds_end_a_capture(tmp_path, stack):
    run = Run(tmp_path, stack, limits=Limits(seconds=0.2))
    run.send(HEADER + numbered(1))
    begin = time.monotonic()
    assert run.run([lambda: None] * 1000) == [HEADER + numbered(1)]
    assert time.monotonic() - begin >= 0.2


def test_a_stream_that_ends_says_why_and_what_came_is_written(tmp_path, stack):
    run = Run(tmp_path, stack)
    run.send(HEADER + numbered(1))
    run.tap.far.shutdown(socket.SHUT_WR)
    with pytest.raises(DisconnectedError, match="the application has ended"):
        run.run([lambda: None] * 1000)
    run.writer.finish()
    assert (tmp_path / "a.pcapng").read_bytes() == HEADER + numbered(1)


def test_a_stream_that_is_broken_says_so_and_what_came_before_is_written(tmp_path, stack):
    run = Run(tmp_path, stack)
    run.send(HEADER + numbered(1) + b"rubbish of some length")
    with pytest.raises(ProtocolError, match="read the application's stream"):
        run.run([lambda: None] * 1000)
    run.writer.finish()
    assert (tmp_path / "a.pcapng").read_bytes() == HEADER + numbered(1)


def read_all(run, packets):
    """Waits until so many packets are recorded."""
    deadline = time.monotonic() + 30
    while sum(span.packets for span in list(run.store._spans)) < packets:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_nothing_is_written_unless_something_happens(tmp_path, stack):
    run = Run(tmp_path, stack, recording=True)
    run.send(HEADER + numbered(1))
    assert run.run([lambda: None] * 5, Recorder({"it": Asked()})) == []
    assert list(tmp_path.iterdir()) == []


def test_what_came_before_is_written_and_what_follows(tmp_path, stack):
    """``packets`` counts what follows."""
    run = Run(tmp_path, stack, recording=True, limits=Limits(packets=2))
    asked = Asked()

    def happen():
        read_all(run, 3)
        asked.now = True

    run.send(HEADER + numbered(1, 2, 3))
    recorder = Recorder({"it": asked})
    steps = [happen, lambda: run.send(numbered(4, 5, 6)), *[lambda: None] * 1000]
    assert run.run(steps, recorder) == [HEADER + numbered(1, 2, 3, 4, 5)]
    assert recorder.happened == ["it"]


def test_no_more_seconds_are_written_than_asked_for(tmp_path, stack):
    run = Run(tmp_path, stack, recording=True, keep_s=100)
    now = time.time_ns()
    asked = Asked()
    old, young = [now - second * 10**9 for second in (400, 300)], [now - second * 10**9 for second in (50, 1)]

    def happen():
        read_all(run, 4)
        asked.now = True

    run.send(HEADER + numbered(*old, *young))
    assert run.run([happen, lambda: None], Recorder({"it": asked}, before_s=200)) == [HEADER + numbered(*young)]


def test_it_can_happen_again(tmp_path, stack):
    """Each time there is another file, which can be read alone, and what came meanwhile is in it."""
    run = Run(tmp_path, stack, recording=True, limits=Limits(packets=1))
    asked = Asked()

    def happen(packets):
        def step():
            read_all(run, packets)
            asked.now = True

        return step

    def wait():
        deadline = time.monotonic() + 30
        while not run.store.recording:
            assert time.monotonic() < deadline
            run.capture._write_next(0.01)
            if run.capture._is_over():
                return

    run.send(HEADER + numbered(1))
    # What has come with the last packet of a file is kept.
    steps = [happen(1), lambda: run.send(numbered(2, 3)), wait, lambda: None, lambda: run.send(numbered(4)), happen(2)]
    steps += [lambda: None, lambda: run.send(numbered(5)), wait, lambda: None]
    files = run.run(steps, Recorder({"it": asked}, again=True))
    assert files == [HEADER + numbered(1, 2), HEADER + numbered(3, 4, 5)]


def test_a_recorder_notices_that_its_stream_has_ended(tmp_path, stack):
    run = Run(tmp_path, stack, recording=True)
    run.send(HEADER + numbered(1))
    run.tap.far.shutdown(socket.SHUT_WR)
    with pytest.raises(DisconnectedError, match="the application has ended"):
        run.run([lambda: None] * 1000, Recorder({"it": Asked()}))


def test_a_signal_is_a_condition():
    earlier = signal.getsignal(signal.SIGUSR1)
    with SignalComes() as condition:
        assert not condition.happened()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert condition.happened()
        assert not condition.happened()
    assert signal.getsignal(signal.SIGUSR1) is earlier


def test_a_line_on_stdin_is_a_condition_until_stdin_ends():
    near, far = os.pipe()
    stdin = os.dup(0)
    os.dup2(near, 0)
    try:
        condition = KeyPressed()
        assert not condition.happened()
        os.write(far, b"\n")
        assert condition.happened()
        assert not condition.happened()
        os.close(far)
        assert not condition.happened()
        assert condition._ended
    finally:
        os.dup2(stdin, 0)
        os.close(stdin)
        os.close(near)


class Counted:
    """Mirrors and ports whose counters a test sets; None: the port has gone."""

    def __init__(self):
        self.full, self.imissed = 0, 0
        self.app = self

    def stats(self):
        return [MirrorStats(full=self.full)]

    def port_stats(self, port):
        if self.imissed is None:
            raise NotFoundError(2, "there is no port")
        return RemotePortStats(0, 0, 0, 0, self.imissed, 0, 0, 0)


@pytest.mark.parametrize("name", ["full", "imissed"])
def test_a_counter_that_rises_is_a_condition_however_much_it_was(name):
    counted = Counted()
    setattr(counted, name, 7)
    condition = CounterRises(counted, ["p"], name)
    assert not condition.happened()
    setattr(counted, name, 8)
    assert condition.happened()
    assert not condition.happened()
    setattr(counted, name, 3)  # somebody has reset it
    assert not condition.happened()
    setattr(counted, name, 4)
    assert condition.happened()
    if name == "imissed":
        counted.imissed = None
        assert not condition.happened()


def test_the_helps_examples_are_understood(capsys):
    with pytest.raises(SystemExit):
        main(["capture", "--help"])
    examples = re.findall(r"^  dpdk-mirror (capture [^|\n]*)", capsys.readouterr().out, re.MULTILINE)
    assert len(examples) == 4
    for example in examples:
        assert make_parser().parse_args(shlex.split(example)).ports


@pytest.mark.parametrize(
    ("text", "seconds"), [("0.5", 0.5), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)]
)
def test_times_may_have_a_unit(text, seconds):
    """Whatever a capture is to take: --for is an old name of --seconds."""
    words = ["capture", "0", "-w", "a.pcapng", "--before", text, "--when", "key", "--rotate-size", "10K"]
    words += ["--rotate-seconds", text, "--for", text]
    arguments = make_parser().parse_args(words)
    assert (arguments.before.seconds, arguments.rotate_seconds, arguments.seconds) == (seconds, seconds, seconds)
    assert arguments.rotate_size == 10_000


@pytest.mark.parametrize("text", ["filter:", "filter", "counter", "signal:USR1", "key:x", "", "foo", "counter:foo"])
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(InvalidConfigError, match="when="):
        check_form(text)
    for good in ("filter:port 53", "filter:tcp[13]:1", "counter:imissed", "counter:full", "signal", "key"):
        check_form(good)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-w", "-", "--json"], "--json: not allowed with -w -"),
        (["-w", "-", "--rotate-size", "1M"], "stdout is not several files"),
        (["-w", "a.pcap"], "name it a.pcapng"),
        (["-w", "a.pcapng.gz"], "give --compress gzip, or another name"),
        (["-w", "a.zst", "--compress", "gzip"], "give --compress zstd, or another name"),
        (["-w", ""], "name a file"),
        (["-w", "a.pcapng", "--rotate-size", "10"], "10 bytes are too few: give 10k or more, such as 10M"),
        (["-w", "a.pcapng", "port", "53"], "--filter 'port 53'"),
        (["-w", "a.pcapng", "--keep", "3"], "give --rotate-size"),
        (["-w", "a.pcapng", "--before", "3"], "give --when, too, as in --when counter:imissed"),
        (["-w", "a.pcapng", "--when", "key"], "give --before, too, as in --before 5"),
        (["-w", "a.pcapng", "--when", "key", "--before", "3", "--again"], "with --seconds or --packets"),
        (["-w", "a.pcapng", "--when", "key", "--before", "8M", "--memory", "8M"], "says already"),
        (["-w", "a.pcapng", "--when", "key", "--before", "1M"], "give 4M or more"),
        (["-w", "a.pcapng", "--when", "key", "--before", "x"], "not a time above 0: give seconds, or as in 10m"),
        (["-w", "a.pcapng", "--lease", "5"], "unrecognized arguments: --lease"),
        (["-w", "a.pcapng", "--when", "counter:foo", "--before", "3"], "ports have ipackets"),
        (["-w", "a.pcapng", "--packets", "0"], "not a number from 1 on, such as 500, 10k or 1M"),
        (["-w", "a.pcapng", "--rate-unit", "bits"], "there is no rate"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_done(capsys, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["capture", "0", *arguments])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
