# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Signals that end a command."""

import signal

import pytest

from dpdk_mirror.cli.signals import Interrupted, Signals


def test_what_comes_twice_at_once_ends_what_has_begun_well(monkeypatch):
    """As timeout(1) sends it: to the process, and to its group. Once that is heeded, the next is the second."""
    with Signals().caught() as signals:
        signals.begun = True
        for _ in range(2):
            signal.raise_signal(signal.SIGTERM)
        assert signals.ended
        signals.check()
        signal.raise_signal(signal.SIGTERM)  # at once after it
        signals.check()
        monkeypatch.setattr("dpdk_mirror.cli.signals._SAME_S", 0.0)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            signals.check()


def test_what_comes_before_anything_has_begun_interrupts():
    with Signals().caught() as signals:
        assert not signals.ended
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted):
            signals.check()
