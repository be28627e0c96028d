# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Processes of others that run already: what they are. The standard library and pyelftools alone; no DPDK.

Whatever is read of such a process may be a lie: each number has its bounds, and so has the time.
"""
