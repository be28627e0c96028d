# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The keywords of public calls: what mypy, help() and errors make of them."""

from __future__ import annotations

import enum
import inspect
import keyword
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import jedi
import pytest

import dpdk_mirror
from dpdk_mirror import (
    CaptureReader,
    CaptureWriter,
    Direction,
    Eal,
    EalConfig,
    Flow,
    Forwarder,
    ForwarderConfig,
    Mac,
    Mirror,
    MirrorHooks,
    MirrorSpec,
    MirrorStats,
    Port,
    PortConfig,
    Sample,
    Select,
    Vdev,
    remote,
    testing,
)
from dpdk_mirror.ealconfig import EalOptions
from dpdk_mirror.forwarder import ForwarderOptions
from dpdk_mirror.mirror import MirrorOptions
from dpdk_mirror.parameter import aliases_in, parameters_of
from dpdk_mirror.portconfig import PortOptions
from dpdk_mirror.remote import Application, RemoteMirror
from dpdk_mirror.selection import SelectOptions
from dpdk_mirror.spec import ALIASES, PARAMETERS, CommonOptions, SpecOptions

ROOT = Path(__file__).resolve().parents[2]
USES = Path(__file__).with_name("typed_uses.py")


def test_mypy_finds_the_wrong_uses_and_no_others():
    """Strictly, as a user's own check would."""
    command = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary", str(USES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    found = re.findall(r"typed_uses\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    marked = {
        number: line.partition("# error: ")[2]
        for number, line in enumerate(USES.read_text(encoding="utf-8").splitlines(), 1)
        if "# error: " in line
    }
    assert len(marked) > 15
    assert {int(number): code for number, code in found} == marked, done.stdout + done.stderr


def test_the_options_of_a_spec_are_its_fields_with_their_types():
    """And the other names of some."""
    hints, options = get_type_hints(MirrorSpec), get_type_hints(SpecOptions)
    assert {key: options[key] for key in hints if key in options} == hints
    # Python has a word or two for itself.
    aliases = {alias: key for alias, key in ALIASES.items() if key in hints and not keyword.iskeyword(alias)}
    assert {alias: options[alias] for alias in aliases} == {alias: hints[key] for alias, key in aliases.items()}
    assert options.keys() == hints.keys() | aliases.keys()
    live = {key for key, parameter in PARAMETERS.items() if parameter.live}
    assert CommonOptions.__annotations__.keys() == options.keys() - live
    assert MirrorOptions.__annotations__.keys() == {*CommonOptions.__annotations__, "hooks", "pool"}


def test_the_options_of_a_selection_are_its_fields_with_their_types():
    """And the other names of some."""
    kinds = {key: kind.__forward_arg__ for key, kind in SelectOptions.__annotations__.items()}
    hints = {each.name: each.type for each in fields(Select)}
    aliases = {alias: hints[key] for alias, key in aliases_in(parameters_of(Select)).items()}
    assert aliases
    assert kinds == hints | aliases


@pytest.mark.parametrize(
    ("options", "described"),
    [(EalOptions, EalConfig), (PortOptions, PortConfig), (ForwarderOptions, ForwarderConfig)],
)
def test_options_are_the_fields_of_what_they_make(options, described):
    """With the same types, but that any series of devices will do."""
    kinds = {key: kind.__forward_arg__ for key, kind in options.__annotations__.items()}
    loose = {"vdevs": "Iterable[Vdev | str]", "devices": "Iterable[str]", "args": "Iterable[str]"}
    assert kinds == {each.name: loose.get(each.name, each.type) for each in fields(described)}


@pytest.mark.parametrize(
    ("call", "keywords"),
    [
        (Mirror, {"spec", *MirrorOptions.__annotations__}),
        (Mirror.update, {*MirrorOptions.__annotations__}),
        (Application.mirror, {"to", "spec", "force", *SpecOptions.__annotations__}),
        (RemoteMirror.update, {*SpecOptions.__annotations__}),
        (MirrorSpec.changed, {*SpecOptions.__annotations__}),
        (Eal, {each.name for each in fields(EalConfig)}),
        (Port.start, {each.name for each in fields(PortConfig)}),
        (Forwarder, {each.name for each in fields(ForwarderConfig)}),
    ],
)
def test_help_shows_all_keywords(call, keywords):
    parameters = inspect.signature(call).parameters.values()
    assert {each.name for each in parameters if each.kind is each.KEYWORD_ONLY} == keywords
    assert not [each for each in parameters if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]


