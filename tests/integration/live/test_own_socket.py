# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Applications that have switched telemetry off, through the library's own socket."""

import contextlib
import errno
import json
import os
import random
import resource
import shutil
import signal
import socket
import stat
import tempfile
import time
from itertools import product
from pathlib import Path

import pytest
from captures import read_capture, write_capture
from livekit.application import wait_until, with_hugepages
from livekit.forwarder import Forwarder, ForwarderOptions, build_forwarder
from livekit.frames import udp_frames
from livekit.telemetry import RefusedError, Telemetry, quote
from livekit.testpmd import Testpmd, TestpmdOptions

from dpdk_mirror import ConflictError
from dpdk_mirror.remote import connect

COUNT = 100
MEMORY_MB = 256
NOBODY = 65534
COSTS = {"sampled_cycles", "sampled_packets", "poller_cpu_us", "drain_cpu_us", "drain_yields"}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_forwarder(tmp_path_factory.mktemp("forwarder"), "shared")


@pytest.fixture
def start(program):
    """``start(path)`` is an application without telemetry, whose library is to have its socket at a path."""
    started = []

    def start(path, **options):
        options.setdefault("eal", ("--no-telemetry",))
        options = ForwarderOptions(environment={"DPDK_MIRROR_SOCKET": str(path)}, **options)
        started.append(Forwarder(program, options))
        return started[-1]

    yield start
    for forwarder in started:
        forwarder.__exit__(None, None, None)


@pytest.fixture
def path():
    """In a directory that only this user may write to, all the way up to the root or to one that is sticky."""
    directory = Path(tempfile.mkdtemp())
    yield directory / "s"
    shutil.rmtree(directory)


def test_an_application_without_telemetry_is_mirrored_through_a_socket_of_the_librarys(tmp_path, path):
    """testpmd, with --no-telemetry and --in-memory. The socket is its owner's alone, and goes with the application."""
    sent = udp_frames(COUNT)
    write_capture(tmp_path / "in.pcap", sent)
    options = TestpmdOptions(
        [f"net_pcap0,rx_pcap={tmp_path}/in.pcap", "net_null0"],
        "5tswap",
        eal=("--no-telemetry", "--in-memory", "-m", str(MEMORY_MB)),
    )
    with with_hugepages(MEMORY_MB, lambda: Testpmd(options, {"DPDK_MIRROR_SOCKET": str(path)})) as testpmd:
        assert not testpmd.telemetry_path.exists()
        wait_until(path.is_socket, "the library's socket")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Telemetry(path) as telemetry:
            assert telemetry.greeting["pid"] == testpmd.pid
            telemetry.call("add", source=0, to=f"pcap:{tmp_path}/out.pcap", directions="rx", name="in")
            testpmd.start()
            wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] == COUNT, "all packets mirrored")
            assert telemetry.call("remove", mirror="in") == {"removed": 1}
        assert testpmd.quit() == 0
        assert list(path.parent.iterdir()) == []
    assert [frame for frame, _ in read_capture(tmp_path / "out.pcap").frames] == sent


def test_the_socket_of_one_that_has_died_is_replaced(start, path):
    """Of a live one it is not, nor when the new one ends."""
    first = start(path)
    wait_until(path.is_socket, "the first one's socket")
    first.end(signal.SIGKILL)
    assert path.is_socket()
    second = start(path)
    wait_until(second.said, "its word")
    with Telemetry(path) as telemetry:
        assert telemetry.greeting["pid"] == second.pid
    third = start(path)
    wait_until(third.said, "its word")
    assert third.said() == [f"DPDK_MIRROR_SOCKET={path}: another process has a socket there: choose another path"]
    assert third.end() == 0
    with Telemetry(path) as telemetry:
        assert telemetry.call("version")["pid"] == second.pid
    assert second.end() == 0
    assert list(path.parent.iterdir()) == []


def group_writable(path):
    path.parent.chmod(0o770)
    return path, "give a path in a directory that belongs to the user"


def of_somebody_else(path):
    os.chown(path.parent, NOBODY, NOBODY)
    return path, "give a path in a directory that belongs to the user"


def link_to_such_a_directory(path):
    other = path.parent / "open"
    other.mkdir()
    other.chmod(0o777)
    (path.parent / "link").symlink_to(other)
    return path.parent / "link" / "s", "give a path in a directory that belongs to the user"


def sticky(path):
    return Path("/tmp") / path.parent.name, "give a path in a directory that belongs to the user"


def missing(path):
    return path.parent / "none" / "s", "No such file or directory"


def relative(path):
    return Path("s"), "give an absolute path"


def too_long(path):
    return path.parent / ("s" * 100), "give an absolute path of at most 103 bytes"


def a_directory(path):
    path.mkdir()
    return path, "there is a file, and no socket: remove it, or choose another path"


def a_file(path):
    path.write_text("precious")
    return path, "there is a file, and no socket: remove it, or choose another path"


