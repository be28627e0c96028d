# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The commands for live applications as they are typed, and an unmodified dpdk-testpmd."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import commands
import pytest
from captures import read_capture, some_frames, write_capture
from children import child
from commands import COMMAND
from livekit.testpmd import Testpmd, TestpmdOptions
from programs import ahead

from dpdk_mirror.plugin import plugin_path, writable_parents

NULLS = TestpmdOptions(["net_null0", "net_null1"])
_MEMORY = ("--no-huge", "--no-shconf", "-m", "512")


@pytest.fixture
def testpmd():
    with Testpmd(NULLS) as testpmd:
        yield testpmd


def run(*arguments, **options):
    return commands.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False, **options
    )


@pytest.fixture
def mirror(testpmd):
    """``mirror("add", ...)`` runs a command on testpmd that must end well; returns what it prints."""

    def mirror(command, *arguments):
        done = run(command, "--app", testpmd.telemetry_path, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return mirror


def test_from_the_first_look_to_the_last_mirror_that_goes(tmp_path, wait_until):
    """As a person would: what runs, what there is, a tap on it, less of each packet, its counters, and away with it."""
    frames, capture = [frame for frame in some_frames(300) if len(frame) <= 1514], tmp_path / "web.pcap"
    write_capture(tmp_path / "in.pcap", frames)
    device = f"net_pcap0,rx_pcap={tmp_path}/in.pcap,tx_pcap={tmp_path}/tx.pcap"
    with Testpmd(TestpmdOptions([device, "net_null0"])) as testpmd:
        (app,) = [app for app in json.loads(run("apps", "--json").stdout) if app["pid"] == testpmd.pid]
        assert (app["socket"], app["plugin"] is not None) == (str(testpmd.telemetry_path), True)

        def mirror(command, *arguments):
            done = run(command, "--app", app["socket"], *arguments)
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert [line.split()[1] for line in mirror("ports").splitlines()[1:]] == ["net_pcap0", "net_null0"]
        added = mirror("add", "net_pcap0", "--to", f"pcap:{capture}", "--directions", "rx", "--name", "web")
        assert added.startswith(f"added mirror web: net_pcap0 -> pcap:{capture} (rx)\n")
        mirror("update", "web", "--snaplen", "60")
        mirror("pause", "web")
        mirror("resume", "web")
        (listed,) = mirror("list").splitlines()[1:]
        assert listed.split()[1:7] == ["web", "net_pcap0", f"pcap:{capture}", "rx", "split", "running"]
        testpmd.start()
        wait_until(lambda: json.loads(mirror("stats", "web", "--json"))[0]["packets"] == len(frames), timeout_s=30)
        mirror("reset", "web")
        assert json.loads(mirror("stats", "web", "--json"))[0]["seen"] == 0
        assert mirror("remove", "web") == "removed mirror web\n"
        assert mirror("list") == ""
    assert [frame for frame, *_ in read_capture(capture).frames] == [frame[:60] for frame in frames]


def test_stats_watched_show_rates_until_ctrl_c(testpmd, mirror):
    testpmd.start()
    mirror("add", "net_null0", "--to", "ring:r", "--name", "web")
    command = [
        COMMAND,
        "stats",
        "--watch",
        "--interval",
        "0.1",
        "--json",
        "--app",
        str(testpmd.telemetry_path),
    ]
    with child(command, stdout=subprocess.PIPE) as process:
        rows = [json.loads(process.stdout.readline())[0]]
        while len(rows) < 3:
            row = json.loads(process.stdout.readline())[0]
            assert row["seen"] >= rows[-1]["seen"]
            if row["seen"] > rows[-1]["seen"]:  # the poller may have had no CPU between two looks
                rows.append(row)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(10) == 0
    assert [row["name"] for row in rows] == ["web"] * 3
    assert rows[0]["seen"] < rows[1]["seen"] < rows[2]["seen"]


FILE = """\
[mirrors.web]
source = "net_null0"
to = "ring:web"
snaplen = 96

[mirrors."both ways, né"]
source = "net_null1"
to = "ring:both"
mode = "copy"
origin = true
"""


def apply(testpmd, path, *arguments):
    done = run("apply", path, "--json", "--app", testpmd.telemetry_path, *arguments)
    assert done.returncode == 0, done.stderr
    return {change["name"]: change["action"] for change in json.loads(done.stdout)["changes"]}


def test_an_applications_mirrors_become_what_a_file_says(testpmd, mirror, tmp_path):
    """A second time nothing is to be done; what differs is updated or replaced; the rest goes if it is to be pruned."""
    path = tmp_path / "mirrors.toml"
    path.write_text("\ufeff" + FILE, encoding="utf-8")
    both = "both ways, né"
    mirror("add", "net_null0", "--to", "ring:old", "--name", "old")
    assert apply(testpmd, path, "--dry-run", "--prune") == {"old": "remove", "web": "add", both: "add"}
    assert apply(testpmd, path) == {"web": "add", both: "add"}
    assert apply(testpmd, path, "--prune") == {"old": "remove", "web": "keep", both: "keep"}
    path.write_text(FILE.replace("96", "0").replace("ring:both", "ring:other"), encoding="utf-8")
    assert apply(testpmd, path) == {both: "replace", "web": "update"}
    mirrors = {each["name"]: each for each in json.loads(mirror("list", "--json"))}
    assert mirrors["web"]["snaplen"] == 0
    assert (mirrors[both]["target"], mirrors[both]["mode"], mirrors[both]["origin"]) == ("ring:other", "copy", True)
    path.write_text("", encoding="utf-8")
    assert apply(testpmd, path) == {}
    assert apply(testpmd, path, "--prune") == {both: "remove", "web": "remove"}


def test_a_capture_that_has_ended_is_not_begun_anew(testpmd, mirror, tmp_path, wait_until):
    """Not by the same file again: that says why, and changes nothing. With another target it is replaced."""
    path, capture = tmp_path / "mirrors.toml", tmp_path / "a.pcapng"
    text = '[mirrors.m]\nsource = "net_null0"\nto = "file:{}"\ndirections = "rx"\npackets = 1\n'
    path.write_text(text.format(capture) + '[mirrors.other]\nsource = "net_null1"\nto = "ring:r"\n', encoding="utf-8")
    testpmd.start()
    assert apply(testpmd, path) == {"m": "add", "other": "add"}
    wait_until(lambda: "stopped" in mirror("info", "m"))

    def listed():
        """All but their age."""
        return [line.split()[:7] for line in mirror("list").splitlines()]

    before = listed()
    for _ in range(2):
        done = run("apply", path, "--app", testpmd.telemetry_path)
        assert done.returncode == 1
        assert f"file:{capture} has its 1 packets: remove its mirrors, and mirror to a new one" in done.stderr
        assert done.stderr.endswith("nothing has been changed\n")
    assert listed() == before
    path.write_text(text.format(tmp_path / "b.pcapng"), encoding="utf-8")
    assert apply(testpmd, path) == {"m": "replace"}
    assert len(read_capture(capture).frames) == 1


def written(path, **mirrors):
    """A file of mirrors: NAME="SOURCE TARGET DIRECTIONS"."""
    lines = []
    for name, text in mirrors.items():
        source, to, directions = text.split()
        lines += [f"[mirrors.{name}]", f'source = "{source}"', f'to = "{to}"', f'direction = "{directions}"']
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "after",
    [
        {"a": "net_null0 pcap:b.pcap rx", "b": "net_null1 pcap:a.pcap tx"},
        {"b": "net_null0 pcap:a.pcap rx", "a": "net_null1 pcap:b.pcap tx"},
        {"a": "net_null1 pcap:a.pcap rx", "b": "net_null0 pcap:b.pcap tx"},
        {"a": "net_null1 pcap:b.pcap rx", "b": "net_null1 pcap:b.pcap tx"},
        {"c": "net_null0 pcap:a.pcap tx", "a": "net_null0 pcap:a.pcap rx", "b": "net_null0 pcap:b.pcap both"},
    ],
)
def test_swapped_mirrors_converge_in_one_run(testpmd, mirror, tmp_path, after):
    """Captures, too, which are not made anew, and not overwritten."""
    path = tmp_path / "mirrors.toml"
    apply(testpmd, written(path, a="net_null0 pcap:a.pcap rx", b="net_null1 pcap:b.pcap tx"))
    apply(testpmd, written(path, **after))
    assert apply(testpmd, path, "--prune") == dict.fromkeys(after, "keep")
    assert {
        each["name"]: f"{each['source']} {each['target'].replace(f'{tmp_path}/', '')} {each['directions']}"
        for each in json.loads(mirror("list", "--json"))
    } == after


