# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is loaded into a process, by its memory: the truth of honest ones, and no harm from the others."""

import contextlib
import ctypes
import itertools
import os
import re
import struct
import subprocess
import time
from pathlib import Path

import pytest
from children import child
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpdk_mirror.attach.dpdk import libc_of
from dpdk_mirror.attach.image import Image, SymbolKind
from dpdk_mirror.attach.memory import constant, executable, images, link_map
from dpdk_mirror.attach.process import Process
from dpdk_mirror.attach.symtab import ProgramFile, program_file
from dpdk_mirror.errors import MalformedError, MirrorError

FUZZ = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def honest():
    """A process that the tests do not touch."""
    with child(["sleep", "1000"]) as sleeper:
        await_call(sleeper, "sleep")
        with Process(sleeper.pid) as process:
            yield process


@pytest.fixture(scope="module")
def liar():
    """A process whose memory the tests change."""
    with child(["sleep", "1000"]) as sleeper:
        await_call(sleeper, "sleep")
        with Process(sleeper.pid) as process:
            yield process


def await_call(running, name):
    """Its loader has done its work when it waits in that call."""
    while name not in Path(f"/proc/{running.pid}/wchan").read_text():
        assert running.poll() is None
        os.sched_yield()


@contextlib.contextmanager
def program(folder, text, *options):
    """A program that runs, and waits."""
    (folder / "main.c").write_text(f"#include <unistd.h>\n{text}int main(void) {{ for (;;) pause(); }}\n")
    subprocess.run(["gcc", folder / "main.c", "-o", folder / "main", *options], check=True)
    with child([folder / "main"]) as running:
        await_call(running, "pause")
        with Process(running.pid) as process:
            yield process


def libc(process):
    ((_, image),) = [(each, image) for each, image in images(process) if image.soname == "libc.so.6"]
    return image


# Of honest ones.


def test_all_that_is_loaded_is_listed(honest):
    """As the kernel has it mapped, the vDSO, which has no file, aside."""
    names = {os.path.realpath(each.name) for each in link_map(honest) if each.name.startswith("/")}
    assert names == {each.path for each in honest.maps() if ".so" in each.path}
    assert link_map(honest)[0].name == ""
    assert link_map(honest)[0].base == executable(honest).base


def test_what_is_found_once_is_not_read_again(tmp_path):
    """Of what is loaded nothing that is looked at changes; what is loaded does."""
    with program(tmp_path, EXPORTED) as process:
        found = libc(process)
        symbol = found.find("dlopen")
        process.read = lambda *_: pytest.fail("it is read")
        assert (executable(process).debug > 0, found.find("dlopen")) == (True, symbol)
        del process.read
        assert libc(process) is found
        with overwritten(process, nodes(process)[1] + 16, struct.pack("<Q", 4711)):
            assert images(process)[1][1] is not images(process)[0][1]
            assert images(process)[1][0].dynamic == 4711


