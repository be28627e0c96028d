# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The commands for live applications: what they ask, what they print, and how they end."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from children import child
from fakeapp import FakeMirror

from dpdk_mirror import BusyTimeoutError, ConflictError
from dpdk_mirror.attach.load import Attachment
from dpdk_mirror.cli import attach, common, main
from dpdk_mirror.pairs import join_pairs
from dpdk_mirror.remote import Application, DpdkProcess, sockets
from dpdk_mirror.spec import COUNTERS, PARAMETERS, MirrorSpec


@pytest.fixture
def fake(start):
    return start("ovs")


@pytest.fixture
def command(capsys):
    """``command("list", ...)`` runs it; returns its exit code, stdout and stderr."""

    def run(*arguments):
        code = main(list(map(str, arguments)))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def read_json(command):
    """The same with --json, for a command that must end well."""

    def run(*arguments):
        code, out, err = command(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return run


def rows_of(text):
    return [line.split() for line in text.splitlines()]


def test_apps_lists_what_runs(command, read_json, start, fake):
    start("plain", plugin=False)
    code, out, err = command("apps")
    assert (code, err) == (0, "")
    assert rows_of(out)[0] == ["app", "pid", "program", "dpdk", "process", "where", "plugin", "socket"]
    pid = str(os.getpid())
    assert rows_of(out)[1:] == [
        ["ovs", pid, "-", "22.11.11", "-", "-", "0.1.0", str(fake.path)],
        ["plain", pid, "-", "22.11.11", "-", "-", "-", str(fake.path).replace("/ovs/", "/plain/")],
    ]
    assert [(app["app"], app["plugin"]) for app in read_json("apps")] == [("ovs", "0.1.0"), ("plain", None)]


def test_apps_lists_processes_that_have_no_socket_and_says_whether_they_can_be_attached(command, read_json, processes):
    processes += [
        DpdkProcess(12, "testpmd", dpdk="24.11.8", secondary=False, namespaces=("mnt", "pid")),
        DpdkProcess(
            13, "proc-info", secondary=True, prefix="rte", container="0123456789ab", plugin="0.1.0", socket="/s"
        ),
        DpdkProcess(14, "evil\x1b[2J", obstacle="process 7 traces it: end that first"),
        DpdkProcess(15, "pytest", started=False),
        DpdkProcess(16, "odd", plugin="0.1.0", inert="another copy is there"),
    ]
    code, out, err = command("apps")
    assert (code, err.splitlines()) == (
        0,
        [
            r"dpdk-mirror: process 14 (evil\x1b[2J) cannot be attached: process 7 traces it: end that first",
            "dpdk-mirror: process 16 (odd): its library is inert: another copy is there",
        ],
    )
    assert max(map(len, out.splitlines())) <= 80
    assert [re.split(r"  +", line.strip()) for line in out.splitlines()[1:]] == [
        ["-", "12", "testpmd", "24.11.8", "primary", "mnt,pid", "no (attach)", "-"],
        ["13", "13", "proc-info", "-", "secondary", "0123456789ab", "0.1.0", "/s"],
        ["-", "14", r"evil\x1b[2J", "-", "-", "-", "no", "-"],
        ["-", "16", "odd", "-", "-", "-", "inert", "-"],
    ]
    rows = read_json("apps")
    assert [(row["pid"], row["plugin"], row["obstacle"]) for row in rows] == [
        (12, None, None), (13, "0.1.0", None), (14, None, "process 7 traces it: end that first"), (16, "0.1.0", None),
    ]  # fmt: skip
    assert (rows[0]["namespaces"], rows[1]["container"]) == (["mnt", "pid"], "0123456789ab")


def test_what_others_have_called_themselves_does_nothing_to_a_terminal(command, processes):
    """In what goes wrong, too."""
    processes += [DpdkProcess(pid, "evil\x1b[2J") for pid in (12, 13)]
    name = r"evil\x1b[2J"
    said = f"dpdk-mirror: find {name}: there are several: {name} (12), {name} (13) [EEXIST]; give the id of one\n"
    assert command("attach", "evil\x1b[2J") == (1, "", said)


def test_names_in_advice_are_words_of_a_shell(command, start, capsys):
    """The application has chosen them, and people copy lines."""
    plain = start("a;reboot", plugin=False)
    for arguments in (["list"], ["list", "--app", "a;reboot"]):
        assert "dpdk-mirror attach 'a;reboot'" in command(*arguments)[2]
    done = Attachment(DpdkProcess(12, "app"), "0.1.0", loaded=True, socket="", thread="", stops_s=(), took_s=0.0)
    attach._tell(done, Application(plain.path), [SimpleNamespace(name="$(reboot)")])
    assert capsys.readouterr().out.endswith("dpdk-mirror add '$(reboot)' --to tap:m0 --app 'a;reboot'\n")


def test_what_attach_has_done_is_told_though_the_application_does_not_answer(command, monkeypatch):
    """It takes ten clients, say, and has them."""

    def full(_process):
        raise ConflictError(errno.EBUSY, "connect to it: it takes no more clients")

    done = Attachment(DpdkProcess(12, "app"), "0.1.0", loaded=True, socket="", thread="t", stops_s=(0.001,), took_s=0.0)
    monkeypatch.setattr(attach, "find_process", lambda _: done.process)
    monkeypatch.setattr(attach, "load_apart", lambda *_: done)
    monkeypatch.setattr(attach, "connect_to", full)
    code, out, err = command("attach", "12")
    assert (code, err) == (1, "dpdk-mirror: connect to it: it takes no more clients [EBUSY]\n")
    assert out.startswith("loaded librte_mirror 0.1.0 into app (12, DPDK ?)\n")
    code, out, err = command("attach", "12", "--json")
    assert (code, json.loads(out)["loaded"], json.loads(out)["ports"]) == (1, True, None)


def test_whoever_attaches_is_told_that_it_takes_long(command, monkeypatch):
    """Once, and while it does."""
    told, handler = [], signal.getsignal(signal.SIGALRM)

    def slow(*_):
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            time.sleep(0.001)
        raise ConflictError(errno.EBUSY, "attach to it")

    monkeypatch.setattr(common, "_LONG_S", 0.001)
    monkeypatch.setattr(common, "remark", told.append)
    monkeypatch.setattr(attach, "find_process", lambda _: DpdkProcess(12, "app"))
    monkeypatch.setattr(attach, "load_apart", slow)
    assert command("attach", "12")[0] == 1
    said = "attaching takes long: the application is busy, or this machine; Ctrl-C gives up"
    assert told == [said, "attach to it [EBUSY]"]
    assert signal.getsignal(signal.SIGALRM) is handler


def test_apps_tells_of_an_application_once(command, read_json, fake, processes):
    """What its socket says, and what its process does."""
    processes.append(DpdkProcess(os.getpid(), "ovs-vswitchd", secondary=False, telemetry=(str(fake.path),)))
    (row,) = read_json("apps")
    assert (row["app"], row["program"], row["process"], row["plugin"]) == ("ovs", "ovs-vswitchd", "primary", "0.1.0")
    fake.odd["greeting"] = fake.hang
    _, out, err = command("apps")
    assert len(out.splitlines()) == 2
    assert "does not answer within 2 s" in err


def test_apps_tells_of_one_that_hangs_when_it_has_been_found(command, fake, monkeypatch):
    def hangs(_app):
        raise BusyTimeoutError(errno.ETIMEDOUT, "it hangs now")

    monkeypatch.setattr(Application, "pid", property(hangs))
    code, out, err = command("apps")
    assert code == 0
    assert rows_of(out)[1][0] == "ovs"
    assert "it hangs now" in err


def test_apps_lists_only_the_one_that_is_named(command, read_json, start, fake):
    """By its prefix, or its socket; one that does not run is an error."""
    start("plain", plugin=False)
    assert [row["app"] for row in read_json("apps", "--app", "ovs")] == ["ovs"]
    assert [row["app"] for row in read_json("apps", "--app", fake.path)] == ["ovs"]
    for name, who in (("ovs:1", "of that file prefix answers"), ("/nowhere/s", "answers there")):
        code, _, err = command("apps", "--app", name)
        hint = "dpdk-mirror apps lists what runs"
        assert (code, err) == (1, f"dpdk-mirror: connect to {name}: no application {who} [ENOENT]; {hint}\n")


def test_apps_says_what_ails_one_that_hangs(command, fake):
    fake.odd["greeting"] = fake.hang
    code, out, err = command("apps")
    assert code == 0
    assert "ovs" in out
    assert "the application does not answer within 2 s" in err
    assert rows_of(out)[1] == ["ovs", str(os.getpid()), *"-----", str(fake.path)]


def test_apps_leaves_out_one_that_ends_while_it_is_asked(command, fake):
    fake.odd["/mirror/version"] = fake.die
    assert command("apps")[1] == ""


@pytest.mark.parametrize(("cycles", "is_much"), [(99, False), (150, True), (None, False)])
def test_add_says_what_costs_much(command, fake, cycles, is_much):
    """As far as there is traffic: of an idle port nothing is known, and nothing is waited for."""
    fake.cost = {} if cycles is None else {"sampled_cycles": 100 * cycles, "sampled_packets": 100}
    assert command("add", "net_ring0", "--to", "null:idle")[2] == ""
    fake.first_seen = 1
    err = command("add", "net_null1", "--to", "null:busy")[2]
    assert err.startswith(f"dpdk-mirror: mirror mirror2 costs {cycles} cycles a packet: --filter") == is_much
    assert bool(err) == is_much


def test_attach_heeds_the_environment_as_the_others_do(monkeypatch, capsys):
    """Else it takes the only application, or asks for one."""
    monkeypatch.setenv("DPDK_MIRROR_APP", "of-nobody")
    assert main(["attach", "--dry-run"]) == 1
    assert "of-nobody: no DPDK application of that name or id is found" in capsys.readouterr().err


def test_without_applications_apps_is_empty_and_no_error(command, read_json, runtime):
    assert command("apps") == (0, "", "dpdk-mirror: no DPDK application is found\n")


def test_no_ports_are_no_error(command, read_json, fake):
    fake.ports = {}
    assert command("ports") == (0, "", "dpdk-mirror: ovs has no ports\n")
    assert read_json("ports") == []


def test_ports_lists_ports(command, read_json, fake):
    code, out, _ = command("ports")
    assert code == 0
    assert rows_of(out)[1:] == [
        ["0", "net_ring0", "net_ring", "yes", "2", "2", "1500", "02:00:00:00:00:01", "no"],
        ["1", "net_null1", "net_null", "yes", "2", "2", "1500", "02:00:00:00:00:01", "no"],
    ]
    assert [port["name"] for port in read_json("ports", "--app", "ovs")] == ["net_ring0", "net_null1"]


@pytest.mark.parametrize("arguments", [["list"], ["stats"], ["remove", "--all"]])
def test_no_mirrors_are_no_error(command, read_json, fake, arguments):
    code, out, err = command(*arguments)
    assert code == 0
    assert (out, err) in [("", "dpdk-mirror: ovs has no mirrors\n"), ("removed 0 mirrors\n", "")]
    assert read_json(*arguments) in ([], {"removed": 0})


def test_what_a_mirror_will_lose_is_said(command, fake):
    fake.warning = "long ones are lost"
    _, out, _ = command("add", "net_ring0", "--to", "tap:m0", "--name", "web")
    assert out.endswith("\nwarning: long ones are lost\n")
    _, out, _ = command("info", "web")
    assert ["warning", "long", "ones", "are", "lost"] in [line.split() for line in out.splitlines()]
    code, out, _ = command("add", "net_ring0", "--to", "tap:m1", "--json")
    assert (code, json.loads(out)["warning"]) == (0, "long ones are lost")


def test_a_mirror_is_added_changed_and_removed(command, fake):
    code, out, err = command(
        "add", "net_ring0", "--to", "tap:m0", "--direction", "rx", "--snaplen", 96, "--name", "web"
    )
    assert (code, err) == (0, "")
    assert out == (
        "added mirror web: net_ring0 -> tap:m0 (rx)\nshare, since net_tap reads a packet within its tx burst\n"
    )
    assert "/mirror/add,source=net_ring0,to=tap:m0,directions=rx,mode=auto,snaplen=96,name=web" in fake.requests
    assert command("update", "web", "--direction", "rx", "--directions", "rx")[0] == 0
    code, out, _ = command("list")
    assert rows_of(out) == [
        ["id", "name", "source", "target", "directions", "mode", "state", "age", "by"],
        ["1", "web", "net_ring0", "tap:m0", "rx", "share", "running", "-", "-"],
    ]
    assert command("update", "web", "--snaplen", 0, "--mode", "copy", "--origin")[0] == 0
    assert "/mirror/update,mirror=1,mode=copy,snaplen=0,origin=yes" in fake.requests
    assert command("update", "web", "--no-origin")[0] == 0
    assert "/mirror/update,mirror=1,origin=no" in fake.requests
    assert command("update", "web", "--snaplen", 64)[0] == 0
    assert command("update", "web", "--mode", "share", "--origin")[0] == 0
    assert "/mirror/update,mirror=1,mode=share,origin=yes" in fake.requests
    assert command("pause", "web")[:2] == (0, "paused mirror web\n")
    assert fake.mirrors[1].state == "paused"
    assert command("resume", 1)[:2] == (0, "resumed mirror 1\n")
    assert fake.mirrors[1].state == "running"
    fake.mirrors[1].seen = 5
    assert command("reset", "web")[:2] == (0, "reset mirror web\n")
    assert fake.mirrors[1].seen == 0
    assert command("remove", "web")[:2] == (0, "removed mirror web\n")
    assert fake.mirrors == {}


def test_json_of_changes_is_what_info_tells(read_json, fake):
    added = read_json("add", 0, "--to", "ring:a", "--name", "web")
    assert added == read_json("info", "web")[0] == read_json("list")[0]
    assert (added["id"], added["state"], added["directions"]) == (1, "running", "both")
    assert read_json("update", "web", "--snaplen", 64)["snaplen"] == 64
    assert read_json("pause", "web", 1) == {"paused": [1, 1]}
    assert read_json("remove", "web") == {"removed": [1]}


def test_info_tells_all_line_by_line(command, fake):
    command("add", 0, "--to", "ring:a", "--name", "web")
    _, out, _ = command("info", "web")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if len(line.split()) > 1)
    assert lines["name"] == "web"
    assert lines["spec"] == "directions=both,mode=auto,name=web"
    queues = [lines[key] for key in ("rx_polled", "rx_unpolled", "tx_polled", "tx_unpolled")]
    assert queues == ["queue 0", "queue 1", "queues 0-1", "none"]
    assert (lines["origin"], lines["added"]) == ("no", "yes")