USED = ("sampled_cycles", "sampled_packets", "poller_cpu_us", "drain_cpu_us", "drain_yields")


def listed(mirror):
    """The mirrors, whatever they have cost by now."""
    return [{key: each[key] for key in each if key not in USED} for each in json.loads(mirror("list", "--json"))]


@pytest.mark.parametrize(
    "bad",
    [
        "to = 'pcap:there.pcap'",
        "to = 'pcap:nowhere/x.pcap'",
        "to = 'ring:web'\nfilter = 'tcp prt 1'",
        "to = 'ring:web'\nqueues = 7",
        "to = 'ring:a name that is none'",
        "to = 'af_packet:none'",
        "to = 'port:net_null1'",
    ],
)
def test_what_cannot_be_is_known_before_anything_is_removed(testpmd, mirror, tmp_path, bad):
    path = tmp_path / "mirrors.toml"
    (tmp_path / "there.pcap").touch()
    apply(testpmd, written(path, web="net_null0 ring:web rx", old="net_null1 ring:old tx"))
    before = listed(mirror)
    path.write_text(f"[mirrors.web]\nsource = 'net_null0'\n{bad}\n", encoding="utf-8")
    done = run("apply", path, "--app", testpmd.telemetry_path, "--prune")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("; nothing has been changed\n")
    assert listed(mirror) == before


