# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that hide their DPDK from libraries, attached to: mirrored byte for byte, and ended as ever."""

import os
import re
from pathlib import Path

import livekit
import pytest
from captures import read_capture, write_capture
from livekit.application import wait_until
from livekit.forwarder import FORMS, Forwarder, ForwarderOptions, build_forwarder
from livekit.frames import udp_frames
from programs import compile_program, pkg_config, run

from dpdk_mirror import Direction, Mode, Select, UnsupportedError
from dpdk_mirror.attach.identify import Kind, identify
from dpdk_mirror.attach.library import read_library
from dpdk_mirror.attach.memory import images
from dpdk_mirror.attach.process import Process
from dpdk_mirror.attach.scope import carriers
from dpdk_mirror.plugin import plugin_path
from dpdk_mirror.remote import attach

LIVEKIT = Path(livekit.__file__).parent
COUNT = 200
# So few that a file keeps up, and each time another of the frames.
SAMPLE = 997

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")

LINKS = {
    "hidden": ("static, hidden", ["-fPIE", "-pie"]),
    "hidden, not to be moved": ("static, hidden", ["-fno-pie", "-no-pie"]),
    "exported, not to be moved": ("static", ["-fno-pie", "-no-pie"]),
    "exported in part": (
        "static, hidden",
        [f"-Wl,--export-dynamic-symbol={name}" for name in ("rte_eal_init", "rte_version*", "per_lcore__lcore_id")],
    ),
}
"""How its linker is told to."""


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    return tmp_path_factory.mktemp("forwarder")


def build(builds, link):
    form, options = LINKS[link]
    program = builds / f"link-{list(LINKS).index(link)}"
    if not program.exists():
        compile_program(program, [LIVEKIT / "forwarder.c"], *options, *FORMS[form]())
    return program


def files(pid):
    """What is mapped there."""
    with Process(pid) as process:
        return [(each.start, each.end, each.perms, each.path) for each in process.maps() if each.inode]


def is_mirrored(program, directory):
    """What its port receives, over and over, arrives in order and byte for byte; and it ends as ever."""
    sent = udp_frames(COUNT)
    write_capture(directory / "in.pcap", sent)
    devices = (f"net_pcap0,rx_pcap={directory}/in.pcap,infinite_rx=1", "net_null1")
    with Forwarder(program, ForwarderOptions(devices, plugins=())) as forwarder:
        with attach(forwarder.pid) as app:
            options = {"directions": Direction.RX, "mode": Mode.COPY, "select": Select(sample=SAMPLE)}
            with app.mirror("net_pcap0", to=f"pcap:{directory}/out.pcap", **options) as made:
                wait_until(lambda: made.stats().packets > 3 * COUNT, "frames mirrored")
            # A device is made for this one, by a bus that the program need not export either.
            with app.mirror("net_pcap0", to="null:n", directions=Direction.TX) as made:
                wait_until(lambda: made.stats().packets > 1000, "packets")
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0
    got = [frame for frame, _ in read_capture(directory / "out.pcap").frames]
    first = sent.index(got[0])
    assert got == [sent[(first + SAMPLE * number) % COUNT] for number in range(len(got))]


@pytest.mark.parametrize("link", LINKS)
def test_a_program_is_mirrored_however_it_shows_its_dpdk(builds, tmp_path, link):
    is_mirrored(build(builds, link), tmp_path)


def test_a_copy_that_found_nothing_there_is_no_hindrance(builds):
    """It was loaded when the program started, as by those who did not know."""
    with Forwarder(build(builds, "hidden")) as forwarder:
        assert forwarder.said()[0].startswith("no mirrors: this program lets its plugins see nothing of DPDK")
        with attach(forwarder.pid) as app, app.mirror("net_null0", to="null:n") as made:
            wait_until(lambda: made.stats().packets > 1000, "packets")
        assert forwarder.end() == 0


BROKEN = {
    "stripped": (["--strip-all"], "nothing names the functions of the DPDK in it"),
    "with a name missing": (
        ["--strip-symbol=rte_ring_lookup"],
        "its symbol table has nothing by the name of rte_ring_lookup",
    ),
    "with a name of its own": (["--localize-symbol=rte_eth_dev_stop"], "a local one, which may be another's"),
    "with two DPDKs": (["--add-symbol", "rte_eal_init=.text:0,local,function"], "several by the name of rte_eal_init"),
}


@pytest.mark.parametrize("form", BROKEN)
def test_a_program_that_does_not_tell_where_its_dpdk_is_is_refused_and_goes_on(builds, tmp_path, form):
    options, reason = BROKEN[form]
    run("objcopy", *options, build(builds, "hidden"), tmp_path / "changed")
    with Forwarder(tmp_path / "changed", ForwarderOptions(plugins=())) as forwarder:
        before = files(forwarder.pid)
        with pytest.raises(UnsupportedError, match=reason):
            attach(forwarder.pid)
        assert files(forwarder.pid) == before
        assert forwarder.end() == 0


