# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The properties that drivers are verified by: a good driver has them, and one with a fault lacks the right one."""

import ctypes
import dataclasses
import errno
import faulthandler
import itertools
import os
import re
import select
import signal
import socket
import tempfile
import time
from pathlib import Path

import pytest
from programs import ROOT, compile_program, pkg_config
from pytest_sessions import run_session

from dpdk_mirror.conformance import Failed, Needs, NotApplicable, Property, Result, Verdict, frames, test_port, wire
from dpdk_mirror.conformance.catalog import PROPERTIES, Testbed, judge
from dpdk_mirror.conformance.frames import BURST, same
from dpdk_mirror.conformance.testbed import Plan
from dpdk_mirror.conformance.verify import About, Request, verify
from dpdk_mirror.errors import MirrorError, UnsupportedError
from dpdk_mirror.ethdev import Port

pytest_plugins = "pytester"

BY_NAME = {each.name: each for each in PROPERTIES}
# What a port of net_ring has no use for, and what it lacks: what is in its rings when it goes is lost.
NOT_OF_A_RING = {
    "port.receives",
    "source.reset",
    "source.vlan_strip",
    "source.vlan_insert",
    "source.tx_checksums",
    "source.rx_checksums",
    "target.fast_free",
}
LACKING = {"source.unplug": "32 buffers are still in use after all ports have been closed"}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    library = tmp_path_factory.mktemp("faulty") / "faulty.so"
    compile_program(library, [ROOT / "tests" / "faulty.c"], "-shared", "-fPIC", *pkg_config("--libs", "libdpdk"))
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="module")
def testbed(dpdk_eal):
    return Testbed(dpdk_eal, ["net_ring_dut"])


class FaultyBench(Testbed):
    """Whose port has a fault, once it is known what it is, or from the first."""

    def __init__(self, eal, library, fault, *, devices=("net_ring_dut",), from_the_first=False):
        super().__init__(eal, devices)
        self._library, self._fault = library, fault.encode()
        self._from_the_first = from_the_first
        assert self.plan.shows

    def wire(self, **options):
        wire = super().wire(**options)
        if self._from_the_first or "plan" in vars(self):
            where = (self._fault, wire.port.id, wire.port.rx_queues)
            assert self._library.faulty_make(*where) == 0
            wire._ports.callback(self._library.faulty_end, *where)  # before the port goes, or the next one has it
        return wire


@pytest.mark.parametrize("name", BY_NAME)
def test_a_good_driver_has_each_property(testbed, name):
    """But for one, which net_ring really lacks."""
    result = judge(BY_NAME[name], testbed)
    lacking = LACKING.get(name)
    expected = Verdict.NOT_APPLICABLE if name in NOT_OF_A_RING else Verdict.FAIL if lacking else Verdict.PASS
    assert result.verdict is expected, result.reason
    assert result.reason == lacking if lacking else result.reason or expected is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "fault", "reason"),
    [
        ("port.sends", "tx_flip", "do not arrive"),
        ("port.sends", "tx_swap", "without a mirror: all 64 frames are there, but not in their order, from frame 0 on"),
        ("port.closes", "tx_keep", "1 buffers are still in use after all ports have been closed"),
        ("source.rx", "rx_swap", "mirrored by share: all 64 frames are there, but not in their order"),
        ("source.tx", "tx_swap", "sent while mirrored by share: all 64 frames are there, but not in their order"),
        ("source.both", "rx_double", "mirrored both ways: "),
        ("source.tx_references", "tx_free", "buffers that the application holds have been given back"),
        ("source.tx_references", "tx_keep", "1 references are left"),
        ("source.segments", "rx_flip_last", "received: frame 31 of 32 has"),
        ("source.segments", "rx_swap", "mirrored: all 32 frames are there, but not in their order"),
        ("source.queues", "rx_double", "mirrored of rx: "),
        ("target.frames", "tx_flip", "what the application receives: frame 31 of 32 has"),
        ("target.frames", "tx_swap", "mirrored by share: all 64 frames are there, but not in their order, from "),
        ("target.frames", "tx_double", "mirrored by share: frame 0 of 64 has"),
        ("target.frames", "tx_cut", "bytes instead of"),
        ("target.releases", "tx_keep", "1 references are left"),
        ("target.releases", "tx_free", "buffers that the application holds have been given back"),
        ("target.releases", "tx_wrong_pool", "1 buffers are in another pool than their own"),
        ("target.releases", "tx_flag", "ol_flags are 0x0 now, tx_offload is 0xe, vlan_tci 0; all were 0"),
        ("port.sends", "tx_put", "buffers more than there are have been given back after all ports have been closed"),
        ("target.reads", "tx_cut", "packets that were written to are lost"),
        ("target.queues", "tx_swap", "mirrored of queue 0: all 8 frames are there, but not in their order"),
        ("target.refuses", "tx_flip", "what the application receives has changed"),
        ("target.link_down", "tx_swap", "mirrored afterwards: all 32 frames are there, but not in their order"),
        ("target.long_frames", "tx_swap", "mirrored beside it: all 31 frames are there, but not in their order"),
        ("buffers.chains", "tx_first_segment", "mirrored: "),
        ("buffers.chains_unasked", "tx_keep", "1 references are left"),
        ("buffers.indirect", "tx_keep", "are still in use after all ports have been closed"),
        ("buffers.external", "tx_keep", "are still in use after all ports have been closed"),
        ("buffers.received_later", "rx_scribble", "held by the application: "),
        ("counters.stats", "rx_drop", "rx_packets has grown by 32 with 31 packets"),
    ],
)
def test_a_fault_of_a_driver_is_found(dpdk_eal, faulty, name, fault, reason):
    result = judge(BY_NAME[name], FaultyBench(dpdk_eal, faulty, fault))
    assert (result.verdict, reason in result.reason) == (Verdict.FAIL, True), result.reason


