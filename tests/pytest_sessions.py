# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""pytest sessions of their own for the plugin's tests: each is a process, as EAL starts once."""

from __future__ import annotations

from importlib.metadata import entry_points

CRASHES = '''
import ctypes, os, re

def panic():
    """rte_panic(), as EAL or a driver calls it."""
    library = re.search(r"/.*/librte_eal\\.so\\S*", open("/proc/self/maps").read())[0]
    getattr(ctypes.CDLL(library), "__rte_panic")(b"somewhere", b"%s", b"the reason\\n")

def fault():
    ctypes.string_at(0)

def hang():
    """Where Python does not run, and signals change nothing."""
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)
'''


def run_session(pytester, code, *arguments, ini=""):
    """The result of a session that has the plugin, of tests of this code."""
    pytester.makepyfile(code)
    pytester.makeini(f"[pytest]\n{ini}\n")
    # By name only where the package is not installed with its entry point.
    plugin = [] if _installed() else ["-p", "dpdk_mirror.pytest_plugin"]
    # Hypothesis's plugin, which they have no use for, imports for most of a second.
    others = ["-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    return pytester.runpytest_subprocess(*plugin, *others, *arguments, timeout=200)


def _installed():
    return any(point.value == "dpdk_mirror.pytest_plugin" for point in entry_points(group="pytest11"))
