# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Two processes of one memory: a primary dpdk-testpmd, and a secondary."""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING

from .application import need_namespaces, with_hugepages
from .testpmd import Testpmd, TestpmdOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MEMORY_MB = 256
_QUEUES = ["--rxq=2", "--txq=2", "--num-procs=2"]


@contextlib.contextmanager
def start_primary() -> Iterator[tuple[Testpmd, Callable[[], Testpmd]]]:
    """testpmd, which polls the first queue of each port; and what starts another that polls the second one."""
    need_namespaces()
    with tempfile.TemporaryDirectory() as mount:
        # What they share is in a file system that goes with them.
        mounted = ["unshare", "-m", "sh", "-c", f'mount -t hugetlbfs none {mount} && exec "$@"', "sh"]
        memory = ["--huge-dir", mount, "-m", str(_MEMORY_MB)]
        first = TestpmdOptions(
            ["net_null0", "net_null1"], eal=memory, arguments=[*_QUEUES, "--proc-id=0"], within=mounted
        )
        with with_hugepages(_MEMORY_MB, lambda: Testpmd(first)) as primary:
            second = TestpmdOptions(
                [],
                eal=["--proc-type=secondary", "--huge-dir", mount],
                arguments=[*_QUEUES, "--proc-id=1"],
                within=["nsenter", "-m", "-t", str(primary.pid)],
            )
            yield primary, lambda: Testpmd(second, {"RUNTIME_DIRECTORY": str(primary.directory)})
