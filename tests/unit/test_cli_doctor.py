# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror doctor`` and ``plugin-path``: each thing that can be missing is found, with how to fix it."""

import errno
import json
import os
import re
from pathlib import Path

import pytest

from dpdk_mirror import checks, plugin
from dpdk_mirror.cli import main
from dpdk_mirror.errors import NotFoundError, NotPermittedError
from dpdk_mirror.pmdinfo import installed_release
from dpdk_mirror.remote import Application, DpdkProcess, Kind

PLUGIN = Path(plugin.__file__).with_name("librte_mirror.so")
FOR_ANOTHER = """
class Lib:
    ffi_eal_series = staticmethod(lambda: ffi.ffi.new("char[]", b"99.07"))
    ffi_eal_release = staticmethod(ffi.lib.ffi_eal_release)
ffi.lib = Lib
"""


@pytest.fixture
def healthy(runtime, monkeypatch, tmp_path):
    """A machine on which all is well and nothing runs, with a /proc and a plugin of its own."""
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "meminfo").write_text("HugePages_Total:     640\nHugePages_Free:      639\nHugepagesize:       2048 kB\n")
    monkeypatch.setattr(checks, "_PROC", proc)
    monkeypatch.setattr(checks, "_TUN", tmp_path)
    path = tmp_path / "librte_mirror.so"
    path.write_bytes(b"")
    monkeypatch.setattr(checks, "plugin_path", lambda: path)
    monkeypatch.setattr(checks, "load_error", lambda path: "")
    monkeypatch.setattr(checks, "use_error", lambda: ("", ""))
    monkeypatch.setattr(checks, "writable_parents", lambda path: [])
    return tmp_path


@pytest.fixture
def doctor(capsys):
    """``doctor()`` runs it with --json; returns its exit code and the findings by topic."""

    def run(*arguments):
        code = main(["doctor", "--json", *map(str, arguments)])
        found = json.loads(capsys.readouterr().out)
        return code, {finding.pop("topic"): finding for finding in found}

    return run


def test_where_all_is_well_it_says_so(doctor, healthy):
    code, found = doctor()
    assert code == 0
    assert {topic: finding["status"] for topic, finding in found.items()} == {
        "plugin": "ok", "plugin path": "ok", "DPDK": "ok", "hugepages": "ok",
        "rights": "ok" if os.geteuid() == 0 else "note", "tap": "ok", "applications": "note",
    }  # fmt: skip
    assert found["hugepages"]["what"] == "639 of 640 pages of 2048 kB are free"
    assert installed_release() in found["DPDK"]["what"]


def test_for_people_it_is_a_line_each_and_one_for_what_to_do(capsys, healthy):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"ok    plugin: {healthy}/librte_mirror.so can be loaded"
    assert lines[-2:] == [
        "note  applications: no DPDK application runs here", "      -> start one, as root or as yourself"
    ]  # fmt: skip


def test_a_plugin_that_is_not_there_is_bad(doctor, healthy, monkeypatch, capsys):
    def missing():
        raise NotFoundError(2, "look for the plugin: it is not there", "reinstall it")

    monkeypatch.setattr(checks, "plugin_path", missing)
    code, found = doctor()
    assert code == 1
    assert found["plugin"] == {"status": "bad", "what": "look for the plugin: it is not there", "fix": "reinstall it"}
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err == "dpdk-mirror: not in order: plugin\n"


def test_a_plugin_that_cannot_be_loaded_is_bad_and_the_loader_says_why(doctor, healthy, monkeypatch):
    monkeypatch.setattr(checks, "load_error", plugin.load_error)
    code, found = doctor()
    assert code == 1
    assert found["plugin"]["status"] == "bad"
    assert "cannot be loaded: " in found["plugin"]["what"]
    assert "file too short" in found["plugin"]["what"]