def test_a_driver_that_keeps_buffers_without_a_mirror_fails_by_that_alone(dpdk_eal, faulty):
    bench = FaultyBench(dpdk_eal, faulty, "tx_keep", from_the_first=True)
    results = [judge(BY_NAME[name], bench) for name in ("source.rx", "port.closes", "source.tx_references")]
    assert [result.verdict for result in results] == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL]
    assert "buffers are still in use" in results[1].reason
    assert results[2].reason == "1 references are left when the port has been closed"


@pytest.mark.dpdk_forked
def test_checksums_that_are_left_to_a_port_are_looked_at(dpdk_eal, faulty, tmp_path):
    devices = [f"net_vhost0,iface={tmp_path}/s", f"net_virtio_user0,path={tmp_path}/s"]
    good = [judge(BY_NAME[name], Testbed(dpdk_eal, devices)) for name in ("source.tx_checksums", "source.rx_checksums")]
    assert [(result.verdict, result.reason) for result in good] == [
        (Verdict.PASS, "with UDP_CKSUM, TCP_CKSUM"),
        (Verdict.PASS, "of udp and tcp"),
    ]
    for way, what in (("tx", "mirrored of udp"), ("rx", "received of udp")):
        bench = FaultyBench(dpdk_eal, faulty, f"{way}_swap", devices=devices)
        result = judge(BY_NAME[f"source.{way}_checksums"], bench)
        assert result.verdict is Verdict.FAIL
        assert result.reason.startswith(f"{what}: ")


def test_what_one_property_has_found_to_leak_is_not_held_against_the_next(dpdk_eal, faulty):
    bench = FaultyBench(dpdk_eal, faulty, "tx_keep_external")
    verdicts = [judge(BY_NAME[name], bench).verdict for name in ("buffers.external", "target.frames")]
    assert verdicts == [Verdict.FAIL, Verdict.PASS]


def test_what_leaks_before_the_last_try_is_told(dpdk_eal, faulty):
    """Of three modes only that which splits gives the driver packets of several segments."""
    result = judge(BY_NAME["target.frames"], FaultyBench(dpdk_eal, faulty, "tx_keep_chain"))
    assert re.fullmatch(r"\d+ buffers are still in use after all ports have been closed", result.reason)


def test_counters_that_disagree_are_found(testbed, monkeypatch):
    monkeypatch.setattr(Port, "xstats", lambda port: {"tx_good_packets": port.stats().tx_packets + 1})
    reason = judge(BY_NAME["counters.xstats"], testbed).reason
    sent, counted = map(
        int, re.fullmatch(r"tx_good_packets is (\d+), and tx_packets of its counters (\d+)", reason).groups()
    )
    assert sent == counted + 1 > BURST


def test_a_driver_that_counts_nothing_is_not_judged_by_that(testbed, monkeypatch):
    def refuse(port):
        raise UnsupportedError(errno.ENOTSUP, "read the counters")

    monkeypatch.setattr(Port, "stats", refuse)
    for name in ("counters.stats", "counters.xstats"):
        result = judge(BY_NAME[name], testbed)
        assert (result.verdict, result.reason) == (Verdict.NOT_APPLICABLE, "its driver counts nothing")


