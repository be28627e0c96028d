# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror's parameters as options of commands: all that is to be known of them stands in PARAMETERS."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError
from ..spec import PARAMETERS, MirrorSpec
from ..values import FLAGS, flag_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .parser import Parser

# Apart from the commands' own: run has --packets, after which it ends.
_PREFIX = "parameter_"


def add_parameter_arguments(parser: argparse.ArgumentParser, keys: Iterable[str] = PARAMETERS) -> None:
    """An option for each of the keys."""
    group = parser.add_argument_group("parameters")
    for key in keys:
        parameter = PARAMETERS[key]
        options: dict[str, Any] = {"dest": _PREFIX + key, "help": parameter.meaning.replace("%", "%%")}
        if parameter.choices == FLAGS:
            options |= {"action": argparse.BooleanOptionalAction, "default": None}
        elif parameter.choices:
            options["choices"] = parameter.choices
        else:
            options |= {"metavar": parameter.value, "type": _checked(key)}
        names = [f"--{name.replace('_', '-')}" for name in (key, parameter.alias) if name]
        group.add_argument(*names, **options)


def texts_of(arguments: argparse.Namespace) -> dict[str, str]:
    """The texts of those that are given, by their keys."""
    given = {key: getattr(arguments, _PREFIX + key, None) for key in PARAMETERS}
    return {
        key: flag_text(value) if isinstance(value, bool) else value for key, value in given.items() if value is not None
    }


def spec_of(arguments: argparse.Namespace, **defaults: str) -> MirrorSpec:
    """The spec of those that are given; ends the program where they contradict each other."""
    try:
        return MirrorSpec.from_texts({"mode": "auto", **defaults, **texts_of(arguments)})
    except InvalidConfigError as error:
        parser: Parser = arguments.parser
        parser.refuse(_reason(error))


def _checked(key: str) -> Callable[[str], str]:
    """An option's type: the text, if it can be a value."""

    def check(text: str) -> str:
        parameter = PARAMETERS[key]
        try:
            if text or not parameter.field:  # "" takes a test of packets away
                parameter.check(key, parameter.read(key, text))
        except InvalidConfigError as error:
            raise argparse.ArgumentTypeError(_reason(error)) from None
        return text

    return check


def _reason(error: InvalidConfigError) -> str:
    what = error.what.removeprefix("mirror parameter ")
    return f"{what}; {error.hint}" if error.hint else what
