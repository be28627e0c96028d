# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What drivers' files tell: libraries made for the tests, and those of the installed DPDK."""

import json
import subprocess

import pytest

from dpdk_mirror import pmdinfo
from dpdk_mirror.errors import NotFoundError
from dpdk_mirror.pmdinfo import PciId, drivers, virtual_driver_of


@pytest.fixture
def library(tmp_path):
    """``library(file, [info, ...], [string, ...])`` compiles a driver with that information and these strings."""

    def make(name, infos, strings=()):
        texts = [f"PMD_INFO_STRING= {json.dumps(info)}" for info in infos]
        source = "".join(f"const char s{i}[] = {json.dumps(s)};\n" for i, s in enumerate([*texts, *strings]))
        path = tmp_path / name
        subprocess.run(["gcc", "-shared", "-x", "c", "-", "-o", path], input=source, text=True, check=True)
        return path

    return make


def test_a_driver_is_read_from_its_file(library, tmp_path):
    path = library(
        "librte_net_x.so",
        [
            {
                "name": "net_x",
                "params": "iface=<string> copy=<0|1>",
                "kmod": "* vfio-pci",
                "pci_ids": [[0x8086, 0x10FB, 65535, 65535], [0x15B3, 65535, 1, 2]],
            }
        ],
    )
    (driver,) = drivers(tmp_path)
    assert (driver.name, driver.path, driver.kmod) == ("net_x", path, "* vfio-pci")
    assert (driver.params, driver.devargs) == ("iface=<string> copy=<0|1>", ("iface", "copy"))
    assert driver.pci_ids == (PciId(0x8086, 0x10FB, None, None), PciId(0x15B3, None, 1, 2))
    assert [str(pci_id) for pci_id in driver.pci_ids] == ["8086:10fb:*:*", "15b3:*:0001:0002"]
    assert not driver.virtual


def test_one_file_may_have_several_drivers_and_a_link_to_it_adds_none(library, tmp_path):
    path = library("librte_net_tap.so.23.0", [{"name": "net_tun", "pci_ids": []}, {"name": "net_tap"}])
    (tmp_path / "librte_net_tap.so").symlink_to(path.name)
    assert [(driver.name, driver.virtual) for driver in drivers(tmp_path)] == [("net_tap", True), ("net_tun", True)]


def test_a_stripped_driver_is_read_as_well(library, tmp_path):
    subprocess.run(["strip", "--strip-all", library("librte_net_x.so", [{"name": "net_x"}])], check=True)
    assert [driver.name for driver in drivers(tmp_path)] == ["net_x"]


def test_files_that_are_no_drivers_are_passed_over(library, tmp_path):
    (tmp_path / "script.so").write_text("INPUT(-lother)")
    (tmp_path / "empty.so").touch()
    (tmp_path / "dangling.so").symlink_to("nowhere")
    library("plain.so", [])
    assert drivers(tmp_path) == ()


@pytest.mark.parametrize(
    ("params", "spaced", "devargs"),
    [
        ("a=<int>b=<int>", "a=<int> b=<int>", ("a", "b")),
        ("id=<int>role=server|clientbsize=<int>", "id=<int> role=server|client bsize=<int>", ("id", "role", "bsize")),
        ("cq64=0|1disable-overlay=0|1", "cq64=0|1 disable-overlay=0|1", ("cq64", "disable-overlay")),
        ("mac=xx:xxzero-copy=yes|no", "mac=xx:xx zero-copy=yes|no", ("mac", "zero-copy")),
        ("rx_iface=<ifc> iface=<ifc>", "rx_iface=<ifc> iface=<ifc>", ("rx_iface", "iface")),
        ("dev(<ifc>),mac=mac_addr", "dev(<ifc>),mac=mac_addr", ("mac",)),
        ("action(ATTACH|CREATE)", "action(ATTACH|CREATE)", ()),
        ("", "", ()),
    ],
)
def test_arguments_that_a_driver_writes_without_blanks_are_told_apart(library, params, spaced, devargs):
    """Its file has the keys as strings of their own, too: that is how DPDK looks for them."""
    path = library("x.so", [{"name": "net_x", "params": params}], ["bsize", "disable-overlay", "zero-copy"])
    (driver,) = drivers(path.parent)
    assert (driver.params, driver.devargs) == (spaced, devargs)


def test_an_argument_is_refused_only_by_a_driver_that_describes_its_own_and_has_no_such_string(library, tmp_path):
    library("x.so", [{"name": "net_x", "params": "iface=<string>"}], ["hidden"])
    library("y.so", [{"name": "net_y"}])
    x, y = drivers(tmp_path)
    assert [x.refuses(key) for key in ("iface", "hidden", "ifaces")] == [False, False, True]
    assert not y.refuses("anything")


def test_the_newest_of_several_abis_is_taken(monkeypatch, tmp_path):
    for abi in ("9.1", "23.0", "22.2"):
        (tmp_path / f"dpdk/pmds-{abi}").mkdir(parents=True)
    monkeypatch.setattr(pmdinfo, "library_directories", lambda: iter([tmp_path / "nowhere", tmp_path]))
    assert pmdinfo.driver_directory() == tmp_path / "dpdk/pmds-23.0"


def test_without_dpdk_the_answer_is_a_sentence(monkeypatch):
    monkeypatch.setattr(pmdinfo, "library_directories", lambda: iter([]))
    with pytest.raises(NotFoundError, match="is DPDK installed"):
        pmdinfo.driver_directory()


def test_no_installed_driver_is_missed():
    files = {path.resolve() for path in pmdinfo.driver_directory().glob("*.so*")}
    assert len(drivers()) == sum(path.read_bytes().count(b"PMD_INFO_STRING= {") for path in files) > 0


def test_the_installed_dpdk_has_the_drivers_of_this_projects_tests():
    known = {driver.name: driver for driver in drivers()}
    assert {"net_null", "net_ring", "net_tap", "net_pcap", "net_bonding", "net_ixgbe"} <= set(known)
    assert {"size", "copy", "no-rx"} <= set(known["net_null"].devargs)
    assert known["net_tap"].virtual
    assert PciId(0x8086, 0x10FB, None, None) in known["net_ixgbe"].pci_ids


@pytest.mark.parametrize("form", ["file", "joined", "folder"])
def test_drivers_that_eal_is_told_to_load_are_known(library, tmp_path, monkeypatch, form):
    monkeypatch.setattr(pmdinfo, "_loaded", set())
    path = library("librte_net_new.so", [{"name": "net_new", "params": "size=<int>"}])
    with pytest.raises(NotFoundError, match="DPDK has no virtual driver of that name"):
        virtual_driver_of("net_new0")
    words = {"file": ["-d", str(path)], "joined": [f"-d{path}"], "folder": ["-l", "0", "-d", str(tmp_path)]}
    pmdinfo.note_loaded(words[form])
    assert virtual_driver_of("net_new0").devargs == ("size",)


def test_one_that_the_loader_is_to_find_may_be_any(monkeypatch):
    monkeypatch.setattr(pmdinfo, "_loaded", set())
    pmdinfo.note_loaded(["-d", "librte_net_elsewhere.so"])
    assert virtual_driver_of("net_elsewhere0") is None
    assert virtual_driver_of("net_null0").name == "net_null"
