# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whether a driver is a correct source and a correct target of mirrors: properties, looked at one by one.

``dpdk-mirror verify DEVARGS`` and ``pytest --pyargs dpdk_mirror.conformance --dpdk-port DEVARGS`` run the same ones.
"""

from .properties import Failed, Finding, Needs, NotApplicable, Property, Result, Verdict, verifies

__all__ = ["Failed", "Finding", "Needs", "NotApplicable", "Property", "Result", "Verdict", "verifies"]
