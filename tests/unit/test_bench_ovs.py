# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The arithmetic of make bench-ovs: what is compared with which of the switch's own mirrors, and what that comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from captures import read_capture
from live_cases import SIZE, SIZES, LiveCase
from live_figures import POLLING, LiveResults, Sample
from live_report import PERFORMANCE
from race_beds import ODD_MAC, ODD_PORT, ONE_IN, write_mix
from race_cases import (
    GENERATED,
    MIXED,
    NULL,
    OWN,
    OWN_NULL,
    OWN_TAP,
    OWN_VM,
    RIVALS,
    SAME_NULL,
    SAME_VM,
    TAP,
    TRAFFIC,
    VMS,
    chosen,
)
from race_figures import gains, race_figures, race_rows, rival_of
from race_report import RACE_COLUMNS, RACE_MARKS, gain_cells, race_cells, write_race_docs
from race_targets import RACE_TARGETS

QUIET = Sample(rate=20e6, before=25e6, after=25e6, delivered=20e6, received=None, drain_cpu=None, poller_cpu=1.0)
OWN_SAMPLE = replace(QUIET, rate=5e6, delivered=5e6)
SHARE = LiveCase(GENERATED, SIZE, SAME_NULL, "share")
OF_OWN = LiveCase(GENERATED, SIZE, OWN_NULL, OWN)


def results(found: dict[LiveCase, list[Sample]], without: tuple[int, ...] = ()) -> LiveResults:
    made = LiveResults({"callbacks": {"without": list(without), "with": []}})
    for case, samples in found.items():
        for sample in samples:
            made.add("now", case, sample)
    return made


def figure(made: LiveResults, *words: str):
    (found,) = [found for found in race_figures(made) if all(word in found.what for word in words)]
    return found


def test_rates_are_compared_within_the_same_round():
    share = [replace(QUIET, rate=rate) for rate in (8e6, 20e6, 18e6)]
    own = [replace(OWN_SAMPLE, rate=rate) for rate in (2e6, 4e6, 6e6)]
    (row, own_row) = race_rows(results({SHARE: share, OF_OWN: own}))
    assert row["over_own"]["median"] == pytest.approx(4)
    assert own_row["over_own"] is None


def test_a_round_in_which_either_was_disturbed_is_not_compared():
    odd = replace(OWN_SAMPLE, rate=1e3, poller_cpu=POLLING - 0.01)
    (row, _) = race_rows(results({SHARE: [QUIET] * 3, OF_OWN: [OWN_SAMPLE, odd, OWN_SAMPLE]}))
    assert row["over_own"] == pytest.approx({"median": 4, "low": 4, "high": 4})


def test_where_fewer_than_half_can_be_compared_it_is_inconclusive():
    odd = replace(OWN_SAMPLE, poller_cpu=0.5)
    made = results({SHARE: [QUIET] * 3, OF_OWN: [OWN_SAMPLE, odd, odd]})
    assert race_rows(made)[0]["over_own"] is None
    assert figure(made, SAME_NULL, f"{SIZE} B").verdict == "inconclusive"


def test_every_target_but_chosen_ones_has_a_rival_of_its_kind_in_the_same_traffic():
    for traffic in TRAFFIC:
        for size in traffic.sizes:
            cases = traffic.cases(size)
            rivals = {rival_of(case) for case in cases if case.mode != OWN and traffic.name != MIXED}
            assert rivals <= set(cases)
            assert None not in rivals
    assert {rival: RACE_TARGETS[rival] for rival in RIVALS.values()}.keys() == {OWN_NULL, OWN_TAP, OWN_VM}


def test_all_cases_have_targets():
    targets = {case.target for traffic in TRAFFIC for size in traffic.sizes for case in traffic.cases(size)}
    assert targets == set(RACE_TARGETS)


@pytest.mark.parametrize(("rate", "verdict"), [(16.5e6, "ok"), (16.3e6, "falls short")])
def test_a_goal_is_reached_or_not(rate, verdict):
    made = results({SHARE: [replace(QUIET, rate=rate)], OF_OWN: [OWN_SAMPLE]})
    found = figure(made, SAME_NULL, f"{SIZE} B")
    assert (found.as_row()["reach"], found.verdict) == (">= 3.3", verdict)


def test_a_tap_is_compared_with_both_of_the_switchs_own():
    tap = LiveCase(GENERATED, SIZE, TAP, "auto")
    own_tap = replace(OWN_SAMPLE, rate=1e6)
    made = results({tap: [QUIET], OF_OWN: [OWN_SAMPLE], replace(OF_OWN, target=OWN_TAP): [own_tap]})
    assert figure(made, "tap, auto", f"{SIZE} B", OWN_TAP).reached.median == pytest.approx(20)
    assert figure(made, "tap, auto", f"{SIZE} B", OWN_NULL).reached.median == pytest.approx(4)


