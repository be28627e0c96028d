# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The soak of make stress, in short."""

import random

from stress.live import soak


def test_random_changes_cost_the_application_nothing():
    """No crash, no hang, no packet or mbuf lost; a seed that fails is in the message."""
    seed = random.SystemRandom().randrange(1 << 32)
    try:
        soak(seed, 20)
    except AssertionError as error:
        raise AssertionError(f"make stress's tests/stress/live.py --seconds 20 --seed {seed}: {error}") from error
