# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What EAL is started with: its arguments, its devices, and what is refused before EAL sees it."""

import os
from pathlib import Path

import pytest

from dpdk_mirror import ealconfig, hugepages, pmdinfo
from dpdk_mirror.ealconfig import EalConfig, is_pci, pci_address
from dpdk_mirror.errors import ConflictError, InvalidConfigError, NotFoundError, OutOfMemoryError
from dpdk_mirror.vdev import Vdev

MAX_LCORES = 128


@pytest.fixture
def cpus(monkeypatch):
    """``cpus(numbers)`` makes these the CPUs that the process may use."""
    return lambda numbers: monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(numbers))


@pytest.fixture
def memory(monkeypatch):
    """``memory(free, mb_of_hugepages)``: how many MB of both there are."""

    def set_memory(free, mb_of_hugepages):
        monkeypatch.setattr(ealconfig, "available_mb", lambda: free)
        monkeypatch.setattr(hugepages, "free_mb", lambda needed: mb_of_hugepages)

    set_memory(1 << 20, 0)
    return set_memory


def option(arguments, name):
    return arguments[arguments.index(name) + 1]


# Lcores


def test_lcore_0_has_all_cpus_and_workers_one_each_in_turns(cpus, memory):
    cpus([0, 1])
    assert option(EalConfig(workers=4).arguments(MAX_LCORES), "--lcores") == "0@(0,1),1@1,2@0,3@1,4@0"


def test_only_cpus_that_the_process_may_use_are_used(cpus, memory):
    cpus([5, 130])
    assert option(EalConfig(workers=2).arguments(MAX_LCORES), "--lcores") == "0@(5,130),1@130,2@5"


def test_eal_starts_without_workers(cpus, memory):
    cpus([3])
    assert option(EalConfig(workers=0).arguments(MAX_LCORES), "--lcores") == "0@(3)"


def test_workers_are_as_many_as_dpdk_has_lcores_for(memory):
    assert EalConfig(workers=127).arguments(MAX_LCORES)
    with pytest.raises(InvalidConfigError, match="workers=128: this DPDK has 127 at most"):
        EalConfig(workers=128).arguments(MAX_LCORES)


# Memory


def memory_mb_of(count, data_room):
    """What is computed for so many buffers, and nothing else."""
    return sum(
        sign * int(option(EalConfig(buffers=buffers, data_room=data_room).arguments(MAX_LCORES), "-m"))
        for sign, buffers in ((1, count), (-1, 0))
    )


def test_without_hugepages_memory_is_as_much_as_the_pools_take(memory):
    arguments = EalConfig().arguments(MAX_LCORES)
    assert {"--no-huge", "--no-shconf"} <= set(arguments)
    assert "--in-memory" not in arguments
    assert memory_mb_of(1 << 20, data_room=2048) >= 4096, "two of these buffers do not fit into a page of 4 KB"
    assert 1024 * 9000 / 1024 < memory_mb_of(1 << 20, data_room=9000) < 1024 * 13


def test_hugepages_lose_no_memory_between_buffers(memory):
    memory(free=1 << 20, mb_of_hugepages=2600)
    assert "--in-memory" in EalConfig(buffers=1 << 20, data_room=2048, targets=0).arguments(MAX_LCORES)


def test_memory_is_enough_for_a_pool_of_each_target(memory):
    """Of 8191 x 2048 or 2047 x 9216 bytes, whichever takes more: without hugepages, what spoils more of a page."""
    per_target = EalConfig(targets=11).needed_mb(4096) - EalConfig(targets=10).needed_mb(4096)
    assert 8191 * 4096 < per_target << 20 < 8191 * 4096 + (20 << 20)
    per_target = EalConfig(targets=11).needed_mb(2 << 20) - EalConfig(targets=10).needed_mb(2 << 20)
    assert 8191 * (2048 + 384) < per_target << 20 < 40 << 20


def test_targets_are_the_devices_and_no_less_than_4():
    """More may be plugged later."""
    wanted = {count: EalConfig(targets=count).needed_mb(4096) for count in (4, 5, 6)}
    for count, targets in ((0, 4), (4, 4), (5, 5), (6, 6)):
        assert EalConfig(vdevs=[f"net_ring{number}" for number in range(count)]).needed_mb(4096) == wanted[targets]


def test_memory_mb_overrides_what_is_computed(memory):
    assert option(EalConfig(memory_mb=777).arguments(MAX_LCORES), "-m") == "777"


def test_enough_free_hugepages_are_used(memory):
    memory(free=4096, mb_of_hugepages=512)
    arguments = EalConfig(memory_mb=512).arguments(MAX_LCORES)
    assert "--in-memory" in arguments
    assert option(arguments, "-m") == "512", "EAL takes them as it starts"
    assert "--no-huge" in EalConfig(memory_mb=513).arguments(MAX_LCORES)


