# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Uses of the public API, for mypy; the wrong ones say which error it finds. Never run: see test_keywords.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dpdk_mirror import (
    CaptureWriter,
    Direction,
    Eal,
    Flow,
    Forwarder,
    ForwardMode,
    Mac,
    Mempool,
    Mirror,
    MirrorHooks,
    MirrorSpec,
    Mode,
    Port,
    PortConfig,
    Select,
    Vdev,
)

if TYPE_CHECKING:
    from dpdk_mirror.pytest_plugin import FramesMaker, PortMaker, ProcessMaker, TestpmdMaker
    from dpdk_mirror.remote import Application
    from dpdk_mirror.testing import Program


def in_process(source: Port, target: Port, pool: Mempool) -> None:
    select = Select(filter="tcp", vlans="100,200-210", flow=Flow(protocol="tcp", dst_port=range(80, 90)), sample=7)
    with Mirror(source, target, direction=Direction.RX, mode=Mode.COPY, select=select, pool=pool) as mirror:
        mirror.update(snaplen=64, hooks=MirrorHooks(), name=None)
        mirror.update(snaplen="64")  # error: arg-type
        mirror.update(sample=7)  # error: call-arg
        mirror.update(target=target)  # error: call-arg
    Mirror(source, target, spec=MirrorSpec(snaplen=64), pool=None).close()
    Mirror(source, target, directions=3)  # error: arg-type
    Mirror(source, target, filter="tcp")  # error: call-arg
    Mirror(source, target, seconds=3)  # error: call-arg
    mirror.update(linger=False)  # error: call-arg
    Mirror(source, target, select={"filter": "tcp"})  # error: arg-type


def second_names() -> None:
    Select(vlan=7, inner_vlan="1-3", queue=range(2))
    Select("tcp", Mac(src="02:00:00:00:00:01"), queues=[0, 2])
    Select(vlan=7.5)  # error: arg-type
    Select(inner=7)  # error: call-arg
    Select(direction=Direction.RX)  # error: call-arg
    MirrorSpec(direction=Direction.RX, snaplen=64)
    MirrorSpec(Direction.RX, Mode.COPY, seconds=3)
    MirrorSpec(direction="rx")  # error: arg-type
    MirrorSpec(vlan=7)  # error: call-arg


def spec() -> MirrorSpec:
    MirrorSpec().changed(mode="copy")  # error: arg-type
    MirrorSpec().changed(pool=None)  # error: call-arg
    return MirrorSpec().changed(direction=Direction.TX, select=None)


def live(app: Application) -> None:
    mirror = app.mirror("net_ring0", to="tap:m0", force=True, snaplen=64, mode=Mode.AUTO)
    mirror.update(name="x", origin=False, direction=Direction.RX)
    app.mirror(0, to="stream:", seconds=3, direction=Direction.TX, linger=False)
    mirror.update(origin=1)  # error: arg-type
    mirror.update(hooks=None)  # error: call-arg
    app.mirror(0, to="tap:m0", split_len=64.0)  # error: arg-type
    app.mirror(0)  # error: call-arg


def around(pool: Mempool, eal: Eal) -> None:
    Eal(vdevs=[Vdev.ring("a"), "net_null0"], hugepages=False, workers=2).close()
    Eal(vdev=[])  # error: call-arg
    Eal(memory_mb="512")  # error: arg-type
    port = eal.port("a").start(pool, rx_queues=2, promiscuous=False)
    port.start(pool, queues=2)  # error: call-arg
    port.start(pool, tx_queues="2")  # error: arg-type
    port.send([bytes(60), bytearray(60)])
    port.send("frame")  # error: arg-type
    port.send(bytes(60))  # error: arg-type
    with Forwarder(port, mode=ForwardMode.DRAIN, packets=7):
        Forwarder(port, mode="drain")  # error: arg-type
        Forwarder(port, threads=1)  # error: call-arg
    with CaptureWriter("out.pcapng") as writer:
        writer.open_port(eal, pool, size=PortConfig().rx_queues)


def programs(dpdk_process: ProcessMaker, dpdk_testpmd: TestpmdMaker, program: Program) -> None:
    program.spawn(["app", 7], stdin=0)
    program.spawn(["app"], cwd="/")  # error: call-arg
    program.spawn(["app"], stdout="log")  # error: arg-type
    dpdk_process("app", "-x", vdevs=["net_null0"], ready="up", timeout_s=7, memory_mb=64, env={"A": "b"})
    dpdk_process("app", memroy_mb=64)  # error: call-arg
    dpdk_testpmd("net_null0", mode="macswap", hugepages=True)
    dpdk_testpmd("net_null0", timeout_s=7)  # error: call-arg


def fixtures(dpdk_port: PortMaker, dpdk_frames: FramesMaker) -> int:
    dpdk_port("a", rx_queue=1)  # error: call-arg
    dpdk_port("a", 7)  # error: arg-type
    return dpdk_port("a", "net_null", start=False, rx_queues=1).send(dpdk_frames(7, size=64))
