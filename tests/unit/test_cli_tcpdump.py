# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""dpdk-mirror tcpdump's words: what is the port's, the mirror's and tcpdump's."""

import re
import subprocess
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from dpdk_mirror.cli import main, make_parser
from dpdk_mirror.cli.tcpdump_options import directions
from dpdk_mirror.spec import Direction
from dpdk_mirror.tap import tcpdump


def parse(*words):
    return make_parser("tcpdump").parse_args(["tcpdump", *words])


def tcpdumps_options():
    """Those in its usage, and whether they take a value."""
    said = subprocess.run(["tcpdump", "--help"], capture_output=True, text=True, check=True).stdout
    flags = re.search(r"\[-(\S+)\]", said)[1]
    found = {f"-{letter}": False for letter in flags if letter != "h"}
    found |= {f"-{letter}": True for letter in re.findall(r"\[ -(\w) \w+", said)}
    return found | {f"--{name}": bool(value) for name, value in re.findall(r"\[ ?--([-\w]+)( [\w-]+)? ?\]", said)}


def test_every_option_of_tcpdump_is_known_for_what_it_is():
    """Else a value would be taken for the port, or the port for a value."""
    actions = make_parser("tcpdump")._subparsers._group_actions[0].choices["tcpdump"]._option_string_actions
    theirs = tcpdumps_options()
    assert len(theirs) > 40
    for option, takes_value in theirs.items():
        if option != "--version":
            assert option in actions, option
            assert (actions[option].nargs is None) == takes_value, option


@pytest.mark.parametrize(
    ("words", "port", "expression", "passed"),
    [
        ("p0", "p0", "", []),
        ("p0 -n -c 5 tcp port 80", "p0", "tcp port 80", ["-n", "-c", "5"]),
        ("-nnc5 p0 tcp -e port 80 -w -", "p0", "tcp port 80", ["-n", "-n", "-c", "5", "-e", "-w", "-"]),
        ("-n -- p0 -x", "p0", "-x", ["-n"]),
        ("p0 -Xvv#tttt host a", "p0", "host a", ["-X", "-v", "-v", "-#", "-t", "-t", "-t", "-t"]),
        ("p0 --time-stamp-precision nano udp", "p0", "udp", ["--time-stamp-precision", "nano"]),
        ("p0 --time-stamp-precision=nano --print udp", "p0", "udp", ["--time-stamp-precision", "nano", "--print"]),
        ("p0 --number --relinq root udp", "p0", "udp", ["-#", "-Z", "root"]),
        ("-w -c p0 -C -5", "p0", "", ["-w", "-c", "-C", "-5"]),
        ("p0 -G 10 -C 5 -W 3 -z gzip -Z root -E a=b", "p0", "",
         ["-G", "10", "-C", "5", "-W", "3", "-z", "gzip", "-Z", "root", "-E", "a=b"]),
        ("--app rte p0 --attach tcp[0] - 5 = 1", "p0", "tcp[0] - 5 = 1", []),
        ("p0 --immediate-mode -y en10mb ip", "p0", "ip", []),
    ],
)  # fmt: skip
def test_words_are_taken_as_tcpdump_takes_them(words, port, expression, passed):
    arguments = parse(*words.split(" "))
    assert (arguments.port, " ".join(arguments.words), arguments.passed) == (port, expression, passed)


@pytest.mark.parametrize(
    ("words", "refused", "instead"),
    [
        ("-i eth0 p0", "-i", "dpdk-mirror tcpdump PORT"),
        ("-ieth0 p0", "-i", "dpdk-mirror tcpdump PORT"),
        ("p0 --interface=eth0", "--interface", "dpdk-mirror tcpdump PORT"),
        ("-I p0", "-I", "leave it out"),
        ("p0 -nB 4096", "-B", "leave it out"),
        ("p0 -j host", "-j", "leave it out"),
        ("p0 -J", "-J", "there is one"),
        ("p0 -p", "-p", "leave it out"),
        ("p0 -f", "-f", "give -n"),
        ("p0 -r in.pcap", "-r", "tcpdump -r FILE"),
        ("p0 -V list", "-V", "tcpdump -V FILE"),
        ("p0 -L", "-L", "EN10MB"),
        ("p0 -y LINUX_SLL", "-y", "leave it out"),
        ("p0 -Q both", "-Q", "invalid choice"),
        ("p0 -s 262145", "-s", "from 0 to 262144"),
        ("p0 -s 08", "-s", "from 0 to 262144"),
        ("p0 -s -1", "-s", "from 0 to 262144"),
        ("p0 -c x", "-c", "from 1 to 999999999"),
        ("p0 -c 0", "-c", "from 1 to 999999999"),
        ("p0 --json", "--json", "-w - writes packets to stdout"),
    ],
)
def test_what_tcpdump_would_not_heed_is_refused(capsys, words, refused, instead):
    """In one sentence, which says what to do."""
    with pytest.raises(SystemExit) as ended:
        main(["tcpdump", *words.split()])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert re.match(rf"dpdk-mirror tcpdump: error: argument {refused}\b", error)
    assert instead in error
    assert error.count("\n") == 2


