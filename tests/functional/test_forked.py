# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Forked children, and threads at the interpreter's end: neither takes DPDK from under whoever uses it."""

import subprocess
import sys
import textwrap

import pytest

START = """
import contextlib, multiprocessing, os, sys, threading, time
from pathlib import Path
from dpdk_mirror import Direction, Eal, Forwarder, Mirror, Vdev
from dpdk_mirror.capture import CaptureReader, CaptureWriter
from dpdk_mirror.errors import ClosedError, EalAlreadyStartedError

FRAMES = [bytes([number]) * 60 for number in range(9)]

def things(stack):
    "All kinds of things that are closed, and open: the more there is, the more a child could break."
    enter = stack.enter_context
    eal = enter(Eal(vdevs=[Vdev.ring("a"), Vdev.ring("b"), Vdev.ring("c")], hugepages=False))
    pool = enter(eal.mempool("packets", size=1023))
    a, b, c = [enter(eal.port(name).start(pool)) for name in "abc"]
    writer = enter(CaptureWriter("out.pcapng"))
    port = enter(writer.open_port(eal, pool, size=63))
    writer.start()
    mirror = enter(Mirror(a, b, direction=Direction.RX))
    written = enter(Mirror(a, port, direction=Direction.RX))
    forwarder = enter(Forwarder(c))
    reader = enter(CaptureReader("in.pcap"))
    return eal, pool, a, b, c, writer, port, mirror, written, forwarder, reader

def check(eal, pool, a, b, c, writer, port, mirror, written, forwarder, reader):
    "In the parent all of it works as if there were no child."
    assert a.send(FRAMES) == 9 and a.receive() == FRAMES and b.receive() == FRAMES
    assert mirror.stats().packets == written.stats().packets == 9
    assert forwarder.running and c.send(FRAMES) == 9
    while forwarder.stats().forth.rx_packets < 9 or writer.stats.frames < 9:
        time.sleep(0.001)
    assert reader.poll() and Path("out.pcapng.part").exists()
    print("works")
"""


