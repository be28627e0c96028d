# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Arguments of EAL that the package does not know: tried in a child first, since EAL may end its process for them."""

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

# A library whose constructor does what a broken driver's might, as EAL loads it.
PLUGIN = """
#include <stdlib.h>
#include <stdio.h>
__attribute__((constructor)) static void start(void) { %s; }
"""


def run(script):
    """What a script prints that uses Eal."""
    done = subprocess.run(
        [sys.executable, "-c", f"from dpdk_mirror import *\n{textwrap.dedent(script)}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def attempt(arguments):
    """How EAL's start with these fails; then the same process starts it with others."""
    failed, started = run(f"""
        try:
            Eal(hugepages=False, {arguments})
            print("started")
        except EalError as error:
            print(error)
        with Eal(hugepages=False) as eal:
            print("then it starts")
    """)
    assert started == "then it starts"
    return failed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("args=['--bogus']", "--bogus"),
        ("args=['--vdev=net_none0']", "net_none0"),
        ("args=['--help']", "EAL ends the process"),
        ("args=['-d', '/none.so']", "/none.so: cannot open shared object file"),
        ("lcores='nonsense'", "lcore"),
        ("lcores='0@0,1@9999'", "lcore"),
    ],
)
def test_what_eal_refuses_is_told_and_it_can_be_started_otherwise(arguments, reason):
    told = attempt(arguments)
    assert reason in told.split("--no-pci", 1)[1]
    assert told.endswith("[EINVAL]")


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("abort()", "it dies of SIGABRT: "),
        ("*(volatile int *)0 = 0", "it dies of SIGSEGV: "),
        ('puts("Error: no licence"); exit(1)', "Error: no licence"),
    ],
)
def test_what_ends_the_process_is_told_and_ends_but_a_child(tmp_path, does, reason):
    source = tmp_path / "broken.c"
    source.write_text(PLUGIN % does)
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:  # no plugin is loaded from below /tmp
        library = Path(folder, "broken.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
        assert reason in attempt(f"args=['-d', '{library}']")


def test_arguments_and_lcores_are_eals():
    assert run("""
        import logging, sys
        with Eal(hugepages=False, lcores="0@(0,1),5@0,9@1", args=["--log-level=lib.eal:debug"]) as eal:
            print(eal.workers, eal.arguments[-1])
            with Forwarder(eal.plug("net_null0").start(eal.mempool("p"))) as forwarder:
                print(forwarder.stats().workers)
    """) == ["(5, 9) --log-level=lib.eal:debug", "1"]


@pytest.mark.parametrize(("options", "kind"), [("args='--one'", "TypeError"), ("args=[1]", "TypeError"),
                                               ("lcores=2", "TypeError"), ("lcores=''", "InvalidConfigError"),
                                               ("args=['a\\0b']", "InvalidConfigError")])  # fmt: skip
def test_what_is_no_argument_is_refused(options, kind):
    assert run(f"""
        try:
            EalConfig({options})
        except Exception as error:
            print(type(error).__name__)
    """) == [kind]
