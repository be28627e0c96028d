# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library of today answers clients of earlier releases so that they understand."""

import json
from pathlib import Path

import pytest
from livekit.testpmd import Testpmd, TestpmdOptions
from recordings.talk import VDEVS

RECORDINGS = sorted((Path(__file__).parents[2] / "recordings").glob("*.json"))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_library_answers_an_earlier_client(recording):
    """Each of its requests as its own library did: the same kind of answer, with all that this had, or that refusal."""
    talk = json.loads(recording.read_text())
    with Testpmd(TestpmdOptions(VDEVS)) as testpmd, testpmd.telemetry() as telemetry:
        answers = [(request, was, telemetry.ask(request)) for request, was in talk]
    for request, was, now in answers:
        assert type(now) is type(was), request
        if isinstance(was, list):
            assert now == was, request
            continue
        assert {key: type(value) for key, value in was.items()}.items() <= {
            key: type(value) for key, value in now.items()
        }.items(), request
        assert now.get("error") == was.get("error"), request