def test_what_a_newer_library_says_is_shown_as_it_says_it(command, read_json, fake):
    command("add", 0, "--to", "ring:a", "--name", "web")
    info = fake.do_info({"mirror": "web"}) | {"directions": "sideways", "state": "asleep"}
    fake.odd["/mirror/info"] = fake.say({"/mirror/info": info})
    stats = fake.do_stats({"mirror": "web"}) | {"balance": -7}
    fake.odd["/mirror/stats"] = fake.say({"/mirror/stats": stats})
    assert rows_of(command("list")[1])[-1][-5:-2] == ["sideways", "share", "asleep"]
    assert re.search("^directions +sideways$", command("info", "web")[1], re.MULTILINE)
    assert read_json("info", "web")[0]["directions"] == "sideways"
    assert rows_of(command("stats")[1])[0][-1] == "balance"
    assert rows_of(command("stats")[1])[-1][-1] == "-7"
    assert read_json("stats", "web")[0]["balance"] == -7


def test_remove_all_removes_all(command, fake):
    for number in range(3):
        command("add", 0, "--to", f"ring:{number}")
    assert command("remove", "--all")[:2] == (0, "removed 3 mirrors\n")


def test_of_several_mirrors_none_is_changed_if_one_is_not_there(command, fake):
    command("add", 0, "--to", "ring:a", "--name", "web")
    code, out, err = command("remove", "web", "nix")
    assert (code, out) == (1, "")
    assert err == "dpdk-mirror: find mirror nix in ovs: there is no mirror nix [ENOENT]\n"
    assert len(fake.mirrors) == 1


