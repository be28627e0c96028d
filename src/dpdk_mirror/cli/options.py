# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""A mirror's parameters as options of commands: all that is to be known of them stands in PARAMETERS."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..spec import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterable

# Apart from the commands' own: run has --queues, which is how many.
_PREFIX = "parameter_"


def add_options(parser: Any, keys: Iterable[str]) -> None:
    """An option for each of the keys, for a parser or a group of one."""
    for key in keys:
        parameter = PARAMETERS[key]
        options: dict[str, Any] = {"dest": _PREFIX + key, "help": parameter.meaning.replace("%", "%%")}
        if parameter.choices == ("no", "yes"):
            options |= {"action": argparse.BooleanOptionalAction, "default": None}
        elif parameter.choices:
            options["choices"] = parameter.choices
        else:
            options["metavar"] = parameter.value
        names = [parameter.option or key.replace("_", "-"), *([parameter.alias] if parameter.alias else [])]
        parser.add_argument(*(f"--{name}" for name in names), **options)


def texts_of(arguments: argparse.Namespace) -> dict[str, str]:
    """The texts of those that are given, by their keys."""
    given = {key: getattr(arguments, _PREFIX + key, None) for key in PARAMETERS}
    return {
        key: ("yes" if value else "no") if isinstance(value, bool) else value
        for key, value in given.items()
        if value is not None
    }
