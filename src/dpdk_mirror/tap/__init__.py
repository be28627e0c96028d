# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ports of running applications seen from here: packets arrive as pcapng, and nothing is left when the reader ends."""
