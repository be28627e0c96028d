# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that run without the library, attached to: mirrored byte for byte, and ended as ever."""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import commands
import livekit
import pytest
from captures import read_capture, write_capture
from commands import COMMAND
from livekit.application import innermost, need_namespaces, wait_until
from livekit.forwarder import Forwarder, ForwarderOptions, build_forwarder
from livekit.frames import udp_frames
from livekit.ovs import Ovs
from livekit.pair import start_primary
from livekit.release import INTERRUPT_THREAD
from livekit.testpmd import Testpmd, TestpmdOptions
from programs import run

from dpdk_mirror import BusyTimeoutError, ConflictError, Direction, NoPluginError, NotFoundError, UnsupportedError
from dpdk_mirror.attach.load import Options
from dpdk_mirror.attach.process import Process
from dpdk_mirror.plugin import plugin_path
from dpdk_mirror.remote import attach, connect
from dpdk_mirror.remote.attaching import load_into

CONFINED = Path(livekit.__file__).with_name("confined.py")
COUNT = 100
# What it has for its runtime directory nobody else sees.
HIDDEN = ("unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c",
    'mount -t tmpfs none "$RUNTIME_DIRECTORY" && exec "$@"', "sh")  # fmt: skip
NULL = ["net_null0", "net_null1"]
NO_TELEMETRY = ("--no-huge", "--no-shconf", "-m", "512", "--no-telemetry")

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 is attached to")


def mirror(*arguments, code=0):
    """What the command prints, and its errors."""
    done = commands.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def untouched(pid):
    """What attaching could change: which files are mapped, what is open, and runs."""
    with Process(pid) as process:
        maps = [(each.start, each.end, each.perms, each.path) for each in process.maps() if each.inode]
        return (
            maps,
            sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir()),
            [task.tid for task in process.tasks()],
        )


@pytest.fixture
def sent(tmp_path):
    """Frames, and options of a testpmd that receives them from its port 0, edits and sends them."""
    frames = udp_frames(COUNT)
    write_capture(tmp_path / "in.pcap", frames)
    return frames, [f"net_pcap0,rx_pcap={tmp_path}/in.pcap", "net_null0"]


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    return tmp_path_factory.mktemp("forwarder")