def test_help_shows_defaults_where_there_are_some():
    assert str(inspect.signature(Eal).parameters["buffers"]) == "buffers: 'int' = 65536"
    assert str(inspect.signature(Mirror.update).parameters["snaplen"]) == "snaplen: 'int' = ..."


def test_no_public_call_takes_whatever_it_is_given():
    """Every keyword has a name, and so a type and a line in help(); but for drivers' arguments and newer counters."""
    for name, public in [
        (name, getattr(each, name)) for each in (dpdk_mirror, remote, testing) for name in each.__all__
    ]:
        if not inspect.isclass(public) or issubclass(public, Exception) or name in {"Vdev", "RemoteMirrorStats"}:
            continue
        for called, function in [(name, public), *inspect.getmembers(public, inspect.isfunction)]:
            if called.startswith("_"):
                continue
            try:
                parameters = inspect.signature(function).parameters.values()
            except ValueError:
                continue  # an enumeration's
            assert not [each for each in parameters if each.kind is each.VAR_KEYWORD], f"{name}.{called}"


CHANGES = {
    "spec": MirrorSpec,
    "changed": MirrorSpec().changed,
    "live": lambda **options: RemoteMirror(None, 1).update(**options),
    "in process": lambda **options: Mirror.update(None, **options),
    "new": lambda **options: Mirror(None, None, **options),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize(
    ("keyword", "hint"),
    [
        ("filter", "filter: give select=Select(filter=...)"),
        ("sample", "sample: give select=Select(sample=...)"),
        ("queues", "queues: give select=Select(queues=...)"),
        ("protocol", "protocol: give select=Select(flow=Flow(protocol=...))"),
        ("one_in", "one_in: give select=Select(sample=Sample(one_in=...))"),
        ("dst", "dst: give select=Select(mac=Mac(dst=...)) or select=Select(flow=Flow(dst=...))"),
        ("filtr", "filtr: no such option; did you mean filter? filter: give select=Select(filter=...)"),
        ("split_length", "split_length: no such option; did you mean split_len?"),
        ("xyz", "xyz: no such option; there are directions, "),
    ],
)
def test_a_wrong_keyword_is_told_where_it_belongs(change, keyword, hint):
    with pytest.raises(TypeError) as refused:
        change(snaplen=64, **{keyword: 1})
    assert str(refused.value).startswith(hint)


@pytest.mark.parametrize(
    ("part", "keyword", "hint"),
    [
        (Select, "src", "src: give mac=Mac(src=...) or flow=Flow(src=...)"),
        (Select, "one_in", "one_in: give sample=Sample(one_in=...)"),
        (Select, "vlann", "vlann: no such option; did you mean vlan or vlans?"),
        (Flow, "port", "port: no such option; did you mean src_port or dst_port?"),
        (Mac, "source", "source: no such option; "),
        (Sample, "sed", "sed: no such option; did you mean seed?"),
        *[(part, "snaplen", "snaplen: give the mirror snaplen=..., beside ") for part in (Select, Mac, Flow, Sample)],
        (Select, "direction", "direction: give the mirror direction=..., beside "),
        (Select, "seconds", "seconds: give the mirror seconds=..., beside "),
        (Select, "pool", "pool: for mirrors of this process alone: give Mirror(pool=...)"),
        (Flow, "vlan", "vlan: give Select(vlan=...)"),
        (Flow, "filter", "filter: give Select(filter=...)"),
        (Flow, "one_in", "one_in: give Select(sample=Sample(one_in=...))"),
        (Mac, "dst_port", "dst_port: give Select(flow=Flow(dst_port=...))"),
        (Sample, "dst", "dst: give Select(mac=Mac(dst=...)) or Select(flow=Flow(dst=...))"),
        (MirrorSpec, "pool", "pool: for mirrors of this process alone: give Mirror(pool=...)"),
        (MirrorHooks, "snaplen", "snaplen: give Mirror(snaplen=...)"),
        (MirrorHooks, "pool", "pool: give Mirror(pool=...)"),
        (MirrorHooks, "filter", "filter: give Mirror(select=Select(filter=...))"),
        (MirrorHooks, "dst_port", "dst_port: give Mirror(select=Select(flow=Flow(dst_port=...)))"),
        (MirrorHooks, "offloads", "offloads: no such option; did you mean offload?"),
        (CaptureWriter, "stmap", "stmap: no such option; did you mean stamp?"),
        (PortConfig, "queues", "queues: no such option; did you mean tx_queues or rx_queues?"),
        (EalConfig, "huge_pages", "huge_pages: no such option; did you mean hugepages?"),
        (MirrorStats, "packet", "packet: no such option; did you mean packets?"),
        (Vdev, "iface", 'iface: no such option; for an argument of the driver, give args=("iface=...",)'),
    ],
)
def test_parts_of_a_mirror_are_told_theirs(part, keyword, hint):
    with pytest.raises(TypeError) as refused:
        part(**{keyword: 1})
    assert str(refused.value).startswith(hint)


@pytest.mark.parametrize(("part", "keyword", "near"), [(Flow, "port", "src_port or dst_port"), (Sample, "sed", "seed")])
def test_a_near_keyword_that_is_known_is_not_sent_elsewhere(part, keyword, near):
    """Though a mirror, which lacks it, would say where it belongs."""
    with pytest.raises(TypeError) as refused:
        part(**{keyword: 1})
    assert str(refused.value) == f"{keyword}: no such option; did you mean {near}?"


PUBLIC = [public for name in dpdk_mirror.__all__ if inspect.isclass(public := getattr(dpdk_mirror, name))]


@pytest.mark.parametrize("public", [each for each in PUBLIC if not issubclass(each, Exception | enum.Enum)])
def test_every_constructor_tells_what_there_is(public):
    known = {each.name: None for each in inspect.signature(public).parameters.values()}
    needed = {} if public in (CaptureWriter, CaptureReader) else known
    with pytest.raises(TypeError, match=r"^no_such_word: no such option; "):
        public(**needed, no_such_word=1)


@pytest.mark.parametrize("first", ["Flow", "Mac", "Sample", "Select"])
def test_selections_know_of_mirrors_whatever_is_imported(first):
    code = f"from dpdk_mirror import {first}; {first}(snaplen=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert "snaplen: give the mirror snaplen=..." in done.stderr


def test_what_lives_in_one_process_is_known_without_it():
    own = MirrorOptions.__annotations__.keys() - SpecOptions.__annotations__.keys()
    assert own
    for word in own:
        with pytest.raises(TypeError, match=f"^{word}: for mirrors of this process alone: "):
            MirrorSpec(**{word: None})


@pytest.mark.parametrize("keyword", [each.name for each in fields(MirrorHooks)])
def test_hooks_are_told_where_they_belong_where_there_are_any(keyword):
    for change in ("in process", "new"):
        with pytest.raises(TypeError, match=rf"{keyword}: give hooks=MirrorHooks\({keyword}=\.\.\.\)"):
            CHANGES[change](**{keyword: 1})


@pytest.mark.parametrize("keyword", [key for key, parameter in PARAMETERS.items() if parameter.of_target])
def test_what_is_for_captures_of_live_applications_is_told_so(keyword):
    for change in ("in process", "new"):
        with pytest.raises(TypeError, match=rf"{keyword}: .*: give Application\.mirror\({keyword}=\.\.\.\)"):
            CHANGES[change](**{keyword: 1})


@pytest.mark.parametrize(("change", "keyword"), [("in process", "target"), ("live", "to"), ("live", "source")])
def test_what_stays_is_said_to_stay(change, keyword):
    with pytest.raises(TypeError, match=f"^{keyword}: does not change while the mirror exists: "):
        CHANGES[change](**{keyword: "tap:m1"})


@pytest.mark.parametrize("order", [["direction", "directions"], ["directions", "direction"]])
def test_two_names_of_one_option_are_one_too_many(order):
    for change in (MirrorSpec, MirrorSpec().changed):
        with pytest.raises(TypeError, match="direction: another name of directions"):
            change(**dict.fromkeys(order, Direction.RX))


def test_a_second_name_will_do_wherever_the_first_does():
    assert (
        MirrorSpec(direction=Direction.RX) == MirrorSpec().changed(direction=Direction.RX) == MirrorSpec(Direction.RX)
    )


@pytest.mark.parametrize(
    ("call", "keyword", "hint"),
    [(Eal, "vdev", "vdevs"), (Port.start, "queues", "tx_queues or rx_queues"), (Forwarder, "worker", "workers")],
)
def test_misspelt_keywords_of_others_get_a_near_match(call, keyword, hint):
    with pytest.raises(TypeError, match=f"{keyword}: no such option; did you mean {hint}\\?"):
        call(*([None] * (call is not Eal)), *([None] * (call is Port.start)), **{keyword: 1})


def test_editors_complete_the_names_of_the_package():
    """Jedi reads the source, and believes what that says of TYPE_CHECKING."""
    script = jedi.Script("import dpdk_mirror\ndpdk_mirror.", environment=jedi.create_environment(sys.prefix))
    assert set(dpdk_mirror.__all__) <= {each.name for each in script.complete()}
