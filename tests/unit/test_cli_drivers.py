# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The command's frame, and ``dpdk-mirror drivers``."""

import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from children import Terminal, child

from dpdk_mirror.cli import drivers, main
from dpdk_mirror.errors import NotFoundError
from dpdk_mirror.pmdinfo import drivers as installed_drivers

COMMAND = (sys.executable, "-c", "import sys; from dpdk_mirror.cli import main; sys.exit(main())")


def test_json_has_what_the_files_tell(capsys):
    assert main(["drivers", "net_tap", "--json"]) == 0
    (driver,) = json.loads(capsys.readouterr().out)
    (known,) = (driver for driver in installed_drivers() if driver.name == "net_tap")
    assert driver == {
        "name": "net_tap",
        "path": str(known.path),
        "virtual": True,
        "devargs": list(known.devargs),
        "params": known.params,
        "pci_ids": [],
        "kmod": "",
    }


def test_a_pattern_chooses_drivers(capsys):
    main(["drivers", "--json"])
    everything = [driver["name"] for driver in json.loads(capsys.readouterr().out)]
    main(["drivers", "net_n*", "--json"])
    some = [driver["name"] for driver in json.loads(capsys.readouterr().out)]
    assert some == [name for name in everything if name.startswith("net_n")]
    assert 0 < len(some) < len(everything) == len(installed_drivers())


def test_into_a_pipe_goes_one_plain_line_a_driver(capsys):
    assert main(["drivers", "net_[nr]*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    known = [driver for driver in installed_drivers() if re.match("net_[nr]", driver.name)]
    assert [line.split()[0] for line in lines] == [driver.name for driver in known]
    assert all(line.endswith(driver.params or "-") for line, driver in zip(lines, known, strict=True))


def test_onto_a_terminal_goes_a_table():
    with Terminal() as terminal:
        command = [*COMMAND, "drivers", "net_null"]
        with child(command, stdout=terminal.theirs, env=terminal.environment) as process:
            terminal.started()
            output = terminal.read()
            assert process.wait(30) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.decode())
    assert [line.split()[0] for line in text.splitlines()] == ["driver", "net_null"]


def test_an_unknown_driver_is_one_line_on_stderr_and_exit_1(capsys):
    assert main(["drivers", "net_tab"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"dpdk-mirror: list drivers net_tab: .* \[ENOENT\]; did you mean net_tap.*\n", captured.err)


def test_debug_gives_the_traceback():
    with pytest.raises(NotFoundError):
        main(["drivers", "net_tab", "--debug"])


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NotFoundError(2, "try it: no", "hint"), "try it: no [ENOENT]; hint"),
        (NotFoundError(2, "first line\nsecond: line"), "first line second: line [ENOENT]"),
        (FileNotFoundError(2, "No such file or directory", "x.pcap"), "x.pcap: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("out of order"), "out of order"),
    ],
)
def test_what_fails_is_one_line_on_stderr_and_exit_1(monkeypatch, capsys, error, line):
    def fail(arguments):
        raise error

    monkeypatch.setattr(drivers, "_matching", fail)
    assert main(["drivers"]) == 1
    assert capsys.readouterr().err == f"dpdk-mirror: {line}\n"


def test_a_fault_of_the_programs_own_is_not_hidden(monkeypatch):
    monkeypatch.setattr(drivers, "_matching", lambda pattern: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        main(["drivers"])


def test_ctrl_c_is_exit_130(monkeypatch):
    def interrupt(pattern):
        raise KeyboardInterrupt

    monkeypatch.setattr(drivers, "_matching", interrupt)
    assert main(["drivers"]) == 130


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["drivers", "a", "b"], ["drivers", "--nonsense"]])
def test_wrong_usage_is_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert capsys.readouterr().err.startswith("usage: dpdk-mirror")


def test_a_reader_that_has_had_enough_gets_no_traceback():
    """The pipe's other end is closed before anything is written."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run([*COMMAND, "drivers", "--json"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as exited:
        main(["--version"])
    assert exited.value.code == 0
    assert capsys.readouterr().out == f"dpdk-mirror {importlib.metadata.version('dpdk-mirror')}\n"


@pytest.mark.dpdk_pmd("net_i40e")  # 8086:1572
def test_the_helps_examples_work(capsys):
    with pytest.raises(SystemExit):
        main(["drivers", "--help"])
    examples = re.findall(r"^  dpdk-mirror (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        assert main(shlex.split(example)) == 0
