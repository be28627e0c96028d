# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror apply``: an application's mirrors become what a file says."""

import errno
import json
import os
import re

import pytest
from fakeapp import FakeMirror, refusal

from dpdk_mirror.cli import main
from dpdk_mirror.spec import MirrorSpec, Mode

FILE = """\
app = "ovs"

[mirrors.web]
source = "net_ring0"
to = "tap:m0"
directions = "rx"
snaplen = 96

[mirrors."the rest"]
source = 1
to = "ring:r"
mode = "copy"
origin = true
"""
WEB = MirrorSpec.from_pairs("directions=rx,mode=auto,snaplen=96,name=web")
REST = MirrorSpec(mode=Mode.COPY, origin=True, name="the rest")


@pytest.fixture
def fake(start):
    return start("ovs")


@pytest.fixture
def apply(tmp_path, capsys):
    """``apply(text, ...)`` applies a file of that text; returns exit code, stdout and stderr."""

    def run(text, *arguments):
        path = tmp_path / "mirrors.toml"
        path.write_text(text, encoding="utf-8")
        code = main(["apply", str(path), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def present(fake):
    return {mirror.name: (mirror.source, mirror.to, mirror.spec) for mirror in fake.mirrors.values()}


WANTED = {"web": ("net_ring0", "tap:m0", WEB), "the rest": ("1", "ring:r", REST)}


def changing(fake):
    """What has been asked for that changes anything."""
    asked = [request for request in fake.requests if request.startswith(("/mirror/add", "/mirror/rem", "/mirror/upd"))]
    return [request for request in asked if "dry=yes" not in request]


def test_what_is_missing_is_added(apply, fake):
    code, out, err = apply(FILE)
    assert (code, err) == (0, "")
    assert present(fake) == WANTED
    assert out == (
        "add web: source net_ring0, to tap:m0, directions rx, mode auto, snaplen 96\n"
        "add the rest: source 1, to ring:r, directions both, mode copy, origin yes\n"
    )


def test_applied_twice_it_changes_nothing(apply, fake):
    apply(FILE)
    before = changing(fake)
    assert apply(FILE) == (0, "keep web\nkeep the rest\n", "")
    assert changing(fake) == before


def test_what_differs_is_updated_where_that_can_be_done(apply, fake):
    """By what differs alone; a default is said, too."""
    apply(FILE)
    fake.mirrors[1].seen = 7
    code, out, _ = apply(FILE.replace("snaplen = 96", 'mode = "split"'))
    assert (code, out) == (0, "update web: mode auto -> split, snaplen 96 -> 0\nkeep the rest\n")
    assert changing(fake)[-1] == "/mirror/update,mirror=1,mode=split,snaplen=0"
    assert fake.mirrors[1].seen == 7


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"tap:m0"', '"tap:m1"', "replace web: to tap:m0 -> tap:m1"),
        ('"net_ring0"', '"net_null1"', "replace web: source net_ring0 -> net_null1"),
        ("snaplen = 96", "snaplen = 96\ntarget_queue = 1", "replace web: target_queue 0 -> 1"),
    ],
)
def test_what_cannot_be_updated_is_replaced(apply, fake, old, new, line):
    apply(FILE)
    code, out, _ = apply(FILE.replace(old, new))
    assert (code, out.splitlines()) == (0, [line, "keep the rest"])
    assert changing(fake)[-1].startswith("/mirror/add,")
    assert changing(fake)[-1].endswith(",replace=web")
    assert sorted(present(fake)) == ["the rest", "web"]


def test_a_mirror_that_has_ended_is_replaced(apply, fake):
    apply(FILE)
    fake.mirrors[1].state, fake.mirrors[1].reason = "stopped", "its source has gone"
    _, out, _ = apply(FILE)
    assert out.splitlines()[0] == "replace web: state stopped: its source has gone -> running"
    assert [mirror.state for mirror in fake.mirrors.values()] == ["running", "running"]


def test_a_paused_mirror_stays_paused(apply, fake):
    apply(FILE)
    fake.mirrors[1].state = "paused"
    assert apply(FILE)[1].startswith("keep web\n")
    assert fake.mirrors[1].state == "paused"


