# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What Wireshark is told of ports, where its launcher goes, and how packets get to it."""

import os
import re
import socket
import stat
import threading
from pathlib import Path

import pytest

from dpdk_mirror.cli import main
from dpdk_mirror.errors import ConflictError, NotFoundError
from dpdk_mirror.remote import ovs
from dpdk_mirror.tap import wireshark
from dpdk_mirror.tap.extcap import KEYS, SSH, feed, interfaces, options, port_values
from dpdk_mirror.tap.hosts import hosts_file
from dpdk_mirror.tap.pcapfilter import why_refused
from dpdk_mirror.tap.ports import find_port, local_ports

LINE = re.compile(r"(extcap|interface|dlt|arg|value) ((?:\{[a-z]+=[^{}]*\})+)")


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def read(lines):
    """Sentences as Wireshark reads them: their words, and what each has in braces."""
    found = [LINE.fullmatch(line) for line in lines]
    assert None not in found, lines
    return [(match[1], dict(re.findall(r"\{([a-z]+)=([^{}]*)\}", match[2]))) for match in found]


def names_of(lines):
    return [values["value"] for kind, values in read(lines) if kind == "interface"]


def test_each_port_has_a_name_that_stays(start):
    start("ovs").ports = {0: "0000:03:00.0", 1: "net_tap0"}  # which is a target
    start("other").ports = {0: "a {b}/c"}
    assert names_of(interfaces("1", local_ports())) == ["dpdk:other:a__b__c", "dpdk:ovs:0000:03:00.0", SSH]
    assert find_port("dpdk:other:a__b__c").port == "a {b}/c"
    assert find_port("0000:03:00.0").application == "ovs"


def test_ports_of_open_vswitch_are_listed_by_its_own_names(start, vsctl, monkeypatch):
    """Found by DPDK's, too; what is no port of this switch's has no part in it."""
    monkeypatch.setattr(ovs, "_program", lambda app: "ovs-vswitchd-dp")
    vsctl(
        ["vm1", "dpdk", {"port_no": "1"}, {"dpdk-devargs": "net_vhost_vm1,iface=/tmp/a"}],
        ["up", "dpdk", {"port_no": "0"}, {"dpdk-devargs": "class=eth,mac=02:00:00:00:00:01"}],
        ["other", "dpdk", {"port_no": "2"}, {"dpdk-devargs": "net_null7"}],
        ["br0", "internal", {}, {}],
    )
    start("ovs").ports = {0: "0000:03:00.0", 1: "net_vhost_vm1", 2: "net_null0"}
    listed = interfaces("1", local_ports())
    assert names_of(listed) == ["dpdk:ovs:up", "dpdk:ovs:vm1", "dpdk:ovs:net_null0", SSH]
    assert "DPDK vm1 (net_vhost_vm1) of ovs" in listed[2]
    for name in ("dpdk:ovs:vm1", "dpdk:ovs:net_vhost_vm1", "vm1", "net_vhost_vm1"):
        assert find_port(name).port == "net_vhost_vm1"


def test_a_name_for_several_ports_is_refused(start):
    start("ovs").ports = start("other").ports = {0: "0000:03:00.0"}
    with pytest.raises(ConflictError, match="there are several: dpdk:other:"):
        find_port("0000:03:00.0")
    with pytest.raises(NotFoundError, match="no application that answers has it"):
        find_port("0000:03:00.1")


def test_an_application_that_hangs_keeps_no_other_from_the_list(start):
    hung = start("hung")
    hung.odd["/mirror/ports"] = hung.hang
    start("ovs").ports = {0: "0000:03:00.0"}
    assert names_of(interfaces("1", local_ports())) == ["dpdk:ovs:0000:03:00.0", SSH]


def test_ports_are_listed_by_telemetry_where_there_is_no_library(start):
    bare = start("bare", plugin=False)
    bare.odd["/ethdev/list"] = bare.say({"/ethdev/list": [0]})
    bare.odd["/ethdev/info"] = bare.say({"/ethdev/info": {"name": "0000:03:00.0"}})
    (port,) = local_ports()
    assert (port.name, port.has_library) == ("dpdk:bare:0000:03:00.0", False)
    assert "/ethdev/info,0" in bare.requests
    assert any("lacks the library" in line for line in interfaces("1", [port]))


def test_options_are_those_of_mirrors():
    found = read(options("dpdk:ovs:0000:03:00.0"))
    calls = [values["call"] for kind, values in found if kind == "arg"]
    assert calls == [*(f"--{key}" for key in KEYS), "--attach"]
    assert [values["value"] for kind, values in found if kind == "value"] == ["rx", "tx", "both"]