def test_constants_are_where_the_kernel_has_them(honest):
    """What can be read and not written."""
    image = libc(honest)
    for start, size, is_code in constant(image):
        (mapping,) = [each for each in honest.maps() if each.start <= start < each.end]
        assert start + size <= -(-mapping.end // 4096) * 4096
        assert mapping.perms == ("r-xp" if is_code else "r--p")
    assert sum(is_code for _, _, is_code in constant(image)) == 1


def test_symbols_are_where_the_loader_finds_them(honest):
    """In the version that programs are linked with; of this process, of the same C library, dlsym() tells."""
    ours = ctypes.CDLL("libc.so.6")
    theirs = libc(honest)
    with Process(os.getpid()) as own:
        base = libc(own).base
    names = ("dlopen", "dlerror", "memfd_create", "rt_sigreturn", "sched_setaffinity", "getpid", "fopen", "regexec")
    for name in names:
        symbol = theirs.find(name)
        if symbol is None:
            assert not hasattr(ours, name)
            continue
        at = ctypes.cast(getattr(ours, name), ctypes.c_void_p).value
        assert (symbol.address - theirs.base, symbol.kind) == (at - base, SymbolKind.FUNCTION), name


def test_kinds_of_symbols_are_told_apart(honest):
    image = libc(honest)
    kinds = {name: image.find(name).kind for name in ("dlopen", "environ", "memcpy", "errno")}
    assert kinds == {
        "dlopen": SymbolKind.FUNCTION,
        "environ": SymbolKind.OBJECT,
        "memcpy": SymbolKind.IFUNC,
        "errno": SymbolKind.TLS,
    }
    assert image.find("environ").size == 8


@pytest.mark.parametrize("name", ["", "no_such_function", "dlope", "dlopen2", "ü", "a" * 10000])
def test_what_it_does_not_have_is_not_found(honest, name):
    assert libc(honest).find(name) is None


def test_what_it_only_uses_is_not_found(honest):
    """Its program calls getopt_long, say, and does not have it."""
    assert executable(honest).find("__libc_start_main") is None
    assert libc(honest).find("__libc_start_main") is not None


def test_the_libraries_that_it_needs_are_named(honest):
    assert "libc.so.6" in executable(honest).needed
    assert [name for name in libc(honest).needed if name.startswith("ld-linux")]


def test_the_c_library_is_told_with_its_release(honest):
    loaded = images(honest)
    found = [libc_of(honest, image, each.name) for each, image in loaded]
    assert [each for each in found if each] == [os.confstr("CS_GNU_LIBC_VERSION")]


EXPORTED = "int exported(void); int exported(void) { return 4711; }\nextern int object; int object = 5;\n"
TWICE = """static __attribute__((noinline, noclone)) int twice(int x) {{ return x + {0}; }}
int {1}(int); int {1}(int x) {{ return twice(x); }}
"""


@pytest.mark.parametrize("style", ["sysv", "gnu", "both"])
@pytest.mark.parametrize("form", ["-pie", "-no-pie"])
def test_symbols_are_found_by_either_table(tmp_path, style, form):
    """And in the program's file, under the same addresses."""
    with program(tmp_path, EXPORTED, f"-Wl,--hash-style={style}", "-Wl,--export-dynamic", form) as process:
        image = executable(process)
        symbol, listed = image.find("exported"), program_file(process).find(["exported", "main", "nowhere"])
        assert (symbol.kind, symbol.size > 0) == (SymbolKind.FUNCTION, True)
        assert process.read(image.find("object").address, 4) == struct.pack("<i", 5)
        (in_file,) = listed["exported"]
        assert (image.base + in_file.value, in_file.size) == (symbol.address, symbol.size)
        assert len(listed["main"]) == 1
        assert not listed.get("nowhere")
        assert link_map(process)


def test_a_static_program_is_found_by_its_file_alone(tmp_path):
    """It has no dynamic section at all, and not even a program header for its headers."""
    with program(tmp_path, EXPORTED, "-static", "-no-pie") as process:
        assert executable(process).base == 0
        assert (link_map(process), executable(process).find("exported")) == ([], None)
        (symbol,) = program_file(process).find(["object"])["object"]
        assert process.read(symbol.value, 4) == struct.pack("<i", 5)


def test_local_and_repeated_symbols_are_told(tmp_path):
    """Of a static function there may be several: which is meant nobody knows."""
    (tmp_path / "other.c").write_text(TWICE.format(2, "b"))
    with program(tmp_path, TWICE.format(1, "a"), tmp_path / "other.c") as process:
        found = program_file(process).find(["twice", "a"])
    assert [symbol.is_local for symbol in found["twice"]] == [True, True]
    assert [symbol.is_local for symbol in found["a"]] == [False]


# Of those that lie. Whatever they have there, it is told from the truth or taken for it, and takes no time.


def look(process):
    """All that is looked at; whether it has been refused."""
    begin = time.monotonic()
    process.known.clear()
    with contextlib.suppress(MirrorError):
        for _, image in itertools.islice(images(process), 8):
            with contextlib.suppress(MirrorError):
                assert len(image.soname) <= 4096
                image.find("dlopen")
                image.find("rte_mirror_status")
                assert len(image.needed) <= 4096
                assert all(size >= 0 for _, size, _ in constant(image))
    with contextlib.suppress(MirrorError):
        executable(process).find("main")
    process.known.clear()
    assert time.monotonic() - begin < 20


@contextlib.contextmanager
def overwritten(process, address, data):
    """With other bytes there, for a while."""
    before = process.read(address, len(data))
    process.write(address, data)
    try:
        yield
    finally:
        process.write(address, before)


def debug_at(process):
    return executable(process).debug


def nodes(process):
    """Where the entries of the loader's list are."""
    (address,) = struct.unpack("<8xQ", process.read(debug_at(process), 16))
    found = []
    while address:
        found.append(address)
        (address,) = struct.unpack("<24xQ", process.read(address, 32))
    return found


def test_a_list_that_is_a_circle_is_refused(liar):
    """Back to its start, or to the last entry itself."""
    for last, target in ((nodes(liar)[-1], nodes(liar)[0]), (nodes(liar)[-1], nodes(liar)[-1])):
        with overwritten(liar, last + 24, struct.pack("<Q", target)), pytest.raises(MalformedError, match="circle"):
            link_map(liar)
    assert link_map(liar)


def test_a_name_without_an_end_is_refused(liar):
    start = max((each for each in liar.maps() if each.perms == "rw-p"), key=lambda each: each.end - each.start).start
    first = nodes(liar)[1]
    endless = overwritten(liar, start, b"x" * 8192)
    with endless, overwritten(liar, first + 8, struct.pack("<Q", start)), pytest.raises(MalformedError, match="no end"):
        link_map(liar)


def test_namespaces_of_the_loader_without_an_end_are_refused(liar):
    """Version 2 of its structure leads on to another, here to itself."""
    at = debug_at(liar)
    second = overwritten(liar, at, struct.pack("<i", 2))
    with second, overwritten(liar, at + 40, struct.pack("<Q", at)), pytest.raises(MalformedError):
        link_map(liar)


def regions(process):
    """Where what is read of it lies: the loader's structures, dynamic sections, headers, tables of symbols."""
    found = [(debug_at(process), 64), *((each, 40) for each in nodes(process))]
    for loaded, image in images(process):
        found += [(loaded.dynamic, 512), (image.base, 512)]
        found += [(image._dynamic[key], 4096) for key in (4, 5, 6, 0x6FFFFEF5) if key in image._dynamic]
    return found


@FUZZ
@given(data=st.data())
def test_no_memory_does_harm(liar, data):
    """Any bytes, anywhere that matters: bounds, circles, sizes."""
    known = regions(liar)
    with contextlib.ExitStack() as stack:
        for _ in range(data.draw(st.integers(1, 3))):
            address, size = known[data.draw(st.integers(0, len(known) - 1))]
            offset = data.draw(st.integers(0, size // 8 - 1)) * 8
            number = st.one_of(
                st.integers(0, (1 << 64) - 1), st.integers(0, 64), st.sampled_from([address, 1 << 63, (1 << 64) - 1])
            )
            with contextlib.suppress(MalformedError):  # it is smaller
                stack.enter_context(overwritten(liar, address + offset, struct.pack("<Q", data.draw(number))))
        look(liar)
    assert libc(liar).find("dlopen") is not None


class Anything:
    """A process with any memory at all."""

    pid = 4711

    def __init__(self, memory, start=0x10000):
        self.memory, self.start = memory, start

    def read(self, address, size):
        offset = address - self.start
        if offset < 0 or size < 0 or offset + size > len(self.memory):
            raise MalformedError(5, "no memory is there")
        return self.memory[offset : offset + size]

    string = Process.string

    def _malformed(self, doing, reason):
        return MalformedError(5, f"{doing} {reason}")


@FUZZ
@given(memory=st.binary(min_size=64, max_size=8192), base=st.integers(0, 1 << 64), dynamic=st.integers(0, 512))
def test_no_image_does_harm(memory, base, dynamic):
    image = Image(Anything(memory), base, [], 0x10000 + dynamic * 8)
    for looks in (lambda: image.find("a"), lambda: image.soname, lambda: image.needed, lambda: image.debug):
        with contextlib.suppress(MirrorError):
            looks()


@FUZZ
@given(
    entries=st.lists(
        st.tuples(st.sampled_from([1, 4, 5, 6, 10, 11, 14, 0x6FFFFEF5, 0x6FFFFFF0]), st.integers(0, 4096))
    ),
    rest=st.binary(max_size=256),
)
def test_no_dynamic_section_does_harm(entries, rest):
    """With tables that are there, and make no sense."""
    section = b"".join(struct.pack("<qQ", key, 0x10000 + value if key != 10 else value) for key, value in entries)
    image = Image(Anything(section + bytes(16) + 16 * rest), 0, [], 0x10000)
    for looks in (lambda: image.find("a"), lambda: image.find("dlopen"), lambda: image.soname, lambda: image.needed):
        with contextlib.suppress(MirrorError):
            looks()


class Program:
    """A process that runs any file."""

    pid = 4711

    def __init__(self, path):
        self.path = path

    def open(self, _name, flags):
        return os.open(self.path, flags)


@pytest.fixture(scope="module")
def small_program(tmp_path_factory):
    """A program with a symbol table, and no more than it needs."""
    folder = tmp_path_factory.mktemp("elf")
    (folder / "main.c").write_text(
        "int rte_eal_init(void); int rte_eal_init(void) { return 0; } int main(void) { return 0; }\n"
    )
    subprocess.run(["gcc", folder / "main.c", "-o", folder / "main"], check=True)
    return (folder / "main").read_bytes()


def read_file(path, data):
    """What it has of EAL's, within a time."""
    path.write_bytes(data)
    begin = time.monotonic()
    try:
        return program_file(Program(path)).find(["rte_eal_init"])
    except MirrorError as error:
        return error
    finally:
        assert time.monotonic() - begin < 20


def test_a_file_that_is_whole_is_read(tmp_path, small_program):
    (symbol,) = read_file(tmp_path / "file", small_program)["rte_eal_init"]
    assert (symbol.kind, symbol.is_local) == (SymbolKind.FUNCTION, False)


@FUZZ
@given(data=st.data())
def test_no_broken_file_does_harm(tmp_path, small_program, data):
    """Bytes changed in its headers and tables, or its end cut off."""
    broken = bytearray(small_program)
    (sections,) = struct.unpack_from("<Q", broken, 40)
    for _ in range(data.draw(st.integers(0, 4))):
        where = data.draw(st.one_of(st.integers(0, 63), st.integers(sections, len(broken) - 8)))
        number = data.draw(st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0, 255)))
        broken[where : where + 8] = struct.pack("<Q", number)
    end = data.draw(st.one_of(st.just(len(broken)), st.integers(0, len(broken))))
    read_file(tmp_path / "file", bytes(broken[:end]))


@FUZZ
@given(data=st.binary(max_size=4096))
def test_no_file_does_harm(tmp_path, data):
    for start in (b"", b"\x7fELF", b"\x7fELF\x02\x01\x01"):
        read_file(tmp_path / "file", start + data)


def test_a_table_that_says_it_is_huge_is_refused(tmp_path, small_program):
    """No memory is asked for that is not in the file."""
    broken = bytearray(small_program)
    (sections,) = struct.unpack_from("<Q", broken, 40)
    size, count = struct.unpack_from("<HH", broken, 58)
    for number in range(count):
        if struct.unpack_from("<I", broken, sections + number * size + 4) == (2,):
            struct.pack_into("<Q", broken, sections + number * size + 32, 24 << 56)
    assert "more than 128 MB" in str(read_file(tmp_path / "file", bytes(broken)))


def test_a_file_without_an_end_is_refused(tmp_path):
    with (tmp_path / "file").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(MirrorError, match="use one without debug symbols"):
        program_file(Program(tmp_path / "file"))


def test_names_that_repeat_take_no_time():
    """Millions of the same name, and millions of symbols."""
    begin = time.monotonic()
    names = b"rte_eal_init\0" * 1_000_000
    table = struct.pack("<IBBHQQ", 0, 2, 0, 1, 1, 1) * 500_000
    found = ProgramFile(names, table).find(["rte_eal_init"])
    assert 0 < len(found["rte_eal_init"]) <= 64
    assert time.monotonic() - begin < 20


@FUZZ
@given(line=st.binary(max_size=200))
def test_no_line_of_maps_does_harm(honest, line):
    """A file's name in it is any bytes but a line's end, and who made the file chose them."""
    known = b"7f0000000000-7f0000001000 r-xp 00000000 08:01 1234   "
    for text in (line, known + line.replace(b"\n", b"")):
        with contextlib.suppress(MirrorError):
            mapping = honest._mapping(text)
            assert re.fullmatch(r"[r-][w-][x-][ps]", mapping.perms)