KINDS = {
    "plain": {},
    "without telemetry": {"eal": NO_TELEMETRY},
    "in its own namespaces": {"within": HIDDEN},
    "without telemetry, in its own namespaces": {"eal": NO_TELEMETRY, "within": HIDDEN},
    "a third CPU short": {"lcores": "0@0,1@0-1"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_receives_is_mirrored_byte_for_byte(sent, kind):
    """By one command; the application goes on, and ends as it should."""
    frames, vdevs = sent
    options = KINDS[kind]
    if "within" in options:
        need_namespaces()
    with Testpmd(TestpmdOptions(vdevs, "5tswap", plugin=False, **options)) as testpmd:
        pid = innermost(testpmd.pid)
        root = Path(f"/proc/{pid}/root")
        file = f"{testpmd.directory}/out.pcapng"
        said = mirror("add", "net_pcap0", "--to", f"file:{file}", "--directions", "rx", "--name", "in",
            "--app", pid, "--attach")  # fmt: skip
        assert "loaded librte_mirror" in said
        assert re.search(rf"thread {INTERRUPT_THREAD}", said)
        testpmd.start()
        with connect(str(pid)) as app:
            wait_until(lambda: app.find("in").stats().seen == COUNT, "all packets mirrored")
            app.find("in").remove()
            assert app.mirrors() == []
        got = read_capture(root / file.lstrip("/"))
        testpmd.stop()
        assert testpmd.quit() == 0
    assert [frame for frame, _ in got.frames] == frames


def test_open_vswitch_is_attached_to_while_it_forwards():
    with Ovs(mirrored=False) as ovs:
        wires = {name: ovs.add_wire(name) for name in ("a", "b")}
        ovs.flows(["ip,in_port=a,actions=output:b"])
        frames = udp_frames(COUNT, longest=1400)
        with (
            attach(ovs.pid) as app,
            app.mirror("net_af_packet_a", to="ring:late", directions=Direction.RX, name="late") as made,
        ):
            wires["a"].send(frames)
            assert wires["b"].receive(COUNT) == frames
            wait_until(lambda: made.stats().packets == COUNT, "all packets mirrored")
            with ovs.telemetry() as telemetry:
                assert sorted(ovs.take(telemetry, "late", COUNT)) == sorted(frames)
        assert ovs.end_switch() == 0


@pytest.mark.parametrize("form", ["shared", "static"])
def test_a_program_of_ones_own_is_attached_to(builds, form):
    """DPDK is part of the static one, which was linked with --export-dynamic."""
    with Forwarder(build_forwarder(builds, form), ForwarderOptions(plugins=())) as forwarder:
        with attach(forwarder.pid) as app, app.mirror("net_null0", to="null:n") as made:
            wait_until(lambda: made.stats().packets > 1000, "packets")
        assert forwarder.end() == 0
        assert forwarder.missing_mbufs() == 0


def test_a_program_that_is_of_another_user_is_attached_to_by_root(builds):
    """It can neither read the library's file nor knows of it."""
    need_namespaces()
    directory = Path(tempfile.mkdtemp())
    program = shutil.copy(build_forwarder(builds, "shared"), directory)
    os.chown(directory, 65534, 65534)
    command = [program, "--no-huge", "--no-shconf", "-m", "256", "--no-pci", "--file-prefix", "other", "-l", "0"]
    command += ["--no-telemetry", "--vdev=net_null0", "--vdev=net_null1", "--", "cleanup"]
    environment = {"RUNTIME_DIRECTORY": str(directory), "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    with subprocess.Popen(
        command, user=65534, group=65534, extra_groups=[], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert any("forwarding" in line for line in process.stdout)
            with attach(process.pid) as app, app.mirror("net_null0", to="null:n") as made:
                wait_until(lambda: made.stats().packets > 1000, "packets")
                socket = app.path
                assert (socket.stat().st_uid, socket.stat().st_mode & 0o777) == (65534, 0o600)
        finally:
            process.terminate()
        assert process.wait(30) == 0
    assert not socket.exists()
    shutil.rmtree(directory)


def test_a_secondary_process_is_attached_to_by_a_socket_of_the_librarys():
    """Its mirrors cover what it polls."""
    with start_primary() as (primary, start_secondary), start_secondary() as secondary:
        with attach(secondary.pid) as app, app.mirror("net_null0", to="stream:", name="second", linger=True) as made:
            with pytest.raises(UnsupportedError, match="a secondary process makes no devices: give file: or stream:"):
                app.mirror("net_null0", to="tap:m0")
            secondary.start()
            wait_until(lambda: made.stats().seen > 1000, "packets of the second process")
            assert made.info().rx_polled == "1"
            secondary.stop()
        assert secondary.quit() == 0
        assert primary.quit() == 0


def test_what_has_the_library_is_left_as_it_is():
    """However it came by it."""
    with Testpmd(TestpmdOptions(NULL)) as testpmd:
        before = untouched(testpmd.pid)
        assert "has librte_mirror" in mirror("attach", testpmd.pid)
        assert before == untouched(testpmd.pid)
    with Testpmd(TestpmdOptions(NULL, plugin=False)) as testpmd:
        said = json.loads(mirror("attach", testpmd.pid, "--json"))
        assert said["loaded"]
        assert len(said["stops_ms"]) >= len(("memfd_create", "dlopen", "close"))
        before = untouched(testpmd.pid)
        said = json.loads(mirror("attach", testpmd.pid, "--json"))
        assert (said["loaded"], said["stops_ms"], said["ports"]) == (False, [], NULL)
        assert before == untouched(testpmd.pid)
        assert "memfd:dpdk-mirror" not in run("ls", "-l", f"/proc/{testpmd.pid}/fd")
        assert testpmd.quit() == 0


def test_a_dry_run_changes_nothing():
    with Testpmd(TestpmdOptions(NULL, plugin=False)) as testpmd:
        before = untouched(testpmd.pid)
        assert "can be attached to, by its thread" in mirror("attach", testpmd.pid, "--dry-run")
        assert before == untouched(testpmd.pid)
        assert "no (attach)" in mirror("apps")


def test_an_application_with_telemetry_gets_a_socket_of_its_own_when_asked(tmp_path):
    tmp_path.chmod(0o700)
    path = tmp_path / "s"
    with Testpmd(TestpmdOptions(NULL, plugin=False)) as testpmd:
        assert f"the library listens at {path}" in mirror("attach", testpmd.pid, "--socket", path)
        with connect(path) as app:
            assert [port.name for port in app.ports()] == NULL
        with pytest.raises(ConflictError, match=f"its library listens at {path} already"):
            attach(testpmd.pid, socket=tmp_path / "t")
        with attach(testpmd.pid, socket=path) as app:
            assert app.pid == testpmd.pid
        assert testpmd.quit() == 0
    assert not path.exists()


def test_a_place_that_will_not_do_for_a_socket_is_refused(tmp_path):
    """Before anything is touched, and by a dry run, too."""
    tmp_path.chmod(0o770)
    tmp_path.joinpath("own").mkdir(0o700)
    tmp_path.joinpath("own", "file").touch()
    reasons = {
        f"{tmp_path}/s": "give a path in a directory that belongs to the user",
        "relative": "give an absolute path of at most 103 bytes",
        f"{tmp_path}/own/": "give an absolute path",
        f"{tmp_path}/own/a\0b": "give an absolute path",
        f"{tmp_path}/own/{'x' * 100}": "give an absolute path",
        f"{tmp_path}/own/file": "there is a file, and no socket",
        f"{tmp_path}/none/s": os.strerror(errno.ENOENT),
    }
    with Testpmd(TestpmdOptions(NULL, plugin=False)) as testpmd:
        before = untouched(testpmd.pid)
        for path, reason in reasons.items():
            for dry_run in (True, False):
                with pytest.raises(UnsupportedError, match=reason):
                    load_into(testpmd.pid, Options(socket=path, dry_run=dry_run))
        assert before == untouched(testpmd.pid)
        tmp_path.chmod(0o700)
        with attach(testpmd.pid, socket=tmp_path / "s") as app:
            assert app.pid == testpmd.pid


def test_an_application_whose_socket_could_not_be_gets_another(builds, tmp_path):
    """What its environment asks for is no socket that its library listens at."""
    options = ForwarderOptions(eal=("--no-telemetry",), environment={"DPDK_MIRROR_SOCKET": f"{tmp_path}/none/s"})
    with Forwarder(build_forwarder(builds, "shared"), options) as forwarder:
        wait_until(forwarder.said, "its word")
        with attach(forwarder.pid) as app, app.mirror("net_null0", to="null:n") as made:
            wait_until(lambda: made.stats().packets > 1000, "packets")
        assert forwarder.end() == 0


# What is refused.


def test_a_library_that_finds_nothing_to_bind_to_says_so(builds):
    """The application's own word on its release is another than what is seen from outside."""
    with Forwarder(build_forwarder(builds, "shared, of another release"), ForwarderOptions(plugins=())) as forwarder:
        with pytest.raises((NoPluginError, UnsupportedError), match=r"built for|is for"):
            attach(forwarder.pid)
        assert forwarder.end() == 0


@pytest.fixture(scope="module")
def application():
    with Testpmd(TestpmdOptions(NULL, plugin=False)) as testpmd:
        yield testpmd
        assert testpmd.quit() == 0


def of_another_release(path):
    content = plugin_path().read_bytes()
    (offset,) = [each.start() for each in re.finditer(rb"(?<=\0)\d\d\.\d\d\0{27}", content)]
    path.write_bytes(content[:offset] + b"99.07" + content[offset + 5 :])
    return r"it has DPDK .*, and .* is for 99\.07 .*; put one for .* beside it .* dpdk-mirror attach --library"


def that_is_none(path):
    path.write_text("no library")
    return r"it is no librte_mirror\.so"


def that_is_cut(path):
    path.write_bytes(plugin_path().read_bytes()[:5000])
    return r"it is no librte_mirror\.so"


def that_others_may_write(path):
    path.write_bytes(plugin_path().read_bytes())
    path.chmod(0o666)
    return r"others may write to it .*; have it owned by root"


def that_is_missing(path):
    return re.escape(f"read {path}: {os.strerror(errno.ENOENT)}")


def that_is_a_pipe(path):
    os.mkfifo(path)
    return r"it is no librte_mirror\.so"


def that_has_no_end(path):
    path.symlink_to("/dev/zero")
    return r"it is no librte_mirror\.so"


@pytest.mark.parametrize(
    "library",
    [
        of_another_release,
        that_is_none,
        that_is_cut,
        that_others_may_write,
        that_is_missing,
        that_is_a_pipe,
        that_has_no_end,
    ],
)
def test_a_library_that_will_not_do_is_refused_before_anything_is_touched(application, tmp_path, library):
    reason = library(tmp_path / "x.so")
    before = untouched(application.pid)
    said = mirror("attach", application.pid, "--library", tmp_path / "x.so", code=1)
    assert re.search(reason, said), said
    assert before == untouched(application.pid)


def test_what_the_loader_says_against_a_library_is_told(application, tmp_path):
    """It needs a library that is not there; nothing of it stays."""
    source = tmp_path / "x.c"
    source.write_text(
        "extern int missing_function(void);\n"
        "struct { unsigned magic, size, state, sockets; char version[32], dpdk[32], rest[620]; } rte_mirror_status = "
        f'{{ 0x524d4952, 700, 0, 0, "9", "{_series()}", "" }};\n'
        "int call(void) { return missing_function(); }\n"
    )
    run("gcc", "-shared", "-fPIC", "-Wl,-z,now", "-o", tmp_path / "x.so", source)
    before = untouched(application.pid)
    said = mirror("attach", application.pid, "--library", tmp_path / "x.so", code=1)
    assert "its dynamic loader refuses the library: " in said
    assert "undefined symbol: missing_function" in said
    assert before == untouched(application.pid)


def _series():
    return ".".join(run("pkg-config", "--modversion", "libdpdk").split(".")[:2])


def test_only_what_runs_dpdk_is_attached_to():
    with subprocess.Popen(["sleep", "60"]) as process:
        with pytest.raises(NotFoundError, match=r"it has no DPDK .*; dpdk-mirror apps lists those that have"):
            attach(process.pid)
        process.kill()
    with pytest.raises(NotFoundError):
        attach(process.pid)
    assert "no DPDK application of that name or id" in mirror("attach", "nobody", code=1)


@pytest.mark.parametrize("action", ["errno", "kill"])
def test_what_seccomp_filters_forbid_is_not_tried(action):
    """Nor by those that kill."""
    within = (sys.executable, str(CONFINED), "listen", action)
    with Testpmd(TestpmdOptions(NULL, plugin=False, within=within)) as testpmd:
        before = untouched(testpmd.pid)
        with pytest.raises(UnsupportedError, match=r"it has seccomp filters, which do not allow listen "):
            attach(testpmd.pid)
        assert before == untouched(testpmd.pid)
        assert testpmd.quit() == 0


CONFINED_MEMORY = (sys.executable, str(CONFINED), "memfd_create", "kill")
OWN_MOUNTS = ("unshare", "-m")


def without_files_in_memory(_pid):
    pass


def without_proc(pid):
    """Since it has started: without it, its threads would have no names."""
    run("nsenter", "-m", "-t", str(pid), "mount", "-t", "tmpfs", "none", "/proc")


@pytest.mark.parametrize(
    ("within", "lack"), [((*OWN_MOUNTS, *CONFINED_MEMORY), without_files_in_memory), (OWN_MOUNTS, without_proc)]
)
def test_without_a_file_in_memory_the_library_is_loaded_by_its_path(within, lack, tmp_path):
    """If the application sees that."""
    need_namespaces()
    library = shutil.copy(plugin_path(), tmp_path)
    with Testpmd(TestpmdOptions(NULL, plugin=False, within=within)) as testpmd:
        run("nsenter", "-m", "-t", str(testpmd.pid), "mount", "-t", "tmpfs", "none", tmp_path)
        lack(testpmd.pid)
        with pytest.raises(UnsupportedError, match=r"and it does not see /.*\.so .*; copy it to where it does"):
            attach(testpmd.pid, library=library)
        shutil.copy(library, f"/proc/{testpmd.pid}/root{tmp_path}")
        with attach(testpmd.pid, library=library) as app:
            assert [port.name for port in app.ports()] == NULL
        assert library in Path(f"/proc/{testpmd.pid}/maps").read_text()
        assert testpmd.quit() == 0


def test_filters_that_allow_it_let_it_be_attached_to():
    within = (sys.executable, str(CONFINED), "ptrace", "kill")
    with Testpmd(TestpmdOptions(NULL, plugin=False, within=within)) as testpmd:
        with attach(testpmd.pid) as app:
            assert [port.name for port in app.ports()] == NULL
        assert testpmd.quit() == 0


def test_the_tracer_may_be_killed_at_any_moment(application):
    """Twenty times, from its start to its end; then it is attached to, and mirrors."""
    for number in range(20):
        with subprocess.Popen([COMMAND, "attach", str(application.pid)], stderr=subprocess.DEVNULL) as tracer:
            with contextlib.suppress(subprocess.TimeoutExpired):
                tracer.wait(0.2 + number * 0.03)
            tracer.kill()
    with attach(application.pid) as app, app.mirror("net_null0", to="null:n") as made:
        application.start()
        wait_until(lambda: made.stats().packets > 1000, "packets")
        application.stop()


def test_two_at_once_load_one(builds):
    """Whoever is late is told, or finds it there."""
    forwarder = Forwarder(build_forwarder(builds, "shared"), ForwarderOptions(plugins=()))
    # It is waited for, for some seconds.
    forwarder.niceness = 0
    with forwarder:
        errors = []

        def try_it():
            try:
                load_into(forwarder.pid, Options())
            except (ConflictError, BusyTimeoutError, NoPluginError, UnsupportedError, PermissionError) as error:
                errors.append(error)

        threads = [threading.Thread(target=try_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with connect(str(forwarder.pid)) as app:
            assert app.has_plugin, errors
        assert len(errors) < 4, errors
        assert forwarder.end(signal.SIGTERM) == 0
