# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What README.md and the pages show works as it is written there, and what the documents name exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dpdk_mirror.spec import COUNTERS, LOST, NOT_CHOSEN

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
C_PROGRAM = """
#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_mirror.h>
#include <stdlib.h>

void example(uint16_t port, uint16_t target);

void
example(uint16_t port, uint16_t target)
{{
{code}
}}
"""


def blocks(language: str) -> list[str]:
    """The pages' fenced blocks in a language."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    found = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


PROGRAMS = [block for block in blocks("python") if "Eal(" in block]
COMMANDS = [block for block in blocks("console") if re.match(r"\$ dpdk-mirror (run|drivers) ", block)]


def test_there_are_python_examples():
    """One with a mirror, one that changes it, one that chooses packets. Besides: three of tests, and what is live."""
    assert len(PROGRAMS) == len(blocks("python")) - 4 == 3


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_python_example_prints_what_stands_below_it(tmp_path, number):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[number]], cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stdout in blocks("")


@pytest.mark.parametrize("block", COMMANDS, ids=[block.splitlines()[0] for block in COMMANDS])
def test_commands_print_what_stands_below_them(tmp_path, block):
    """But when, and for how long; and through a pipe, in any order."""
    if "traffic.pcap" in block:
        subprocess.run([sys.executable, ROOT / "examples" / "traffic.py", tmp_path / "traffic.pcap"], check=True)
    environment = f"export XDG_RUNTIME_DIR={tmp_path} PATH={Path(sys.executable).parent}:$PATH"
    for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, shown = typed.split("\n", 1)
        separated = command.replace(" | ", " 2>stderr | ")  # two programs may write into each other's lines
        done = subprocess.run(
            ["bash", "-c", f"{environment}; touch stderr; {separated}; cat stderr"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=60,
        )
        printed, expected = (list(map(without_time, text.splitlines())) for text in (done.stdout, shown))
        if "|" in command:
            printed, expected = sorted(printed), sorted(expected)
        assert printed == expected, command


def test_there_are_commands_of_each_kind():
    assert len(COMMANDS) == 4
    assert "".join(COMMANDS).count("$ dpdk-mirror run") == 4


def without_time(line: str) -> str:
    return re.sub(r"^[0-9:.]{15} |[0-9.]+ s$", "", line)


def test_the_set_up_of_the_readme_finds_the_command():
    """After make build, in a shell that knows nothing of .venv."""
    (block,) = (block for block in blocks("console") if block.startswith("$ make build\n"))
    build, activate = block.splitlines()
    assert build == "$ make build"
    assert re.search("^build:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    script = f"{activate.removeprefix('$ ')} && dpdk-mirror --version && man --where dpdk-mirror"
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    version, manual = done.stdout.splitlines()
    assert version.startswith("dpdk-mirror ")
    assert manual == str(ROOT / ".venv/share/man/man1/dpdk-mirror.1")


def test_the_page_on_counters_has_each():
    """And says which are losses."""
    page = (ROOT / "docs" / "counters.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (\w*) ?\|$", page, flags=re.MULTILINE))
    assert sorted([*told, "seen", "bytes"]) == sorted(COUNTERS)
    assert [name for name, lost in told.items() if lost] == list(LOST)


def test_c_and_python_agree_on_which_counters_are_losses():
    """The library's table has them for captures, in the same order."""
    table = (ROOT / "csrc" / "counter_names.h").read_text(encoding="utf-8")
    entries = re.findall(r"^\tMIRROR_(COUNTER|NOT_CHOSEN)\((\w+)\),$", table, flags=re.MULTILINE)
    assert [name for _, name in entries] == list(COUNTERS)
    assert [name for kind, name in entries if kind == "NOT_CHOSEN"] == list(NOT_CHOSEN)