def a_link_to_a_file(path):
    (path.parent / "file").write_text("precious")
    path.symlink_to(path.parent / "file")
    return path, "there is a file, and no socket: remove it, or choose another path"


PATHS = [
    group_writable,
    of_somebody_else,
    link_to_such_a_directory,
    sticky,
    missing,
    relative,
    too_long,
    a_directory,
    a_file,
    a_link_to_a_file,
]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")
@pytest.mark.parametrize("make", PATHS)
def test_a_path_that_will_not_do_is_refused_and_the_application_goes_on(start, path, make):
    """One sentence in the log; nothing that is there is touched; and telemetry still serves."""
    wanted, reason = make(path)

    def there():
        return {found: found.is_file() and found.read_bytes() for found in path.parent.rglob("*")}

    before = there()
    forwarder = start(wanted, eal=())
    wait_until(forwarder.said, "its word")
    (said,) = forwarder.said()
    assert said.startswith(f"DPDK_MIRROR_SOCKET={wanted}: ")
    assert reason in said
    assert there() == before
    with forwarder.telemetry() as telemetry:
        assert telemetry.call("list") == []
    assert forwarder.end() == 0


class Raw:
    """Requests as they are."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(str(path))

    def receive(self):
        return json.loads(self.socket.recv(65536))

    def ask(self, request):
        self.socket.send(request)
        return self.receive()

    def ask_on(self):
        """Asks and reads no answer, until that fails."""
        while True:
            self.socket.send(b"/")


def greeted(path):
    """A client that was let in, or None."""
    client = Raw(path)
    return client if "max_output_len" in client.receive() else None


def test_it_speaks_as_telemetry_does(start, path):
    """Greeting, commands, and what a command that there is not comes to."""
    forwarder = start(path, eal=())
    wait_until(path.is_socket, "the socket")
    theirs, ours = Raw(forwarder.telemetry_path), Raw(path)
    assert ours.receive() == theirs.receive()
    commands = [command for command in theirs.ask(b"/")["/"] if command == "/" or command.startswith("/mirror/")]
    assert sorted(ours.ask(b"/")["/"]) == sorted(commands)
    for request in (b"/mirror/ports", b"/mirror/ports,port=0", b"/mirror/info,mirror=x", b"/none", b"none"):
        assert (request, ours.ask(request)) == (request, theirs.ask(request))


def test_a_request_that_would_be_cut_is_refused(start, path):
    """1023 bytes are read, as telemetry does; of more nothing is done."""
    start(path)
    wait_until(path.is_socket, "the socket")
    raw = Raw(path)
    raw.receive()
    add = b'/mirror/add,source=0,directions=rx,to="ring:r",name="%s"'
    fits = add % (b"\\x61" * ((1023 - len(add) + 2) // 4))
    padded = fits.replace(b"source=0", b"source=" + b"0" * (1 + 1023 - len(fits)))
    assert len(padded) == 1023
    # It is read whole: it is the name that is too long.
    assert "longer than 63 bytes" in "".join(raw.ask(padded)["/mirror/add"]["reason"])
    for length in (1024, 5000):
        request = b"/mirror/add,source=0,to=ring:r,name=web".ljust(length, b"x")
        answer = raw.ask(request)["/mirror/add"]
        assert answer["error"] == "EMSGSIZE"
        assert "".join(answer["reason"]) == f"the request has {length} bytes, and no more than 1023 are read"
    answer = raw.ask(b"/mirror/add,source=0,to=ring:r\0,force=yes")["/mirror/add"]
    assert (answer["error"], answer["reason"]) == ("EINVAL", ["the request has a NUL"])
    assert raw.ask(b"/mirror/list") == {"/mirror/list": []}


def names(length):
    """As many commands as cover all bytes but a comma, whatever is beside them."""
    generator = random.Random(length)
    order = [byte for byte in range(256) if byte != ord(",")]
    generator.shuffle(order)
    return [bytes(order[first : first + length]) for first in range(0, len(order), length)]


@pytest.mark.parametrize("length", [1, 2, 3, 255])
def test_an_answer_is_json_whatever_bytes_the_request_has(start, path, length):
    """The command comes back as the characters of its bytes' numbers, but for a NUL, which ends it."""
    start(path)
    wait_until(path.is_socket, "the socket")
    raw = Raw(path)
    raw.receive()
    for name in [*names(length), b"\xff" * 1023, b'"' * 1023, b"\0" * 1023, b"\x01" * 5000]:
        for request in (name, name + b"," + name, b"/mirror/info,mirror=" + name):
            answer = raw.ask(request)
            (said,) = answer
            assert said == request[:1023].partition(b",")[0].partition(b"\0")[0].decode("latin-1")
            if b"\0" in request or len(request) > 1023:
                assert answer[said]["error"] in {"EINVAL", "EMSGSIZE"}
            elif said == "/":
                assert "/mirror/list" in answer[said]
            elif said != "/mirror/info":
                assert answer[said] is None
            else:
                assert answer[said]["errno"] != 0


