# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Draws docs/top.svg: the view of dpdk-mirror top on a testpmd whose traffic comes and goes for a minute.

python tests/top_picture.py docs/top.svg
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror import Direction, Select
from dpdk_mirror.cli.top_view import TopView
from dpdk_mirror.remote import Application, connect
from dpdk_mirror.tap.watch import Watch

BURSTS = (8, 32, 16, 2, 0, 4, 32, 64, 1, 24)
"""Packets that testpmd sends at a time; 0: it pauses."""

STEP_S = 6.5


def add_mirrors(app: Application) -> None:
    app.mirror("net_null0", to="ring:all", name="all")
    app.mirror("net_null0", to="null:dns", name="dns", select=Select(filter="udp port 53"), direction=Direction.TX)
    app.mirror("net_null1", to="null:some", name="some", select=Select(sample=1000), direction=Direction.TX)
    app.mirror("net_null1", to="null:later", name="later").pause()


async def draw(testpmd: Testpmd, watch: Watch) -> str:
    view = TopView(watch)
    async with view.run_test(size=(80, 16)) as pilot:
        for burst in BURSTS:
            if burst:
                await asyncio.to_thread(testpmd.command, f"set burst {burst}")
                await asyncio.to_thread(testpmd.start)
            await pilot.pause(STEP_S)
            if burst and burst is not BURSTS[-1]:
                await asyncio.to_thread(testpmd.stop)
        await pilot.press("down", "down", "down")
        await pilot.pause()
        return view.export_screenshot(title="dpdk-mirror top")


def main(path: str) -> None:
    options = TestpmdOptions(["net_null0", "net_null1"], "txonly")
    with Testpmd(options) as testpmd, connect(testpmd.telemetry_path) as app:
        add_mirrors(app)
        with Watch([testpmd.telemetry_path]) as watch:
            picture = asyncio.run(draw(testpmd, watch))
    # It is to look at, wherever that is: it fetches no fonts.
    picture = re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    Path(path).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