def test_mirrors_that_the_file_does_not_name_stay_unless_they_are_to_be_pruned(apply, fake):
    """They are removed first: they may be in the way of what is added."""
    fake.mirrors[9] = FakeMirror(9, "net_null1", "tap:m9", MirrorSpec(name="old"))
    note = "dpdk-mirror: old stays, though {} does not name it: --prune removes it\n"
    code, out, err = apply(FILE)
    assert (code, "old" in out) == (0, False)
    assert re.fullmatch(note.format(".*"), err)
    assert sorted(present(fake)) == ["old", "the rest", "web"]
    fake.mirrors[8] = FakeMirror(8, "net_null1", "tap:m8", MirrorSpec(name="older"))
    code, out, err = apply(FILE, "--prune")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "remove older: source net_null1, to tap:m8", "remove old: source net_null1, to tap:m9", "keep web",
        "keep the rest",
    ]  # fmt: skip
    assert present(fake) == WANTED


def test_mirrors_of_the_applications_own_are_left_alone(apply, fake):
    """It has registered them for something; one of a name in the file is in its way."""
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m9", MirrorSpec(name="web"), added=0)
    code, _, err = apply(FILE)
    assert code == 1
    assert err.endswith("there is a mirror named web already: choose another name [EEXIST]; nothing has been changed\n")
    assert apply("", "--prune") == (0, "", "")
    assert list(present(fake)) == ["web"]


@pytest.mark.parametrize("text", ["", "\ufeff", "[mirrors]\n"])
def test_an_empty_file_removes_nothing_unless_it_is_to_prune(apply, fake, text):
    apply(FILE)
    code, out, err = apply(text, "--app", "ovs")
    assert (code, out, len(err.splitlines())) == (0, "", 2)
    assert present(fake) == WANTED
    apply(text, "--app", "ovs", "--prune")
    assert fake.mirrors == {}


def test_a_file_with_a_byte_order_mark_is_read(apply, fake):
    assert apply("\ufeff" + FILE)[0] == 0
    assert present(fake) == WANTED


def test_a_renamed_mirror_is_updated(apply, fake):
    """It goes on, with its counters, and its target stays."""
    apply(FILE)
    fake.mirrors[1].seen = 7
    code, out, err = apply(FILE.replace("mirrors.web", "mirrors.http"))
    assert (code, out, err) == (0, "update http: name web -> http\nkeep the rest\n", "")
    assert changing(fake)[-1] == "/mirror/update,mirror=1,name=http"
    assert (fake.mirrors[1].name, fake.mirrors[1].seen) == ("http", 7)


def mirror(name, source=0, to="tap:m0", **more):
    lines = {"source": source, "to": to, **more}
    return f"[mirrors.{json.dumps(name)}]\n" + "".join(f"{key} = {json.dumps(lines[key])}\n" for key in lines)


SWAPS = {
    "names": (mirror("a", to="tap:a") + mirror("b", to="tap:b"), mirror("b", to="tap:a") + mirror("a", to="tap:b")),
    "directions": (
        mirror("a", directions="rx") + mirror("b", directions="tx"),
        mirror("a", directions="tx") + mirror("b", directions="rx"),
    ),
    "sources": (mirror("a", 0) + mirror("b", 1), mirror("a", 1) + mirror("b", 0)),
    "captures": (
        mirror("a", 0, "pcap:/a") + mirror("b", 1, "pcap:/b"),
        mirror("a", 0, "pcap:/b") + mirror("b", 1, "pcap:/a"),
    ),
    "all three ways round": (
        mirror("a", 0, "pcap:/a") + mirror("b", 1, "pcap:/b") + mirror("c", 0, "pcap:/c", directions="rx"),
        mirror("a", 1, "pcap:/b", snaplen=64) + mirror("b", 0, "pcap:/c") + mirror("c", 0, "pcap:/a"),
    ),
    "one direction from now on": (
        mirror("a"),
        mirror("b", directions="rx") + mirror("a", directions="tx"),
    ),
}


@pytest.mark.parametrize("swap", SWAPS)
def test_swaps_converge_at_once(apply, fake, swap):
    before, after = SWAPS[swap]
    assert apply(before)[0] == 0
    code, _, err = apply(after)
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in apply(after)[1].splitlines()} == {"keep"}
    assert apply(before, "--prune")[0] == 0
    assert {line.split()[0] for line in apply(before)[1].splitlines()} == {"keep"}