def test_a_long_frame_that_the_far_end_counts_is_no_fault_of_the_driver(dpdk_eal, faulty, monkeypatch):
    """Of two NICs it is the receiving one that drops it."""
    bench = FaultyBench(dpdk_eal, faulty, "rx_drop_long")
    reason = "a frame of 6072 bytes is taken, counted as sent, and does not arrive, mirrored or not"
    assert judge(BY_NAME["target.long_frames"], bench).reason == reason
    counts = itertools.count()
    read = Port.stats
    monkeypatch.setattr(Port, "stats", lambda port: dataclasses.replace(read(port), rx_missed=next(counts)))
    result = judge(BY_NAME["target.long_frames"], bench)
    reason = "of 6072 bytes it is taken, and counted by the far end's rx_missed"
    assert (result.verdict, result.reason) == (Verdict.PASS, reason)


def test_a_driver_that_receives_in_fours_gives_frames(dpdk_eal, monkeypatch):
    """Who asks it for fewer gets none, as of drivers that work with vectors."""
    receive = Port.receive
    monkeypatch.setattr(
        Port, "receive", lambda port, limit, queue=0: receive(port, limit & ~3 or 64, queue)[: limit & ~3]
    )
    testbed = Testbed(dpdk_eal, ["net_null_dut"])
    assert testbed.plan.gives
    assert len(testbed.wire().bring(frames.make(11))) >= 11
    testbed.finish()


def test_a_driver_that_takes_no_burst_fails_what_needs_one(dpdk_eal, monkeypatch):
    """And not the first look at it."""
    send = Port.send
    monkeypatch.setattr(
        Port, "send", lambda port, frames, queue=0: send(port, frames, queue) if len(frames) == 1 else 0
    )
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.1)
    testbed = Testbed(dpdk_eal, ["net_ring_dut"])
    assert testbed.plan.name == "loopback"
    result = judge(BY_NAME["port.sends"], testbed)
    reason = "net_ring_dut takes none of 32 frames, though nothing else has been sent on it"
    assert (result.verdict, result.reason) == (Verdict.FAIL, reason)


def test_a_far_end_can_fill_the_rings_of_all_its_queues(dpdk_eal):
    testbed = Testbed(dpdk_eal, ["net_null_dut", "net_null_far"])
    peer = testbed.wire(rx_queues=4, tx_queues=4).peer
    assert peer.rx_queues == 4
    assert peer._pool.size >= peer.rx_queues * 1024
    testbed.finish()


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        ([b"aa", b"bb", b"cd"], "frame 2 of 3 has 64 at byte 1, where it had 63"),
        ([b"aa", b"cc", b"bb"], "all 3 frames are there, but not in their order, from frame 1 on"),
        ([b"aa", b"cc"], "1 of 3 frames are missing, the first is frame 1"),
        ([b"aa", b"bb", b"cc", b"cc"], "1 are there that should not be"),
        ([b"aa", b"b", b"cc"], "frame 1 of 3 has 1 bytes instead of 2"),
        ([], "3 of 3 frames are missing, the first is frame 0"),
    ],
)
def test_the_first_difference_is_told(got, reason):
    with pytest.raises(Failed) as failed:
        same(got, [b"aa", b"bb", b"cc"], "mirrored")
    assert str(failed.value) == f"mirrored: {reason}"


# In children of their own.


def crash(testbed):
    faulthandler.disable()  # which the session has enabled
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_open(testbed):
    testbed.wire()
    crash(testbed)


def leave(testbed):
    Path(os.environ["RUNTIME_DIRECTORY"], "left").touch()
    os._exit(3)


def hang(testbed):
    time.sleep(60)


def refuse(testbed):
    raise NotApplicable("it is a test")


def fail(testbed):
    raise Failed("it is a test")


def has(testbed):
    return testbed.plan.name


def as_property(check):
    return Property(f"test.{check.__name__}", "It does what it does.", Needs.PORT, destructive=False, check=check)


