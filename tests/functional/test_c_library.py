# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""librte_mirror as its C users meet it: installed by meson, found by pkg-config, included from C and C++."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from captures import read_capture, write_capture
from livekit.forwarder import FORMS
from programs import ROOT, ahead, run

from dpdk_mirror.testing import make_frames

if TYPE_CHECKING:
    from pathlib import Path

# Uses the library, and DPDK by itself too.
PROGRAM = """
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mirror.h>

int
main(void)
{
	printf("%d %d %s\\n", rte_mirror_list(NULL, 0), rte_mirror_remove(7), rte_mirror_last_error());
	return rte_eal_process_type() == RTE_PROC_INVALID;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> Path:
    """Where ``meson setup build --prefix P && meson install -C build`` has put it, built as distributions do: plain."""
    folder = tmp_path_factory.mktemp("c")
    where = ["--prefix", folder / "prefix", "--libdir", "lib"]
    run("meson", "setup", folder / "build", ROOT, *where, "-Dbuildtype=plain", CC="gcc")
    run("meson", "install", "-C", folder / "build")
    return folder / "prefix"


def found(prefix: Path) -> dict[str, str]:
    """The environment in which it is found there, by pkg-config and at run time; and DPDK where it is."""
    return {
        "PKG_CONFIG_PATH": ahead("PKG_CONFIG_PATH", prefix / "lib" / "pkgconfig"),
        "LD_LIBRARY_PATH": ahead("LD_LIBRARY_PATH", prefix / "lib"),
    }


def flags(prefix: Path, *arguments: str) -> list[str]:
    return shlex.split(run("pkg-config", *arguments, **found(prefix)))


def test_installs_library_header_and_pc_file(prefix):
    """What a C user needs, and nothing else."""
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    libraries = {"lib/librte_mirror.so", "lib/librte_mirror_nonshared.a"}
    assert installed == {*libraries, "lib/pkgconfig/librte_mirror.pc", "include/rte_mirror.h"}
    assert flags(prefix, "--print-requires", "librte_mirror") == ["libdpdk"]


@pytest.mark.parametrize("packages", [["librte_mirror"], ["librte_mirror", "libdpdk"], ["libdpdk", "librte_mirror"]])
@pytest.mark.parametrize("compiler", ["gcc", "clang", "gcc -fuse-ld=gold"])
def test_program_builds_whatever_the_order_of_packages(prefix, tmp_path, compiler, packages):
    """The library is linked to no librte_* itself, so its .pc file has to bring them, used by the program or not."""
    if "gold" in compiler and shutil.which("ld.gold") is None:
        pytest.skip("this Debian has no binutils-gold any more")
    build(prefix, tmp_path, compiler, flags(prefix, "--libs", *packages))
    assert "librte_ethdev.so" in needed(tmp_path / "program")


def test_program_with_a_dpdk_of_its_own_gets_no_other(prefix, tmp_path):
    """As pkg-config --static has it: DPDK's archives, before the shared libraries."""
    libraries = flags(prefix, "--libs", "librte_mirror")
    behind = libraries.index("-lrte_mirror_nonshared") + 1
    build(prefix, tmp_path, "gcc", [*libraries[:behind], *FORMS["static"](), *libraries[behind:]])
    assert re.findall(r"librte_\w+", needed(tmp_path / "program")) == ["librte_mirror"]


def build(prefix: Path, folder: Path, compiler: str, libraries: list[str]) -> None:
    """Builds the program, and sees that the library works in it."""
    (folder / "program.c").write_text(PROGRAM)
    options = ["-Wall", "-Wextra", "-Werror", *flags(prefix, "--cflags", "librte_mirror")]
    run(*shlex.split(compiler), *options, folder / "program.c", *libraries, "-o", folder / "program")
    answer = run(folder / "program", **found(prefix))
    assert answer.startswith("0 -2 ")
    assert "7" in answer.removeprefix("0 -2 ")


def needed(program: Path) -> str:
    return "\n".join(line for line in run("readelf", "-d", program).splitlines() if "(NEEDED)" in line)


@pytest.mark.parametrize("compiler", ["gcc -x c -std=gnu11", "clang -x c -std=gnu11", "g++ -x c++", "clang++ -x c++"])
def test_header_compiles_alone(prefix, tmp_path, compiler):
    """As C and as C++, with DPDK's flags and no other include before it."""
    (tmp_path / "alone").write_text("#include <rte_mirror.h>\nstruct rte_mirror_param param;\n")
    options = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", *flags(prefix, "--cflags", "librte_mirror")]
    run(*shlex.split(compiler), *options, tmp_path / "alone")


def test_example_in_the_header_compiles(prefix, tmp_path):
    """As a function's body."""
    header = (prefix / "include" / "rte_mirror.h").read_text()
    lines = header.split("@code\n")[1].split(" * @endcode")[0].splitlines()
    body = "\n".join(line.removeprefix(" *") for line in lines)
    includes = "#include <rte_debug.h>\n#include <rte_mirror.h>\n"
    (tmp_path / "example.c").write_text(f"{includes}void example(void);\nvoid example(void)\n{{\n{body}\n}}\n")
    options = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", *flags(prefix, "--cflags", "librte_mirror")]
    run("gcc", "-std=gnu11", *options, tmp_path / "example.c")


def test_the_l2fwd_example_mirrors_what_it_forwards(prefix, tmp_path):
    """Built by its own Makefile. What it received is mirrored as it came, though it then rewrites the addresses."""
    folder = ROOT / "examples" / "l2fwd-mirror"
    for name in ("main.c", "Makefile"):
        shutil.copy(folder / name, tmp_path)
    run("make", "-C", tmp_path, CFLAGS="-Wall -Wextra -Werror", **found(prefix))
    frames = make_frames(40, of=["udp", "tcp"])
    write_capture(tmp_path / "in.pcap", frames)
    write_capture(tmp_path / "nothing.pcap", [])
    vdevs = [
        f"net_pcap{number},rx_pcap={tmp_path}/{name}.pcap,tx_pcap={tmp_path}/out{number}.pcap"
        for number, name in enumerate(("in", "nothing", "nothing"))
    ]
    eal = ["--no-huge", "--no-shconf", "-m", "128", "--no-pci", "--no-telemetry"]
    eal += [part for vdev in vdevs for part in ("--vdev", vdev)]
    ports = [f"net_pcap{number}" for number in range(3)]
    options = ["-m", "auto", "-f", "udp", "-n", len(frames)]
    program = tmp_path / "build" / "l2fwd-mirror"
    for wrong, reason in ((["-n", "1k", *ports], "1k: no number"), (ports[:1] * 3, "give three ports, each once")):
        command = [program, *eal, "--", *wrong]
        refused = subprocess.run(command, env=found(prefix), capture_output=True, text=True, check=False)
        assert (refused.returncode, reason in refused.stdout + refused.stderr) == (1, True), refused
    said = run(program, *eal, "--", *map(str, options), *ports, **found(prefix))
    assert "mirroring by share: net_pcap has read a packet when its tx burst returns" in said
    assert said.endswith("forwarded 40 frames; mirrored 20, 20 filtered, 0 lost\n")
    captures = [read_capture(tmp_path / f"out{number}.pcap").frames for number in (1, 2)]
    forwarded, mirrored = ([frame for frame, _ in frames] for frames in captures)
    assert mirrored == frames[::2]
    assert [frame[12:] for frame in forwarded] == [frame[12:] for frame in frames]
    assert {frame[:6] for frame in forwarded} == {bytes([2, 0, 0, 0, 0, 1])}
