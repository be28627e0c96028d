# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command line's parser: a wrong value gets one line and a pointer to --help, a wrong word the usage."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """A command's parser.

    ``unknown_hints`` says of options that it lacks what to do instead, ``word_hint`` of further words why not.
    """

    unknown_hints: dict[str, str] = {}  # noqa: RUF012  replaced, never changed
    word_hint = ""
    is_getopts = False  # options may stand behind other words, and before -- only

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        return super().parse_known_args(self._ordered(args) if self.is_getopts else args, namespace)

    def error(self, message: str) -> NoReturn:
        if message.startswith("argument ") and not message.startswith("argument COMMAND"):
            self.refuse(message)
        super().error(message)

    def refuse(self, message: str) -> NoReturn:
        """Ends the program because of a value."""
        self.exit(2, f"{self.prog}: error: {message}\nSee {self.prog} --help.\n")

    def _ordered(self, words: Sequence[str]) -> list[str]:
        """Options first, each with its value in a word of its own."""
        options, others, rest = [], [], [*words]
        while rest:
            word = rest.pop(0)
            if word == "--":
                others += rest
                break
            if word == "-" or not word.startswith("-"):
                others.append(word)
            elif word.startswith("--"):
                needs = "=" not in word and self._takes_value(word) and rest
                options.append(f"{word}={rest.pop(0)}" if needs else word)
            else:
                while word != "-":
                    option, word = word[:2], f"-{word[2:]}"
                    if self._takes_value(option):
                        option, word = option + (word[1:] or (rest.pop(0) if rest else "")), "-"
                    options.append(option)
        return [*options, *(["--", *others] if others else [])]

    def _takes_value(self, option: str) -> bool:
        """Long ones may be cut short."""
        known = self._option_string_actions
        actions = [known[option]] if option in known else [known[each] for each in known if each.startswith(option)]
        return any(action.nargs is None for action in actions)

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
