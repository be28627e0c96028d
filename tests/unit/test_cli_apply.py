# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""``dpdk-mirror apply``: an application's mirrors become what a file says."""

import json

import pytest
from fakeapp import FakeMirror
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    return [request for request in fake.requests if request.startswith(("/mirror/add", "/mirror/rem", "/mirror/upd"))]


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
    assert [request.split(",")[0] for request in changing(fake)[-2:]] == ["/mirror/remove", "/mirror/add"]
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


def test_mirrors_that_the_file_does_not_name_are_removed_first(apply, fake):
    """They may be in the way of what is added."""
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m0", MirrorSpec(name="old"))
    code, out, _ = apply(FILE)
    assert (code, out.splitlines()[0]) == (0, "remove old: source net_ring0, to tap:m0")
    assert changing(fake)[0] == "/mirror/remove,mirror=9"
    assert present(fake) == WANTED


def test_mirrors_of_the_applications_own_are_left_alone(apply, fake):
    """It has registered them for something; one of a name in the file is in its way."""
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m9", MirrorSpec(name="web"), added=0)
    code, _, err = apply(FILE)
    assert code == 1
    assert err.endswith("the name web is taken [EEXIST]\n")
    assert apply("")[1] == "remove the rest: source 1, to ring:r\n"
    assert list(present(fake)) == ["web"]


def test_others_may_be_kept(apply, fake):
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m9", MirrorSpec(name="old"))
    assert "old" not in apply(FILE, "--keep-others")[1]
    assert sorted(present(fake)) == ["old", "the rest", "web"]


def test_an_empty_file_removes_all(apply, fake):
    apply(FILE)
    apply("", "--app", "ovs")
    assert fake.mirrors == {}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(apply, fake):
    fake.mirrors[9] = FakeMirror(9, "net_ring0", "tap:m9", MirrorSpec(name="old"))
    code, out, _ = apply(FILE, "--dry-run")
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
        "changes": [
            {"name": "web", "action": "update", "differences": {"snaplen": ["96", "64"]}, "error": None},
            {"name": "the rest", "action": "keep", "differences": {}, "error": None},
        ],
    }


def test_a_source_may_go_by_its_name_or_its_number(apply, fake):
    apply(FILE)
    assert apply(FILE.replace('"net_ring0"', "0").replace("source = 1", 'source = "net_null1"'))[0] == 0
    # The stand-in says of all mirrors that their source is port 0.
    assert fake.mirrors[1].source == "net_ring0"


def test_what_fails_does_not_keep_the_rest_from_being_done(apply, fake):
    """Each failure is a line, and the exit status 1."""
    broken = FILE.replace('"net_ring0"', '"nix"') + '[mirrors.third]\nsource = "nix"\nto = "ring:t"\n'
    code, out, err = apply(broken)
    assert code == 1
    assert "add web (failed): source nix" in out
    assert list(present(fake)) == ["the rest"]
    assert [line.split(":")[1] for line in err.splitlines()] == [
        " register mirror nix -> ring", " register mirror nix -> tap"
    ]  # fmt: skip
    code, out, _ = apply(broken, "--json")
    assert code == 1
    assert "there is no port nix [ENODEV]" in json.loads(out)["changes"][0]["error"]


def test_an_existing_port_as_a_target_takes_force(apply, fake):
    text = '[mirrors.p]\nsource = 0\nto = "port:x"\n'
    assert "[EINVAL]" in apply(text)[2]
    assert apply(text + "force = true\n")[0] == 0
    assert apply(text + "force = true\n")[1] == "keep p\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[mirrors", "not TOML: "),
        ("a = 1", "a: no such setting [EINVAL]; there are app and mirrors"),
        ("app = 1", "app: not a text"),
        ("mirrors = 1", "mirrors: not tables"),
        ("[mirrors]\nweb = 1", "mirrors: not tables"),
        ("[mirrors.web]\nto = 'tap:m0'", "mirrors.web: source: not given"),
        ("[mirrors.web]\nsource = 0", "mirrors.web: to: not given"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nforce = 1", "mirrors.web: force: neither true nor false"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnaplen = 1.5", "mirrors.web: snaplen: neither a text nor"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnaplen = 13", "snaplen=13: less than an Ethernet header"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nsnapln = 64", "snapln: no such parameter [EINVAL]; did you mean"),
        ("[mirrors.web]\nsource = 0\nto = 'tap:m0'\nname = 'x'", "name: that is what stands in [mirrors.NAME]"),
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


def parameters(values):
    texts = {
        key: {False: "no", True: "yes"}[value] if value in (False, True) and key == "origin" else str(value)
        for key, value in values.items()
    }
    return {key: text for key, text in texts.items() if key not in {"source", "to"}}


SPECS = st.fixed_dictionaries(
    {"source": st.sampled_from(["net_ring0"]), "to": st.sampled_from(["tap:a", "ring:b"])},
    optional={
        "directions": st.sampled_from(["rx", "tx", "both"]),
        "mode": st.sampled_from(["copy", "auto"]),
        "snaplen": st.sampled_from([0, 64, 96]),
        "target_queue": st.sampled_from([0, 1]),
        "origin": st.booleans(),
    },
)
FILES = st.dictionaries(st.sampled_from(["a", "b c", "ü"]), SPECS)


@given(FILES, FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_from_any_state_one_application_suffices(apply, fake, before, after):
    """Whatever the mirrors were, they are what the file says, and a second time there is nothing to do."""

    def toml(mirrors):
        return "".join(
            f"[mirrors.{json.dumps(name)}]\n"
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for name, values in mirrors.items()
        )

    assert apply(toml(before))[0] == 0
    assert apply(toml(after))[0] == 0
    assert {name: (mirror[1], mirror[2]) for name, mirror in present(fake).items()} == {
        name: (values["to"], MirrorSpec.from_texts({"mode": "auto", "name": name, **parameters(values)}))
        for name, values in after.items()
    }
    _, out, _ = apply(toml(after), "--json")
    assert {change["action"] for change in json.loads(out)["changes"]} <= {"keep"}
