# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The library in any application: it works, or says in one sentence why not; and it never keeps one from starting."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from captures import read_capture, write_capture
from livekit.application import PLUGIN, plugin_directory, wait_until
from livekit.forwarder import FORMS, Forwarder, ForwarderOptions, build_forwarder
from livekit.frames import udp_frames
from livekit.reader import READER, build_reader, callbacks
from livekit.telemetry import Telemetry
from livekit.testpmd import Testpmd, TestpmdOptions

COUNT = 200
# So few that a file keeps up, and each time another of the frames.
SAMPLE = 997

WORKING = ["shared", "static"]
INERT = {
    "static, hidden": (
        "this program lets its plugins see nothing of DPDK: link it with DPDK's shared libraries, or with "
        "--export-dynamic"
    ),
    "static, without some symbols": (
        "3 of DPDK's symbols are missing here, such as rte_ring_lookup: link the program with all of DPDK's libraries "
        "and --export-dynamic"
    ),
    "shared, of another release": (
        "librte_mirror was built for DPDK {}.{} and this is DPDK 99.11.0: build it for that release"
    ),
}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """``build(form)`` is the application, linked in that form."""
    directory = tmp_path_factory.mktemp("forwarder")
    return lambda form: build_forwarder(directory, form)


def test_each_form_of_application_is_tested():
    assert {*WORKING, *INERT, "static, without telemetry"} == set(FORMS)


@pytest.mark.parametrize("form", WORKING)
def test_an_application_with_either_kind_of_dpdk_is_mirrored(build, tmp_path, form):
    """What its port receives, over and over, arrives in order and byte for byte; and it ends as ever."""
    sent = udp_frames(COUNT)
    write_capture(tmp_path / "in.pcap", sent)
    options = ForwarderOptions((f"net_pcap0,rx_pcap={tmp_path}/in.pcap,infinite_rx=1", "net_null1"))
    with Forwarder(build(form), options) as forwarder, forwarder.telemetry() as telemetry:
        telemetry.call("add", source=0, to=f"pcap:{tmp_path}/out.pcap", directions="rx", name="in", sample=SAMPLE)
        wait_until(lambda: telemetry.call("stats", mirror="in")["packets"] > 3 * COUNT, "frames mirrored")
        assert telemetry.call("remove", mirror="in") == {"removed": 1}
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0
    got = [frame for frame, _ in read_capture(tmp_path / "out.pcap").frames]
    first = sent.index(got[0])
    assert got == [sent[(first + SAMPLE * number) % COUNT] for number in range(len(got))]


def test_a_dpdk_without_bpf_takes_filters(build):
    """Nothing of another DPDK is loaded for them."""
    with Forwarder(build("static")) as forwarder, forwarder.telemetry() as telemetry:
        telemetry.call("add", source=0, to="ring:r", name="none", filter="tcp port 80", vlans=5)
        assert telemetry.call("info", mirror="none")["filter_engine"] == "jit"
        wait_until(lambda: telemetry.call("stats", mirror="none")["filtered"] > 0, "packets left out")
        assert "librte_" not in Path(f"/proc/{forwarder.pid}/maps").read_text().replace("librte_mirror", "")
        assert forwarder.end() == 0


@pytest.mark.parametrize("form", INERT)
def test_where_it_cannot_work_it_says_why_and_the_application_starts(build, form):
    """One sentence in its log; no command, and no port of it is touched."""
    with Forwarder(build("shared")) as other, other.telemetry() as telemetry:
        release = telemetry.call("version")["dpdk"].split()[1].split(".")
    with Forwarder(build(form)) as forwarder:
        assert forwarder.said() == [f"no mirrors: {INERT[form].format(*release)}"]
        # Telemetry is DPDK's own: it answers as to any command that there is not.
        with forwarder.telemetry() as telemetry:
            assert telemetry.ask("/mirror/version") is None
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0


