# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What differs between DPDK's releases, as far as tests see it. What a release does is asked, not its number."""

INTERRUPT_THREAD = r"(?:eal-intr-thread|dpdk-intr)"
"""EAL's thread for interrupts, by its name until 23.07, and since."""
