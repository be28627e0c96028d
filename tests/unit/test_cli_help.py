# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Help, manual page and shell completions: they tell what the parser takes, and what they show works."""

import argparse
import ast
import importlib.metadata
import importlib.util
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from fakeapp import FakeMirror

import dpdk_mirror
from dpdk_mirror.cli import main, make_parser
from dpdk_mirror.remote.targets import KINDS, Kind
from dpdk_mirror.spec import PARAMETERS, MirrorSpec

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(dpdk_mirror.__file__).parent
INSTALLED = [path.locate() for path in importlib.metadata.files("dpdk-mirror")]

_spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)

(MANUAL,) = (path for path in INSTALLED if path.name == generate.MANUAL)
COMMANDS = generate.commands(make_parser())
LIVE = sorted(set(COMMANDS) - {"run", "drivers", "tcpdump", "capture", "verify"})  # those have tests of their own


def options_of(command):
    """Those that help lists."""
    actions = [action for action in command._actions if action.help is not argparse.SUPPRESS]
    return [option for action in actions for option in action.option_strings if option != "-h"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_parsed_without_the_others(name):
    """Those of its module aside: a command starts in the time that its own imports take."""
    alone = generate.commands(make_parser(name))
    assert name in alone
    assert len(alone) < len(COMMANDS)
    assert alone[name].format_help() == COMMANDS[name].format_help()


@pytest.mark.parametrize("name", [each for each in COMMANDS if "--packets" in options_of(COMMANDS[each])])
def test_a_number_of_packets_is_written_alike_everywhere(name):
    """As a number, which a mirror's parameter becomes later."""
    (option,) = (each for each in COMMANDS[name]._actions if "--packets" in each.option_strings)
    assert str((option.type or str)("2k")) in {"2000", "2k"}


@pytest.mark.parametrize("name", LIVE)
def test_the_helps_examples_work(capsys, start, tmp_path, monkeypatch, name):
    """Two at least, as they stand there; the one that runs until Ctrl-C is stopped at its first pause."""
    fake = start("ovs")
    fake.ports = {0: "0000:03:00.0"}
    fake.mirrors = {number: FakeMirror(number, "0000:03:00.0", f"tap:web{number}", MirrorSpec()) for number in (1, 2)}
    fake.mirrors[2].spec = MirrorSpec(name="web")
    fake.mirrors[1].spec = MirrorSpec(name="first")
    fake._next_id = 3
    monkeypatch.chdir(tmp_path)
    Path("mirrors.toml").write_text('[mirrors.web]\nsource = "0000:03:00.0"\nto = "tap:m1"\n', encoding="utf-8")

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("dpdk_mirror.cli.mirrors.time.sleep", interrupt)
    with pytest.raises(SystemExit):
        main([name, "--help"])
    examples = re.findall(r"^  dpdk-mirror (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(examples) >= 2
    for example in examples:
        code = main(shlex.split(example))
        captured = capsys.readouterr()
        if name == "attach":
            assert "no DPDK application of that name or id is found" in captured.err
            continue
        # The doctor may find something here that is not in order.
        assert code == 0 or name == "doctor", captured.err
        assert captured.out
        fake.mirrors.setdefault(2, FakeMirror(2, "0000:03:00.0", "tap:web2", MirrorSpec(name="web")))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_takes_debug_and_says_what_it_is_for(name):
    assert "--debug" in options_of(COMMANDS[name])
    assert COMMANDS[name].description
    if name != "completion":
        assert "--json" in options_of(COMMANDS[name])
    for action in COMMANDS[name]._actions:
        assert action.help, action.option_strings


@pytest.mark.parametrize(
    ("shell", "where"),
    [
        ("bash", "share/bash-completion/completions/dpdk-mirror"),
        ("zsh", "share/zsh/site-functions/_dpdk-mirror"),
        ("fish", "share/fish/vendor_completions.d/dpdk-mirror.fish"),
    ],
)
def test_a_shell_finds_what_completion_prints(capsys, shell, where):
    """Made from this parser when the package was built."""
    (found,) = (path for path in INSTALLED if path.as_posix().endswith(where))
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == found.read_text(encoding="utf-8") == generate.content(found.name)


def test_man_finds_the_manual():
    assert MANUAL.parts[-4:-1] == ("share", "man", "man1")
    assert MANUAL.read_text(encoding="utf-8") == generate.content(MANUAL.name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_manual_tells_each_option(name):
    manual = MANUAL.read_text(encoding="utf-8").replace("\\-", "-")
    section = manual.split(f"\n.SS {name}\n")[1].split("\n.SS ")[0]
    for option in options_of(COMMANDS[name]):
        assert option == "--help" or f"{option}" in section


def test_the_page_on_parameters_is_what_is_made_of_them():
    """By docs/generate.py; and parameters of run's mirrors need no other page."""
    page = ROOT / "docs" / generate.PARAMETERS_PAGE
    assert page.read_text(encoding="utf-8") == generate.content(page.name)
    assert all(f"\n| `{key}`" in page.read_text(encoding="utf-8") for key in PARAMETERS)


def test_the_page_on_run_has_each_option_with_its_value():
    """Each by one of its names at least, and none that there is not; --help and parameters of mirrors apart."""
    page = (ROOT / "docs" / "run.md").read_text(encoding="utf-8")
    table = page.split("\n## Options\n\n")[1].split("\n\n")[0].splitlines()[2:]
    options = " ".join(row.replace(r"\|", "/").split("|")[1] for row in table)
    told = dict(re.findall(r"`(--[\w-]+)(?: ([^`.]+))?", options))
    actions = [each for each in COMMANDS["run"]._actions if each.option_strings and each.dest != "help"]
    values = {
        name: "/".join(each.choices) if each.choices else each.metavar
        for each in actions
        for name in each.option_strings
    }
    assert set(told) <= set(values)
    own = [each for each in actions if not each.dest.startswith("parameter_")]
    assert [each for each in own if not {*each.option_strings} & set(told)] == []
    assert [name for name, value in told.items() if value and value.strip() != values[name]] == []


def test_the_manual_is_one_that_man_can_show():
    command = ["man", "--warnings", "--local-file", str(MANUAL)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    text = re.sub(".\b", "", done.stdout)
    assert "   dpdk-mirror add 0000:03:00.0 --to tap:m0\n" in text
    assert "   SOURCE  <----------->  SINK\n" in text
    sections = dict(re.findall(r"^([A-Z ]+)\n((?: .*\n|\n)+)", text, re.MULTILINE))
    for section, words in {
        "EXIT STATUS": ("0", "1", "2", "130", "143", "129"),
        "ENVIRONMENT": ("DPDK_MIRROR_APP", "DPDK_MIRROR_SOCKET"),
        "SEE ALSO": ("tcpdump(1)", "pcap-filter(7)", "ovs-vsctl(8)"),
    }.items():
        assert set(words) <= set(re.findall(r"[\w-]+(?:\(\d\))?", sections[section])), section


def complete(*words):
    """What bash would offer for the last of the words."""
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}\n'
        '"$(complete -p dpdk-mirror | sed "s/.*-F \\([^ ]*\\).*/\\1/")" dpdk-mirror "${COMP_WORDS[COMP_CWORD]}"\n'
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "-c", script, "bash", str(PACKAGE / "completions" / "bash"), "dpdk-mirror", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_options_and_choices(tmp_path, monkeypatch):
    assert set(complete("")) >= set(COMMANDS)
    assert complete("upd") == ["update"]
    assert "--target-queue" in complete("add", "--t")
    assert complete("update", "--t") == []
    assert complete("update", "--mode", "sp") == ["split"]
    monkeypatch.chdir(tmp_path)
    Path("mirrors.toml").write_text("", encoding="utf-8")
    assert complete("apply", "mirr") == ["mirrors.toml"]
    for words in (["run"], ["run", "in.pcap"], ["run", "in.pcap", "--to"], ["run", "--nb-queues", "2", "--mirror-to"]):
        assert complete(*words, "mirr") == ["mirrors.toml"]


@pytest.mark.parametrize(("shell", "check"), [("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_completion_prints_what_the_shell_reads(capsys, tmp_path, shell, check):
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    assert "dpdk-mirror" in script.read_text(encoding="utf-8")
    subprocess.run([shell, *check, script], check=True)


def test_the_command_itself_shows_two_examples():
    assert len(re.findall("^  dpdk-mirror ", make_parser().epilog, re.MULTILINE)) >= 2
    assert isinstance(make_parser(), argparse.ArgumentParser)


def library_kinds():
    """The library's kinds of targets in its order, as their files say them."""
    plugin = ROOT / "csrc" / "plugin"
    names = re.search(r"^#define KINDS(.*\\\n)*.*", (plugin / "target_kinds.c").read_text(), flags=re.MULTILINE)[0]
    fields = re.compile(r'\.name = "(.*)",\n\t\.value = "(.*)",\n\t\.meaning = "(.*)",')
    for name in re.findall(r"\bkind\((\w+)\)", names):
        text = (plugin / f"target_{name}.c").read_text()
        (found,) = fields.findall(text)
        assert found[0] == name
        yield name, Kind(*found[1:], has_path=re.search(r"mirror_target_(path|file)_check", text) is not None)


def test_the_command_knows_the_librarys_kinds_of_targets():
    assert [(name, kind._replace(run=None)) for name, kind in KINDS.items()] == list(library_kinds())


def texts_in(path):
    """A module's texts that are no documentation, those of f-strings piece by piece."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_one_module_spells_the_kinds_of_targets():
    """What depends on a kind is asked of the table. Examples, sentences and devices' names may have them."""
    spelled = re.compile(rf"({'|'.join(KINDS)}):")
    own = ROOT / "src" / "dpdk_mirror" / "remote" / "targets.py"
    assert [text for text in texts_in(own) if spelled.fullmatch(text)]
    found = {
        path: texts
        for path in (ROOT / "src" / "dpdk_mirror").rglob("*.py")
        if path != own and (texts := [text for text in texts_in(path) if spelled.fullmatch(text)])
    }
    assert found == {}


def test_one_file_of_the_library_spells_each_kind_of_targets():
    """Beside log lines, in which a space follows the colon."""
    plugin = ROOT / "csrc" / "plugin"
    spelled = re.compile(rf'"({"|".join(KINDS)}):(?! )')
    code = {path: re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) for path in plugin.glob("*.c")}
    assert [path for path, text in code.items() if spelled.search(text)] == []


def test_each_kind_of_targets_is_told():
    """In the help of add, and in the documentation's table."""
    texts = [f"{name}:{kind.value}" for name, kind in KINDS.items()]
    assert re.findall(r"^  (\w+:\S+)  +\w", COMMANDS["add"].description, flags=re.MULTILINE) == texts
    page = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+:\S+)` \| \w", page, flags=re.MULTILINE) == texts
