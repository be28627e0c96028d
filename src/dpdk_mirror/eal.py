# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""EAL, DPDK's runtime: started once per process, with the devices, ports and pools in it."""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import secrets
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from . import hugepages
from ._binding import check, drain_log, ffi, lib
from .closeable import Closeable, end_all, finalize
from .ealconfig import EalConfig, EalOptions, is_pci, pci_address
from .errors import (
    ClosedError,
    ConflictError,
    EalAlreadyStartedError,
    EalError,
    HugepagesTakenError,
    InvalidConfigError,
    MirrorError,
    NotFoundError,
    UnsupportedError,
    error_for,
)
from .ethdev import Port
from .gate import INHERITED_HINT, gate
from .keywords import check_keywords, shows_keywords
from .logger import logger
from .mempool import Mempool
from .rehearsal import rehearse
from .ringport import cross
from .vdev import Vdev

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from .mirror import Mirror

__all__ = ["Eal", "EalConfig", "Vdev", "is_pci"]

_starting = threading.Lock()
_argv: list[Any] = []  # EAL keeps pointers into its arguments

_KERNEL_DRIVERS = ("net_af_packet", "net_af_xdp", "net_tap", "net_tun")


class Eal(Closeable):
    """Start DPDK's runtime. Options are the fields of EalConfig.

    A process can do this once: DPDK cannot start again after it has ended. The calling thread keeps its CPU affinity.
    ``close()``, or the end of the ``with`` block, closes everything that was made from it.
    """

    _started: ClassVar[weakref.ref[Eal] | None] = None  # the one that this process may have

    @shows_keywords(EalOptions, EalConfig)
    def __init__(self, **options: Unpack[EalOptions]) -> None:
        check_keywords(options, EalOptions.__annotations__)
        values: dict[str, Any] = {**options}
        self.config = EalConfig(**values)
        self._devices: dict[str, _Device] = {}
        self._ports: dict[str, Port] = {}  # in the order in which they were opened
        self._pools: weakref.WeakSet[Mempool] = weakref.WeakSet()
        self._mirrors: weakref.WeakValueDictionary[int, Mirror] = weakref.WeakValueDictionary()
        self._check_not_started()
        private = _choose_runtime_directory(telemetry=self.config.telemetry)
        self._tried: list[bool] = []  # not empty once this one has tried to start EAL: then that is its to end
        self._finalizer = finalize(self, _end, private, self._tried)
        try:
            with _starting:
                self._check_not_started()
                vdevs = self.config.checked_vdevs()
                with contextlib.nullcontext() if self.config.hugepages is False else hugepages.turn():
                    self.arguments = self.config.arguments(lib.ffi_eal_max_lcores())
                    if not self.config.is_ours:
                        rehearse(self.arguments)
                    self._start(private)
            for device in self.config.devices:
                self._note_pci(device)
            for vdev in vdevs:
                self._plug(vdev)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return "<Eal, closed>" if self.closed else f"<Eal with {len(self._devices)} devices>"

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    @property
    def workers(self) -> tuple[int, ...]:
        """The worker lcores."""
        self._check_open("list the workers")
        lcores = ffi.new("uint32_t[]", lib.ffi_eal_max_lcores())
        return tuple(lcores[0 : lib.ffi_eal_workers(lcores, len(lcores))])

    @property
    def hugepages(self) -> bool:
        """Whether the memory consists of hugepages."""
        return "--no-huge" not in self.arguments

    @property
    def runtime_directory(self) -> Path:
        """Where DPDK has its telemetry socket; nowhere without telemetry."""
        self._check_open("tell the runtime directory")
        path = ffi.new("char[]", 4096)
        check(lib.ffi_eal_runtime_directory(path, len(path)), "tell the runtime directory")
        return Path(os.fsdecode(ffi.string(path)))

    def mempool(self, name: str, *, size: int = 4095, data_room: int = 2048) -> Mempool:
        """Make a pool of packet buffers."""
        self._check_open(f"create mempool {name}")
        pool = Mempool(self, name, size=size, data_room=data_room)
        self.adopt(pool)
        return pool

    def port(self, name: str) -> Port:
        """Open the port of a device, without starting it. The name of a virtual device may lack the driver's."""
        self._check_open(f"open port {name}")
        name = self._full_name(name)
        port = self._ports.get(name)
        if port is None or port.closed:
            port = Port(self, name)
            self.adopt(port)
        return port

    def mirror(self, name: str) -> Mirror:
        """Find an open mirror by its name."""
        self._check_open(f"find mirror {name}")
        mirror_id = ffi.new("uint32_t *")
        rc = -errno.ENOENT if "\0" in name else lib.rte_mirror_lookup(name.encode(), mirror_id)
        check(rc, f"find mirror {name}: there is none of that name")
        mirror = self._mirrors.get(mirror_id[0])
        if mirror is None:
            raise NotFoundError(errno.ENOENT, f"find mirror {name}: it was not made by this Eal's ports")
        return mirror

    def plug(self, device: Vdev | str) -> Port:
        """Add a device, and open its first port."""
        self._check_open(f"plug {device}")
        if isinstance(device, str) and is_pci(device):
            return self._pci_port(device)
        vdev = device if isinstance(device, Vdev) else Vdev.parse(device)
        vdev.check()
        self._plug(vdev)
        return self.port(self._devices[vdev.name].ports[0])

    def pair(self, name: str, *, queues: int = 1, size: int = 1023) -> tuple[Port, Port]:
        """Make two ports, each of which receives what the other sends, queue by queue; a queue holds ``size`` packets.

        They are net_ring's, called net_ring_<name>a and net_ring_<name>b, and go when they are closed.
        """
        self._check_open(f"make the pair {name}")
        return cross(self, (f"{name}a", f"{name}b"), queues, size)

    def unplug(self, port: Port, *, hot: bool = False) -> None:
        """Close a port, and remove its device with all its ports.

        ``hot`` removes it under whoever uses it, as when a card is pulled: its mirrors stop, and ports are still to be
        closed.
        """
        self._check_open(f"unplug {port.name}")
        device = next((device for device in self._devices.values() if port.name in device.ports), None)
        if device is None:
            raise NotFoundError(errno.ENODEV, f"unplug {port.name}: it is no port of a device of this EAL")
        if not hot:
            port.close()
            for name in device.ports:
                if name in self._ports:
                    self._ports.pop(name).close()
        self._remove(device)

    def drain_log(self) -> None:
        """Pass DPDK's log to the logger ``dpdk_mirror.eal``, as most calls do by themselves."""
        drain_log()

    def close(self) -> None:
        """Close mirrors, ports and pools, and end DPDK for this process. A second call does nothing.

        No other thread may be using them. A pool whose buffers are in use goes with DPDK; a warning is logged.
        """
        if self.closed:
            return
        while self._ports:
            self._ports[next(reversed(self._ports))].close()
            self._ports.popitem()
        for pool in list(self._pools):
            try:
                pool.close()
            except ConflictError as error:
                logger.warning("%s", error)
                pool.abandon()
        self._finalizer()
        drain_log()

    # Its inside.

    def adopt(self, child: Port | Mempool | Mirror) -> None:
        """Has a child closed when EAL is, mirrors with their ports. Ports stay, since they are devices' state."""
        if isinstance(child, Mempool):
            self._pools.add(child)
        elif isinstance(child, Port):
            self._ports.pop(child.name, None)
            self._ports[child.name] = child
        else:
            self._mirrors[child.id] = child

    def _check_open(self, what: str) -> None:
        self._check_own()
        if self.closed:
            raise ClosedError(errno.EBADF, f"{what}: EAL is closed")

    @classmethod
    def _check_not_started(cls) -> None:
        if gate.is_inherited:
            why = "the process that this one was forked from has had it, and DPDK does not survive that"
            raise EalAlreadyStartedError(errno.EALREADY, f"start EAL: {why}", INHERITED_HINT)
        if cls._started is None:
            return
        eal = cls._started()
        if eal is not None and not eal.closed:
            raise EalAlreadyStartedError(
                errno.EALREADY, "start EAL: it is running", "there is one Eal per process, use that"
            )
        raise EalAlreadyStartedError(
            errno.EALREADY,
            "start EAL: this process has had it, and DPDK cannot be started again",
            "keep one Eal open, or start another process",
        )

    def _start(self, private: str | None) -> None:
        arguments = [ffi.new("char[]", argument.encode()) for argument in self.arguments]
        argv = ffi.new("char *[]", [*arguments, ffi.NULL])
        _argv.append((argv, arguments))
        gate.take()
        self._tried.append(True)
        with _runtime_directory(private):
            rc = lib.ffi_eal_init(len(arguments), argv)
        reason = drain_log()
        if private is not None and not self.config.telemetry:
            # Nothing is ever put there: nothing shall be left if this process is killed.
            shutil.rmtree(private, ignore_errors=True)
        if rc == 0:
            Eal._started = weakref.ref(self)
            return
        if rc == -errno.EALREADY:
            raise EalAlreadyStartedError(-rc, "start EAL: that failed in this process before, and DPDK tries once")
        what = f"start EAL with {' '.join(self.arguments[1:])}: {reason or os.strerror(-rc)}"
        if self.hugepages and rc in (-errno.ENOMEM, -errno.EACCES):  # no memory; no hugepages at all
            raise HugepagesTakenError(errno.ENOMEM, what, "others have taken them; hugepages=False does without")
        raise EalError(-rc, what)

    def _plug(self, vdev: Vdev) -> None:
        if vdev.name in self._devices:
            if _port_names(vdev.name):
                raise ConflictError(errno.EEXIST, f"plug {vdev}: there is a device of that name")
            self._remove(self._devices[vdev.name])  # all that is left of it once its ports are closed
        drain_log()
        rc = lib.ffi_eal_plug(b"vdev", vdev.name.encode(), ",".join(vdev.args).encode())
        if rc < 0:
            raise _plug_error(-rc, vdev, drain_log())
        device = _Device("vdev", vdev.name, _port_names(vdev.name), vdev.name.removeprefix(vdev.driver).lstrip("_"))
        self._devices[vdev.name] = device
        if not device.ports:
            self._remove(device)
            raise UnsupportedError(errno.ENOTSUP, f"plug {vdev}: the device has no Ethernet port")

    def _remove(self, device: _Device) -> None:
        check(lib.ffi_eal_unplug(device.bus.encode(), device.name.encode()), f"unplug {device.name}")
        del self._devices[device.name]

    def _note_pci(self, devargs: str) -> None:
        address = pci_address(devargs)
        ports = _port_names(address)
        if not ports:
            raise NotFoundError(
                errno.ENODEV,
                f"open device {address}: no driver of DPDK took it",
                "it may have to be bound to vfio-pci, see dpdk-devbind.py",
            )
        self._devices[address] = _Device("pci", address, ports, address)

    def _pci_port(self, devargs: str) -> Port:
        device = self._devices.get(pci_address(devargs))
        if device is None:
            raise UnsupportedError(
                errno.ENOTSUP, f"plug {devargs}: EAL was started without it", "name it in Eal(devices=[...])"
            )
        return self.port(device.ports[0])

    def _full_name(self, name: str) -> str:
        """The name of the port that goes by that short name."""
        known = _port_names()
        if name in known:
            return name
        fitting = [device.ports[0] for device in self._devices.values() if device.short == name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise InvalidConfigError(errno.EINVAL, f"open port {name}: that may be {' or '.join(fitting)}")
        near = difflib.get_close_matches(name, [*known, *(device.short for device in self._devices.values())])
        hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known) or 'none'}"
        raise NotFoundError(errno.ENODEV, f"open port {name}: there is no such port", hint)