def test_a_package_that_was_built_for_another_dpdk_than_the_one_here_is_bad(doctor, healthy, monkeypatch):
    """However well its library can be loaded: that is loaded without DPDK."""
    monkeypatch.setattr(checks, "use_error", plugin.use_error)
    assert doctor()[1]["DPDK"]["status"] == "ok"
    monkeypatch.setattr(plugin, "_USE", f"import dpdk_mirror._ffi as ffi\n{FOR_ANOTHER}{plugin._USE}")
    code, found = doctor()
    assert code == 1
    assert found["DPDK"]["what"].startswith(f"{installed_release()}, drivers in /")
    assert ": use DPDK: dpdk_mirror was built for DPDK 99.07, and this is DPDK " in found["DPDK"]["what"]
    assert found["DPDK"]["fix"].startswith("reinstall dpdk-mirror")


def test_a_plugin_below_a_folder_for_everybody_is_bad(doctor, healthy, monkeypatch):
    monkeypatch.setattr(checks, "writable_parents", plugin.writable_parents)
    healthy.chmod(0o1777)
    code, found = doctor()
    assert code == 1
    assert str(healthy) in found["plugin path"]["what"]
    assert f"give -d librte_mirror.so and LD_LIBRARY_PATH={healthy}" in found["plugin path"]["fix"]


def test_missing_hugepages_and_tun_may_be_all_right(doctor, healthy, monkeypatch):
    (healthy / "proc/meminfo").write_text("HugePages_Total:       0\n")
    monkeypatch.setattr(checks, "_TUN", healthy / "nowhere")
    code, found = doctor()
    assert code == 0
    assert (found["hugepages"]["status"], found["tap"]["status"]) == ("note", "note")
    assert "sysctl vm.nr_hugepages" in found["hugepages"]["fix"]
    assert found["tap"]["fix"] == "as root: modprobe tun"


