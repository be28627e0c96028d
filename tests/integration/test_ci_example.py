# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""examples/ci as who copies it has it: in a folder of its own, with dpdk-mirror installed into a new environment."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "ci"
WORKFLOWS = [".github/workflows/ci.yml", ".gitlab-ci.yml"]


def run(folder, *command, **environment):
    """What it prints, once it has come to a good end."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def lines(workflow, program):
    """The lines of a workflow that run it, or have sudo do so."""
    text = (EXAMPLE / workflow).read_text(encoding="utf-8")
    return re.findall(rf"^ *- (?:run: )?((?:sudo .*)?{program}\b.*)$", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder and its environment's programs. What is compiled already is not compiled again."""
    folder = tmp_path_factory.mktemp("ci")
    settings = [f"--config-settings=build-dir={ROOT}/build/wheel", "--config-settings=setup-args=-Dextension=enabled"]
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", folder]
    run(ROOT, *pip, *settings, ROOT, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    (wheel,) = folder.glob("*.whl")
    run(folder, sys.executable, "-m", "venv", "--without-pip", "venv")
    # As the workflows do, but that this is not on PyPI.
    (install,) = {line for workflow in WORKFLOWS for line in lines(workflow, "pip install")}
    packages = [wheel if name == "dpdk-mirror" else name for name in install.split()[2:]]
    assert wheel in packages
    run(folder, sys.executable, "-m", "pip", "--python", folder / "venv/bin/python", "install", "-q", *packages)
    shutil.copytree(EXAMPLE, folder / "project", ignore=shutil.ignore_patterns("build", "__pycache__"))
    return folder / "project", f"{folder}/venv/bin:{os.environ['PATH']}"


def test_the_project_is_built_and_passes_as_its_workflows_run_it(project):
    """Both with the same line."""
    folder, path = project
    run(folder, "make", PATH=path)
    (line,) = {line for workflow in WORKFLOWS for line in lines(workflow, "pytest") if not line.startswith("sudo")}
    said = run(folder, *shlex.split(line), "-p", "no:cacheprovider", PATH=path)
    assert re.search(r"\b11 passed in", said), said
    assert (folder / "report.xml").exists()
    if os.geteuid() == 0:
        said = run(folder, "pytest", "-m", "dpdk_root", "--dpdk-required", "-p", "no:cacheprovider", PATH=path)
        assert re.search(r"\b2 passed, 12 deselected in", said), said


def test_its_workflows_install_what_this_project_installs():
    (names,) = {
        frozenset(line.partition("--no-install-recommends ")[2].split()) - {"python3-dev", "python3-venv"}
        for workflow in WORKFLOWS
        for line in lines(workflow, "apt-get install")
    }
    ours = (ROOT / ".ci" / "packages.build").read_text(encoding="utf-8").split()
    assert {"dpdk-dev", "libdpdk-dev"} < names <= set(ours)
