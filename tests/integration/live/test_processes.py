# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is found out of DPDK applications from outside, as they run: of each kind, wherever they live."""

import contextlib
import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import commands
import livekit
import pytest
from commands import COMMAND
from livekit.application import innermost, need_namespaces
from livekit.forwarder import FORMS, Forwarder, ForwarderOptions, build_forwarder
from livekit.ovs import Ovs
from livekit.pair import start_primary
from livekit.testpmd import Testpmd, TestpmdOptions
from programs import compile_program, run

from dpdk_mirror import DisconnectedError
from dpdk_mirror.attach.identify import identify
from dpdk_mirror.attach.memory import executable, images
from dpdk_mirror.attach.process import Process
from dpdk_mirror.pmdinfo import installed_release
from dpdk_mirror.remote import Kind, applications, connect, processes

LIVEKIT = Path(livekit.__file__).parent
NULL = TestpmdOptions(["net_null0"], plugin=False)
# What it has for its runtime directory nobody else sees.
HIDDEN = ("unshare", "-m", "-n", "sh", "-c", 'mount -t tmpfs none "$RUNTIME_DIRECTORY" && exec "$@"', "sh")
PTRACE_SEIZE = 0x4206


def found(pid):
    (process,) = [each for each in processes() if each.pid == pid]
    return process


def applications_of(pid):
    """Others' may end meanwhile."""
    found = []
    for app in applications():
        with contextlib.suppress(DisconnectedError):
            found += [app] if app.pid == pid else []
    return found


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    return tmp_path_factory.mktemp("forwarder")


def forwarder(program):
    return Forwarder(program, ForwarderOptions(["net_null0"], plugins=()))


def mirror_json(*arguments):
    done = commands.run([COMMAND, *arguments, "--json"], capture_output=True, text=True, timeout=60, check=False)
    # What else runs here need not be in order.
    assert done.returncode == 0 or arguments[0] == "doctor", done.stderr
    return json.loads(done.stdout)


def test_an_unprepared_application_is_found_with_all_that_matters():
    with Testpmd(NULL) as testpmd:
        process = found(testpmd.pid)
        (row,) = [row for row in mirror_json("apps") if row["pid"] == testpmd.pid]
    assert (process.name, process.kind, process.started, process.own) == ("dpdk-testpmd", Kind.SHARED, True, False)
    assert process.dpdk == installed_release()
    assert process.libc == os.confstr("CS_GNU_LIBC_VERSION")
    assert (process.architecture, process.user) == (os.uname().machine, os.geteuid())
    assert (process.secondary, process.prefix) == (False, "live")
    assert process.telemetry == (str(testpmd.telemetry_path),)
    assert (process.plugin, process.obstacle, process.tracer) == ("", "", 0)
    assert (row["program"], row["dpdk"], row["process"]) == ("dpdk-testpmd", installed_release(), "primary")
    assert (row["plugin"], row["obstacle"], row["socket"]) == (None, None, str(testpmd.telemetry_path))


def test_without_telemetry_it_is_found_all_the_same():
    """Its release is known, too, though nobody has asked DPDK for it yet."""
    options = TestpmdOptions(
        ["net_null0"], plugin=False, eal=("--no-huge", "--no-shconf", "-m", "256", "--no-telemetry")
    )
    with Testpmd(options) as testpmd:
        process = found(testpmd.pid)
        assert (process.kind, process.dpdk, process.telemetry) == (Kind.SHARED, installed_release(), ())
        assert testpmd.pid in [row["pid"] for row in mirror_json("apps")]


@pytest.mark.parametrize(
    ("form", "kind"),
    [("shared", Kind.SHARED), ("static", Kind.EXPORTED), ("static, hidden", Kind.STATIC)],
)
def test_how_a_program_comes_by_its_dpdk_is_told(builds, form, kind):
    with forwarder(build_forwarder(builds, form)) as application:
        process = found(application.pid)
    assert (process.kind, process.dpdk, process.obstacle) == (kind, installed_release(), "")


def test_a_stripped_program_cannot_be_attached_and_its_release_is_known(builds):
    program = builds / "stripped"
    run("strip", "-o", program, build_forwarder(builds, "static, hidden"))
    with forwarder(program) as application:
        process = found(application.pid)
    assert (process.kind, process.dpdk) == (Kind.STRIPPED, installed_release())
    assert "link it with --export-dynamic, or do not strip it" in process.obstacle


def test_a_program_of_which_the_file_is_gone_is_read_all_the_same(builds):
    """The kernel keeps it as long as it runs; what has its name now is not taken for it."""
    program = builds / "gone"
    program.write_bytes(build_forwarder(builds, "static, hidden").read_bytes())
    program.chmod(0o755)
    with forwarder(program) as application:
        program.unlink()
        program.write_bytes(b"another")
        process = found(application.pid)
    assert (process.kind, process.program) == (Kind.STATIC, str(program))


