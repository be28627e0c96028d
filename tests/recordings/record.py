# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Records a talk of today's client and library, for those of later days: python tests/recordings/record.py > FILE.json

Made anew for each release; those of earlier ones stay.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1]))
from livekit.testpmd import Testpmd, TestpmdOptions
from recordings.talk import VDEVS, talk

from dpdk_mirror.pairs import join_pairs
from dpdk_mirror.remote import Application
from dpdk_mirror.remote.channel import Channel


def main() -> None:
    said: list[tuple[str, Any]] = []
    ask = Channel.ask

    def ask_and_note(self: Channel, doing: str, command: str, parameters: dict[str, str]) -> Any:
        time.sleep(0.1)  # packets pass meanwhile
        value = ask(self, doing, command, parameters)
        said.append((f"{command},{join_pairs(parameters)}" if parameters else command, value))
        return value

    with Testpmd(TestpmdOptions(VDEVS)) as testpmd, mock.patch.object(Channel, "ask", ask_and_note):
        testpmd.start()
        with Application(testpmd.telemetry_path) as app:
            talk(app)
    json.dump(said, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
