# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror verify``, on results that need no DPDK: what it prints, writes and ends with."""

import json
import os
import signal
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from dpdk_mirror.cli import main
from dpdk_mirror.conformance import Result, Verdict
from dpdk_mirror.conformance import verify as conformance_verify
from dpdk_mirror.conformance.catalog import PROPERTIES
from dpdk_mirror.conformance.counted import all_mirrored, all_taken
from dpdk_mirror.conformance.properties import Failed
from dpdk_mirror.conformance.verify import About
from dpdk_mirror.spec import MirrorStats

RESULTS = [
    Result("source.rx", Verdict.PASS),
    Result("target.releases", Verdict.PASS, "it gives all back later", {"frees_at_once": False}),
    Result("target.frames", Verdict.FAIL, "mirrored by copy: 1 of 64 frames are missing"),
    Result("target.fast_free", Verdict.NOT_APPLICABLE, "its driver does not have it"),
]


@pytest.fixture
def results(monkeypatch):
    """What is found, which a test may change; and what was asked for."""
    found, asked = list(RESULTS), []

    def verify(request, properties):
        asked.append((request, [each.name for each in properties]))
        yield About("net_x", "pair", "22.11.11")
        yield from (result for result in found if result.name in asked[-1][1])

    monkeypatch.setattr(conformance_verify, "verify", verify)
    return found, asked


def test_people_read_a_line_a_property(capsys, results):
    """What was found, or what is so; of a failure what should be, too. And the exit status tells that there is one."""
    says = {each.name: each.says for each in PROPERTIES}
    assert main(["verify", "net_x0,a=1", "net_x1"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "net_x0,a=1 net_x1: net_x of DPDK 22.11.11, pair",
        f"pass            source.rx                {says['source.rx']}",
        "pass            target.releases          it gives all back later",
        f"fail            target.frames            {says['target.frames']} But {RESULTS[2].reason}",
        "not applicable  target.fast_free         its driver does not have it",
        "2 pass, 1 fail, 1 not applicable",
    ]


def test_drivers_that_are_no_part_of_dpdk_are_loaded(results):
    main(["verify", "net_x0", "-d", "./a.so", "-d", "b.so", "--vdev", "net_y0"])
    ((request, _),) = results[1]
    assert (request.drivers, request.vdevs) == (("./a.so", "b.so"), ("net_y0",))


def test_what_is_not_applicable_is_no_failure(capsys, results):
    found, asked = results
    del found[2]
    assert main(["verify", "net_x0", "--no-huge", "--destructive", "--timeout", "2m"]) == 0
    ((request, names),) = asked
    assert (request.devices, request.hugepages, request.destructive) == (("net_x0",), False, True)
    assert (request.timeout_s, names) == (120, [each.name for each in PROPERTIES])


def test_programs_get_json(capsys, results):
    assert main(["verify", "net_x0", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {key: told[key] for key in ("devices", "driver", "plan", "dpdk")} == {
        "devices": ["net_x0"], "driver": "net_x", "plan": "pair", "dpdk": "22.11.11",
    }  # fmt: skip
    assert told["results"][1] == {
        "name": "target.releases",
        "verdict": "pass",
        "reason": "it gives all back later",
        "facts": {"frees_at_once": False},
    }
    assert [each["verdict"] for each in told["results"]] == ["pass", "pass", "fail", "not applicable"]


def test_ci_gets_junits_xml(capsys, results, tmp_path):
    path = tmp_path / "report.xml"
    main(["verify", "net_x0", "--junit", str(path)])
    root = ET.parse(path).getroot()
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == ("4", "1", "1")
    cases = {f"{case.attrib['classname']}.{case.attrib['name']}": case for case in root.iter("testcase")}
    assert list(cases) == [f"net_x.{result.name}" for result in RESULTS]
    assert [child.tag for case in cases.values() for child in case] == ["system-out", "failure", "skipped"]
    assert cases["net_x.target.frames"].find("failure").attrib["message"] == RESULTS[2].reason


@pytest.mark.parametrize("where", ["nowhere/report.xml", "."])
def test_a_report_that_cannot_be_written_is_refused_before_minutes_have_passed(capsys, results, tmp_path, where):
    path = tmp_path / where
    assert main(["verify", "net_x0", "--junit", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"dpdk-mirror: {path}: ")
    assert results[1] == []


def test_a_report_that_finds_the_disk_full_takes_no_results_with_it(capsys, results):
    assert main(["verify", "net_x0", "--json", "--junit", "/dev/full"]) == 1
    told = capsys.readouterr()
    assert len(json.loads(told.out)["results"]) == len(RESULTS)
    assert told.err == "dpdk-mirror: /dev/full: No space left on device\n"


def test_a_report_is_whole_or_not_there(results, tmp_path, monkeypatch):
    def end(request, properties):
        yield About("net_x", "pair", "22.11.11")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(conformance_verify, "verify", end)
    assert main(["verify", "net_x0", "--junit", str(tmp_path / "report.xml")]) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_peer_where_nothing_arrives_is_told_at_once(capsys, results, monkeypatch):
    monkeypatch.setattr(conformance_verify, "verify", lambda *_: iter([About("net_x", "one-way", "22.11.11")]))
    main(["verify", "net_x0", "net_y0"])
    assert capsys.readouterr().out.splitlines()[0] == (
        "net_x0 net_y0: net_x of DPDK 22.11.11, one-way, since no frame comes through both ways"
    )


def test_some_are_chosen(capsys, results):
    main(["verify", "net_x0", "--only", "target.re*", "--only", "counters.stats"])
    assert results[1][0][1] == ["target.releases", "target.reads", "target.refuses", "counters.stats"]
    assert main(["verify", "net_x0", "--only", "target.nothing"]) == 1
    assert "there is no such property" in capsys.readouterr().err


def test_the_list_says_what_each_property_is(capsys, results):
    assert main(["verify", "--list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told] == [each.name for each in PROPERTIES]
    assert main(["verify", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in PROPERTIES]
    assert results[1] == []


def test_each_property_says_what_is_so():
    """In one sentence, under a name of its own."""
    assert len({each.name for each in PROPERTIES}) == len(PROPERTIES)
    for each in PROPERTIES:
        assert each.says.endswith(".")
        assert each.says.count(". ") == 0


def test_what_a_mirror_has_counted_is_told_by_its_counters_names():
    mirror = SimpleNamespace(stats=lambda: MirrorStats(seen=64, packets=60, bytes=3600, full=4))
    with pytest.raises(
        Failed, match=r"^it has taken 60 of 64 packets by copy: seen 64, packets 60, bytes 3600, full 4$"
    ):
        all_taken(mirror, 64, " by copy")
    with pytest.raises(
        Failed, match=r"^the mirror has sent 60 of 64 packets: seen 64, packets 60, bytes 3600, full 4$"
    ):
        all_mirrored(mirror, 64)
