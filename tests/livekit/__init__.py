# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Real applications for the tests: dpdk-testpmd and Open vSwitch, unmodified, with the library loaded by ``-d``."""
