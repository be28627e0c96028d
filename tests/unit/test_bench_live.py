# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The arithmetic of make bench-live: what counts, what it comes to, and when it says that nothing can be said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from figures import Figure
from live_cases import SIZE, LiveCase, cases_of_testpmd
from live_commands import of_memory
from live_figures import POLLING, TOLERANCE, LiveResults, Sample, live_figures
from live_files import PCAP, PCAPNG
from live_lost import of_losses
from live_moments import tried, undisturbed
from live_report import BEGIN, END, PERFORMANCE, write_docs
from live_written import first_packet
from pcapng_blocks import INTERFACE, SECTION, block, packet
from results import Spread

TAP = LiveCase("testpmd", SIZE, "tap", "share")
QUIET = Sample(rate=50e6, before=100e6, after=100e6, delivered=2e6, received=2e6, drain_cpu=0.9, poller_cpu=1.0)


def results(*samples: Sample, before: tuple[Sample, ...] = (), case: LiveCase = TAP) -> LiveResults:
    found = LiveResults({"before": "an old build" if before else None})
    for sample in samples:
        found.add("now", case, sample)
    for sample in before:
        found.add("before", case, sample)
    return found


def test_a_ratio_is_over_the_mean_of_what_is_right_before_and_right_after():
    sample = replace(QUIET, before=98e6, after=102e6)
    assert sample.ratio == pytest.approx(0.5)
    assert sample.added_ns == pytest.approx(10)


def test_an_application_that_a_mirror_stops_has_a_ratio_of_0():
    row = results(replace(QUIET, rate=0.0)).row("now", TAP)
    assert row["ratio"]["median"] == 0
    assert row["added_ns"] is None


def test_one_that_forwards_nothing_without_a_mirror_either_has_none():
    assert results(replace(QUIET, rate=0.0, before=0.0, after=0.0)).ratio("now", TAP) is None


def test_rounds_come_to_a_median_and_quartiles():
    rates = (40e6, 70e6, 50e6, 60e6, 80e6)
    found = results(*(replace(QUIET, rate=rate) for rate in rates)).ratio("now", TAP)
    assert (found.low, found.median, found.high) == pytest.approx((0.5, 0.6, 0.7))


@pytest.mark.parametrize("end", ["before", "after"])
@pytest.mark.parametrize("change", [1 + 1.2 * TOLERANCE, 1 - 1.2 * TOLERANCE, 0.5])
def test_a_round_in_which_the_unmirrored_rate_is_another_does_not_count(end, change):
    odd = replace(QUIET, rate=1e6, **{end: 100e6 * change})
    found = results(QUIET, odd, QUIET)
    assert found.ratio("now", TAP).low == pytest.approx(0.5)
    assert found.row("now", TAP)["steady"] == 2


def test_a_round_in_which_the_poller_lacked_its_cpu_does_not_count():
    found = results(QUIET, replace(QUIET, rate=1e6, poller_cpu=POLLING - 0.01), replace(QUIET, poller_cpu=POLLING))
    assert found.ratio("now", TAP).low == pytest.approx(0.5)
    assert found.row("now", TAP)["steady"] == 2


def test_a_change_within_the_tolerance_counts():
    near = replace(QUIET, before=100e6 * (1 + 0.8 * TOLERANCE))
    assert results(QUIET, near, QUIET).row("now", TAP)["steady"] == 3


@pytest.mark.parametrize(("odd", "conclusive"), [(2, True), (3, False), (4, False)])
def test_where_fewer_than_half_of_the_rounds_count_it_is_inconclusive(odd, conclusive):
    """The unmirrored rate of the process is known from its other cases."""
    other = replace(TAP, mode="auto")
    found = results(*[replace(QUIET, before=60e6)] * odd, *[QUIET] * (5 - odd))
    for _ in range(20):
        found.add("now", other, QUIET)
    row = found.row("now", TAP)
    assert (row["ratio"] is not None) == conclusive
    assert (row["delivered"] is not None) == conclusive
    assert row["steady"] == 5 - odd
    verdict = next(iter(live_figures(found))).verdict
    assert verdict == ("falls short" if conclusive else "inconclusive")


def test_a_machine_with_two_speeds_is_inconclusive():
    fast, slow = QUIET, replace(QUIET, before=50e6, after=50e6)
    assert results(fast, slow, fast, slow).ratio("now", TAP) is None