@pytest.mark.parametrize("form", ["shared", "static"])
def test_dpdk_that_a_program_has_loaded_for_itself_is_told_from_its_own(builds, form):
    plugin = builds / f"plugin-{form}.so"
    compile_program(plugin, [LIVEKIT / "forwarder.c"], "-shared", "-fPIC", "-Dmain=plugin_main", *FORMS[form]())
    loader = compile_program(builds / f"loader-{form}", [LIVEKIT / "loader.c"], f'-DPLUGIN="{plugin}"', "-ldl")
    with forwarder(loader) as application:
        process = found(application.pid)
    assert (process.kind, process.dpdk, process.obstacle) == (Kind.LOADED, installed_release(), "")


def test_open_vswitch_is_found_with_the_library():
    """By its own name for itself, too."""
    with Ovs() as ovs:
        process = found(ovs.pid)
    assert (process.kind, process.dpdk, process.prefix) == (Kind.SHARED, installed_release(), "live-ovs")
    assert process.name.startswith("ovs-vswitchd")
    assert process.plugin


def test_a_second_process_of_the_same_memory_is_told_from_the_first():
    with start_primary() as (primary, start_second), start_second() as second:
        first, other = found(primary.pid), found(second.pid)
    assert (first.secondary, other.secondary) == (False, True)
    assert first.prefix == other.prefix == "live"


def library(directory, state, reason="", socket=""):
    """A library that says so of itself."""
    options = [f"-DSTATE={state}", f'-DREASON="{reason}"', f'-DSOCKET="{socket}"', "-shared", "-fPIC"]
    return compile_program(directory / f"status{state}.so", [LIVEKIT / "status.c"], *options)


def test_the_library_says_there_what_it_is(tmp_path):
    path = library(tmp_path, 1, socket="/run/own.mirror")
    with Testpmd(NULL, {"LD_PRELOAD": str(path)}) as testpmd:
        process = found(testpmd.pid)
    assert (process.plugin, process.inert, process.socket) == ("9.8.7", "", "/run/own.mirror")


def test_a_library_that_is_inert_says_why(tmp_path):
    path = library(tmp_path, 2, reason="another copy is there")
    with Testpmd(NULL, {"LD_PRELOAD": str(path)}) as testpmd:
        process = found(testpmd.pid)
        (row,) = [row for row in mirror_json("apps") if row["pid"] == testpmd.pid]
    assert (process.plugin, process.inert) == ("9.8.7", "another copy is there")
    assert row["inert"] == "another copy is there"


def test_of_two_copies_the_one_that_works_counts(tmp_path):
    paths = [library(tmp_path, 2, reason="another copy is there"), library(tmp_path, 1)]
    for order in (paths, paths[::-1]):
        with Testpmd(NULL, {"LD_PRELOAD": " ".join(map(str, order))}) as testpmd:
            process = found(testpmd.pid)
        assert (process.plugin, process.inert) == ("9.8.7", "")


def test_one_that_is_traced_says_by_whom():
    libc = ctypes.CDLL(None, use_errno=True)
    with Testpmd(NULL) as testpmd:
        assert libc.ptrace(PTRACE_SEIZE, testpmd.pid, None, None) == 0
        process = found(testpmd.pid)
    assert (process.tracer, process.obstacle) == (os.getpid(), f"process {os.getpid()} traces it: end that first")


def test_python_with_dpdk_is_no_application_to_attach():
    """Neither before EAL has started there nor afterwards."""
    code = """
import sys
from dpdk_mirror import Eal
print("loaded", flush=True)
sys.stdin.readline()
with Eal(hugepages=False, memory_mb=64):
    print("started", flush=True)
    sys.stdin.readline()
"""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **options) as python:
        states = []
        for said in ("loaded", "started"):
            assert python.stdout.readline() == f"{said}\n"
            states += [(each.own, each.started) for each in processes() if each.pid == python.pid]
            assert f"process {python.pid}" not in [finding["topic"] for finding in mirror_json("doctor")]
            python.stdin.write("\n")
            python.stdin.flush()
    assert states[-1] == (True, True)
    assert states[:-1] in ([], [(True, False)])


# Where they live.


def test_in_another_mount_namespace_its_socket_is_found_and_reached():
    """By its prefix, too; and its process is the kernel's word, not its own."""
    need_namespaces()
    with Testpmd(TestpmdOptions(["net_null0"], within=HIDDEN)) as testpmd:
        assert not testpmd.telemetry_path.exists()
        path = Path(f"/proc/{testpmd.pid}/root{testpmd.telemetry_path}")
        process = found(testpmd.pid)
        assert set(process.namespaces) == {"mnt", "net"}
        assert [app.path for app in applications_of(testpmd.pid)] == [path]
        with connect(path) as app:
            assert [port.name for port in app.ports()] == ["net_null0"]
            with app.mirror("net_null0", to="null:x", name="m"):
                (row,) = mirror_json("list", "--app", str(path))
                assert row["name"] == "m"
        (row,) = [row for row in mirror_json("apps") if row["pid"] == testpmd.pid]
        assert (row["app"], row["socket"], row["where"]) == ("live", str(path), "mnt,net")
        (finding,) = [each for each in mirror_json("doctor") if f"process {testpmd.pid}," in each["what"]]
        assert finding["status"] == "ok"


