# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""All properties, in the order in which they are looked at: PROPERTIES. Imports DPDK's extension."""

from . import port  # isort: skip
from . import source  # isort: skip
from . import checksums  # isort: skip
from . import target  # isort: skip
from . import buffers  # isort: skip
from . import counters  # isort: skip
from .properties import PROPERTIES, judge
from .testbed import Testbed

__all__ = ["PROPERTIES", "Testbed", "buffers", "checksums", "counters", "judge", "port", "source", "target"]
