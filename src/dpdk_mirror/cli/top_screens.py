# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What lies above the view of dpdk-mirror top for a while: a question, one mirror, the keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.screen import ModalScreen
from textual.widgets import Static

from ..tap.rates import bars
from .common import printable
from .top_texts import queues

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from ..tap.rows import Row

__all__ = ["Ask", "Help", "Queues"]

_BOX = """
{name} {{ align: center middle; }}
{name} > Static {{
    width: auto; max-width: 100%; height: auto; border: round $foreground; padding: 0 1; background: $surface;
}}
"""
_HELP = """\
up, down     choose a line
enter        look at the mirror's queues and counters
s            sort by name, packets, bits, drops, CPU
r            reverse the order
p            pause the mirror, or resume it
d            remove the mirror (asks)
q            quit
escape       close what is open

name         applications; below each its ports, rx and tx; below each
             port its mirrors
pkt/s ..     of a port as its driver counts; of a mirror what is mirrored;
             of an application all that its mirrors mirror
drop/s, why  of a port: imissed, rx_nombuf, ierrors, oerrors; of a mirror
             what is lost, not what it is to leave out
CPU %        of the thread that sends for a target's mirrors
last minute  of packets, next to the highest of the minute
"""
_REFRESH_S = 0.5


class Ask(ModalScreen[bool]):
    """A question; only y means yes."""

    CSS = _BOX.format(name="Ask")
    BINDINGS: ClassVar[list[BindingType]] = [("y", "answer(True)", "Yes"), ("n,escape,q,enter", "answer(False)", "No")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        yield Static(Text(f"{self._question}\n\ny: yes   n: no"))

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001  textual calls it so
        self.dismiss(yes)


class _Shown(ModalScreen[None]):
    """A text that closes."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,enter,q,h,question_mark", "close", "Close")]

    def action_close(self) -> None:
        self.dismiss()


class Help(_Shown):
    """The keys."""

    CSS = _BOX.format(name="Help")

    def compose(self) -> ComposeResult:
        yield Static(Text(_HELP.rstrip()))


class Queues(_Shown):
    """One mirror, until it has gone; ``line`` gives it as it is now."""

    CSS = _BOX.format(name="Queues")

    def __init__(self, line: Callable[[], Row | None]) -> None:
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self.set_interval(_REFRESH_S, self.show)
        self.show()

    def show(self) -> None:
        line = self._line()
        if line is None:
            text = "This mirror has gone, or its application does not answer."
        else:
            text = "\n".join(printable(each) for each in queues(line).split("\n"))
            text += f"\n\nlast minute  {bars(line.history, time.monotonic(), 60)}"
        self.query_one(Static).update(Text(text))
