# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What tests of several folders use, beside the package's own pytest plugin."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from livekit.application import Application

from dpdk_mirror import pmdinfo

# Pollers use all the CPU that they get: what tests do by themselves goes first.
Application.niceness = 10

# A shell's background job has Ctrl-C ignored, nohup's a hangup; and so would the processes that tests send them to.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before the plugin's own, which fails them with --dpdk-required
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A DPDK of one's own (DPDK=PREFIX) may have few drivers: tests of others are skipped."""
    if not os.environ.get("DPDK"):
        return
    for marker in item.iter_markers("dpdk_pmd"):
        known = {name for driver in pmdinfo.drivers() for name in driver.names}
        if lacking := set(marker.args) - known:
            pytest.skip(f"needs {', '.join(sorted(lacking))}, which the DPDK in {os.environ['DPDK']} does not have")


@pytest.fixture(scope="session", autouse=True)
def _sessions_without_hypothesis() -> None:
    """Tests' own pytest sessions are many and use none of it, and its plugin imports for most of a second."""
    os.environ["PYTEST_ADDOPTS"] = f"{os.environ.get('PYTEST_ADDOPTS', '')} -p no:hypothesispytest"


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """``wait_until(condition)`` returns as soon as ``condition()`` is true, and fails the test after a while."""

    def wait(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout_s} s"
            time.sleep(0.001)

    return wait
