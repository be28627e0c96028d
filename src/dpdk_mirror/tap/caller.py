# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Who has had this process run, and may be gone at any moment: it ends with them."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INTERRUPT", "SILENCE_S", "end_with_parent", "end_with_stdio"]

SILENCE_S = 20
"""How long a dead network is taken for a slow one."""

INTERRUPT = b"\3"
"""What stands for Ctrl-C on stdin."""

_LOOK_S = 0.25
_END_S = 5  # what a command may take to end in good order


def end_with_parent() -> None:
    """Have this process end soon after the one that has started it: Wireshark, which others may have killed."""
    parent = os.getppid()
    _end_after(lambda: _await_end_of(parent))


def end_with_stdio() -> None:
    """Have it end with its stdin or stdout, or when nothing comes on stdin for SILENCE_S: ssh has brought both."""
    _end_after(_await_end_of_stdio)


def _end_after(wait: Callable[[], None]) -> None:
    threading.Thread(target=_end, args=(wait,), daemon=True).start()


def _end(wait: Callable[[], None]) -> None:
    wait()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_S)
    os._exit(128 + signal.SIGTERM)


def _await_end_of(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)


def _await_end_of_stdio() -> None:
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(1, 0)  # but for its end
    while (events := dict(poll.poll(SILENCE_S * 1000))) and 1 not in events:
        said = b""
        with suppress(OSError):
            said = os.read(0, 4096)
        if not said:
            return
        if INTERRUPT in said:
            os.kill(os.getpid(), signal.SIGINT)