def test_stats_shows_what_has_been_counted(command, read_json, fake):
    command("add", 0, "--to", "ring:a", "--name", "web")
    command("add", 1, "--to", "ring:b")
    fake.mirrors[1].seen = 7
    _, out, _ = command("stats")
    assert rows_of(out) == [
        ["id", "name", "seen", "packets", "bytes"],
        ["1", "web", "7", "7", "448"],
        ["2", "mirror2", "0", "0", "0"],
    ]
    (web,) = read_json("stats", "web")
    assert list(web) == ["id", "name", *COUNTERS, "cycles_per_packet"]
    assert (web["packets"], web["cycles_per_packet"]) == (7, None)
    fake.cost = {"sampled_cycles": 333, "sampled_packets": 100}
    assert [row[-1] for row in rows_of(command("stats", "web")[1])] == ["packet", "3.3"]


def test_stats_watches_until_ctrl_c_which_is_a_good_end(fake):
    """One line of JSON each time, with the packets a second since the last."""
    fake.mirrors[1] = FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="web"))
    code = "import sys; from dpdk_mirror.cli import main; sys.exit(main())"
    arguments = ["stats", "--watch", "--interval", "0.05", "--json", "--app", str(fake.path)]
    with child([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE) as process:
        (first,) = json.loads(process.stdout.readline())
        fake.mirrors[1].seen = 1_000_000
        deadline = time.monotonic() + 10
        row = first
        while not row["packets_per_s"] and time.monotonic() < deadline:
            (row,) = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert (first["packets"], first["packets_per_s"]) == (0, None)
    assert row["packets"] == 1_000_000
    assert 1_000_000 < row["packets_per_s"] < 20_000_000 + 1
    assert row["bits_per_s"] == pytest.approx(row["packets_per_s"] * 512, rel=1e-6)


@pytest.mark.parametrize("as_json", [True, False])
def test_watching_waits_for_mirrors_where_there_are_none(fake, as_json):
    """It says so, and goes on when some come."""
    code = "import sys; from dpdk_mirror.cli import main; sys.exit(main())"
    arguments = ["stats", "--watch", "--interval", "0.05", "--app", str(fake.path), *(["--json"] if as_json else [])]
    command = [sys.executable, "-c", code, *arguments]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "dpdk-mirror: ovs has no mirrors; waiting for some\n"
        fake.mirrors[1] = FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="web"))
        line = process.stdout.readline()
        while line == "[]\n":
            line = process.stdout.readline()
        assert json.loads(line)[0]["name"] == "web" if as_json else line.split()[:2] == ["id", "name"]
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == ""
        assert process.returncode == 0