def test_hugepages_false_leaves_them_alone(memory):
    memory(free=4096, mb_of_hugepages=512)
    assert "--no-huge" in EalConfig(memory_mb=512, hugepages=False).arguments(MAX_LCORES)


def test_hugepages_true_takes_nothing_else(memory):
    memory(free=4096, mb_of_hugepages=100)
    with pytest.raises(OutOfMemoryError, match="512 MB of hugepages: 100 MB are free"):
        EalConfig(memory_mb=512, hugepages=True).arguments(MAX_LCORES)


def test_more_memory_than_there_is_is_refused(memory):
    memory(free=300, mb_of_hugepages=0)
    with pytest.raises(OutOfMemoryError, match="301 MB of memory: 300 MB are available"):
        EalConfig(memory_mb=301).arguments(MAX_LCORES)


# The rest of the arguments


def test_telemetry_and_pci_devices_are_off_unless_asked_for(memory):
    arguments = EalConfig().arguments(MAX_LCORES)
    assert {"--no-telemetry", "--no-pci"} <= set(arguments)
    assert "--no-telemetry" not in EalConfig(telemetry=True).arguments(MAX_LCORES)


def test_only_the_pci_devices_that_are_asked_for_are_allowed(memory, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda path: str(path) == "/sys/bus/pci/devices/0000:0a:00.1")
    arguments = EalConfig(devices=["0a:00.1,key=1"]).arguments(MAX_LCORES)
    assert option(arguments, "-a") == "0a:00.1,key=1"
    assert "--no-pci" not in arguments
    with pytest.raises(NotFoundError, match=r"device 0000:0b:00\.0: no device with this address"):
        EalConfig(devices=["0000:0b:00.0"])


@pytest.mark.parametrize("text", ["0000:03:00.0", "03:00.0", "0000:03:00.0,key=1", "10000:e1:1f.7", "ABCD:0A:00.1"])
def test_a_pci_device_is_told_by_its_address(text):
    assert is_pci(text)
    assert pci_address(text) == pci_address(text).lower()
    assert pci_address(text).count(":") == 2


@pytest.mark.parametrize(
    "text", ["", "net_ring0", "03:00", "03:00.8", "03:20.0", "x,03:00.0", "0000:03:00.0 ", "net:03:00.0"]
)
def test_other_names_are_no_pci_devices(text):
    assert not is_pci(text)


# What is refused


@pytest.mark.parametrize(
    "values",
    [
        {"workers": -1},
        {"memory_mb": 63},
        {"memory_mb": 0},
        {"memory_mb": 1 << 30},
        {"buffers": -1},
        {"buffers": 1 << 32},
        {"targets": -1},
        {"targets": 1 << 16},
        {"data_room": 0},
        {"data_room": 1 << 16},
        {"devices": ["net_ring0"]},
        {"devices": ["0000:03:00.0\n"]},
    ],
)
def test_values_that_cannot_be_are_refused(values):
    with pytest.raises(InvalidConfigError, match=next(iter(values)).removesuffix("s")):
        EalConfig(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"workers": "2"},
        {"workers": True},
        {"workers": None},
        {"targets": "4"},
        {"targets": True},
        {"memory_mb": 1.5},
        {"vdevs": "net_ring0"},
        {"vdevs": Vdev.ring("a")},
        {"vdevs": 3},
        {"devices": "0000:03:00.0"},
        {"devices": [3]},
        {"no_such_option": 1},
    ],
)
def test_wrong_types_are_type_errors(values):
    with pytest.raises(TypeError):
        EalConfig(**values)


# Virtual devices. These drivers are all of DPDK here.


@pytest.fixture(autouse=True)
def known_drivers(monkeypatch, tmp_path):
    def make(name, params="", devargs=(), pci_ids=()):
        return pmdinfo.Driver(name, tmp_path / "driver.so", params, devargs, pci_ids, "")

    drivers = (
        make("net_failsafe", "dev(<ifc>),mac=mac_addr", ("mac",)),
        make("net_ixgbe", pci_ids=(pmdinfo.PciId(0x8086, 1, None, None),)),
        make("net_null", "size=<int> copy=<int> no-rx=0|1", ("size", "copy", "no-rx")),
        make("net_pcap", "rx_pcap=<string> tx_pcap=<string>", ("rx_pcap", "tx_pcap")),
        make("net_ring"),
        make("net_tap", "iface=<string> remote=<string>", ("iface", "remote")),
        make("net_virtio", pci_ids=(pmdinfo.PciId(0x1AF4, 1, None, None),)),
        make("net_virtio_user", "path=<path>", ("path",)),
    )
    monkeypatch.setattr(pmdinfo, "drivers", lambda directory=None: drivers)
    monkeypatch.setattr(pmdinfo, "read_only_data", lambda path: b"\0undocumented\0")


