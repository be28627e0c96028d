# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command line's parser: a wrong value gets one line and a pointer to --help, a wrong word the usage."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """A command's parser.

    ``unknown_hints`` says of options that it lacks what to do instead, ``word_hint`` of further words why not.
    """

    unknown_hints: dict[str, str] = {}  # noqa: RUF012  replaced, never changed
    word_hint = ""

    def error(self, message: str) -> NoReturn:
        if message.startswith("argument ") and not message.startswith("argument COMMAND"):
            self.refuse(message)
        super().error(message)

    def refuse(self, message: str) -> NoReturn:
        """Ends the program because of a value."""
        self.exit(2, f"{self.prog}: error: {message}\nSee {self.prog} --help.\n")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """Ends the program because of words that nothing takes."""
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        for option in options:
            if option in self.unknown_hints:
                self.refuse(f"argument {option}: {self.unknown_hints[option]}")
        near = difflib.get_close_matches(options[0], self._option_string_actions) if options else []
        hint = f"did you mean {' or '.join(near)}?" if near else "" if options else self.word_hint
        hint = f"; {hint}" if hint else ""
        self.error(f"unrecognized arguments: {' '.join(words)}{hint}")