def test_relative_paths_of_targets_start_here(command, fake, tmp_path, monkeypatch):
    """The application has another working directory."""
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "link")
    for given, told in (
        ("pcap:x.pcap", f"pcap:{tmp_path}/here/x.pcap"),
        ("vhost:./s", f"vhost:{tmp_path}/here/s"),
        ("pcap:../a b.pcap", f"pcap:{tmp_path}/a b.pcap"),
        ("pcap:there/", f"pcap:{tmp_path}/here/there/"),
        ("pcap:/x/../y", "pcap:/x/../y"),
        ("tap:x", "tap:x"),
        ("pcap:", "pcap:"),
        ("nonsense", "nonsense"),
    ):
        assert command("add", 0, "--to", given)[0] == 0
        assert [mirror.to for mirror in fake.mirrors.values()] == [told]
        command("remove", "--all")


@pytest.mark.parametrize("name", ["7", "0012", "9" * 40])
def test_names_of_digits_are_refused(capsys, fake, name):
    """They would be taken for ids."""
    for arguments in (["add", "0", "--to", "ring:a", "--name", name], ["update", "1", "--name", name]):
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        assert exited.value.code == 2
        assert "would be taken for an id" in capsys.readouterr().err
    assert fake.requests == []


def test_watching_ends_with_the_application(fake):
    """Exit 1, and it says so."""
    fake.mirrors[1] = FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="web"))
    code = "import sys; from dpdk_mirror.cli import main; sys.exit(main())"
    arguments = ["stats", "--watch", "--interval", "0.05", "--app", str(fake.path)]
    command = [sys.executable, "-c", code, *arguments]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().split()[0] == "id"
        fake.close()
        process.stdout.read()
        assert process.wait(10) == 1
        assert re.fullmatch("dpdk-mirror: .*the application has .*\n", process.stderr.read())