def test_hosts_of_the_file_can_be_chosen_and_nobody_is_asked(monkeypatch, tmp_path):
    """For want of ssh it would fail."""
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = {values.get("call"): values for _, values in read(options(SSH))}
    assert arguments["--remote-host"]["type"] == "string"
    hosts_file().parent.mkdir()
    hosts_file().write_text("[hosts.lab]\n[hosts.other]\n", encoding="utf-8")
    found = read(options(SSH))
    assert found[0][1]["type"] == "selector"
    assert [values["value"] for kind, values in found if kind == "value" and values["arg"] == "0"] == ["lab", "other"]
    hosts_file().write_text("[hosts.lab]\nssd = 1\n", encoding="utf-8")
    found = read(options(SSH))
    assert (found[0][1]["type"], len(found)) == ("string", 10)
    assert "hosts.lab.ssd: there is no such key" in found[0][1]["tooltip"]


def test_ports_over_there_become_what_can_be_chosen(start):
    start("ovs").ports = {0: "0000:03:00.0"}
    (found,) = read(port_values(interfaces("1", local_ports())))
    assert found == ("value", {"arg": "1", "value": "dpdk:ovs:0000:03:00.0", "display": "DPDK 0000:03:00.0 of ovs"})


@pytest.mark.parametrize(
    ("expression", "refused"),
    [("tcp port 80", False), ("", False), ("tcp port", True), ("host \udcff", True), ("inbound", True)],
)
def test_libpcap_says_what_filters_will_not_do(capsys, expression, refused):
    """Nothing is what Wireshark takes for good."""
    assert bool(why_refused(expression)) == refused
    assert main(["extcap", "--extcap-capture-filter", expression, "--extcap-interface", SSH]) == 0
    assert bool(capsys.readouterr().out) == refused


@pytest.mark.parametrize("words", [[], ["--capture"], ["--capture", "--fifo", "-"], ["--extcap-config"]])
def test_without_a_question_there_is_no_answer(words):
    with pytest.raises(SystemExit) as exit_:
        main(["extcap", *words])
    assert exit_.value.code == 2


def test_a_capture_over_ssh_without_a_place_says_what_is_missing(capsys):
    assert main(["extcap", "--capture", "--extcap-interface", SSH, "--fifo", "-"]) == 1
    assert "a host and its port are to be chosen" in capsys.readouterr().err


def test_what_comes_is_passed_on_to_its_end(tmp_path):
    data = os.urandom(3_000_000)
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()

    def write():
        with theirs:
            theirs.sendall(data)

    got = []

    def read_all():
        with os.fdopen(reading, "rb") as file:
            got.append(file.read())

    threads = [threading.Thread(target=write), threading.Thread(target=read_all)]
    for thread in threads:
        thread.start()
    with ours:
        assert feed(writing, ours)
    os.close(writing)
    for thread in threads:
        thread.join()
    assert got == [data]


@pytest.mark.parametrize("data", [b"", b"x" * 100_000])
def test_it_ends_when_nobody_reads(data):
    """Also while nothing comes."""
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    with ours, theirs:
        theirs.send(data)
        os.close(reading)
        assert not feed(writing, ours)
    os.close(writing)


@pytest.fixture
def tshark(tmp_path, monkeypatch):
    """Makes a tshark that tells of these folders."""

    def make(*lines):
        text = "\n".join(f"{name}:\t{tmp_path / folder}" for name, folder in lines)
        (tmp_path / "tshark").write_text(f"#!/bin/sh\ncat <<'E'\nTemp: /tmp\n{text}\nE\n", encoding="utf-8")
        (tmp_path / "tshark").chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return make


OLD = (("Personal configuration", "c"), ("Extcap path", "g"))
NEW = (("Personal configuration", "c"), ("Personal Extcap path", "p"), ("Global Extcap path", "g"))


@pytest.mark.parametrize(
    ("lines", "for_all", "folder"), [(OLD, False, "c/extcap"), (OLD, True, "g"), (NEW, False, "p"), (NEW, True, "g")]
)
def test_the_launcher_goes_where_this_wireshark_looks(tshark, tmp_path, lines, for_all, folder):
    tshark(*lines)
    path = wireshark.install(for_all=for_all)
    assert path == tmp_path / folder / "dpdk-mirror"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert wireshark.install(for_all=for_all) == path
    assert [each.name for each in path.parent.iterdir()] == ["dpdk-mirror"]
    assert wireshark.remove(for_all=for_all) == path
    assert not path.exists()
    assert wireshark.remove(for_all=for_all) is None


def make_file(path):
    path.write_text("#!/bin/sh\n# somebody's\n", encoding="utf-8")


def make_link(path):
    make_file(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("make", [make_file, make_link, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_is_somebody_elses_stays(tshark, tmp_path, make):
    tshark(*NEW)
    path = tmp_path / "p" / "dpdk-mirror"
    path.parent.mkdir()
    make(path)
    before = path.lstat()[:7]  # not when it was read
    for change in (wireshark.install, wireshark.remove):
        with pytest.raises(ConflictError, match="somebody else has made"):
            change()
    assert path.lstat()[:7] == before


def test_without_wireshark_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFoundError, match="neither tshark nor wireshark"):
        wireshark.install()