@pytest.mark.parametrize("form", ["shared", "static", "static, hidden"])
def test_a_dpdk_of_another_configuration_is_refused(builds, tmp_path, form):
    """The library's inlined functions would go astray in its tables."""
    content = plugin_path().read_bytes()
    library = tmp_path / "librte_mirror.so"
    with Forwarder(build_forwarder(builds, form), ForwarderOptions(plugins=())) as forwarder:
        (offset,) = [each.end() for each in re.finditer(rb"\x0c\0\0\0\0\0\0\0(?=\0\x10\0\0)", content)]
        library.write_bytes(content[:offset] + b"\0\x20\0\0" + content[offset + 4 :])
        before = files(forwarder.pid)
        with pytest.raises(UnsupportedError, match=r"its rte_eth_fp_ops has 4096 bytes, and .* was built for 8192"):
            attach(forwarder.pid, library=library)
        assert files(forwarder.pid) == before
        assert forwarder.end() == 0


def test_a_program_that_hides_a_dpdk_beside_another_is_refused(builds, tmp_path):
    """Which of them has the ports is not known."""
    run("objcopy", "--add-symbol", "rte_eal_init=.text:0,local,function", build_forwarder(builds, "shared"),
        tmp_path / "two")  # fmt: skip
    with Forwarder(tmp_path / "two", ForwarderOptions(plugins=())) as forwarder:
        with pytest.raises(UnsupportedError, match="DPDK is in it twice"):
            attach(forwarder.pid)
        assert forwarder.end() == 0


def test_what_it_loads_later_sees_no_more_of_its_dpdk_than_before(builds):
    """One object is loaded, which defines nothing of DPDK's for others."""
    with Forwarder(build(builds, "hidden"), ForwarderOptions(plugins=())) as forwarder:
        with Process(forwarder.pid) as process:
            before = {each.name for each, _ in images(process)}
            with attach(forwarder.pid) as app:
                assert app.mirrors() == []
            (library,) = [image for each, image in images(process) if each.name not in before]
            assert library.find("rte_mirror_status") is not None
            assert library.find("rte_eal_init") is None
        assert forwarder.end() == 0


def test_a_function_that_the_library_does_without_may_be_missing(builds, tmp_path):
    """Then there are no targets that need a device."""
    run("objcopy", "--localize-symbol=rte_vdev_init", build(builds, "hidden"), tmp_path / "changed")
    with Forwarder(tmp_path / "changed", ForwarderOptions(plugins=())) as forwarder:
        with attach(forwarder.pid) as app:
            app.mirror(0, to=f"pcap:{tmp_path}/out.pcap").remove()
            with pytest.raises(UnsupportedError, match="no bus of virtual devices"):
                app.mirror(0, to="null:n")
        assert forwarder.end() == 0


# DPDK in what the program has loaded.


def build_loader(builds, form, *options):
    plugin = builds / f"plugin-{form}.so"
    if not plugin.exists():
        compile_program(plugin, [LIVEKIT / "forwarder.c"], "-shared", "-fPIC", "-Dmain=plugin_main", *FORMS[form]())
    source = [LIVEKIT / "loader.c"]
    return compile_program(builds / f"loader-{form}", source, f'-DPLUGIN="{plugin}"', *options, "-ldl")


@pytest.mark.parametrize("form", ["shared", "static"])
def test_dpdk_that_a_program_has_loaded_for_itself_is_mirrored(builds, tmp_path, form):
    """As VPP does: the plugin has DPDK in it, or is linked with its libraries, and is for itself alone."""
    is_mirrored(build_loader(builds, form), tmp_path)


def test_dpdk_of_which_a_program_is_linked_with_eal_alone_is_mirrored(builds, tmp_path):
    """The rest comes with what it has loaded, ethdev too."""
    eal = [*pkg_config("--libs-only-L", "libdpdk"), "-Wl,--no-as-needed", "-lrte_eal"]
    loader = build_loader(builds, "shared", *eal)
    with Forwarder(loader, ForwarderOptions(plugins=())) as forwarder, Process(forwarder.pid) as process:
        assert identify(process).kind is Kind.SHARED
        assert {Path(name).name.partition(".so")[0] for name in carriers(process, read_library(plugin_path()))} >= {
            "librte_ethdev", "librte_mempool", "librte_ring",
        }  # fmt: skip
        assert forwarder.end() == 0
    is_mirrored(loader, tmp_path)


def test_dpdk_in_a_namespace_of_its_own_is_refused(builds):
    """What dlopen() loads is in the program's, and finds nothing there."""
    with Forwarder(build_loader(builds, "shared", "-DAPART"), ForwarderOptions(plugins=())) as forwarder:
        before = files(forwarder.pid)
        with pytest.raises(UnsupportedError, match=r"it has loaded DPDK with dlmopen\(\)"):
            attach(forwarder.pid)
        assert files(forwarder.pid) == before
        assert forwarder.end() == 0


def test_dpdk_that_a_plugin_keeps_to_itself_is_refused(builds):
    """Neither the loader finds it, nor is it in the program's file."""
    plugin = builds / "plugin-hidden.so"
    compile_program(plugin, [LIVEKIT / "forwarder.c"], "-shared", "-fPIC", "-Dmain=plugin_main", *FORMS["static"](),
        "-Wl,--exclude-libs,ALL")  # fmt: skip
    loader = compile_program(builds / "loader-hidden", [LIVEKIT / "loader.c"], f'-DPLUGIN="{plugin}"', "-ldl")
    with Forwarder(loader, ForwarderOptions(plugins=())) as forwarder:
        before = files(forwarder.pid)
        with pytest.raises(UnsupportedError, match="nothing names the functions of the DPDK in it"):
            attach(forwarder.pid)
        assert files(forwarder.pid) == before
        assert forwarder.end() == 0