def test_without_telemetry_it_says_what_there_is_instead(build, tmp_path):
    """The application's DPDK has telemetry, but none for plugins."""
    tmp_path.chmod(0o700)
    with Forwarder(build("static, without telemetry")) as forwarder:
        (said,) = forwarder.said()
        assert said.startswith("no telemetry here for plugins: ")
        assert "DPDK_MIRROR_SOCKET=PATH" in said
        assert forwarder.end() == 0
    options = ForwarderOptions(environment={"DPDK_MIRROR_SOCKET": f"{tmp_path}/s"})
    with Forwarder(build("static, without telemetry"), options) as forwarder:
        wait_until((tmp_path / "s").is_socket, "the library's socket")
        with Telemetry(tmp_path / "s") as socket:
            socket.call("add", source=0, to="ring:r", name="in")
            assert socket.call("remove", mirror="in") == {"removed": 1}
        assert forwarder.end() == 0


UNREACHABLE = (
    "loaded, but telemetry is off, so nothing can reach it: to control mirrors, run dpdk-mirror attach, or start "
    "the application with DPDK_MIRROR_SOCKET=PATH in its environment"
)


@pytest.mark.parametrize("form", WORKING)
@pytest.mark.parametrize("vdevs", [("net_null0", "net_null1"), ()], ids=["ports", "no ports"])
def test_where_telemetry_is_off_it_says_that_nothing_can_reach_it(build, form, vdevs):
    """Once, and whether or not the application has ports."""
    with Forwarder(build(form), ForwarderOptions(vdevs, eal=("--no-telemetry",))) as forwarder:
        wait_until(forwarder.said, "its word")
        assert forwarder.end() == 0
        assert forwarder.said() == [UNREACHABLE]


def test_in_testpmd_without_telemetry_it_says_so_too():
    options = TestpmdOptions(["net_null0", "net_null1"], eal=["--no-huge", "-m", "512", "--no-telemetry"])
    with Testpmd(options) as testpmd:
        wait_until(lambda: f"MIRROR: {UNREACHABLE}" in testpmd.log(), "its word")
        assert testpmd.quit() == 0
        assert testpmd.log().count("MIRROR: ") == 1


@pytest.mark.parametrize("form", WORKING)
def test_where_it_can_be_reached_it_says_nothing(build, form):
    """It has looked for telemetry by the time that it has ended a mirror, half a second later."""
    with Forwarder(build(form)) as forwarder, forwarder.telemetry() as telemetry:
        before = threads(forwarder)
        telemetry.call("add", source=0, to="ring:r", name="in")
        telemetry.call("remove", mirror="in")
        wait_until(lambda: threads(forwarder) == before, "the watcher's end")
        assert forwarder.said() == []
        assert forwarder.end() == 0


def test_of_two_copies_one_works_and_the_other_says_so(build, tmp_path):
    """Each would know its own mirrors alone."""
    shutil.copy(plugin_directory() / PLUGIN, tmp_path / "libcopy.so")
    options = ForwarderOptions(plugins=(PLUGIN, "libcopy.so", PLUGIN), libraries=(tmp_path,))
    with Forwarder(build("shared"), options) as forwarder, forwarder.telemetry() as telemetry:
        assert forwarder.said() == [
            f"no mirrors by this copy of librte_mirror: another is loaded, {plugin_directory() / PLUGIN}"
        ]
        commands = telemetry.ask("/")
        assert len([command for command in commands if command.startswith("/mirror/")]) == 14
        telemetry.call("add", source=0, to="ring:r", name="in")
        wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] > 0, "packets mirrored")
        assert forwarder.end() == 0