def run(tmp_path, script):
    """What the script prints, once it has come to a good end."""
    (tmp_path / "in.pcap").write_bytes(b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(8) + b"\xff\xff\0\0\1\0\0\0")
    command = [sys.executable, "-W", "ignore", "-c", START + textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize(
    "leave", ["pass", "raise RuntimeError", "sys.exit(0)", "os._exit(0)", "stack.close(); stack.close(); os._exit(0)"]
)
def test_a_child_that_leaves_the_blocks_closes_nothing_of_its_parents(tmp_path, leave):
    """However it leaves; then the parent goes on, and ends well."""
    script = f"""
        with contextlib.suppress(RuntimeError), contextlib.ExitStack() as stack:
            all_things = things(stack)
            child = os.fork()
            if child == 0:
                {leave}
            else:
                assert os.waitpid(child, 0)[1] == 0
                check(*all_things)
        if child != 0:
            print("ended")
    """
    assert run(tmp_path, script) == "works\nended\n"


def test_a_child_of_multiprocessing_closes_nothing_of_its_parents(tmp_path):
    script = """
        with contextlib.ExitStack() as stack:
            all_things = things(stack)
            def work():
                with contextlib.ExitStack() as inner:
                    for thing in all_things:
                        inner.push(thing.__exit__)
                for thing in all_things:
                    thing.close()
            child = multiprocessing.get_context("fork").Process(target=work)
            child.start()
            child.join()
            assert child.exitcode == 0
            check(*all_things)
        print("ended")
    """
    assert run(tmp_path, script) == "works\nended\n"


def test_a_signals_handler_may_fork_while_its_thread_calls(tmp_path):
    """What is called when the handler runs comes to its end in the child, too."""
    script = """
        from dpdk_mirror.gate import gate
        with contextlib.ExitStack() as stack:
            all_things = things(stack)
            child = gate.guard(os.fork)()
            if child == 0:
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            check(*all_things)
    """
    assert run(tmp_path, script) == "works\n"


def test_each_use_in_a_child_is_refused_in_a_sentence(tmp_path):
    """Also while a thread that the child does not have holds what the use has to wait for."""
    script = """
        def uses(eal, pool, a, b, c, writer, port, mirror, written, forwarder, reader):
            yield from [lambda: a.send(FRAMES), a.receive, a.stats, a.stop, lambda: a.link, lambda: a.start(pool)]
            yield from [lambda: pool.available, lambda: eal.mempool("other"), lambda: eal.port("a"), eal.drain_log]
            yield from [lambda: eal.plug("net_null0"), lambda: eal.unplug(a), lambda: eal.mirror("x"), Eal]
            yield from [mirror.stats, mirror.info, mirror.pause, mirror.resume, mirror.update, lambda: Mirror(b, c)]
            yield from [forwarder.stats, forwarder.stop, forwarder.start, lambda: Forwarder(b).start()]
            yield from [lambda: writer.stats, writer.finish, writer.commit, writer.discard, writer.check]
            yield from [reader.poll, lambda: reader.link_type, lambda: reader.open_port(eal, pool)]

        with contextlib.ExitStack() as stack:
            all_things = things(stack)
            a, ended = all_things[2], threading.Event()
            def poll():
                while not ended.is_set():
                    a.receive()
                    all_things[0].drain_log()
            pollers = [threading.Thread(target=poll) for _ in range(4)]
            for poller in pollers:
                poller.start()
            for _ in range(20):
                child = os.fork()
                if child == 0:
                    for number, use in enumerate(uses(*all_things)):
                        try:
                            use()
                        except (ClosedError, EalAlreadyStartedError) as error:
                            assert "this one was forked from" in str(error), error
                        else:
                            print("use", number, "is not refused", flush=True)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
            ended.set()
            for poller in pollers:
                poller.join()
            check(*all_things)
    """
    assert run(tmp_path, script) == "works\n"


def test_a_child_of_a_process_without_dpdk_may_start_it(tmp_path):
    script = """
        with CaptureReader("in.pcap") as reader:
            child = os.fork()
            if child == 0:
                with contextlib.ExitStack() as stack:
                    check(*things(stack))
                sys.stdout.flush()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            assert reader.poll()
        print("ended")
    """
    assert run(tmp_path, script) == "works\nended\n"


@pytest.mark.parametrize(
    "work",
    [
        "a.receive()",
        "a.send(FRAMES); a.receive(); b.receive()",
        "mirror.stats(); mirror.info(); mirror.pause(); mirror.resume()",
        "forwarder.stop(); forwarder.start(); forwarder.stats()",
        "pool.available; a.stats(); eal.drain_log(); writer.stats; reader.poll()",
        "Mirror(b, c).close()",
    ],
)
def test_a_daemon_thread_may_use_dpdk_until_the_interpreter_ends(tmp_path, work):
    """Whatever it is in the middle of: no signal, no message, and it is soon over."""
    script = f"""
        stack = contextlib.ExitStack()
        eal, pool, a, b, c, writer, port, mirror, written, forwarder, reader = things(stack)
        begun = threading.Semaphore(0)
        def loop():
            while True:
                {work}
                begun.release()
        for _ in range({1 if "forwarder" in work or "Mirror(" in work else 4}):
            threading.Thread(target=loop, daemon=True).start()
        for _ in range(40):
            begun.acquire()
        print("left open")
    """
    for _ in range(3):
        assert run(tmp_path, script) == "left open\n"


def test_threads_that_use_dpdk_while_it_is_closed_get_an_error(tmp_path):
    script = """
        stack = contextlib.ExitStack()
        eal, pool, a, b, *others = things(stack)
        begun, errors = threading.Semaphore(0), []
        def loop():
            try:
                while True:
                    a.send(FRAMES), a.receive(), b.receive(), a.stats()
                    begun.release()
            except Exception as error:
                errors.append(type(error).__name__)
        threads = [threading.Thread(target=loop) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(40):
            begun.acquire()
        eal.close()
        for thread in threads:
            thread.join()
        assert set(errors) <= {"ClosedError", "ConflictError"} and len(errors) == 4, errors
        print("closed")
    """
    for _ in range(3):
        assert run(tmp_path, script) == "closed\n"