@dataclass(frozen=True, slots=True)
class _Device:
    bus: str
    name: str
    ports: tuple[str, ...]
    short: str  # what its first port may be called, too


def _plug_error(code: int, vdev: Vdev, reason: str) -> MirrorError:
    if vdev.driver in _KERNEL_DRIVERS and os.geteuid() != 0:
        hint = "it requires root, or a user namespace: unshare -Urnm"
    else:
        hint = f"{vdev.driver} takes {params}" if (params := vdev.params) else ""
    why = f"DPDK says {reason!r}" if reason else "its driver refuses it without a word"
    return error_for(code, f"plug {vdev}: {why}", hint)


def _end(private: str | None, tried: list[bool]) -> None:
    if tried and lib.ffi_eal_is_up():
        with gate.alone() as is_alone:
            end_all()
            # Better left as it is than taken from under a thread that is stuck in it.
            rc = lib.ffi_eal_cleanup() if is_alone else -errno.EBUSY
        if rc < 0:
            logger.warning("end EAL: %s", os.strerror(-rc))
    if private is not None:
        shutil.rmtree(private, ignore_errors=True)


def _port_names(device: str | None = None) -> tuple[str, ...]:
    """The ports of a device, or all."""
    c_device = ffi.NULL if device is None else ffi.new("char[]", device.encode())
    size = lib.ffi_eal_ports(c_device, ffi.NULL, 0)
    ports = ffi.new("struct ffi_eal_port[]", size)
    count = min(size, lib.ffi_eal_ports(c_device, ports, size))
    return tuple(ffi.string(port.name).decode() for port in ports[0:count])


def _choose_runtime_directory(*, telemetry: bool) -> str | None:
    """A folder for this process alone, not made yet; None where telemetry's clients look into the usual one."""
    if "RUNTIME_DIRECTORY" in os.environ:
        return None
    if telemetry and (os.getuid() == 0 or os.access(os.environ.get("XDG_RUNTIME_DIR", ""), os.W_OK)):
        return None
    return str(Path(tempfile.gettempdir(), f"dpdk-mirror-{secrets.token_hex(8)}"))


@contextlib.contextmanager
def _runtime_directory(private: str | None) -> Iterator[None]:
    """Makes the folder where EAL is to keep its sockets; what this process starts knows nothing of it."""
    if private is None:
        yield
        return
    Path(private).mkdir(mode=0o700)
    os.environ["RUNTIME_DIRECTORY"] = private
    try:
        yield
    finally:
        del os.environ["RUNTIME_DIRECTORY"]
