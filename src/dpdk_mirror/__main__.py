# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command dpdk-mirror, from its first moment on: until it is loaded, a signal finds nothing to put right."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """The command, with the process's own arguments."""
    _open_closed()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A shell's background job ignores Ctrl-C; a run, which can be told to end by it, does not. nohup is obeyed.
        is_wanted = sys.argv[1:2] == ["run"] and number != signal.SIGHUP
        if is_wanted or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    if sys.argv[1:2] == ["complete"]:
        from .completing import main as complete  # noqa: PLC0415

        return complete(sys.argv[2:])
    from .cli import main as command  # noqa: PLC0415  # takes most of the time that starting takes

    return command()


def _open_closed() -> None:
    """Opens what is closed of stdin, stdout and stderr: whatever is opened next would have its number.

    That is a file of libffi's, or a capture, which would then have what C says in it. What is written to stdout fails.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _leave(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