def test_names_that_would_meddle_with_the_terminal_do_not(command, fake):
    fake.ports[0] = "\x1b[31mred\n\udcff"
    _, out, _ = command("ports")
    assert "\x1b" not in out
    assert r"\x1b[31mred\n\udcff" in out.replace(" ", "")


# Values in the form that they are written in, by what they are called.
VALUES = {
    "N": "64",
    "TIME": "64",
    "NAME": "x",
    "EXPRESSION": "tcp",
    "MACS": "src=02:00:00:00:00:01",
    "IDS": "100,200-210",
    "FLOW": "protocol=tcp,dst_port=443",
    "QUEUES": "0,2-3",
}


@pytest.mark.parametrize("key", [key for key in PARAMETERS if key != "ends_with"])  # --with-shell says that
def test_each_parameter_is_an_option(command, fake, key):
    """Of add, and where it can be changed of update."""
    value = VALUES.get(PARAMETERS[key].value) or PARAMETERS[key].choices[-1]
    flag = f"--{key.replace('_', '-')}"
    option = [flag] if PARAMETERS[key].choices == ("no", "yes") else [flag, value]
    other = ["--rate", "1"] if key == "rate_unit" else []  # it is of no use alone
    assert command("add", 0, "--to", "ring:a", *option, *other)[0] == 0
    assert fake.mirrors[1].spec.texts()[key] == value
    if not PARAMETERS[key].fixed:
        assert command("update", 1, *option)[0] == 0
        assert fake.requests[-2] == f"/mirror/update,mirror=1,{join_pairs({key: value})}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "0"], "--to"),
        (["add", "0", "--to", "ring:a", "--snaplen", "13"], "snaplen=13: less than an Ethernet header"),
        (["add", "0", "--to", "ring:a", "--snaplen", "x"], "snaplen=x: not a whole number"),
        (["add", "0", "--to", "ring:a", "--mode", "half"], "--mode"),
        (["update", "web"], "nothing to change"),
        (["update", "web", "--target-queue", "1"], "--target-queue"),
        (["update", "web", "--to", "tap:m1"], "target cannot change: remove the mirror, and add it again"),
        (["update", "web", "--nb-target-queues=1"], "target cannot change: remove the mirror, and add it again"),
        (["update", "web", "--snaplenn", "64"], "unrecognized arguments: --snaplenn 64; did you mean --snaplen"),
        (["update", "web", "--mode", "share", "--snaplen", "0", "--origin"], "a shared packet has no room for it"),
        (["remove"], "give a mirror or --all"),
        (["remove", "web", "--all"], "give mirrors or --all, not both"),
        (["pause"], "MIRROR"),
        (["stats", "--watch", "--interval", "0"], "not a time above 0"),
        (["stats", "--interval", "2"], "argument --interval: it is for --watch: give that, too"),
        (["add", "0", "--to", "ring:a", "--rate-unit", "bits"], "rate_unit=bits: there is no rate; give rate, too"),
    ],
)
def test_wrong_usage_is_exit_2_and_asks_nothing(capsys, fake, arguments, message):
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert message in capsys.readouterr().err
    assert fake.requests == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["add", "0", "--to", "ring:a", "--snaplen", "13"], "argument --snaplen: snaplen=13: less than an Ethernet"),
        (
            ["add", "0", "--to", "ring:a", "--vlans", "4096"],
            "argument --vlans/--vlan: vlans=4096: not within 0 to 4095",
        ),
        (["add", "0", "--to", "ring:a", "--mac", "x"], "argument --mac: mac=x: not key=value,..."),
        (["add", "0", "--to", "ring:a", "--name", "7"], "argument --name: name=7: would be taken for an id"),
        (["update", "web", "--mode", "half"], "argument --mode: invalid choice: 'half'"),
        (["update", "web", "--mode", "share", "--split-len", "64"], "split_len=64: mode share does not split; take"),
        (["update", "web", "--to", "tap:m1"], "argument --to: a mirror's source and target cannot change"),
        (["remove"], "give a mirror or --all"),
        (["stats", "--interval", "x"], "argument --interval: 'x' is not a time above 0"),
        (["run", "net_null0", "--to", "out.pcap", "--packets", "0"], "argument --packets: '0' is not a number"),
        (["run", "net_null0", "--to", "out.pcap", "--flow", "src=x"], "argument --flow: flow: src=x: not an address"),
    ],
)
def test_a_wrong_value_gets_one_line_and_a_pointer(capsys, runtime, arguments, line):
    """No usage, of which there is a screenful."""
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    first, second = capsys.readouterr().err.splitlines()
    assert exited.value.code == 2
    assert first.startswith(f"dpdk-mirror {arguments[0]}: error: {line}")
    assert second == f"See dpdk-mirror {arguments[0]} --help."


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("shown", [["stats", "--watch", "--interval", "0.01"], ["list"], ["info", "1"]])
def test_a_reader_that_has_had_enough_is_a_good_end(fake, shown, as_json):
    """As in | head: nothing on stderr, and exit 0."""
    fake.mirrors[1] = FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="web"))
    code = "import sys; from dpdk_mirror.cli import main; sys.exit(main())"
    arguments = [*shown, "--app", str(fake.path), *(["--json"] if as_json else [])]
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-c", code, *arguments]
    with child(command, stdout=theirs, stderr=subprocess.PIPE, text=True) as process:
        os.close(theirs)
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0


