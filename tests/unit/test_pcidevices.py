# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror drivers --device``: on a made-up sysfs, with drivers as their files describe them."""

import json

import pytest

from dpdk_mirror import pcidevices
from dpdk_mirror.cli import drivers as command
from dpdk_mirror.cli import main
from dpdk_mirror.pmdinfo import Driver, PciId

I40E = Driver("net_i40e", "/i40e.so", "", (), (PciId(0x8086, 0x1572, None, None),), "* igb_uio | vfio")
MLX5 = Driver("mlx5_eth", "/mlx5.so", "", (), (PciId(0x15B3, 0x1017, None, None),), "* ib_uverbs & mlx5_core & mlx5_ib")
OLD = Driver("net_old", "/old.so", "", (), (PciId(0x1077, None, None, None),), "* igb_uio | uio_pci_generic ")
SILENT = Driver("net_silent", "/silent.so", "", (), (PciId(0x1D6A, 0x1, 0x1D6A, 0x2),), "")
IFCVF = Driver("net_ifcvf", "/ifcvf.so", "", (), (PciId(0x1AF4, 0x1041, 0x8086, 0x1A),), "* vfio-pci")
VIRTIO = Driver("net_virtio", "/virtio.so", "", (), (PciId(0x1AF4, 0x1041, None, None),), "* uio_pci_generic")
TAP = Driver("net_tap", "/tap.so", "", (), (), "")


@pytest.fixture
def sysfs(tmp_path, monkeypatch):
    monkeypatch.setattr(pcidevices, "_SYSFS", tmp_path)
    monkeypatch.setattr(command, "drivers", lambda: (I40E, IFCVF, MLX5, OLD, SILENT, TAP, VIRTIO))
    (tmp_path / "bus/pci/drivers/vfio-pci").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def add(sysfs):
    def make(address, ids, driver="", *, interfaces=(), below="", group="7"):
        """Interfaces are pairs of a name and flags; they may be those of a device below it."""
        path = sysfs / "bus/pci/devices" / address
        path.mkdir(parents=True)
        names = ("vendor", "device", "subsystem_vendor", "subsystem_device")
        for name, value in zip(names, [*ids, 0, 0][:4], strict=True):
            (path / name).write_text(f"0x{value:04x}\n")
        if driver:
            (path / "driver").symlink_to(f"../../drivers/{driver}")
        if group:
            (path / "iommu_group").symlink_to(f"../../../../kernel/iommu_groups/{group}")
        for name, flags in interfaces:
            (path / below / "net" / name).mkdir(parents=True)
            (path / below / "net" / name / "flags").write_text(f"0x{flags:x}\n")

    return make