PYTHON = """
import ctypes, json, os, sys
from dpdk_mirror import Direction, Eal, Mirror, Vdev
sys.path.insert(0, sys.argv[2])
from livekit.telemetry import RefusedError, Telemetry

with Eal(vdevs=[Vdev.ring("source"), Vdev.ring("target")], hugepages=False, buffers=2047, telemetry=True) as eal:
    if sys.argv[1]:
        ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW | os.RTLD_GLOBAL)
    pool = eal.mempool("packets", size=1023)
    source, target = eal.port("source").start(pool), eal.port("target").start(pool)
    with (
        Telemetry(eal.runtime_directory / "dpdk_telemetry.v2") as telemetry,
        Mirror(source, target, direction=Direction.RX),
    ):
        added = telemetry.call("add", source="net_ring_source", to="ring:more", directions="tx")["id"]
        source.send([bytes(60)] * 8)
        source.receive(limit=8)
        counted = [telemetry.call("stats", mirror=mirror)["packets"] for mirror in telemetry.call("list")]
        known = [telemetry.call("info", mirror=mirror)["added"] for mirror in telemetry.call("list")]
        print(json.dumps([counted, known, telemetry.call("remove", all="yes")]))
"""


@pytest.mark.parametrize("copy", [True, False])
def test_a_python_program_has_the_library_already(tmp_path, copy):
    """Its mirrors and those of commands are the same library's, whatever is loaded besides."""
    more = str(shutil.copy(plugin_directory() / PLUGIN, tmp_path / "libcopy.so")) if copy else ""
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, more, Path(__file__).parents[2]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == '[[8, 8], [0, 1], {"removed": 1}]\n'
    assert ("no mirrors by this copy of librte_mirror: another is loaded" in done.stderr) == copy


def threads(forwarder):
    """Those that do not end as they are looked at."""
    names = []
    for path in Path(f"/proc/{forwarder.pid}/task").glob("*/comm"):
        with suppress(ProcessLookupError, FileNotFoundError):
            names.append(path.read_text())
    return sorted(names)


def files(forwarder):
    """What it has open; sockets and the like are as good as others of their kind."""
    names = []
    for path in Path(f"/proc/{forwarder.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names.append(str(path.readlink()).split(":[")[0].replace(str(forwarder.directory), ""))
    return sorted(names)


def test_a_load_removes_the_sockets_of_dead_applications_streams(build, tmp_path):
    """And nothing else: no socket that somebody listens at, and no file."""
    folder = tmp_path / f"dpdk-mirror-{os.geteuid()}"
    folder.mkdir(mode=0o700)
    dead, alive, file = (folder / f"{name}.sock" for name in ("1-1", "1-2", "1-3"))
    file.touch()
    with socket.socket(socket.AF_UNIX) as listener:
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(dead))
        listener.bind(str(alive))
        listener.listen()
        options = ForwarderOptions(environment={"XDG_RUNTIME_DIR": str(tmp_path)})
        with Forwarder(build("shared"), options) as forwarder, forwarder.telemetry() as telemetry:
            assert telemetry.call("list") == []
            assert sorted(folder.iterdir()) == [alive, file]


def test_loaded_and_not_used_it_does_nothing(build, tmp_path):
    """No thread, no open file, no callback; and once its last mirror has gone it is so again."""
    build_reader(tmp_path)
    with Forwarder(build("shared"), ForwarderOptions(plugins=(READER,), libraries=(tmp_path,))) as without:
        expected = threads(without), files(without)
    options = ForwarderOptions(plugins=(READER, PLUGIN), libraries=(tmp_path,))
    with Forwarder(build("shared"), options) as forwarder:
        assert (threads(forwarder), files(forwarder)) == expected
        with forwarder.telemetry() as telemetry:
            assert callbacks(telemetry) == 0
            telemetry.call("add", source=0, to=f"pcap:{tmp_path}/out", snaplen=14, name="both")
            assert callbacks(telemetry) == 2
            assert len(threads(forwarder)) > len(expected[0]) + 1
            telemetry.call("remove", mirror="both")
            wait_until(lambda: callbacks(telemetry) == 0, "no callbacks")
        wait_until(lambda: (threads(forwarder), files(forwarder)) == expected, "as before")
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0
