# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is shown of a test that fails: what DPDK has logged, programs' output, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..eal import Eal


__all__ = ["EAL", "show"]

EAL: pytest.StashKey[Eal] = pytest.StashKey()
"""The session's, of its config, once it is up."""

_SHOWN: pytest.StashKey[list[tuple[str, Callable[[], str]]]] = pytest.StashKey()


def show(item: pytest.Item, title: str, tell: Callable[[], str]) -> None:
    """Adds a section to the report if the test fails; ``tell()`` is asked then."""
    item.stash.setdefault(_SHOWN, []).append((title, tell))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when != "teardown":
        for title, tell in item.stash.get(_SHOWN, []):
            report.sections.append((title, _ask(tell)))
    if report.when == "teardown":
        item.stash.setdefault(_SHOWN, []).clear()
    return report


def _ask(tell: Callable[[], str]) -> str:
    """A test may have left anything behind, EAL closed for one."""
    try:
        return tell()
    except Exception as error:  # noqa: BLE001 - any
        return f"it cannot be told: {error}"


# Innermost, where pytest's own catching of logs surrounds it: what DPDK logs is among a phase's captured log.


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    yield from _logging(item)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    yield from _logging(item)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    yield from _logging(item)


def _logging(item: pytest.Item) -> Generator[None]:
    try:
        yield
    finally:
        eal = item.config.stash.get(EAL, None)
        if eal is not None and not eal.closed:
            eal.drain_log()