def test_the_unmirrored_rate_of_another_size_or_build_is_not_compared_with():
    found = results(QUIET, QUIET, before=(replace(QUIET, before=60e6, after=60e6),))
    found.add("now", replace(TAP, size=64), replace(QUIET, before=200e6, after=200e6))
    assert [found.row("now", case)["steady"] for case in found.cases()] == [2, 1]
    assert found.row("before", TAP)["steady"] == 1


def delivered_over_before(found: LiveResults):
    return found.over(("now", TAP), ("before", TAP), lambda sample: sample.delivered)


def test_what_the_target_gets_is_compared_within_the_same_round():
    now = [replace(QUIET, delivered=rate) for rate in (2e6, 4e6, 9e6)]
    before = [replace(QUIET, delivered=rate) for rate in (1e6, 2e6, 3e6)]
    assert delivered_over_before(results(*now, before=tuple(before))).median == pytest.approx(2)
    odd = replace(before[0], delivered=1e3, before=1e6)
    found = delivered_over_before(results(*now, before=(odd, *before[1:])))
    assert (found.low, found.high) == pytest.approx((2.25, 2.75))


def test_a_target_that_got_nothing_before_is_compared_with_nothing():
    nothing = replace(QUIET, delivered=0)
    assert delivered_over_before(results(QUIET, before=(nothing,))) is None


def test_a_stream_is_compared_with_the_file_that_there_was():
    stream = replace(TAP, target="stream")
    found = results(QUIET, case=stream)
    found.header["before"] = "an old build"
    found.add("before", replace(TAP, target="file, tmpfs"), replace(QUIET, delivered=1e6))
    figures = [figure for figure in live_figures(found) if "stream" in figure.what and "before" in figure.what]
    assert [(figure.reached.median, figure.bound) for figure in figures] == [(pytest.approx(2), 1.5)]


@pytest.mark.parametrize(("form", "packet", "record"), [(PCAP, 64, 80), (PCAPNG, 512, 576), (PCAPNG, 1514, 1580)])
def test_packets_are_counted_by_the_size_of_a_capture(form, packet, record):
    assert [form.count(size, packet) for size in (0, record - 1, 10 * record)] == [0, 0, 10]


def test_files_are_compared_with_those_of_dumpcap_that_were_written():
    file = LiveCase("testpmd", SIZE, "file, disk", "share", "both")
    dumpcap = replace(file, target="dumpcap, disk", mode="copy")
    found = results(QUIET, QUIET, case=file)
    found.refusals["now", dumpcap] = "it captures nothing here"
    assert not [figure for figure in live_figures(found) if "dumpcap" in figure.what]
    found = results(QUIET, QUIET, case=file)
    for _ in range(2):
        found.add("now", dumpcap, replace(QUIET, rate=25e6, delivered=0.5e6))
    figures = [figure for figure in live_figures(found) if "dumpcap" in figure.what]
    assert [figure.reached.median for figure in figures] == pytest.approx([4, 2])


def test_a_capture_is_compared_with_a_dumpcap_that_writes_to_the_same():
    capture = LiveCase("testpmd", SIZE, "capture, disk", "auto", "both")
    found = results(QUIET, QUIET, case=capture)
    for medium in ("disk", "tmpfs"):
        for _ in range(2):
            rate = 0.8e6 if medium == "disk" else 0.1e6
            dumpcap = replace(capture, target=f"dumpcap, {medium}", mode="copy")
            found.add("now", dumpcap, replace(QUIET, delivered=rate))
    figures = [figure for figure in live_figures(found) if "over dumpcap" in figure.what]
    assert [figure.reached.median for figure in figures] == pytest.approx([2.5, 1])


def test_what_is_no_rate_is_reported_with_what_is():
    found = results(QUIET)
    found.others.append(Figure("seconds to wait", Spread(0.4, 0.3, 0.5), 0.5))
    assert [figure.verdict for figure in live_figures(found)] == ["falls short", "ok"]


class FakePoller:
    """One that has had its CPU for so long, at each look."""

    def __init__(self, *looks: float) -> None:
        self._looks = iter(looks)

    def poller_s(self) -> float:
        return next(self._looks)


@pytest.mark.parametrize(("had", "counts"), [(1.0, True), (POLLING, True), (POLLING - 0.01, False)])
def test_a_time_counts_if_the_poller_had_its_cpu(monkeypatch, had, counts):
    now = iter((10.0, 11.0))
    monkeypatch.setattr("live_moments.time.monotonic", lambda: next(now))
    assert undisturbed(FakePoller(0, had), lambda: 7) == (7 if counts else None)


def test_times_of_which_fewer_than_half_count_are_inconclusive():
    assert tried([0.3, None, 0.5]).median == pytest.approx(0.4)
    assert tried([0.3, None, None]) is None