BAD = {
    "a source that is not there": (('"net_ring0"', '"nix"'), "there is no port nix [ENODEV]"),
    "a filter that is none": (("snaplen = 96", 'filter = "tcp prt 1"'), "can't parse filter expression [EINVAL]"),
    "a target that cannot be": (('"tap:m0"', '"tap:exists"'), "tap:exists: it exists [EEXIST]"),
    "a port that takes force": (('"tap:m0"', '"port:net_null1"'), "give force=yes if it is not [EINVAL]"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("state", ["empty", "applied", "others"])
def test_all_is_checked_before_anything_changes(apply, fake, bad, state):
    """Whatever there is stays, what was to be pruned, too; each refusal is said."""
    (old, new), message = BAD[bad]
    fake.bad_targets.add("tap:exists")
    if state == "applied":
        apply(FILE)
    if state == "others":
        fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m0", MirrorSpec(name="old"))
    before, asked = present(fake), changing(fake)
    text = FILE.replace(old, new).replace("copy", "split") + mirror("third", "nowhere")
    for more in ((), ("--dry-run",), ("--json",)):
        code, out, err = apply(text, "--prune", *more)
        assert code == 1
        assert message in err
        assert "there is no port nowhere [ENODEV]" in err
        assert err.endswith("; nothing has been changed\n")
        assert (present(fake), changing(fake)) == (before, asked)
        assert bool(out) == bool(more)
    result = json.loads(out)
    assert result["done"] is False
    assert {change["name"] for change in result["changes"] if change["error"]} == {"web", "third"}


def test_mirrors_of_the_file_that_cannot_be_at_once_are_refused(apply, fake):
    """By whatever name their source goes."""
    code, _, err = apply(mirror("a", 0, directions="rx") + mirror("b", "net_ring0"))
    assert code == 1
    assert "mirror b: a mirrors net_ring0 to tap:m0 in this direction, too [EEXIST]; leave one of them out" in err
    assert apply(mirror("a", 0, directions="rx") + mirror("b", "net_ring0", directions="tx"))[0] == 0


@pytest.mark.parametrize("how", [{"to": "tap:late"}, {"source": 1, "to": "tap:late"}])
def test_a_replacement_that_fails_leaves_the_old_mirror_running(apply, fake, how):
    """And the rest is done."""
    apply(FILE)
    fake.late_failures.add("tap:late")
    code, out, err = apply(mirror("web", **how) + mirror("more", 1, "ring:m"), "--prune")
    assert code == 1
    assert "tap:late: no memory [ENOMEM]\n" in err
    assert "replace web (failed)" in out
    assert present(fake)["web"] == WANTED["web"]
    assert sorted(present(fake)) == ["more", "web"]


def test_a_mirror_that_fails_to_get_its_name_goes_by_its_old_one(apply, fake):
    """Not by the one that it had for a while, when names were exchanged."""
    apply(mirror("a", 0, "tap:a") + mirror("b", 0, "tap:b"))
    fake.odd["/mirror/update"] = fake.say({"/mirror/update": refusal(errno.ENOMEM, "no memory")})
    assert apply(mirror("b", 0, "tap:a") + mirror("a", 0, "tap:b"))[0] == 1
    assert {mirror.name: mirror.to for mirror in fake.mirrors.values()} == {"a": "tap:a", "b": "tap:b"}


def test_relative_paths_start_at_the_files_folder(apply, fake, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    assert apply(mirror("a", 0, "pcap:x.pcap") + mirror("b", 1, "vhost:./s"))[0] == 0
    assert [mirror.to for mirror in fake.mirrors.values()] == [f"pcap:{tmp_path}/x.pcap", f"vhost:{tmp_path}/s"]
    assert apply(mirror("a", 0, "pcap:x.pcap") + mirror("b", 1, "vhost:./s"))[1] == "keep a\nkeep b\n"


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_file_may_come_through_standard_input(fake, tmp_path, monkeypatch, name):
    """Its folder is not known then."""
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    (tmp_path / "mirrors.toml").write_text(mirror("a", 0, "pcap:x.pcap"))
    before = os.dup(0)
    with (tmp_path / "mirrors.toml").open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        assert main(["apply", name]) == 0
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert [each.to for each in fake.mirrors.values()] == [f"pcap:{tmp_path}/folder/x.pcap"]


def test_any_number_of_mirrors_may_change_at_once(apply, fake):
    """However short a request has to be."""
    before = {f"m{number}": f"tap:{number}" for number in range(300)}
    assert apply("".join(mirror(name, 0, to) for name, to in before.items()))[0] == 0
    after = dict(zip(before, list(before.values())[1:] + list(before.values())[:1], strict=True))
    assert apply("".join(mirror(name, 0, to) for name, to in after.items()))[0] == 0
    assert {each.name: each.to for each in fake.mirrors.values()} == after


def test_a_direction_may_be_called_so(apply, fake):
    assert apply(mirror("a", direction="rx"))[0] == 0
    assert str(fake.mirrors[1].spec.directions) == "rx"
    assert "direction: given twice" in apply(mirror("a", direction="rx", directions="rx"))[2]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(apply, fake):
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m9", MirrorSpec(name="old"))
    code, out, _ = apply(FILE, "--dry-run", "--prune")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "would remove old", "would add web", "would add the rest",
    ]  # fmt: skip
    assert changing(fake) == []


def test_json_tells_the_changes_and_their_differences(apply, fake):
    apply(FILE)
    code, out, _ = apply(FILE.replace("96", "64"), "--json", "--dry-run")
    assert code == 0
    assert json.loads(out) == {
        "app": "ovs",
        "dry_run": True,
        "done": False,
        "changes": [
            {"name": "web", "action": "update", "differences": {"snaplen": ["96", "64"]}, "error": None},
            {"name": "the rest", "action": "keep", "differences": {}, "error": None},
        ],
    }


def test_a_source_may_go_by_its_name_or_its_number(apply, fake):
    apply(FILE)
    assert apply(FILE.replace('"net_ring0"', "0").replace("source = 1", 'source = "net_null1"'))[0] == 0
    assert fake.mirrors[1].source == "net_ring0"
    assert changing(fake) == changing(fake)[:2]


def test_what_fails_does_not_keep_the_rest_from_being_done(apply, fake):
    """Each failure is a line, and the exit status 1."""
    fake.late_failures |= {"tap:m0", "ring:t"}
    broken = FILE + mirror("third", 0, "ring:t")
    code, out, err = apply(broken)
    assert code == 1
    assert "add web (failed): source net_ring0" in out
    assert list(present(fake)) == ["the rest"]
    assert [line.split(": ")[2] for line in err.splitlines()] == ["ring:t", "tap:m0"]
    code, out, _ = apply(broken, "--json")
    result = json.loads(out)
    assert (code, result["done"]) == (1, True)
    assert [(each["name"], bool(each["error"])) for each in result["changes"]] == [
        ("web", True), ("third", True), ("the rest", False)
    ]  # fmt: skip


def test_an_existing_port_as_a_target_takes_force(apply, fake):
    text = '[mirrors.p]\nsource = 0\nto = "port:x"\n'
    assert "[EINVAL]" in apply(text)[2]
    assert apply(text + "force = true\n")[0] == 0
    assert apply(text + "force = true\n")[1] == "keep p\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[mirrors", "not TOML: "),
        ("a = " + 5000 * "[", "nested too deeply"),
        ("a = 1", "a: no such setting [EINVAL]; there are app and mirrors"),
        ("app = 1", "app: not a text"),
        ("mirrors = 1", "mirrors: not tables"),
        ("[mirrors]\nweb = 1", "mirrors: not tables"),
        ("[mirrors.web]\nto = 'tap:m0'", "mirrors.web: source: not given"),
        ("[mirrors.web]\nsource = 0", "mirrors.web: to: not given"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nforce = 1", "mirrors.web: force: neither true nor false"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnaplen = 1.5", "snaplen=1.5: not a whole number"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nrate_unit = 'bits'", "rate_unit=bits: there is no rate"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnaplen = 13", "snaplen=13: less than an Ethernet header"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnapln = 64", "snapln: no such parameter [EINVAL]; did you mean"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nname = 'x'", "name: use the table's name, [mirrors.NAME]"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_changes_nothing(apply, fake, text, message):
    code, out, err = apply(text)
    assert (code, out) == (1, "")
    assert err.startswith("dpdk-mirror: read ")
    assert message in err
    assert len(err.splitlines()) == 1
    assert fake.requests == []


def test_a_file_that_is_not_there_is_an_error(capsys):
    assert main(["apply", "/nowhere/mirrors.toml"]) == 1
    assert capsys.readouterr().err == "dpdk-mirror: /nowhere/mirrors.toml: No such file or directory\n"


def test_a_file_that_is_no_text_is_an_error(tmp_path, capsys):
    (tmp_path / "f").write_bytes(b"\xff\xff")
    assert main(["apply", str(tmp_path / "f")]) == 1
    assert "not TOML: " in capsys.readouterr().err