def test_a_change_that_nobody_hears_of_is_none(fake):
    """Exit 1, since of several mirrors the next ones may not have been changed."""
    fake.mirrors = {number: FakeMirror(number, "net_ring0", f"ring:{number}", MirrorSpec()) for number in (1, 2)}
    code = "import sys; from dpdk_mirror.cli import main; sys.exit(main())"
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-c", code, "pause", "1", "2", "--app", str(fake.path)]
    with child(command, stdout=theirs) as process:
        os.close(theirs)
        assert process.wait(60) == 1
    assert [mirror.state for mirror in fake.mirrors.values()] == ["paused", "running"]


@pytest.mark.usefixtures("some_program")
def test_a_refusal_is_one_line_on_stderr_and_exit_1(command, fake):
    code, out, err = command("add", "nix", "--to", "tap:m0")
    assert (code, out) == (1, "")
    assert err == (
        "dpdk-mirror: describe port nix in ovs: there is no port nix [ENODEV]; dpdk-mirror ports lists them; for an "
        "Open vSwitch interface of type=dpdk, get the number by: ovs-vsctl get Interface nix status:port_no\n"
    )
    code, out, err = command("add", 7, "--to", "tap:m0")
    assert (code, out) == (1, "")
    assert err.startswith("dpdk-mirror: register mirror 7 -> tap:m0 (both) in ovs: there is no port 7 [ENODEV]; ")


@pytest.fixture
def some_program(monkeypatch):
    """What the application is cannot be told, as that of a container."""
    monkeypatch.setattr("dpdk_mirror.remote.ovs._program", lambda app: None)


def test_an_application_that_is_no_switch_is_not_asked_about_one(command, fake, monkeypatch):
    monkeypatch.setattr("dpdk_mirror.remote.ovs._program", lambda app: "dpdk-testpmd")
    assert command("add", "nix", "--to", "tap:m0")[2].endswith(
        "there is no port nix [ENODEV]; dpdk-mirror ports lists them\n"
    )
    near = command("add", "net_rnig0", "--to", "tap:m0")[2]
    assert near.endswith("there is no port net_rnig0 [ENODEV]; did you mean net_ring0? dpdk-mirror ports lists them\n")


UNKNOWN = "ovs-vsctl get Interface p0 status:port_no\n"