def test_losses_are_compared_where_dumpcap_has_lost_some():
    figure = of_losses("capture, disk", 1000, [(10, 100), (30, 100), (20, 400)])
    assert figure.reached.median == pytest.approx(0.1)
    assert figure.what.endswith("over those that dumpcap loses (20 over 100)")
    assert of_losses("capture, disk", 1000, []).verdict == "inconclusive"


def test_memory_is_the_most_that_was_taken():
    figure = of_memory("capture", [50_000_000, 105_000_000, 60_000_000])
    assert (figure.reached.median, figure.bound, figure.verdict) == (105, 104, "falls short")
    assert of_memory("capture", []).verdict == "inconclusive"


def test_the_first_packet_of_a_file_is_found_when_it_is_there():
    """What others have inside is none, whatever it looks like."""
    before = SECTION + INTERFACE + block(7, b"\6\0\0\0" * 24)
    data = before + packet(512)
    assert first_packet(data) == (len(before), len(packet(512)))
    assert first_packet(before) is None
    assert first_packet(data[:10]) is None


def test_what_there_is_none_of_has_no_figure():
    row = results(replace(QUIET, received=None, drain_cpu=None)).row("now", TAP)
    assert (row["received"], row["drain_cpu"]) == (None, None)
    assert row["delivered"]["median"] == pytest.approx(2e6)


@pytest.mark.parametrize(("rate", "verdict"), [(70e6, "ok"), (69e6, "falls short")])
def test_a_goal_is_reached_or_not(rate, verdict):
    (figure,) = live_figures(results(replace(QUIET, rate=rate)))
    assert (figure.as_row()["reach"], figure.verdict) == (">= 0.7", verdict)


def test_goals_are_of_what_was_measured():
    """All that is forwarded, and the other build, only where they were measured."""
    both = replace(TAP, directions="both")
    assert ["receives" in figure.what for figure in live_figures(results(QUIET))] == [True]
    assert ["forwarded" in figure.what for figure in live_figures(results(QUIET, case=both))] == [True]
    compared = list(live_figures(results(QUIET, before=(replace(QUIET, delivered=1e6),))))
    assert [figure.reached.median for figure in compared] == pytest.approx([0.5, 2.0])


def test_quick_cases_are_some_of_all():
    quick, full = (cases_of_testpmd(["tap", "ring, unread"], quick=quick) for quick in (True, False))
    assert set(quick) < set(full)
    assert len(set(full)) == len(full)
    assert {case.directions for case in quick} == {"rx"}


def document(found: LiveResults) -> dict[str, object]:
    header = {"mode": "quick", "rounds": 3, "cpu": "a CPU", "cpus": 2, "dpdk": "1.2", "pages": "2 MB", "load": 0.1}
    found.header.update(header)
    figures = [figure.as_row() for figure in live_figures(found)]
    return {"header": found.header, "rows": found.rows(), "figures": figures}


def test_results_replace_those_in_the_docs_and_nothing_else(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"above\n\n{BEGIN}\n\nold\n\n{END}\n\nbelow\n")
    write_docs(document(results(QUIET, QUIET)), page)
    once = page.read_text()
    assert once.startswith(f"above\n\n{BEGIN}\n\nOne quick run of 3 rounds")
    assert once.endswith(f"{END}\n\nbelow\n")
    assert "old" not in once
    assert "| testpmd | 512 | tap | share | rx | 0.50 (0.50 0.50) | 50.00 | 10 | 2.00 | 2.00 | 90 % | 2/2 |" in once
    assert "| 0.50 | >= 0.7 | falls short |" in once
    write_docs(document(results(QUIET, QUIET)), page)
    assert page.read_text() == once


def test_what_is_inconclusive_or_refused_is_told_so(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    found = results(QUIET, replace(QUIET, before=50e6, after=50e6))
    refused = replace(TAP, target="ring, read")
    found.refusals["now", refused] = "no such target"
    write_docs(document(found), page)
    assert "| tap | share | rx | inconclusive |  |  |  |  |  | 0/2 |" in page.read_text()
    assert "| ring, read | share | rx | refused |  |  |  |  |  | 0/0 |" in page.read_text()


def test_docs_without_a_place_for_results_stay_as_they_are(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"text {BEGIN} text")
    with pytest.raises(ValueError, match="has no place for it"):
        write_docs(document(results(QUIET)), page)
    assert page.read_text() == f"text {BEGIN} text"


def test_the_docs_have_a_place_for_results():
    text = PERFORMANCE.read_text()
    assert 0 < text.find(BEGIN) < text.find(END)
