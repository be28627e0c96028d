# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Client and library talk: all that the one can ask, on a testpmd with net_null0 and net_null1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dpdk_mirror.errors import ConflictError
from dpdk_mirror.selection import Flow, Mac, Sample, Select
from dpdk_mirror.spec import Direction, MirrorSpec, Mode

if TYPE_CHECKING:
    from dpdk_mirror.remote import Application, RemoteMirrorInfo
    from dpdk_mirror.spec import MirrorStats

VDEVS = ["net_null0", "net_null1"]
SPEC = MirrorSpec(
    directions=Direction.RX,
    mode=Mode.COPY,
    snaplen=96,
    origin=True,
    name="a talk, recorded",
    select=Select(
        filter="udp port 53",
        mac=Mac(dst="02:00:00:00:00:00/ff:ff:ff:00:00:00"),
        vlans="100,200-210",
        inner_vlans=7,
        flow=Flow(protocol="udp", dst="192.0.2.0/24", dst_port=range(50, 60)),
        sample=Sample(2),
        queues=0,
    ),
)


def talk(app: Application) -> tuple[RemoteMirrorInfo, MirrorStats]:
    """What it has learned of the mirror that it has made; the mirror has gone."""
    assert [port.name for port in app.ports()][:2] == VDEVS
    app.add_target("ring:kept", tx_queues=2)
    mirror = app.mirror(VDEVS[0], to="ring:kept", spec=SPEC)
    with pytest.raises(ConflictError):
        app.mirror(VDEVS[0], to="ring:kept", spec=SPEC)
    mirror.update(snaplen=128)
    mirror.pause()
    mirror.resume()
    mirror.reset()
    (found,) = app.mirrors()
    info, stats = found.info(), found.stats()
    app.find(str(SPEC.name)).remove()
    app.mirror(VDEVS[0], to="ring:kept")
    assert app.remove_all() == 1
    app.remove_target("ring:kept", force=True)
    return info, stats