# In place of ovs-vsctl: which interfaces of that name it lists, and what is advised if none is the application's.
ANSWERS = {
    "as it is": ([["p0", "dpdk", {"port_no": "1"}, {"dpdk-devargs": "net_null1,size=64"}]], ""),
    "another switch's": ([["p0", "dpdk", {"port_no": "1"}, {"dpdk-devargs": "net_null7"}]], UNKNOWN),
    "a port that is not there": ([["p0", "dpdk", {"port_no": "9"}, {"dpdk-devargs": "net_null9"}]], UNKNOWN),
    "one that is not up": ([["p0", "dpdk", {}, {}]], "has no port: ovs-vsctl get Interface p0 error\n"),
    "no such interface": ([], UNKNOWN),
    "what nobody expects": ([["p0"]], UNKNOWN),
}


@pytest.mark.usefixtures("some_program")
@pytest.mark.parametrize("answer", ANSWERS)
def test_open_vswitch_is_asked_for_a_name_that_the_application_does_not_know(command, fake, tmp_path, vsctl, answer):
    """It is believed if the device is the application's, too."""
    interfaces, advice = ANSWERS[answer]
    asked = vsctl(*interfaces)
    assert command("add", "net_ring0", "--to", "tap:m0")[0] == 0
    assert not asked.exists()
    found, out, err = command("add", "p0", "--to", "tap:m1")
    assert "list Interface p0\n" in asked.read_text(encoding="utf-8")
    if not advice:
        assert (found, out.splitlines()[0]) == (0, "added mirror mirror2: net_null1 -> tap:m1 (both)")
    else:
        assert (found, out) == (1, "")
        assert err.endswith(advice)
    # Wherever a port is named.
    found, out, err = command("add", "net_ring0", "--to", "port:p0", "--force")
    if not advice:
        assert (found, out.splitlines()[0]) == (0, "added mirror mirror3: net_ring0 -> port:net_null1 (both)")
    else:
        assert (found, out) == (1, "")
        assert err.endswith(advice)
    file = tmp_path / "mirrors.toml"
    file.write_text("[mirrors.there]\nsource = 'net_ring0'\nto = 'port:p0'\nforce = true\n", encoding="utf-8")
    assert command("apply", file)[0] == bool(advice)
    assert [each.to for each in fake.mirrors.values() if each.name == "there"] == ["port:net_null1"] * (not advice)


@pytest.mark.usefixtures("fake")
def test_a_name_that_is_nearly_open_vswitchs_is_told(command, vsctl, monkeypatch):
    monkeypatch.setattr("dpdk_mirror.remote.ovs._program", lambda _: "ovs-vswitchd")
    vsctl(["uplink", "dpdk", {"port_no": "1"}, {"dpdk-devargs": "net_null1"}])
    assert "; did you mean uplink? dpdk-mirror ports lists them; " in command("add", "uplnk", "--to", "tap:m1")[2]


@pytest.mark.usefixtures("some_program")
def test_a_switch_that_does_not_answer_is_not_waited_for(command, fake, tmp_path, monkeypatch):
    monkeypatch.setattr("dpdk_mirror.remote.ovs._TIMEOUT_S", 0.1)
    program = tmp_path / "ovs-vsctl"
    program.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert command("add", "p0", "--to", "tap:m1")[2].endswith(UNKNOWN)


def test_a_port_that_takes_force_is_said_to_take_the_option(command, fake):
    """The socket's own word for it is another."""
    code, _, err = command("add", "net_ring0", "--to", "port:net_null1")
    assert code == 1
    assert "--force" in err
    assert "force=yes" not in err
    assert command("add", "net_ring0", "--to", "port:net_null1", "--force")[0] == 0


def test_of_several_applications_one_must_be_named(command, start, fake, monkeypatch):
    """With the option, or in the environment; the option counts more."""
    start("other")
    start("plain", plugin=False)
    for arguments in (["remove", "--all"], ["ports"], ["info", "web"], ["add", 0, "--to", "ring:a"]):
        code, _, err = command(*arguments)
        assert code == 1
        what = "dpdk-mirror: choose an application: there are several: other, ovs [EEXIST]"
        assert err == f"{what}; name one with --app, or in DPDK_MIRROR_APP\n"
    for name in ("ovs", fake.path):
        assert command("remove", "--all", "--app", name)[0] == 0
    monkeypatch.setenv("DPDK_MIRROR_APP", "other")
    assert command("add", 0, "--to", "ring:a")[0] == 0
    assert fake.mirrors == {}
    assert command("list", "--app", "ovs") == (0, "", "dpdk-mirror: ovs has no mirrors\n")
    assert [row[1] for row in rows_of(command("list")[1])] == ["name", "mirror1"]
    monkeypatch.setenv("DPDK_MIRROR_APP", str(fake.path))
    assert command("stats") == (0, "", "dpdk-mirror: ovs has no mirrors\n")
    monkeypatch.setenv("DPDK_MIRROR_APP", "nix")
    assert command("list")[0] == 1
    monkeypatch.setenv("DPDK_MIRROR_APP", "")
    assert command("list")[0] == 0