@pytest.mark.parametrize(
    ("vdev", "devargs"),
    [
        (Vdev.ring("source"), "net_ring_source"),
        (Vdev.null("0"), "net_null0"),
        (Vdev.ring("net_ring_source"), "net_ring_source"),
        (Vdev.tap("t", iface="t0"), "net_tap_t,iface=t0"),
        (Vdev.null("n", size=64, copy=True, **{"no-rx": False}), "net_null_n,size=64,copy=1,no-rx=0"),
        (Vdev.pcap("p", rx_pcap=["/a", "/b"], tx_pcap="/c"), "net_pcap_p,rx_pcap=/a,rx_pcap=/b,tx_pcap=/c"),
    ],
)
def test_a_device_is_written_in_eals_form(vdev, devargs):
    assert vdev.devargs == str(vdev) == devargs
    assert Vdev.parse(devargs) == vdev


@pytest.mark.parametrize(
    ("devargs", "driver", "args"),
    [
        ("net_ring", "net_ring", ()),
        ("net_ring_0", "net_ring", ()),
        ("net_ringabc", "net_ring", ()),
        ("eth_ring0", "eth_ring", ()),
        ("virtio_user0,path=/x", "virtio_user", ("path=/x",)),
        ("net_virtio_user0", "net_virtio_user", ()),
        ("net_tap0,iface=a b,persist", "net_tap", ("iface=a b", "persist")),
        ("net_failsafe0,dev(net_ring0,a=b),mac=1", "net_failsafe", ("dev(net_ring0,a=b)", "mac=1")),
        ("net_null0,size=[1,2]", "net_null", ("size=[1,2]",)),
    ],
)
def test_eals_form_is_read_as_eal_reads_it(devargs, driver, args):
    """The driver is the one with the longest name that the device's begins with; brackets keep commas together."""
    vdev = Vdev.parse(devargs)
    assert (vdev.driver, vdev.args) == (driver, args)
    assert vdev.devargs == devargs


@pytest.mark.parametrize(
    ("devargs", "message"),
    [
        ("net_rnig0", "no virtual driver of that name.*did you mean net_ring"),
        ("net_rin_source", "did you mean net_ring"),
        ("foo", "dpdk-mirror drivers lists them"),
        ("net_ixgbe0", "net_ixgbe is for PCI devices.*address"),
    ],
)
def test_an_unknown_driver_is_refused_with_the_nearest_names(devargs, message):
    with pytest.raises(NotFoundError, match=message):
        Vdev.parse(devargs)
    with pytest.raises(NotFoundError, match=message):
        EalConfig(vdevs=[Vdev(devargs, devargs)]).checked_vdevs()


@pytest.mark.parametrize(
    ("devargs", "message"),
    [
        ("net_tap0,ifaces=t0", "net_tap takes no 'ifaces'.*did you mean iface"),
        ("net_null0,sise=64", "did you mean size"),
        ("net_null0,norx", "did you mean no-rx"),
        ("net_tap0,x=1", "it takes iface, remote"),
    ],
)
def test_an_unknown_argument_is_refused_with_the_nearest_names(devargs, message):
    with pytest.raises(InvalidConfigError, match=message):
        EalConfig(vdevs=[devargs]).checked_vdevs()


@pytest.mark.parametrize(
    "devargs",
    [
        "net_ring0,any=1",
        "net_tap0,undocumented=1",
        "net_tap0,iface",
        "net_failsafe0,dev(net_ring0,x=1)",
        "eth_null0,copy=1",
    ],
)
def test_an_argument_is_not_refused_without_evidence(devargs):
    """A driver that describes none may take any, as may one whose file has the key as a string."""
    assert EalConfig(vdevs=[devargs]).checked_vdevs() == [Vdev.parse(devargs)]


def test_nothing_is_refused_where_no_drivers_are_found(monkeypatch):
    def no_drivers(directory=None):
        raise NotFoundError(2, "look for DPDK's drivers: none")

    monkeypatch.setattr(pmdinfo, "drivers", no_drivers)
    vdev = Vdev.parse("net_any0,key=1")
    vdev.check()
    assert (vdev.driver, vdev.devargs) == ("net_any", "net_any0,key=1")


@pytest.mark.parametrize("name", ["", "a,b", "a b", "a=b", "a\n", "a(b", "x" * 60])
def test_names_that_eals_form_cannot_have_are_refused(name):
    with pytest.raises(InvalidConfigError):
        Vdev.ring(name)


@pytest.mark.parametrize("value", ["a,b", "a\nb", "a\0"])
def test_values_that_eals_form_cannot_have_are_refused(value):
    with pytest.raises(InvalidConfigError, match="is not one argument"):
        Vdev.tap("t", iface=value)


@pytest.mark.parametrize("devargs", ["", ",iface=t0"])
def test_devargs_without_a_driver_are_refused(devargs):
    with pytest.raises(InvalidConfigError, match="no driver"):
        Vdev.parse(devargs)


def test_two_devices_of_one_name_are_refused():
    with pytest.raises(ConflictError, match="two devices of that name"):
        EalConfig(vdevs=["net_ring_a", Vdev.ring("a")]).checked_vdevs()