def test_what_the_readme_says_that_it_costs_was_measured():
    """Cold packets and a target that frees later, in the first table of performance.md."""
    told = re.findall(r"^\| (?:`|as librte_)(\w+).*?\| ([\d/ ]+) \|", README.read_text("utf-8"), re.MULTILINE)
    measured = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert [method for method, _ in told] == ["share", "split", "copy", "pdump"]
    for method, cycles in told:
        row = re.search(rf"^\| `{method}` \| \d.*$", measured, re.MULTILINE)[0]
        assert row.split(" | ")[4].startswith(f"{cycles} / ")


def test_what_the_readme_says_that_a_tap_costs_was_measured():
    """As performance.md has it now, whichever run that is of."""
    text = " ".join(README.read_text("utf-8").split())
    (told,) = re.findall(r"keeps (\d+) % .*? to a tap \(`auto`\), which gets some ([\d.]+) million", text)
    measured = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| testpmd \| 512 \| tap \| auto\b.*? \| rx \|.*$", measured, re.MULTILINE)
    rate, gets = (float(row.split(" | ")[column].split()[0]) for column in (5, 8))
    assert told == (f"{100 * rate:.0f}", f"{gets:.1f}")


def test_pytest_example_passes(tmp_path):
    example = next(block for block in blocks("python") if "import pytest" in block)
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "test_example.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_c_example_compiles_without_a_warning(tmp_path):
    (code,) = blocks("c")
    (tmp_path / "example.c").write_text(C_PROGRAM.format(code=code), encoding="utf-8")
    flags = subprocess.run(["pkg-config", "--cflags", "libdpdk"], capture_output=True, text=True, check=True).stdout
    include = ROOT / "csrc" / "include"
    command = ["gcc", "-Wall", "-Wextra", "-Werror", f"-I{include}", *flags.split(), "-c", "example.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_what_a_page_leads_to_is_there(page):
    """Files, and headings in them."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        if name.startswith("https:"):
            continue
        target = page.parent / name if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_prose_is_wrapped(page):
    """At 130 columns, so that a change of a sentence shows as one: all but blocks and tables."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if len(line) > 130 and not line.startswith(("|", "!["))] == []


def test_the_readme_is_short_and_leads_to_every_page():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 160
    assert {"LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"} <= set(re.findall(r"\]\(([^)#\s]+)\)", text))
    for page in PAGES[1:]:
        assert f"(docs/{page.name}" in text or page.name in {"c-api.md", "python-api.md"}, page


def test_tests_that_the_architecture_names_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines() if line.startswith("| "))
    named = {name for name in re.findall(r"`(\w+)`", rows) if name.count("_") > 1}
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*") if path.suffix in {".c", ".py"}
    )
    assert named
    assert named <= set(re.findall(r"\w+", tests)) | set(re.findall(r"RTE_\w+", text))


def test_contributing_tells_what_each_test_helper_is_for():
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where the tests' helpers are")[1]
    named = {
        name
        for line in told.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    }
    tests = ROOT / "tests"
    helpers = [*tests.glob("*.[cp]*"), *(tests / "livekit").glob("*.[cp]*"), *(tests / "unit").glob("[!t]*.py")]
    helpers += [path for folder in ("bench", "c", "filter", "stress") for path in (tests / folder).glob("*.h")]
    assert named == {path.relative_to(tests).as_posix() for path in helpers if path.stem != "__init__"}


def test_the_long_run_takes_what_contributing_says():
    """Less than an hour, of which twenty minutes are for what goes by counts."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    seconds = dict(re.findall(r"^stress: (\w+_SECONDS) \?= (\d+)$", makefile, flags=re.MULTILINE))
    assert seconds == dict(re.findall(r"(\w+_SECONDS)=(\d+)", told))
    uses = {name: makefile.count(f"$({name})") for name in seconds}
    assert sum(int(seconds[name]) * uses[name] for name in seconds) + 1200 <= 3600
    assert "less than an hour" in makefile
    assert "less than an hour" in told