def test_what_a_third_machine_receives_is_compared_as_well_as_what_two_forward():
    share = LiveCase(VMS, SIZE, SAME_VM, "share")
    own = replace(share, target=OWN_VM, mode=OWN)
    made = results({share: [replace(QUIET, received=3e6)], own: [replace(OWN_SAMPLE, received=2e6)]})
    assert figure(made, "VM to VM", SAME_VM, "rate").reached.median == pytest.approx(4)
    assert figure(made, "VM to VM", SAME_VM, "receives").reached.median == pytest.approx(1.5)


def test_a_mirror_that_takes_little_is_compared_with_none():
    made = results({LiveCase(MIXED, SIZE, chosen(NULL, "mac"), "auto"): [replace(QUIET, rate=24e6)]})
    assert figure(made, "1 % by mac").reached.median == pytest.approx(0.96)


@pytest.mark.parametrize(("counts", "verdict"), [((0, 0), "ok"), ((0, 1), "falls short")])
def test_no_switch_may_have_a_callback_without_a_mirror(counts, verdict):
    assert figure(results({}, counts), "callbacks").verdict == verdict


def test_a_gain_is_what_bypassing_and_what_not_copying_spares():
    copy = replace(SHARE, mode="copy")
    samples = {case: replace(QUIET, rate=rate) for case, rate in ((OF_OWN, 4e6), (copy, 10e6), (SHARE, 20e6))}
    made = results({case: [sample] for case, sample in samples.items()})
    (gain,) = gains(race_rows(made))
    # 250, 100 and 50 ns a packet, of which 40 are those without a mirror.
    assert gain == pytest.approx(
        {
            "traffic": GENERATED,
            "size": SIZE,
            "own": 210,
            "copy": 60,
            "share": 10,
            "bypassing": 150,
            "not_copying": 50,
        }
    )
    assert gain_cells(gain)[-2:] == ["150 (75%)", "50 (25%)"]
    assert gains(race_rows(results({OF_OWN: [OWN_SAMPLE], SHARE: [QUIET]}))) == []


def test_rows_fit_their_columns():
    (row, _) = race_rows(results({SHARE: [replace(QUIET, busy=0.5)], OF_OWN: [OWN_SAMPLE]}))
    found = dict(zip(RACE_COLUMNS, race_cells(row), strict=True))
    assert (found["traffic"], found["mode"]) == (GENERATED, "share")
    assert (found["rate over none"], found["over OVS's own"], found["busy"]) == ("0.80 (0.80 0.80)", "4.00", "50 %")
    assert (found["forwarded"], found["rounds"]) == ("20.00", "1/1")


def test_results_replace_those_in_the_docs(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"above\n{RACE_MARKS[0]}\nold\n{RACE_MARKS[1]}\nbelow\n")
    made = results({SHARE: [QUIET], OF_OWN: [OWN_SAMPLE]})
    header = {"mode": "quick", "rounds": 1, "cpu": "a CPU", "cpus": 2, "dpdk": "1.2", "pages": "2 MB", "load": 0.1}
    figures = [found.as_row() for found in race_figures(made)]
    write_race_docs({"header": header, "rows": race_rows(made), "gains": [], "figures": figures}, page)
    text = page.read_text()
    assert text.startswith("above\n")
    assert text.endswith(f"{RACE_MARKS[1]}\nbelow\n")
    assert "old" not in text
    assert f"| {GENERATED} | {SIZE} | {SAME_NULL} | share | 0.80 (0.80 0.80) | 4.00 |" in text


def test_the_docs_have_a_place_for_results():
    text = PERFORMANCE.read_text()
    assert 0 < text.find(RACE_MARKS[0]) < text.find(RACE_MARKS[1])


def test_of_the_mix_one_packet_in_a_hundred_is_what_mirrors_choose(tmp_path):
    write_mix(tmp_path / "mix.pcap", SIZE)
    frames = [frame for frame, _ in read_capture(tmp_path / "mix.pcap").frames]
    assert len(frames) == ONE_IN
    assert {len(frame) for frame in frames} == {SIZE}
    mac, port = bytes.fromhex(ODD_MAC.replace(":", "")), ODD_PORT.to_bytes(2, "big")
    assert [frame[6:12] == mac for frame in frames] == [True] + [False] * (ONE_IN - 1)
    assert [frame[34:36] == port for frame in frames] == [True] + [False] * (ONE_IN - 1)


def test_all_sizes_are_those_of_bench_live():
    assert {size for traffic in TRAFFIC for size in traffic.sizes} == set(SIZES)
