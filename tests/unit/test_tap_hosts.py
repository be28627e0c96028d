# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Other hosts: their file, what ssh is given, and how --host is taken out of a command's words."""

import sys

import pytest

from dpdk_mirror.cli import main
from dpdk_mirror.cli.host import _without_host
from dpdk_mirror.errors import InvalidConfigError
from dpdk_mirror.tap.hosts import Host, find_host, hosts, hosts_file


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No hosts, and an ssh that says what it is given, and runs it if it can."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("DPDK_MIRROR_REMOTE", raising=False)
    monkeypatch.delenv("DPDK_MIRROR_APP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.fixture
def ssh(tmp_path):
    """Makes an ssh of a shell script."""

    def make(script):
        path = tmp_path / "ssh"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    return make


def write(text):
    hosts_file().parent.mkdir()
    hosts_file().write_text(text, encoding="utf-8")


def test_without_a_file_a_host_is_what_ssh_knows(monkeypatch):
    assert hosts() == []
    assert find_host("root@198.51.100.1") == Host("root@198.51.100.1", "root@198.51.100.1", "dpdk-mirror")
    monkeypatch.setenv("DPDK_MIRROR_REMOTE", "sudo -n dpdk-mirror")
    assert find_host("lab").command == "sudo -n dpdk-mirror"


def test_the_file_says_how_hosts_are_reached(monkeypatch):
    monkeypatch.setenv("DPDK_MIRROR_REMOTE", "other")
    write('[hosts.lab]\nssh = "root@198.51.100.1"\ncommand = "sudo -n dpdk-mirror"\n[hosts.bare]\n')
    lab = Host("lab", "root@198.51.100.1", "sudo -n dpdk-mirror")
    assert hosts() == [lab, Host("bare", "bare", "other")]
    assert find_host("lab") == lab


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hosts = 1", "hosts is no table"),
        ("[hosts]\nlab = 1", "hosts.lab is no table"),
        ("[hosts.lab]\nport = 22", "hosts.lab.port: there is no such key"),
        ("[hosts.lab]\nssh = 22", "hosts.lab.ssh is no text"),
        ("[hosts.lab", "Expected"),
        ('[hosts.lab]\nssh = "-oProxyCommand=id"', "ssh would not take"),
        ('[hosts.lab]\nssh = ""', "ssh would not take"),
    ],
)
def test_a_file_that_will_not_do_is_refused_whole(text, why):
    write(text)
    with pytest.raises(InvalidConfigError, match=why) as refused:
        find_host("other")
    assert refused.value.hint


@pytest.mark.parametrize("name", ["-oProxyCommand=touch x", "-", ""])
def test_what_ssh_would_take_for_an_option_is_no_host(capsys, ssh, name):
    ssh("echo ran")
    assert main(["apps", f"--host={name}"]) == 1
    assert "ssh would not take" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["list", "--host", "a", "--json"], ["list", "--json"]),
        (["list", "--host=a", "--host", "b"], ["list"]),
        (["info", "x", "--host", "a", "--", "--host", "b"], ["info", "x", "--", "--host", "b"]),
        (["add", "p", "--to", "tap:--host"], ["add", "p", "--to", "tap:--host"]),
    ],
)
def test_the_rest_of_the_words_stays(words, rest):
    assert _without_host(words) == rest


def test_ssh_gets_words_that_a_shell_splits_as_they_were(capfd, ssh):
    """After the options, and after the word that ends them."""
    ssh('while [ "$1" != -- ]; do shift; done; echo "to $2"; eval "set -- $3"; for word; do echo "[$word]"; done')
    assert main(["info", "it's", "a  b", "$x", "--host", "lab", "--json"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[:3] == ["to lab", "[dpdk-mirror]", "[--caller]"]
    assert said[4:] == ["[info]", "[it's]", "[a  b]", "[$x]", "[--json]"]


def test_an_abbreviated_host_is_not_passed_on_for_ever(capsys, ssh):
    ssh("echo ran")
    with pytest.raises(SystemExit) as exit_:
        main(["apps", "--hos", "lab"])
    assert exit_.value.code == 2
    assert "by its full name" in capsys.readouterr().err


def test_what_ssh_says_is_the_reason(capsys, ssh):
    """But for what it says before, as of keys that it has learnt."""
    ssh('while [ "$1" != -E ]; do shift; done; printf "Warning: a\\nssh: no way to lab\\n" >"$2"; exit 255')
    assert main(["apps", "--host", "lab"]) == 1
    error = capsys.readouterr().err
    assert "run dpdk-mirror on lab: ssh: no way to lab [" in error
    assert "Warning" not in error


def test_when_ssh_is_killed_that_is_said(capsys, ssh):
    ssh("kill -9 $$")
    assert main(["apps", "--host", "lab"]) == 1
    assert "run dpdk-mirror on lab: ssh was ended by SIGKILL [" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["capture", "tcpdump"])
def test_a_file_of_another_host_is_said_to_be_one(capsys, ssh, command):
    """Before it is written; a stream is none."""
    ssh("exit 0")
    assert main([command, "p0", "-w", "x.pcapng", "--host", "lab"]) == 0
    assert capsys.readouterr().err == "dpdk-mirror: x.pcapng will be a file of lab; -w - > FILE writes it here\n"
    assert main([command, "p0", "-w", "-", "--host", "lab"]) == 0
    assert capsys.readouterr().err == ""


def test_without_ssh_that_is_said(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["apps", "--host", "lab"]) == 1
    assert "there is no ssh here" in capsys.readouterr().err


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("exit 255", 255), ("exit 130", 130)])
def test_the_exit_code_is_that_of_the_command_over_there(ssh, script, code):
    ssh(script)
    assert main(["apps", "--host", "lab"]) == code


def test_a_refusal_over_there_may_be_of_another_version(capsys, ssh):
    ssh("exit 2")
    assert main(["apps", "--host", "lab"]) == 2
    assert "lab refuses what is right here" in capsys.readouterr().err


@pytest.mark.parametrize(("version", "differs"), [(None, False), ("0.0.9", True)])
def test_another_versions_call_is_answered_with_a_remark(capfd, ssh, monkeypatch, version, differs):
    """The same command over there, which has been called by that version."""
    monkeypatch.setenv("DPDK_MIRROR_REMOTE", f"{sys.executable} -m dpdk_mirror")
    replace = f"s/--caller [^ ]*/--caller {version}/" if version else ""
    ssh(f'while [ "$1" != -- ]; do shift; done; eval "$(echo "$3" | sed "{replace}")"')
    assert main(["apps", "--host", "lab", "--json"]) == 0
    captured = capfd.readouterr()
    assert captured.out.startswith("[")
    assert ("0.0.9 has called it" in captured.err) == differs