def without_costs(info):
    """What does not change by itself."""
    return {key: value for key, value in info.items() if key not in COSTS}


def cpu_s(pid):
    """Seconds of CPU that the library's thread has had."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text() == "mirror-socket\n":
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    raise AssertionError("no such thread")


@pytest.mark.parametrize("limit", [0, 1, "all that are open"])
def test_without_file_descriptors_left_it_waits_and_goes_on_when_there_are(start, path, limit):
    """It takes next to no CPU time for that, and whoever is served already is served on."""
    forwarder = start(path)
    wait_until(path.is_socket, "the socket")
    with Telemetry(path) as client:
        taken = {int(path.name) for path in Path(f"/proc/{forwarder.pid}/fd").iterdir()}
        before, hard = resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE)
        # One that was closed again meanwhile left its number free below others.
        fewer = min(set(range(len(taken) + 1)) - taken) if limit == "all that are open" else limit
        resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE, (fewer, hard))
        waiting = Raw(path)
        used, since = cpu_s(forwarder.pid), time.monotonic()
        waiting.socket.settimeout(3)
        with pytest.raises(TimeoutError):
            waiting.receive()
        assert cpu_s(forwarder.pid) - used < (time.monotonic() - since) / 20
        assert client.call("list") == []
        resource.prlimit(forwarder.pid, resource.RLIMIT_NOFILE, (before, hard))
        waiting.socket.settimeout(20)
        assert waiting.receive()["max_output_len"] == 16384
        assert waiting.ask(b"/mirror/list") == {"/mirror/list": []}
    assert forwarder.end() == 0


def test_ten_clients_are_served_at_once_and_the_next_is_told_so(start, path):
    """None holds up another, however slow it reads; one that has gone makes room for another."""
    start(path)
    wait_until(path.is_socket, "the socket")
    clients = [Telemetry(path) for _ in range(10)]
    for client in clients:
        assert client.call("list") == []
    for asks_first in (False, True):
        eleventh = Raw(path)
        if asks_first:
            with contextlib.suppress(BrokenPipeError):
                eleventh.socket.send(b"/mirror/list")
        answer = eleventh.receive()
        assert (answer["error"], answer["errno"]) == ("EBUSY", errno.EBUSY)
        assert "".join(answer["reason"]) == "10 clients are served already: end one of them, or try again"
        assert eleventh.socket.recv(1) == b""
    with pytest.raises(ConflictError, match=r"10 clients are served already: end one of them, or try again"):
        connect(path)
    clients[0].__exit__()
    slow = wait_until(lambda: greeted(path), "room for another")
    # Nobody reads these answers: the one who asks so is dropped in the end, and the others are not held up.
    slow.socket.settimeout(0.3)
    with pytest.raises(OSError, match=r"timed out|Broken pipe|reset"):
        slow.ask_on()
    for client in clients[1:]:
        assert client.call("list") == []
        client.__exit__()


def test_lists_come_in_pages_and_texts_in_pieces(start, path):
    """More mirrors than an answer holds, and names that are no ASCII."""
    ports, targets = range(12), [f"ring:r{number}" for number in range(11)]
    start(path, vdevs=[f"net_null{number}" for number in ports])
    wait_until(path.is_socket, "the socket")
    name = "né \"\\' {}"
    with Telemetry(path) as telemetry:
        added = [
            telemetry.call("add", source=port, to=target, directions=end, mode="share", name=name.format(number))["id"]
            for number, (port, target, end) in enumerate(product(ports, targets, ("rx", "tx")))
        ]
        assert len(added) == 264
        assert telemetry.call("list") == added[:256]
        assert telemetry.call("list", start=added[255] + 1) == added[256:]
        assert telemetry.call("list", start=added[-1] + 1) == []
        info = telemetry.call("info", mirror=added[200])
        assert info["name"] == quote(name.format(200))[1:-1]
        assert without_costs(telemetry.call("info", mirror=name.format(200))) == without_costs(info)
        assert telemetry.call("remove", all="yes") == {"removed": 264}
        with pytest.raises(RefusedError, match="there is no mirror"):
            telemetry.call("info", mirror=added[0])


@pytest.mark.parametrize("ends", ["cleanup", "exit"])
def test_it_goes_with_its_application_however_that_ends(start, path, ends):
    """In the middle of forwarding, mirrored, with clients connected."""
    forwarder = start(path, ends=ends)
    wait_until(path.is_socket, "the socket")
    with Telemetry(path) as telemetry, Telemetry(path):
        telemetry.call("add", source=0, to="ring:r", name="in")
        wait_until(lambda: telemetry.call("stats", mirror="in")["seen"] > 0, "packets mirrored")
        assert forwarder.end() == (0 if ends == "cleanup" else 7)
    assert list(path.parent.iterdir()) == []
