# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What the pytest fixtures are made of, for scripts and other test runners: frames, and programs that use DPDK."""

from .frames import PROTOCOLS, make_frames
from .program import Program, ProgramError
from .testpmd import Testpmd, TestpmdOptions

__all__ = ["PROTOCOLS", "Program", "ProgramError", "Testpmd", "TestpmdOptions", "make_frames"]
