# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What pages show of commands of root's, and how it compares with what they print."""

from __future__ import annotations

import re

from .release import INTERRUPT_THREAD

__all__ = ["commands", "is_packet", "root_blocks", "shape"]


def root_blocks(page: str) -> list[str]:
    """Blocks that begin with root's prompt."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [block for block in blocks if block.startswith("#")]


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each command, in one line, and the lines that it prints."""
    parts = re.split(r"^# ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]
    return [(lines[0], lines[1:]) for lines in (part.splitlines() for part in parts)]


def shape(lines: list[str]) -> list[str]:
    """All but how many there were, and when, EAL's thread, and that what is shown has interfaces of its own."""
    counted = [re.sub(r"0x[0-9a-f]+|\d+", "N", re.sub(INTERRUPT_THREAD, "THREAD", line)) for line in lines]
    return [re.sub(r" +", " ", line).strip().replace("primary net", "primary -") for line in counted]


def is_packet(line: str) -> bool:
    """Of tcpdump, or of tshark."""
    return re.match(r"\d\d:\d\d:\d\d\.\d+ | *\d+ \d+\.\d+ ", line) is not None