def test_rights_that_are_missing_say_sudo(doctor, healthy, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert doctor()[1]["rights"]["fix"] == "for applications of root: sudo $(command -v dpdk-mirror)"


def test_applications_are_told_apart(doctor, healthy, start):
    """Those that can be mirrored, those without the plugin, those that hang."""
    start("well")
    start("plain", plugin=False)
    hung = start("hung")
    hung.odd["greeting"] = hung.hang
    code, found = doctor()
    assert code == 1
    assert found["application well"]["status"] == "ok"
    assert "librte_mirror 0.1.0: can be mirrored" in found["application well"]["what"]
    assert found["application plain"]["status"] == "note"
    assert "librte_mirror is not loaded there" in found["application plain"]["what"]
    assert found["application plain"]["fix"] == "attach it first: dpdk-mirror attach plain"
    assert found["application hung"]["status"] == "bad"
    assert re.fullmatch(rf"process {os.getpid()}, .* does not answer within 2 s", found["application hung"]["what"])
    pid = os.getpid()
    assert found["application hung"]["fix"].startswith(f"process {pid} may be stopped, in a debugger, or busy")
    assert "applications" not in found


def test_an_application_that_is_named_must_be_fit_for_mirrors(doctor, healthy, start):
    """And no other is looked at."""
    well = start("well")
    start("plain", plugin=False)
    for name in ("well", well.path):
        code, found = doctor("--app", name)
        assert code == 0
        assert [topic for topic in found if topic.startswith(("application", "process"))] == ["application well"]
    code, found = doctor("--app", "plain")
    assert (code, found["application plain"]["status"]) == (1, "bad")
    assert found["application plain"]["fix"] == "attach it first: dpdk-mirror attach plain"
    code, found = doctor("--app", "nobody")
    assert (code, found["application nobody"]["fix"]) == (1, "dpdk-mirror apps lists what runs")


def test_somebody_elses_application_may_be_in_order(doctor, healthy, monkeypatch):
    """Who must not talk to it cannot tell: that is no reason for the exit status."""
    path = Path("/run/dpdk/ovs/dpdk_telemetry.v2")
    refused = NotPermittedError(errno.EACCES, f"connect to {path}: Permission denied", "use sudo")
    monkeypatch.setattr(checks, "scan", lambda: [(path, refused)])
    code, found = doctor()
    assert code == 0
    what = f"connect to {path}: Permission denied"
    assert found["application ovs"] == {"status": "note", "what": what, "fix": "use sudo"}


@pytest.mark.parametrize("reason", ["", "another copy is there"])
def test_a_plugin_that_is_inert_is_bad(doctor, healthy, start, processes, reason):
    """With the reason that it gives."""
    start("app", plugin=False)
    processes.append(DpdkProcess(os.getpid(), "app", plugin="0.1.0", inert=reason))
    code, found = doctor()
    assert code == 1
    end = f"loaded there, but inert: {reason}" if reason else "loaded there, but inert"
    assert found["application app"]["what"].endswith(end)


def test_what_mirrors_cost_is_told(doctor, healthy, start):
    """One whose thread has no CPU of its own is pointed out, and is no error."""
    fake = start("app")
    with Application(fake.path) as app:
        app.mirror("net_ring0", to="null:x", name="m")
    assert doctor()[1]["mirror m of app"] == {"status": "ok", "what": "running, nothing has come yet", "fix": ""}
    fake.cost = {"sampled_cycles": 2500, "sampled_packets": 100, "poller_cpu_us": 3_410_000, "drain_cpu_us": 1_230_000}
    what = "running, 25 cycles a packet, 3.4 s of CPU in its pollers, 1.2 s in its thread"
    assert doctor()[1]["mirror m of app"]["what"] == what
    fake.cost["drain_yields"] = 1
    code, found = doctor()
    assert (code, found["mirror m of app"]["status"]) == (0, "note")
    assert found["mirror m of app"]["what"].startswith(f"{what}; its thread has no CPU")
    assert "one more CPU" in found["mirror m of app"]["fix"]


def test_a_process_without_the_library_can_be_attached_or_says_why_not(doctor, healthy, processes):
    processes += [
        DpdkProcess(12, "testpmd", dpdk="22.11.11", kind=Kind.SHARED),
        DpdkProcess(13, "vpp", obstacle="process 7 traces it: end that first"),
    ]
    code, found = doctor()
    assert code == 0
    assert found["process 12"] == {
        "status": "note",
        "what": "testpmd runs DPDK 22.11.11, but no telemetry socket was found",
        "fix": "attach it: dpdk-mirror attach 12",
    }
    assert found["process 13"]["fix"] == (
        "start it with -d $(dpdk-mirror plugin-path) among its EAL arguments, and with "
        "DPDK_MIRROR_SOCKET=/run/vpp.mirror in its environment; it cannot be attached now: "
        "process 7 traces it: end that first"
    )


def test_python_that_controls_mirrors_or_tests_is_no_application(doctor, healthy, processes):
    """Whether it has DPDK loaded only, or EAL runs in it."""
    processes += [DpdkProcess(12, "pytest", started=False), DpdkProcess(13, "python3", own=True)]
    code, found = doctor()
    assert code == 0
    assert [topic for topic in found if topic.startswith("process")] == []
    assert found["applications"]["what"] == "no DPDK application runs here"


def test_a_library_that_nothing_reaches_can_open_a_socket(doctor, healthy, processes):
    processes.append(DpdkProcess(12, "testpmd", plugin="0.1.0"))
    assert doctor()[1]["process 12"]["fix"] == (
        "have it open a socket: dpdk-mirror attach 12 --socket /run/testpmd.mirror; "
        "or start it with DPDK_MIRROR_SOCKET=/run/testpmd.mirror in its environment"
    )


def test_a_socket_of_the_plugins_own_is_found(doctor, healthy, start, processes):
    fake = start("private", "own.sock")
    processes.append(DpdkProcess(12, "app", plugin="0.1.0", socket=str(fake.path)))
    code, found = doctor()
    assert code == 0
    assert "can be mirrored" in found[f"application {fake.path}"]["what"]
    processes.append(DpdkProcess(13, "app", socket=str(fake.path)))
    code, found = doctor()
    assert code == 1
    assert "librte_mirror is not loaded there" in found["process 13"]["what"]


def test_a_socket_of_the_plugins_own_that_is_not_there_is_bad(doctor, healthy, processes):
    processes.append(DpdkProcess(12, "app", plugin="0.1.0", socket=f"{healthy}/nowhere"))
    code, found = doctor()
    assert code == 1
    (finding,) = [each for topic, each in found.items() if topic == f"application {healthy}/nowhere"]
    assert "No such file or directory" in finding["what"]
    assert finding["fix"] == "its log says why, in a line that begins with MIRROR"


def test_a_process_that_hangs_is_not_said_to_have_no_socket(doctor, healthy, start, processes):
    hung = start("hung")
    hung.odd["greeting"] = hung.hang
    processes.append(DpdkProcess(os.getppid(), "app"))
    assert f"process {os.getppid()}" in doctor()[1]
    processes.append(DpdkProcess(os.getpid(), "app"))
    assert f"process {os.getpid()}" not in doctor()[1]


def test_plugin_path_is_that_of_the_installed_library(capsys):
    assert main(["plugin-path"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.name == "librte_mirror.so"
    assert path.read_bytes()[:4] == b"\x7fELF"
    assert main(["plugin-path", "--json"]) == 0
    folders = [str(folder) for folder in path.parents if folder.stat().st_mode & 0o002]
    assert json.loads(capsys.readouterr().out) == {"path": str(path), "world_writable": folders}


def test_plugin_path_warns_of_folders_because_of_which_eal_would_refuse_it(capsys, tmp_path, monkeypatch):
    """Stdout is still the path alone."""
    tmp_path.chmod(0o777)
    (tmp_path / "librte_mirror.so").write_bytes(b"")
    monkeypatch.setattr("dpdk_mirror.cli.plugin.plugin_path", lambda: tmp_path / "librte_mirror.so")
    assert main(["plugin-path"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path}/librte_mirror.so\n"
    assert str(tmp_path) in captured.err
    assert f"give -d librte_mirror.so instead, and LD_LIBRARY_PATH={tmp_path} in the environment" in captured.err


def test_plugin_path_for_another_release_is_that_of_its_own_build(capsys, tmp_path, monkeypatch):
    """Which lies beside this package's, and says itself what it is for."""
    own, series = PLUGIN.read_bytes(), ".".join(installed_release().split(".")[:2])
    (at,) = [each.start() for each in re.finditer(rb"(?<=\0)\d\d\.\d\d\0{27}", own)]
    (tmp_path / "librte_mirror.so").write_bytes(own)
    monkeypatch.setattr(plugin, "__file__", str(tmp_path / "plugin.py"))
    # Even where there is one of that name, which may be from before the package was built anew.
    for _ in range(2):
        assert main(["plugin-path", "--dpdk", series]) == 0
        assert capsys.readouterr().out == f"{tmp_path}/librte_mirror.so\n"
        (tmp_path / f"librte_mirror-{series}.so").write_bytes(own)
    other = tmp_path / "librte_mirror-99.07.so"
    assert main(["plugin-path", "--dpdk", "99.07"]) == 1
    assert f"librte_mirror.so is for {series} [ENOTSUP]; build it" in capsys.readouterr().err
    other.write_bytes(own)
    assert main(["plugin-path", "--dpdk", "99.07"]) == 1
    assert f"{other} is for {series} [ENOTSUP]; build it with that DPDK" in capsys.readouterr().err
    other.write_bytes(own[:at] + b"99.07" + own[at + 5 :])
    for _ in range(2):
        assert main(["plugin-path", "--dpdk", "99.07.3"]) == 0
        assert capsys.readouterr().out == f"{other}\n"
        # A package that was installed where no DPDK is has none of its own.
        (tmp_path / "librte_mirror.so").unlink(missing_ok=True)


def test_without_the_library_plugin_path_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(plugin, "_NAME", "nowhere.so")
    assert main(["plugin-path"]) == 1
    assert "install libdpdk-dev" in capsys.readouterr().err
