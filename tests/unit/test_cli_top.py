# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror top: what it prints, and its view, driven without a terminal."""

import asyncio
import json
import os
import re
import sys
import time
from html import unescape

import pytest
from fakeapp import FakeMirror
from textual.widgets import Static

from dpdk_mirror.cli import main
from dpdk_mirror.cli.top_screens import Ask, Help, Queues
from dpdk_mirror.cli.top_view import TopView
from dpdk_mirror.spec import MirrorSpec
from dpdk_mirror.tap.rows import Sort
from dpdk_mirror.tap.watch import Watch

PID = os.getpid()  # the stand-ins' process


@pytest.fixture
def fake(start):
    fake = start()
    fake.mirrors = {
        1: FakeMirror(1, "net_ring0", "tap:web0", MirrorSpec(name="web")),
        2: FakeMirror(2, "net_null1", "ring:all", MirrorSpec(name="all")),
    }
    return fake


def test_once_prints_a_table(fake, start, capsys):
    start("other", plugin=False)
    assert main(["top", "--once", "--interval", "0.05"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert re.split("  +", lines[0].strip()) == [
        "name",
        "packets per s",
        "bits per s",
        "drops per s",
        "why",
        "cpu percent",
    ]
    assert [re.split("  +", line.strip())[0] for line in lines[1:]] == [
        f"app ({PID})",
        "net_ring0 rx", "net_ring0 tx", "web > tap:web0",
        "net_null1 rx", "net_null1 tx", "all > ring:all",
        "other",
    ]  # fmt: skip
    assert "no library" in lines[-1]
    assert "dpdk-mirror attach other" in said.err


def test_one_application_can_be_named(fake, start, capsys, monkeypatch):
    start("other")
    assert main(["top", "--once", "--json", "--interval", "0.05", "--app", "app"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["app"] == "app"
    assert [each["name"] for each in record["mirrors"]] == ["web", "all"]
    assert record["mirrors"][0]["per_s"]["packets"] == 0
    monkeypatch.setenv("DPDK_MIRROR_APP", "other")
    assert main(["top", "--once", "--json", "--interval", "0.05"]) == 0
    assert [each["app"] for each in json.loads(capsys.readouterr().out)] == ["other"]
    assert main(["top", "--once", "--app", "nobody"]) == 1
    assert "no application of that file prefix answers" in capsys.readouterr().err


def test_json_goes_on_line_by_line_until_ctrl_c(fake, capsys, monkeypatch):
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) > 3:
            raise KeyboardInterrupt
        time.sleep(0.1)

    monkeypatch.setattr("dpdk_mirror.cli.top.time", type("", (), {"sleep": staticmethod(nap)}))
    assert main(["top", "--json", "--interval", "0.05"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 3
    assert lines[-1][0]["mirrors"][1]["name"] == "all"


def test_nothing_runs(runtime, capsys):
    assert main(["top", "--once"]) == 0
    assert "no DPDK application is found" in capsys.readouterr().err


def test_without_textual_it_says_how_to_get_it(fake, capsys, monkeypatch):
    """And does what needs none."""
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.delitem(sys.modules, "dpdk_mirror.cli.top_view")
    assert main(["top"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "textual is not installed" in said
    assert "pip install 'dpdk-mirror[top]'" in said
    assert main(["top", "--once", "--interval", "0.05"]) == 0


def test_without_a_terminal_it_says_what_to_do(fake, capsys):
    assert main(["top"]) == 1
    assert "this is no terminal [ENOTSUP]; use --once or --json" in capsys.readouterr().err


def drive(scenario, width=80, height=24):
    """Runs ``scenario(view, pilot)`` with all that is there on a screen of that size."""

    async def run():
        with Watch(interval_s=0.05) as watch:
            watch.settle()
            view = TopView(watch)
            async with view.run_test(size=(width, height)) as pilot:
                await pilot.pause()
                await scenario(view, pilot)

    asyncio.run(run())


async def until(pilot, condition):
    """Whatever threads and timers take."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        await pilot.pause(0.05)


def screen(view):
    """The lines that are on it."""
    found = re.findall(r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', view.export_screenshot())
    lines = {}
    for x, y, text in found:
        lines.setdefault(float(y), {})[float(x)] = unescape(text).replace("\xa0", " ")
    return ["".join(parts[x] for x in sorted(parts)) for _, parts in sorted(lines.items())]


def names(view):
    return [line.name for line in view.lines]


async def move_to(view, pilot, name):
    await until(pilot, lambda: name in names(view))
    view._table.move_cursor(row=names(view).index(name))
    await pilot.pause()
    assert view.chosen.name == name


def test_all_is_readable_in_80_columns_and_without_colours(fake, monkeypatch):
    """NO_COLOR leaves the same words; the line that is chosen is reversed, not coloured."""
    monkeypatch.setenv("NO_COLOR", "1")
    fake.mirrors[2].state = "paused"

    async def look(view, pilot):
        await until(pilot, lambda: len(view.lines) == 7)
        lines = screen(view)
        assert max(map(len, lines)) <= 80
        text = "\n".join(lines)
        for words in (
            "pkt/s",
            "bit/s",
            "drop/s",
            "why",
            "CPU %",
            "last minute",
            "web > tap:web0",
            "net_null1 rx",
            "paused",
        ):
            assert words in text
        assert view._table.get_component_rich_style("datatable--cursor").reverse

    drive(look)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 10), (20, 5), (5, 2)])
def test_any_size_of_a_terminal_will_do(fake, width, height):
    async def resize(view, pilot):
        for wide, high in ((width, height), (80, 24), (width, height)):
            await pilot.resize_terminal(wide, high)
            await pilot.pause(0.1)
            await pilot.press("h", "escape", "down", "enter", "escape")
        assert len(view.lines) == 7

    drive(resize)


def test_wider_terminals_show_more_of_the_last_minute(fake):
    async def look(view, pilot):
        assert view._history == 13
        await pilot.resize_terminal(200, 24)
        await until(pilot, lambda: view._history == 61)

    drive(look)


def test_a_mirror_is_paused_and_resumed(fake):
    async def press(view, pilot):
        await move_to(view, pilot, "web > tap:web0")
        await pilot.press("p")
        await until(pilot, lambda: fake.mirrors[1].state == "paused")
        await until(pilot, lambda: view.chosen.why == "paused")
        assert view.chosen.name == "web > tap:web0"
        await pilot.press("p")
        await until(pilot, lambda: fake.mirrors[1].state == "running")

    drive(press)


def test_a_mirror_is_removed_only_after_yes(fake):
    async def press(view, pilot):
        await move_to(view, pilot, "web > tap:web0")
        for no in ("n", "escape", "enter", "q"):
            await pilot.press("d")
            await until(pilot, lambda: isinstance(view.screen, Ask))
            assert "Remove mirror web in app?" in "\n".join(screen(view))
            await pilot.press(no)
            await until(pilot, lambda: not isinstance(view.screen, Ask))
        assert not any(request.startswith("/mirror/remove") for request in fake.requests)
        await pilot.press("d", "y")
        await until(pilot, lambda: 1 not in fake.mirrors)
        await until(pilot, lambda: "web > tap:web0" not in names(view))

    drive(press)


def test_what_is_asked_is_about_the_mirror_that_was_chosen(fake):
    """Whatever comes, goes and is sorted meanwhile."""

    async def press(view, pilot):
        await move_to(view, pilot, "web > tap:web0")
        await pilot.press("d")
        fake.mirrors[0] = FakeMirror(0, "net_ring0", "tap:new", MirrorSpec(name="new"))
        await until(pilot, lambda: "new > tap:new" in names(view))
        await pilot.press("y")
        await until(pilot, lambda: 1 not in fake.mirrors)
        assert set(fake.mirrors) == {0, 2}

    drive(press)


def test_keys_for_mirrors_do_nothing_elsewhere(fake):
    async def press(view, pilot):
        await move_to(view, pilot, "net_ring0 rx")
        await pilot.press("p", "d", "enter")
        assert type(view.screen).__name__ == "Screen"
        assert {mirror.state for mirror in fake.mirrors.values()} == {"running"}

    drive(press)


def test_a_refusal_is_shown(fake):
    async def press(view, pilot):
        await move_to(view, pilot, "web > tap:web0")
        del fake.mirrors[1]
        await pilot.press("p")
        await until(pilot, lambda: any("there is no mirror" in each.message for each in view._notifications))

    drive(press)


def test_one_mirror_is_shown_until_it_goes(fake):
    fake.warning = "loses frames of 2000 bytes"

    async def press(view, pilot):
        await move_to(view, pilot, "all > ring:all")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(view.screen, Queues))
        text = "\n".join(screen(view))
        for words in (
            "net_null1 -> ring:all",
            "with packets: 0-1",
            "without: 1",
            "loses frames",
            "seen",
            "last minute",
        ):
            assert words in text
        del fake.mirrors[2]
        await until(pilot, lambda: "has gone" in str(view.screen.query_one(Static).content))
        await pilot.press("escape")
        assert not isinstance(view.screen, Queues)

    drive(press)


def test_the_order_changes_and_the_chosen_line_stays_chosen(fake):
    async def press(view, pilot):
        await move_to(view, pilot, "all > ring:all")
        before = names(view)
        await pilot.press("r")
        assert names(view) == [before[0], *before[4:], *before[1:4]]
        assert view.chosen.name == "all > ring:all"
        await pilot.press("r", *["s"] * len(Sort))
        assert names(view) == before
        await pilot.press("h")
        await until(pilot, lambda: isinstance(view.screen, Help))
        assert "sort by name, packets, bits, drops, CPU" in "\n".join(screen(view))
        await pilot.press("q")
        assert view.is_running
        await pilot.press("q")
        await until(pilot, lambda: view._exit)

    drive(press)


def test_applications_that_hang_or_go_do_not_stop_it(fake, start, monkeypatch):
    monkeypatch.setattr("dpdk_mirror.tap.watch.PROBE_S", 0.3)
    other = start("other")

    async def press(view, pilot):
        await until(pilot, lambda: f"other ({PID})" in names(view))
        fake.odd["/mirror/info"] = fake.hang
        await until(pilot, lambda: view.lines[0].why == "no answer")
        assert view.chosen.name == f"app ({PID})"
        assert "does not answer within 0.3 s" in "\n".join(screen(view))
        other.close()
        await until(pilot, lambda: view.lines[-1].why == "ended")
        await pilot.press("s", "h", "escape")

    drive(press)


def test_names_from_applications_are_no_markup(start):
    fake = start()
    fake.mirrors = {1: FakeMirror(1, "net_ring0", "tap:a", MirrorSpec(name="[bold]x[/]\x1b[2J"))}

    async def look(view, pilot):
        await move_to(view, pilot, "[bold]x[/]\x1b[2J > tap:a")
        await pilot.press("p")
        await until(pilot, lambda: fake.mirrors[1].state == "paused")
        await until(pilot, lambda: view._notifications)
        assert "[bold]x[/]\\x1b[2J > ta" in "\n".join(screen(view))

    drive(look)
