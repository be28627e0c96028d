# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What is left of a stream whose application has died."""

import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from children import child

from dpdk_mirror.remote.stream import connect

APPLICATION = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listens", flush=True)
connection, _ = listener.accept()
connection.sendall(b"some")
sys.stdin.readline()
connection.close()
sys.stdin.readline()
"""


@contextmanager
def application(path):
    """Has a stream there, and hangs up when it is told to."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with child([sys.executable, "-c", APPLICATION, path], **pipes) as process:
        assert process.stdout.readline() == "listens\n"
        yield process


@pytest.mark.parametrize("reads", ["recv", "makefile"])
def test_the_socket_of_a_dead_application_goes_at_the_streams_end(tmp_path, reads):
    path = tmp_path / "stream.sock"
    with application(path) as process, connect(process.pid, str(path)) as stream:
        assert stream.recv(4) == b"some"
        process.kill()
        assert (stream.recv(1) if reads == "recv" else stream.makefile("rb").read()) == b""
        assert not path.exists()


def test_a_socket_stays_while_its_application_lives(tmp_path):
    path = tmp_path / "stream.sock"
    with application(path) as process, connect(process.pid, str(path)) as stream:
        assert stream.recv(0) == b""
        process.stdin.write("\n")
        process.stdin.flush()
        assert (stream.recv(5), stream.recv(1)) == (b"some", b"")
        assert path.is_socket()


@pytest.mark.parametrize("successor", ["another that listens", "a file", "nothing"])
def test_what_has_come_into_the_sockets_place_stays(tmp_path, successor):
    path = tmp_path / "stream.sock"
    with (
        application(path) as process,
        connect(process.pid, str(path)) as stream,
        socket.socket(socket.AF_UNIX) as another,
    ):
        assert stream.recv(4) == b"some"
        path.unlink()
        if successor == "a file":
            path.touch()
        elif successor != "nothing":
            another.bind(str(path))
            another.listen()
        process.kill()
        assert stream.recv(1) == b""
        assert path.exists() == (successor != "nothing")


def descriptors():
    return sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())


def test_a_stream_leaves_no_descriptor_open(tmp_path):
    path = tmp_path / "stream.sock"
    with application(path) as process:
        before = descriptors()
        connect(process.pid, str(path)).close()
        with pytest.raises(FileNotFoundError):
            connect(process.pid, str(tmp_path / "nothing"))
        assert descriptors() == before