def told(capsys, *arguments):
    assert main(["drivers", "--device", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_device_of_the_kernels_is_told_what_to_run(capsys, add):
    add("0000:03:00.0", (0x8086, 0x1572), "i40e", interfaces=[("ens1f0", 0x1003)])
    add("0000:04:00.0", (0x8086, 0x1533), "igb")
    assert told(capsys, "8086:1572") == [
        "8086:1572: taken by net_i40e",
        "0000:03:00.0: bound to i40e, as ens1f0; DPDK takes it from vfio-pci",
        "  ens1f0 is up: the kernel loses it, and so does whoever is connected by it",
        "  0000:04:00.0 is in the same IOMMU group, and has to be bound, too, or unbound",
        "  # ip link set ens1f0 down",
        "  # dpdk-devbind.py --bind=vfio-pci 0000:03:00.0",
    ]


def test_a_virtio_device_has_its_interface_one_step_below(capsys, add):
    """Whoever is connected by it is to know."""
    add("0000:00:03.0", (0x1AF4, 0x1041, 0x1AF4, 0x1041), "virtio-pci", interfaces=[("eth0", 0x1003)], below="virtio2")
    lines = told(capsys, "00:03.0")
    assert lines[1] == "0000:00:03.0: bound to virtio-pci, as eth0; DPDK takes it from uio_pci_generic"
    assert lines[2] == "  eth0 is up: the kernel loses it, and so does whoever is connected by it"
    assert "  # ip link set eth0 down" in lines


def test_of_two_drivers_the_one_that_takes_the_card_tells_how_to_bind_it(capsys, add):
    """vDPA's takes the same id, of another maker's cards."""
    add("0000:00:03.0", (0x1AF4, 0x1041, 0x1AF4, 0x1041))
    add("0000:00:04.0", (0x1AF4, 0x1041, 0x8086, 0x1A))
    lines = told(capsys, "1af4:1041")
    assert lines[0] == "1af4:1041: taken by net_ifcvf, net_virtio"
    assert [line for line in lines if "#" in line] == [
        "  # modprobe uio_pci_generic",
        "  # dpdk-devbind.py --bind=uio_pci_generic 0000:00:03.0",
        "  # dpdk-devbind.py --bind=vfio-pci 0000:00:04.0",
    ]


def test_a_device_that_is_bound_is_ready(capsys, add):
    add("0000:03:00.0", (0x8086, 0x1572), "vfio-pci")
    add("0000:03:00.1", (0x8086, 0x1572), group="8")
    lines = told(capsys, "8086:1572")
    assert lines[1] == "0000:03:00.0: bound to vfio-pci; ready for DPDK"
    assert lines[2] == "0000:03:00.1: bound to nothing; DPDK takes it from vfio-pci"
    assert lines[3:] == ["  # dpdk-devbind.py --bind=vfio-pci 0000:03:00.1"]


def test_a_device_that_the_kernel_shares_stays_with_it(capsys, add):
    """mlx5's driver works beside the kernel's; one that has been taken from it goes back."""
    add("0000:05:00.0", (0x15B3, 0x1017), "mlx5_core", interfaces=[("ens2", 0x1003)])
    add("0000:05:00.1", (0x15B3, 0x1017), "vfio-pci")
    assert told(capsys, "15b3:1017")[1:] == [
        "0000:05:00.0: bound to mlx5_core, as ens2; DPDK works beside that driver",
        "0000:05:00.1: bound to vfio-pci; DPDK works beside mlx5_core",
        "  # dpdk-devbind.py --bind=mlx5_core 0000:05:00.1",
    ]


def test_without_an_iommu_and_the_module_it_takes_more(capsys, add, sysfs):
    (sysfs / "bus/pci/drivers/vfio-pci").rmdir()
    add("0000:03:00.0", (0x8086, 0x1572), "i40e", group="")
    commands = [line for line in told(capsys, "0000:03:00.0") if "#" in line]
    assert commands == [
        "  # modprobe vfio-pci",
        "  # echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
        "  # dpdk-devbind.py --bind=vfio-pci 0000:03:00.0",
    ]


def test_a_driver_without_vfio_gets_what_it_names(capsys, add):
    add("0000:06:00.0", (0x1077, 0x9))
    assert told(capsys, "06:00.0")[-2:] == [
        "  # modprobe uio_pci_generic",
        "  # dpdk-devbind.py --bind=uio_pci_generic 0000:06:00.0",
    ]


def test_subsystems_are_looked_at_where_they_are_known(capsys, add):
    """An id names them not, so a driver of some of these cards is told; a card has them, and they must fit."""
    add("0000:07:00.0", (0x1D6A, 0x1, 0x1D6A, 0x3))
    assert told(capsys, "1d6a:0001") == [
        "1d6a:0001: taken by net_silent",
        "0000:07:00.0: bound to nothing; no driver takes 1d6a:0001:1d6a:0003",
    ]
    assert main(["drivers", "--device", "0000:07:00.0"]) == 1
    assert "has none that takes it" in capsys.readouterr().err


def test_json_has_all_of_it(capsys, add):
    add("0000:03:00.0", (0x8086, 0x1572, 0x8086, 0x2), "i40e", interfaces=[("ens1f0", 0x1002)])
    (line,) = ["\n".join(told(capsys, "8086:1572", "--json"))]
    assert json.loads(line) == {
        "ids": "8086:1572:*:*",
        "drivers": ["net_i40e"],
        "devices": [
            {
                "address": "0000:03:00.0",
                "ids": "8086:1572:8086:0002",
                "driver": "i40e",
                "interfaces": ["ens1f0"],
                "up": [],
                "iommu_group": "7",
                "ready": False,
                "says": "DPDK takes it from vfio-pci",
                "notes": [],
                "commands": ["dpdk-devbind.py --bind=vfio-pci 0000:03:00.0"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1234:5678", "has none that takes it"),
        ("0000:0a:00.0", "this machine has none at that address"),
        ("i40e", "that is no id and no address of a PCI device"),
    ],
)
def test_what_cannot_be_told_is_an_error(capsys, sysfs, text, says):
    assert main(["drivers", "--device", text]) == 1
    assert says in capsys.readouterr().err


def test_a_driver_that_was_asked_for_is_named_when_it_does_not_take_the_device(capsys, sysfs):
    assert main(["drivers", "net_tap", "--device", "8086:1572"]) == 1
    assert "has none of net_tap that takes it" in capsys.readouterr().err


def test_a_machine_without_the_device_says_so(capsys, sysfs):
    assert told(capsys, "8086:1572") == ["8086:1572: taken by net_i40e", "this machine has none"]