@pytest.mark.dpdk_forked
def test_what_a_driver_does_to_its_process_fails_one_property(tmp_path, monkeypatch):
    """The ones behind it are looked at, in another process, and of none EAL's folder is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    checks = [has, crash, leave, hang, refuse, fail, has]
    about, *results = verify(Request(("net_null0",), hugepages=False, timeout_s=3), list(map(as_property, checks)))
    assert (about.driver, about.plan) == ("net_null", "one-way")
    assert [(result.verdict.value, result.reason) for result in results] == [
        ("pass", "one-way"),
        ("fail", "it crashes: SIGSEGV"),
        ("fail", "it ends the process, with status 3"),
        ("fail", "it has not come to an end within 3 s"),
        ("not applicable", "it is a test"),
        ("fail", "it is a test"),
        ("pass", "one-way"),
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.dpdk_forked
def test_a_driver_that_hangs_does_not_outlive_the_command():
    """Though that is killed, and can end nothing: the pipe has no other writer than its child."""
    ours, theirs = os.pipe()
    command = os.fork()
    if not command:
        os.close(ours)
        request = Request(("net_null0",), hugepages=False)
        for said in verify(request, [as_property(lambda _: os.write(theirs, b"x") and signal.pause())]):
            os.close(theirs) if isinstance(said, About) else None
        os._exit(1)
    os.close(theirs)
    assert os.read(ours, 1) == b"x"
    os.kill(command, signal.SIGKILL)
    os.waitpid(command, 0)
    assert select.select([ours], [], [], 10)[0]
    assert os.read(ours, 1) == b""
    os.close(ours)


@pytest.mark.dpdk_forked
def test_each_property_has_its_own_process_where_a_driver_keeps_memory(monkeypatch):
    plan = Plan("one-way", "net_null", shows=False, gives=True, keeps="2048 buffers")
    monkeypatch.setattr(Testbed, "plan", plan)
    pids = Property("test.pid", "It is a process.", Needs.PORT, destructive=False, check=lambda _: str(os.getpid()))
    _, *results = verify(Request(("net_null0",), hugepages=False), [pids] * 3)
    assert len({result.reason for result in results}) == 3


@pytest.mark.dpdk_forked
def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(MirrorError, match="net_rign"):
        list(verify(Request(("net_rign0",), hugepages=False), [as_property(has)]))


@pytest.mark.dpdk_forked
def test_an_end_that_cannot_be_plugged_says_why(tmp_path):
    """Though the other one could be: a socket that another program has left is not removed."""
    path = tmp_path / "m"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left:
        left.bind(str(path))
    ends = [f"net_memif{n},role={role},socket={path},socket-abstract=no" for n, role in enumerate(("server", "client"))]
    with pytest.raises(MirrorError, match="Address already in use"):
        list(verify(Request(tuple(ends), hugepages=False), [as_property(has)]))
    assert path.is_socket()


@pytest.mark.dpdk_forked
def test_what_a_crashed_process_has_left_is_no_hindrance(tmp_path):
    """Its socket is removed, at which nobody listens any more."""
    ends = [
        f"net_memif{n},role={role},socket={tmp_path}/m,socket-abstract=no"
        for n, role in enumerate(("server", "client"))
    ]
    results = list(verify(Request(tuple(ends), hugepages=False), list(map(as_property, [crash_open, has]))))[1:]
    assert [(result.verdict.value, result.reason) for result in results] == [
        ("fail", "it crashes: SIGSEGV"),
        ("pass", "pair"),
    ]


@pytest.mark.dpdk_forked
def test_devices_that_are_not_connected_are_no_pair():
    names = ["port.sends", "port.receives", "target.frames"]
    request = Request(("net_ring_a", "net_null_b"), hugepages=False)
    about, sends, receives, result = verify(request, [BY_NAME[name] for name in names])
    assert about == About("net_ring", "one-way", about.dpdk)
    silence = "nothing that is sent on net_{} arrives at net_{}; of the links, net_{}'s is up and net_{}'s is up"
    reason, others = re.subn(r", where \d+ other frames do", "", sends.reason)
    assert (sends.verdict, reason, others) == (Verdict.FAIL, silence.format(*["ring_a", "null_b"] * 2), 1)
    assert receives == Result("port.receives", Verdict.FAIL, silence.format(*["null_b", "ring_a"] * 2))
    reason = "packets are taken, and given back; nothing shows what is sent"
    assert result == Result("target.frames", Verdict.PASS, reason)


def test_pytest_runs_the_same_list(pytester):
    """Of which these are one each of what passes, fails and is skipped."""
    some = "source.both or source.unplug or source.reset"
    options = ["--pyargs", "dpdk_mirror.conformance", "--dpdk-port=net_ring0", "-rsf", "-k", some]
    result = run_session(pytester, "", *options)
    result.assert_outcomes(passed=1, failed=1, skipped=1, deselected=len(PROPERTIES) - 3)
    result.stdout.fnmatch_lines(["*its driver has no reset", "FAILED *test_port[[]source.unplug[]]*"])


@pytest.mark.parametrize(("options", "outcome"), [(["-rs"], "skipped"), (["--dpdk-required"], "errors")])
def test_pytest_without_a_port_says_what_to_give(pytester, options, outcome):
    result = run_session(pytester, "", "--pyargs", "dpdk_mirror.conformance", *options)
    result.assert_outcomes(**{outcome: len(PROPERTIES)})
    result.stdout.fnmatch_lines(["*no port: give --dpdk-port DEVARGS*"])


def test_one_of_xdists_workers_has_the_port(tmp_path):
    says = "give -n 0, or --dist loadfile"
    with test_port.locked(tmp_path), pytest.raises(pytest.fail.Exception, match=says), test_port.locked(tmp_path):
        pass
    with test_port.locked(tmp_path):
        pass