def test_list_and_stats_show_all_applications(command, read_json, start, fake):
    """A column tells whose each is. Those without the plugin are left out, and of one alone there is no column."""
    other = start("other")
    start("plain", plugin=False)
    assert command("list") == (0, "", "dpdk-mirror: other, ovs have no mirrors\n")
    fake.mirrors[1] = FakeMirror(1, "net_ring0", "ring:a", MirrorSpec(name="web"), seen=7)
    (row,) = rows_of(command("list")[1])[1:]
    assert row == ["ovs", "1", "web", "net_ring0", "ring:a", "both", "share", "running", "-", "-"]
    other.mirrors[1] = FakeMirror(1, "net_ring0", "tap:b", MirrorSpec(name="web"))
    other.mirrors[2] = FakeMirror(2, "net_null1", "tap:b", MirrorSpec(name="dns"))
    assert [row[:3] for row in rows_of(command("list")[1])] == [
        ["app", "id", "name"], ["other", "1", "web"], ["other", "2", "dns"], ["ovs", "1", "web"],
    ]  # fmt: skip
    assert [(row["app"], row["name"]) for row in read_json("list")] == [
        ("other", "web"), ("other", "dns"), ("ovs", "web")
    ]  # fmt: skip
    assert rows_of(command("stats", "web")[1])[1:] == [
        ["other", "1", "web", "0", "0", "0"],
        ["ovs", "1", "web", "7", "7", "448"],
    ]
    assert [(row["app"], row["seen"]) for row in read_json("stats", "dns")] == [("other", 0)]
    code, _, err = command("stats", "nix")
    assert (code, "there is no mirror nix" in err) == (1, True)
    assert "app" not in read_json("list", "--app", "ovs")[0]


def test_the_only_one_with_the_plugin_need_not_be_named(command, start, fake):
    start("plain", plugin=False)
    odd = start("odd")
    odd.odd["/mirror/version"] = odd.say("nonsense")
    assert command("list") == (0, "", "dpdk-mirror: ovs has no mirrors\n")


@pytest.mark.parametrize("what", ["greeting", "/mirror/version"])
def test_one_that_hangs_may_be_the_one_that_is_meant(command, start, fake, what):
    hung = start("hung")
    hung.odd[what] = hung.hang
    code, _, err = command("remove", "--all")
    assert code == 1
    assert "choose an application: there are several: " in err
    assert "hung" in err
    assert "ovs" in err
    assert command("remove", "--all", "--app", "ovs")[0] == 0


def test_an_application_without_the_plugin_is_told_how_to_load_it(command, start):
    start("plain", plugin=False)
    for arguments in (["list"], ["list", "--app", "plain"]):
        code, _, err = command(*arguments)
        assert code == 1
        assert "plain" in err
        assert " first: dpdk-mirror attach plain" in err
        assert len(err.splitlines()) == 1


def test_without_applications_it_says_how_to_start_one(command, runtime):
    code, _, err = command("list")
    assert code == 1
    assert "no DPDK application with a telemetry socket is found [ENOENT]; dpdk-mirror apps lists what runs" in err


def test_what_only_root_may_see_says_sudo(command, runtime, monkeypatch):
    monkeypatch.setattr("dpdk_mirror.cli.common.closed_directories", sockets.runtime_directories)
    code, _, err = command("list")
    assert code == 1
    assert err.startswith("dpdk-mirror: choose an application: no permission to read /tmp/dm-")
    assert err.endswith("/dpdk [EACCES]; use sudo $(command -v dpdk-mirror)\n")


def test_counters_of_a_newer_library_are_shown(command, fake):
    """Of one of two mirrors alone; the other's are 0."""
    command("add", 0, "--to", "ring:a", "--name", "a")
    command("add", 1, "--to", "ring:a", "--name", "b")
    stats = fake.do_stats
    fake.do_stats = lambda asked: stats(asked) | ({"of_late": 7} if asked["mirror"] == "1" else {})
    lines = [line.split() for line in command("stats")[1].splitlines()]
    assert lines[0][-1] == "late"
    assert [line[-1] for line in lines[1:]] == ["7", "0"]
    assert json.loads(command("stats", "--json")[1])[0]["of_late"] == 7


@pytest.mark.parametrize("key", ["state", "mode", "filter_engine"])
def test_a_word_of_a_newer_library_is_shown(command, fake, key):
    command("add", 0, "--to", "ring:a", "--name", "a")
    info = fake.do_info
    fake.do_info = lambda asked: info(asked) | {key: "novel"}
    assert "novel" in command("info", "a")[1]
    assert json.loads(command("list", "--json")[1])[0][key] == "novel"
    assert "mirror a of " in command("doctor", "--app", fake.path)[1]
    assert command("apply", "--prune", "/dev/null")[0] == 0
