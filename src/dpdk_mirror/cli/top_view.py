# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The view of dpdk-mirror top. Nothing is told by a colour alone."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Footer, Static

from ..errors import MirrorError
from ..info import MirrorState
from ..remote import RemoteMirror
from ..tap.rates import bars
from ..tap.rows import Sort, rows
from ..tap.watch import change
from ..waiting import ENDING
from .common import printable
from .top_screens import Ask, Help, Queues
from .top_texts import about, number, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from ..tap.look import AppView, MirrorView
    from ..tap.rows import Row
    from ..tap.watch import Watch

__all__ = ["TopView"]

_REFRESH_S = 0.5
_NUMBERS = {"pkt/s": 7, "bit/s": 7, "drop/s": 7}
_WHY, _CPU, _HISTORY = 12, 6, 13
_NAME_MIN = 20
_HISTORY_MAX = 61


class TopView(App[None]):
    """All of a Watch. It asks no application itself, but to change a mirror, in a thread."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title, #about { height: 1; }
    #about { height: 2; }
    DataTable { height: 1fr; scrollbar-size-vertical: 1; }
    DataTable > .datatable--cursor { text-style: reverse; background: $surface; color: $text; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("s", "sort", "Sort"),
        ("r", "reverse", "Reverse"),
        ("p", "pause", "Pause/resume"),
        ("d", "remove", "Remove"),
        ("h,question_mark", "help", "Help"),
        ("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watched = watch
        self.sort = Sort.NAME
        self.is_reversed = False
        self.lines: list[Row] = []
        self._table: DataTable[Text] = DataTable(cursor_type="row", cell_padding=0, zebra_stripes=False)
        # Not looked up at each turn of the timer, which may come when the screen is being taken down.
        self._title, self._about = Static(id="title"), Static(id="about")
        self._history = _HISTORY

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._table
        yield self._about
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.set_interval(_REFRESH_S, self.show)
        for ending in ENDING:  # it puts the terminal right, then
            asyncio.get_running_loop().add_signal_handler(ending, partial(self.exit, return_code=128 + ending))
        self._table.focus()

    def on_resize(self, event: events.Resize) -> None:
        """As much as there is room for: first of the names, then of the last minute."""
        fixed = sum(_NUMBERS.values()) + _WHY + _CPU
        room = event.size.width - fixed - 1  # the table's scroll bar
        self._history = max(_HISTORY, min(_HISTORY_MAX, room - 2 * _NAME_MIN))
        self._table.clear(columns=True)
        self._table.add_column("name", width=max(_NAME_MIN, room - self._history))
        for name, width in _NUMBERS.items():
            self._table.add_column(Text(name, justify="right"), width=width)
        self._table.add_column(" why", width=_WHY)
        self._table.add_column(Text("CPU %", justify="right"), width=_CPU)
        self._table.add_column(" last minute", width=self._history)
        self.lines = []
        self.show()

    def show(self) -> None:
        """What is known now; the cursor stays on its line, and the table where it was scrolled to."""
        views = self._watched.views()
        chosen, before = self.chosen, [line.key for line in self.lines]
        self.lines = rows(views, self.sort, reverse=self.is_reversed)
        keys = [line.key for line in self.lines]
        if keys == before:
            for row, line in enumerate(self.lines):
                for column, cell in enumerate(self._cells(line)):
                    self._table.update_cell_at(Coordinate(row, column), cell)
        elif self._table.columns:
            top = self._table.scroll_y
            self._table.clear()
            for line in self.lines:
                self._table.add_row(*self._cells(line))
            self._table.move_cursor(row=keys.index(chosen.key) if chosen and chosen.key in keys else 0, scroll=False)
            self._table.scroll_to(y=top, animate=False)
        self._title.update(Text(title(views, self.sort, is_reversed=self.is_reversed)))
        self.on_data_table_row_highlighted()

    def on_data_table_row_highlighted(self) -> None:
        self._about.update(Text(printable(about(self.chosen)) if self.chosen else ""))

    def on_data_table_row_selected(self) -> None:
        line = self.chosen
        if line is not None and line.mirror is not None:
            self.push_screen(Queues(lambda: self._now(line)))

    @property
    def chosen(self) -> Row | None:
        row = self._table.cursor_row
        return self.lines[row] if 0 <= row < len(self.lines) else None

    def action_sort(self) -> None:
        orders = list(Sort)
        self.sort = orders[(orders.index(self.sort) + 1) % len(orders)]
        self.show()

    def action_reverse(self) -> None:
        self.is_reversed = not self.is_reversed
        self.show()

    def action_help(self) -> None:
        self.push_screen(Help())

    def action_pause(self) -> None:
        found = self._chosen_mirror()
        if found is not None:
            app, mirror = found
            paused = mirror.info.state is MirrorState.PAUSED
            self._change(
                app, mirror, RemoteMirror.resume if paused else RemoteMirror.pause, "resumed" if paused else "paused"
            )

    def action_remove(self) -> None:
        found = self._chosen_mirror()
        if found is None:
            return
        app, mirror = found

        def answered(yes: bool | None) -> None:  # noqa: FBT001  textual calls it so
            if yes:
                self._change(app, mirror, RemoteMirror.close, "removed")

        self.push_screen(Ask(f"Remove mirror {printable(mirror.info.name)} in {printable(app.name)}?"), answered)

    def _chosen_mirror(self) -> tuple[AppView, MirrorView] | None:
        line = self.chosen
        if line is None or line.mirror is None or line.app is None:
            self.notify("Move to a mirror first: up and down", severity="warning")
            return None
        return line.app, line.mirror

    def _now(self, line: Row) -> Row | None:
        """The same line as it is now; None: it has gone."""
        return next((each for each in self.lines if each.key == line.key), None)

    def _change(self, app: AppView, mirror: MirrorView, doing: Callable[[RemoteMirror], None], done: str) -> None:
        """In a thread that nobody waits for: an application may take its time, or hang."""

        def work() -> None:
            try:
                change(app, mirror, doing)
                said, severity = f"{done} mirror {mirror.info.name}", "information"
            except MirrorError as error:
                said, severity = str(error), "error"
            with suppress(RuntimeError):  # the view has ended
                self.call_from_thread(self.notify, printable(said), severity=severity, markup=False)

        threading.Thread(target=work, daemon=True).start()

    def _cells(self, line: Row) -> list[Text]:
        numbers = [number(value) for value in (line.packets_per_s, line.bits_per_s, line.drops_per_s)]
        cpu = "" if line.cpu_percent is None else f"{line.cpu_percent:.1f}"
        history = bars(line.history, time.monotonic(), self._history - 1) if line.history else ""
        return [
            Text(printable("  " * line.depth + line.name), overflow="ellipsis", no_wrap=True),
            *(Text(text, justify="right") for text in numbers),
            Text(f" {printable(line.why)}", overflow="ellipsis", no_wrap=True),
            Text(cpu, justify="right"),
            Text(f" {history}", no_wrap=True),
        ]