def test_who_names_no_port_is_told_where_they_are(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["tcpdump", "-n"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("dpdk-mirror tcpdump: error: give a PORT to look at: dpdk-mirror tcpdump -D lists them\n")


@pytest.mark.parametrize("words", ["p0 -k", "p0 --no-such"])
def test_what_nobody_knows_is_wrong_usage(words):
    with pytest.raises(SystemExit) as ended:
        main(["tcpdump", *words.split()])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", 0), ("262144", 0), ("0x40000", 0), ("96", 96), ("0140", 96), ("0x60", 96), ("5", 14)],
)
def test_a_snapshots_length_is_read_as_tcpdump_reads_it(text, length):
    """0, and tcpdump's most, is all; a mirror has an Ethernet header at least."""
    assert parse("p0", "-s", text).snapshot_length == parse(f"-s{text}", "p0").snapshot_length == length


def test_directions_are_seen_from_the_port():
    assert [directions(parse("p0", f"-Q{word}").direction) for word in ("in", "OUT", "inout")] == [
        Direction.RX, Direction.TX, Direction.BOTH
    ]  # fmt: skip
    assert directions(parse("p0").direction) == Direction.BOTH


def test_code_is_that_of_the_resolved_expression_in_a_file(capsys, tmp_path):
    """-F: the words of the command line count for nothing then, as with tcpdump."""
    (tmp_path / "dns").write_text("udp # not TCP\n and port domain\n", encoding="utf-8")
    assert main(["tcpdump", "p0", "-ddd", "-F", str(tmp_path / "dns"), "host", "nobody.example"]) == 0
    theirs = subprocess.run(
        ["tcpdump", "-y", "EN10MB", "-ddd", "udp and port 53"], capture_output=True, text=True, check=True
    )
    assert capsys.readouterr().out == theirs.stdout
    assert main(["tcpdump", "p0", "-F", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"dpdk-mirror: {tmp_path}/none: No such file or directory\n"


@pytest.mark.parametrize(
    ("expression", "said"),
    [("tcp prt 80", "syntax error"), ("inbound", "given with -Q in, or -Q out"), ("ifname eth0", "ifname")],
)
def test_what_tcpdump_says_of_an_expression_is_said(capsys, expression, said):
    assert main(["tcpdump", "p0", "-d", expression]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("is_root", "size", "free", "available", "is_full"),
    [
        (True, 9, 0, 0, True),
        (True, 9, 9, 0, False),
        (False, 9, 9, 0, True),
        (False, 9, 9, 9, False),
        (True, 0, 0, 0, False),
    ],
)
def test_a_disk_is_full_that_twice_has_no_room_for_this_user(
    monkeypatch, tmp_path, is_root, size, free, available, is_full
):
    """Of what root alone may use, others have nothing. A device has no disk; some file systems do not tell."""
    monkeypatch.setattr(tcpdump, "_is_root", lambda _: is_root)
    monkeypatch.setattr(tcpdump, "_ROOM_S", 0)
    monkeypatch.setattr(
        tcpdump.os, "statvfs", lambda _: SimpleNamespace(f_blocks=size, f_bfree=free, f_bavail=available)
    )
    disk, device = tcpdump._Disk(str(tmp_path / "a.pcap")), tcpdump._Disk("/dev/null")
    for each in (disk, device, device):
        each.check(1)
    with pytest.raises(OSError, match=r"No space left on device: .*a\.pcap") if is_full else nullcontext():
        disk.check(1)
