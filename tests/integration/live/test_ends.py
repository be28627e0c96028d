# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""An application ends as it would without the library, in whatever way it does, while it is mirrored."""

import pytest
from livekit.ends import ENDS, TARGETS, end_well
from livekit.forwarder import build_forwarder


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", TARGETS)
def test_an_application_ends_well_while_it_is_mirrored(program, kind, end):
    """Its exit code is its own, also where it lives on after it has cleaned EAL up, and while clients ask."""
    assert end_well(program, kind, end) > 0