def test_with_a_process_namespace_and_a_user_of_its_own_it_is_controlled_from_here():
    """Its own number for itself is another's here."""
    need_namespaces()
    namespaces = ("unshare", "-m", "-n", "-p", "-f", "--mount-proc", "sh", "-c")
    mount = 'mount -t tmpfs -o uid=65534 none "$RUNTIME_DIRECTORY"'
    mounted = f'{mount} && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
    with Testpmd(TestpmdOptions(["net_null0"], within=(*namespaces, mounted, "sh"))) as testpmd:
        process = found(innermost(testpmd.pid))
        assert (process.user, "pid" in process.namespaces) == (65534, True)
        assert (process.kind, process.obstacle) == (Kind.SHARED, "")
        with connect(Path(f"/proc/{process.pid}/root{testpmd.telemetry_path}")) as app:
            assert app.pid == process.pid
            with Process(process.pid) as held:
                assert held.ns_tid(process.pid) == app.greet().said_pid != process.pid


def test_from_another_process_namespace_only_the_socket_is_seen():
    """As from a container with a volume: it has no number there, and is controlled all the same."""
    need_namespaces()
    with Testpmd(TestpmdOptions(["net_null0"])) as testpmd:
        within = ("unshare", "-p", "-m", "-f", "--mount-proc", COMMAND)
        rows = json.loads(run(*within, "apps", "--json"))
        (row,) = [row for row in rows if row["socket"] == str(testpmd.telemetry_path)]
        assert (row["pid"], row["program"], row["plugin"] is not None) == (None, None, True)
        found = json.loads(run(*within, "doctor", "--json", "--app", testpmd.telemetry_path))
        (finding,) = [each for each in found if each["topic"].startswith("application")]
        assert (finding["status"], finding["what"].startswith("DPDK ")) == ("ok", True)
        assert "net_null0" in run(*within, "ports", "--app", testpmd.telemetry_path)


def test_a_socket_volume_has_one_application():
    """It is seen here and there, and told of once."""
    need_namespaces()
    with Testpmd(TestpmdOptions(["net_null0"], within=("unshare", "-m", "--propagation", "private"))) as testpmd:
        apps = applications_of(testpmd.pid)
        assert [app.path for app in apps] == [testpmd.telemetry_path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_told_that_the_rights_are_missing():
    """That it is there anybody may know, and nothing else."""
    code = """
import os, sys
from dpdk_mirror import NotPermittedError
from dpdk_mirror.attach.identify import identify
from dpdk_mirror.attach.load import Options, load
from dpdk_mirror.attach.process import Process
os.setgroups([]); os.setgid(65534); os.setuid(65534)
with Process(int(sys.argv[1])) as process:
    found = identify(process)
    print(found.name, found.kind, repr(found.dpdk), found.obstacle)
    try:
        load(process, None, Options(dry_run=True), {})
    except NotPermittedError as error:
        print(error)
"""
    with Testpmd(NULL) as testpmd:
        said = run(sys.executable, "-c", code, str(testpmd.pid))
    assert said.startswith("dpdk-testpmd unknown '' ")
    assert said.count("no permission; be root, or the user that it runs as") == 2
    assert f"attach to process {testpmd.pid}: " in said


def test_a_process_of_another_architecture_is_refused(monkeypatch):
    """As it looks from here: no other machine is at hand."""
    with Testpmd(NULL) as testpmd, Process(testpmd.pid) as process:
        real = os.uname()
        other = "aarch64" if real.machine == "x86_64" else "x86_64"
        monkeypatch.setattr(os, "uname", lambda: os.uname_result([*real[:4], other]))
        assert f"its program is for {real.machine}, and this is {other}" in identify(process).obstacle


def test_symbols_in_memory_are_those_that_the_program_has_bound(builds):
    """By the program's own account of where they are, as gdb would find them."""
    with forwarder(build_forwarder(builds, "shared")) as application, Process(application.pid) as process:
        maps = process.maps()
        symbols = {}
        for loaded, image in images(process):
            with contextlib.suppress(AttributeError):
                symbols[loaded.name] = image.find("rte_version").address
        ((name, address),) = symbols.items()
        (mapping,) = [each for each in maps if each.start <= address < each.end]
        listed = run("nm", "-D", "--defined-only", name)
        (offset,) = [int(line.split()[0], 16) for line in listed.splitlines() if " rte_version@" in line]
        assert (mapping.perms, address - mapping.start + mapping.offset) == ("r-xp", offset)
        assert executable(process).find("rte_version") is None
