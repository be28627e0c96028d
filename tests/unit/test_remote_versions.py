# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Today's client reads what libraries of earlier releases have answered, and what later ones may."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from fakeapp import FakeApplication
from recordings.talk import SPEC, talk

from dpdk_mirror.errors import UnsupportedError
from dpdk_mirror.remote import Application
from dpdk_mirror.remote.desired import Desired
from dpdk_mirror.remote.plan import make_plan
from dpdk_mirror.remote.wanted import Wanted
from dpdk_mirror.spec import MirrorSpec

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings").glob("*.json"))


class RecordedApplication(FakeApplication):
    """Answers each command as it was answered when the talk was recorded, whatever its parameters."""

    def __init__(self, path, recording, later):
        super().__init__(path)
        self.answers, self.later = defaultdict(list), later
        for request, answer in json.loads(recording.read_text()):
            self.answers[request.partition(",")[0]].append(answer)

    def value(self, command, asked):
        answer = self.answers[command].pop(0)
        return {**answer, **self.later} if isinstance(answer, dict) else answer


@pytest.mark.parametrize("later", [{}, {"of_late": 7, "news": ["some ", "text"]}], ids=["earlier", "later"])
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_client_talks_to_another_library(tmp_path, recording, later):
    """Whatever it does not know yet, or does not know any more, the rest is read as it was said."""
    with RecordedApplication(tmp_path / "socket", recording, later) as old, Application(old.path) as app:
        counted = dict(old.answers["/mirror/stats"][0])
        info, stats = talk(app)
        assert not any(old.answers.values()), "what was recorded and not asked for"
    assert counted["seen"] > 0
    counts = stats.counts()
    assert {name: counts[name] for name in counted} == counted
    assert {name: count for name, count in counts.items() if name not in counted and count} == {
        name: value for name, value in later.items() if isinstance(value, int)
    }
    assert (info.name, info.snaplen, info.target, info.added) == (SPEC.name, 128, "ring:kept", True)
    assert MirrorSpec.from_pairs(info.spec) == SPEC.changed(snaplen=128)


def test_a_later_librarys_parameter_is_told_as_that(tmp_path):
    """It is shown, but what compares specs says that it cannot."""
    with FakeApplication(tmp_path / "socket") as later, Application(later.path) as app:
        mirror = app.mirror(0, to="ring:a", name="m")
        answer = later.do_info({"mirror": "m"}) | {"spec": ["directions=both,of_late=7"]}
        later.odd["/mirror/info"] = later.say({"/mirror/info": answer})
        assert mirror.info().spec == "directions=both,of_late=7"
        why = "mirror m was given of_late: no such parameter .ENOTSUP.; use the dpdk-mirror of its library's version"
        with pytest.raises(UnsupportedError, match=why):
            assert not mirror.spec
        with pytest.raises(UnsupportedError, match=why):
            make_plan(app, Desired(None, {"m": Wanted("0", "ring:a", force=False, spec=MirrorSpec(name="m"))}))