def test_after_a_restart_the_file_is_applied_again(tmp_path):
    """Mirrors end with their application."""
    path = tmp_path / "mirrors.toml"
    path.write_text(FILE, encoding="utf-8")
    for _ in range(2):
        with Testpmd(NULLS) as testpmd:
            assert set(apply(testpmd, path).values()) == {"add"}
            assert set(apply(testpmd, path).values()) == {"keep"}
            testpmd.quit()


def test_a_mirror_that_has_ended_is_added_again(testpmd, tmp_path):
    """Its source was taken away, and another has come in its place."""
    path = tmp_path / "mirrors.toml"
    path.write_text(FILE.replace('"net_null1"', "1"), encoding="utf-8")
    apply(testpmd, path)
    # Else testpmd takes the targets for ports that it is to set up, too.
    testpmd.command("set port setup on iterator")
    for command in ("port stop 1", "port close 1"):
        testpmd.command(command)
    assert "Port 1 is attached" in testpmd.command("port attach net_null7")
    testpmd.command("port start all")
    assert apply(testpmd, path) == {"both ways, né": "replace", "web": "keep"}
    assert set(apply(testpmd, path).values()) == {"keep"}


@pytest.mark.parametrize("prefix", ["list", "stats", "ports", "info web", "remove --all"])
def test_without_the_plugin_each_command_says_how_to_load_it(prefix):
    with Testpmd(TestpmdOptions(["net_null0"], plugin=False)) as testpmd:
        done = run(*prefix.split(), "--app", testpmd.telemetry_path)
    assert (done.returncode, done.stdout) == (1, "")
    also = "" if prefix in {"list", "stats"} else ", or add --attach to this command"  # those are of all applications
    assert re.fullmatch(rf"dpdk-mirror: .*; attach it first: dpdk-mirror attach live{also}\n", done.stderr)


def test_the_doctor_tells_applications_with_and_without_the_plugin_apart(testpmd):
    with Testpmd(TestpmdOptions(["net_null0"], plugin=False)) as without:
        found = json.loads(run("doctor", "--json").stdout)
    pids = (testpmd.pid, without.pid)
    status = {pid: finding["status"] for finding in found for pid in pids if f"{pid}," in finding["what"]}
    assert status == {testpmd.pid: "ok", without.pid: "note"}
    assert [finding["status"] for finding in found if finding["topic"] == "plugin"] == ["ok"]


def test_the_doctor_finds_an_application_without_telemetry(tmp_path, wait_until):
    """By the socket that its environment names, or, without one, by its process."""
    eal = (*_MEMORY, "--no-telemetry")
    path = tmp_path / "s"
    options = TestpmdOptions(["net_null0", "net_null1"], eal=eal)
    with Testpmd(options, {"DPDK_MIRROR_SOCKET": str(path)}) as testpmd, Testpmd(options) as silent:
        wait_until(path.exists)
        found = json.loads(run("doctor", "--json").stdout)
    (own,) = [finding for finding in found if f"{testpmd.pid}," in finding["what"]]
    assert own["status"] == "ok"
    (other,) = [finding for finding in found if finding["topic"] == f"process {silent.pid}"]
    assert (other["status"], "with DPDK_MIRROR_SOCKET=/run/" in other["fix"]) == ("note", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that nobody else may write to at hand")
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_eal_takes_the_plugins_path_where_the_doctor_says_so(mode):
    """What everybody may write to is refused, however sticky; then the bare name works."""
    folder = Path(tempfile.mkdtemp(dir="/var/lib", prefix="dpdk-mirror-test-"))
    try:
        folder.chmod(mode)
        path = Path(shutil.copy(plugin_path(), folder))
        assert writable_parents(path) == ([folder] if mode == 0o1777 else [])
        options = TestpmdOptions(["net_null0"], plugin=False, eal=(*_MEMORY, "-d", str(path)))
        if mode == 0o1777:
            with pytest.raises(AssertionError, match="world-writable"):
                Testpmd(options)
            options = TestpmdOptions(["net_null0"])  # which loads it by its name
        with Testpmd(options, {"LD_LIBRARY_PATH": ahead("LD_LIBRARY_PATH", folder)}) as testpmd:
            assert run("list", "--app", testpmd.telemetry_path).returncode == 0
            assert str(path) in Path(f"/proc/{testpmd.pid}/maps").read_text(encoding="utf-8")
    finally:
        shutil.rmtree(folder)
