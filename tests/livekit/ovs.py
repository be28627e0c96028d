# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Open vSwitch with DPDK: an ovsdb-server and an ovs-vswitchd of the test's own, in private directories."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from programs import pkg_config, run

from .application import (
    ATTEMPTS,
    PLUGIN,
    Application,
    Hugepages,
    find_program,
    lacks_memory,
    need_namespaces,
    wait_until,
)
from .reader import READER, build_reader, take
from .telemetry import Telemetry
from .wire import Wire, run_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PREFIX = "live-ovs"
_MEMORY_MB = 320
_BRIDGE = "br0"
_SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")


def _need_its_dpdk(program: str) -> None:
    """Beside a DPDK of one's own (DPDK=PREFIX) the machine's switch may be of another release than the library."""
    series = pkg_config("--modversion", "libdpdk")[0].rpartition(".")[0]
    if os.environ.get("DPDK") and f"DPDK {series}." not in (has := run(program, "--version")):
        pytest.skip(f"Open vSwitch here is no program of DPDK {series}: {has.splitlines()[-1]}")


class _Daemon(Application):
    """One of the two processes, in a directory that is the switch's."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__()
        self._shared, self._log = directory, directory / f"{name}.log"

    @property
    def environment(self) -> dict[str, str]:
        here = str(self._shared)
        own = {f"OVS_{kind}": here for kind in ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR")}
        return super().environment | own | {"RUNTIME_DIRECTORY": here}

    def output(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self, *command: object) -> None:
        with self._log.open("ab") as log:
            self.spawn(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


class Ovs(Application):
    """A bridge br0 in userspace: ``with Ovs() as ovs: ovs.add_port("p0", "net_null0")``."""

    def __init__(self, pmd_cpu_mask: str = "0x2", plugins: Sequence[Path] = (), *, mirrored: bool = True) -> None:
        self._program = find_program("ovs-vswitchd-dpdk")
        need_namespaces()
        _need_its_dpdk(self._program)
        self._memory = Hugepages(_MEMORY_MB).__enter__()
        super().__init__()
        self._database = _Daemon(self.directory, "ovsdb-server")
        self._switch = _Daemon(self.directory, "ovs-vswitchd")
        self._socket = f"unix:{self.directory}/db.sock"
        try:
            self._switch.libraries += [build_reader(self.directory), *(plugin.parent for plugin in plugins)]
            own = [PLUGIN] if mirrored else []  # else it starts without the library
            self._plugins = [*own, READER, *(plugin.name for plugin in plugins)]
            self._start_database(pmd_cpu_mask)
            self.start()
            bridge = ("datapath_type=netdev", "fail-mode=secure", "protocols=OpenFlow13")
            self.vsctl("add-br", _BRIDGE, "--", "set", "bridge", _BRIDGE, *bridge)
        except BaseException:
            self.__exit__(None)
            raise

    def _start_database(self, pmd_cpu_mask: str) -> None:
        """With what the switch is to read there when it starts."""
        path = self.directory / "conf.db"
        subprocess.run([find_program("ovsdb-tool"), "create", path, _SCHEMA], check=True, timeout=30)
        self._database.start(find_program("ovsdb-server"), path, f"--remote=p{self._socket}", "-vconsole:warn")
        wait_until((self.directory / "db.sock").exists, "the database's socket")
        self.vsctl("--no-wait", "init")
        options = {
            "dpdk-init": "true",
            "dpdk-socket-mem": _MEMORY_MB,
            "dpdk-lcore-mask": "0x1",
            "pmd-cpu-mask": pmd_cpu_mask,
            "dpdk-extra": f'"--no-pci --file-prefix {_PREFIX} -d {" -d ".join(self._plugins)}"',
        }
        settings = [f"other_config:{key}={value}" for key, value in options.items()]
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", *settings)

    def __exit__(self, *exception: object) -> None:
        with self._memory:
            self._switch.__exit__(*exception)
            self._database.__exit__(*exception)
            super().__exit__(*exception)

    @property
    def pid(self) -> int:
        return self._switch.pid

    @property
    def running(self) -> bool:
        return self._switch.running

    def output(self) -> str:
        return self._switch.output()

    def start(self) -> None:
        """Starts the switch, with what its database says; again if somebody takes the memory that it is to have."""
        control = f"--unixctl={self.directory}/ctl.sock"
        for _ in range(ATTEMPTS):
            begin = len(self.output())
            self._memory.hold()
            self.vsctl("--no-wait", "set", "Open_vSwitch", ".", "dpdk_initialized=false")
            self._memory.release()
            self._switch.start("unshare", "-n", self._program, self._socket, control, "-vconsole:info")
            wait_until(lambda: not self.running or self._is_up(), "DPDK in the switch", timeout_s=60)
            if self.running or not lacks_memory(self.output()[begin:]):
                break
        assert self.running, self.output()
        self.run("ip", "link", "set", "dev", "lo", "up")

    def _is_up(self) -> bool:
        return "true" in self.vsctl("--no-wait", "get", "Open_vSwitch", ".", "dpdk_initialized")

    def end_switch(self) -> int:
        """Ends it; its exit code. The database stays."""
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", "dpdk_initialized=false")
        self.appctl("exit")
        return self._switch.wait()

    def _tool(self, *command: object) -> str:
        arguments = [str(argument) for argument in command]
        done = subprocess.run(
            arguments, capture_output=True, text=True, check=False, timeout=60, env=self._switch.environment
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def vsctl(self, *command: object) -> str:
        return self._tool(find_program("ovs-vsctl"), "--timeout=30", "--retry", f"--db={self._socket}", *command)

    def appctl(self, command: str) -> str:
        """What ovs-appctl prints, without a process more: it is asked for while something is measured."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.directory / "ctl.sock"))
            connection.sendall(json.dumps({"id": 0, "method": command, "params": []}).encode())
            text = b""
            while True:
                text += (more := connection.recv(65536))
                with suppress(json.JSONDecodeError):
                    answer = json.loads(text)
                    break
                assert more, f"{command}: the switch has hung up"
        assert answer["error"] is None, answer
        return str(answer["result"])

    def run(self, *command: str) -> str:
        """A command where the switch has its network interfaces."""
        return run_in(self.pid, *command)

    def add_port(self, name: str, devargs: str, **options: object) -> None:
        """A DPDK port; it has to come up."""
        settings = [f"options:{key}={value}" for key, value in options.items()]
        self.vsctl(
            *("add-port", _BRIDGE, name, "--", "set", "interface", name, "type=dpdk"),
            *(f'options:dpdk-devargs="{devargs}"', *settings),
        )
        assert self.vsctl("get", "interface", name, "error").strip() == "[]", self.output()

    def add_wire(self, name: str, queues: int = 1) -> Wire:
        """A DPDK port on an interface of the kernel; the wire that leads there."""
        near, far = f"{name}-a", f"{name}-b"
        self.run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for interface in (near, far):
            self.run("sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
            self.run("ip", "link", "set", "dev", interface, "up")
        # The kernel spreads what arrives over all of the driver's queues, so the switch has to poll them all.
        self.add_port(name, f"net_af_packet_{name},iface={near},qpairs={queues}", n_rxq=queues)
        return Wire(self.pid, far)

    def wire(self, interface: str) -> Wire:
        return Wire(self.pid, interface)

    def delete_port(self, name: str) -> None:
        self.vsctl("del-port", _BRIDGE, name)

    def flows(self, flows: Iterable[str]) -> None:
        """Replaces the bridge's flows."""
        bridge, path = f"unix:{self.directory}/{_BRIDGE}.mgmt", self.directory / "flows"
        path.write_text("".join(f"{flow}\n" for flow in flows))
        self._tool(find_program("ovs-ofctl"), "--protocols=OpenFlow13", "replace-flows", bridge, path)
        self.settle()

    @contextmanager
    def own_mirror(self, source: str, output: str) -> Iterator[None]:
        """The switch's own, of what a port receives, to another port."""
        self.vsctl(
            *("--", "--id=@source", "get", "port", source, "--", "--id=@output", "get", "port", output),
            *("--", "--id=@own", "create", "mirror", "name=own", "select-src-port=@source", "output-port=@output"),
            *("--", "set", "bridge", _BRIDGE, "mirrors=@own"),
        )
        try:
            # It would not see packets whose flow is in the cache, for as long as such packets come.
            self.settle()
            yield
        finally:
            self.vsctl("clear", "bridge", _BRIDGE, "mirrors")
            self.settle()

    def settle(self) -> None:
        """What has been set holds for the next packet: the switch goes on with what it has in its cache for a while."""
        self.appctl("revalidator/purge")

    def take(self, telemetry: Telemetry, ring: str, count: int) -> list[bytes]:
        """So many packets of the target ring:RING."""
        return take(telemetry, ring, self.directory, count)

    @property
    def telemetry_path(self) -> Path:
        return self.directory / "dpdk" / _PREFIX / "dpdk_telemetry.v2"

    def telemetry(self) -> Telemetry:
        return Telemetry(self.telemetry_path)
