# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What nobody has closed: it ends in order, and a forked child has no say in it."""

import subprocess
import sys
import textwrap

START = """
import gc, os, sys
from dpdk_mirror import Direction, Eal, Forwarder, Mirror, Vdev

def start():
    eal = Eal(vdevs=[Vdev.ring("a"), Vdev.ring("b")], hugepages=False)
    pool = eal.mempool("packets", size=1023)
    a, b = eal.port("a").start(pool), eal.port("b").start(pool)
    return eal, pool, a, b, Mirror(a, b, direction=Direction.RX), Forwarder(a).start()
"""


def run(script):
    """What the script prints, once it has come to a good end."""
    command = [sys.executable, "-c", START + textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout


def test_what_the_garbage_collector_takes_all_at_once_ends_in_order():
    assert run("start(); gc.collect(); print('ended')") == "ended\n"


def test_what_is_left_when_an_exception_goes_through_ends_in_order():
    script = """
        def fail():
            things = start()
            raise RuntimeError
        try:
            fail()
        except RuntimeError:
            pass
        gc.collect()
        print('ended')
    """
    assert run(script) == "ended\n"


def test_what_is_open_at_the_processs_end_ends_in_order():
    assert run("things = start(); print('ended')") == "ended\n"


def test_a_forked_child_that_ends_takes_nothing_from_its_parent():
    script = """
        eal, pool, a, b, mirror, forwarder = start()
        forwarder.close()
        child = os.fork()
        if child == 0:
            sys.exit(0)
        print(os.waitpid(child, 0)[1], pool.available == pool.size, mirror.closed, eal.closed)
        frames = [bytes([n]) * 60 for n in range(9)]
        print(a.send(frames), a.receive() == frames, b.receive() == frames)
        eal.close()
    """
    assert run(script) == "0 True False False\n9 True True\n"


def test_a_forked_child_does_not_wait_for_its_parents_forwarder():
    script = """
        things = start()
        child = os.fork()
        if child == 0:
            sys.exit(0)
        print(os.waitpid(child, 0)[1], things[-1].running)
        things[0].close()
    """
    assert run(script) == "0 True\n"
