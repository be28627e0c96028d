# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Running applications and their mirrors."""

from __future__ import annotations

import difflib
import errno
import threading
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..closeable import Closeable
from ..errors import (
    BusyTimeoutError,
    ClosedError,
    DisconnectedError,
    NoPluginError,
    NotFoundError,
    ProtocolError,
    UnsupportedError,
)
from ..keywords import shows_keywords
from ..pairs import join_pairs
from ..spec import MirrorSpec, Mode, SpecOptions
from .answers import Answer, numbers, refusal
from .channel import REQUEST_MAX, Channel, Greeting
from .mirror import RemoteMirror
from .owner import myself
from .records import RemotePort, RemotePortStats, RemoteTarget, info_of, port_of, port_stats_of, target_of
from .sockets import label
from .targets import port_in
from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Unpack

__all__ = ["TIMEOUT_S", "Application"]

TIMEOUT_S = 20.0
"""How long an application may take to answer: changes to mirrors wait up to 5 s for pollers, and for each other."""

_PROTOCOL = 1
_ADD = "/mirror/add"
# More ports or mirrors than any application can have: whoever goes on beyond does so for ever.
_COUNT_MAX = 65536
_PAGES = 3  # times the time for an answer, for all of a list
_PORTS = "dpdk-mirror ports lists them"
_ENDED = "its mirrors have ended with it: connect to the one that runs now"


class Application(Closeable):
    """A running application, by the path of its socket. The first request connects.

    After a connection fails, the next request connects again, but only to the same process: when that has ended, it
    raises DisconnectedError.
    """

    def __init__(self, path: str | Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self.path = Path(path)
        self.timeout_s = timeout_s
        self._channel: Channel | None = None
        self._pids: tuple[int, int] | None = None
        self._plugin: str | None = None
        self._takes_by = False
        self._closed = False
        self._lock = threading.Lock()  # one request at a time

    def __repr__(self) -> str:
        return f"<Application {self}>"

    def __str__(self) -> str:
        return label(self.path)

    @property
    def pid(self) -> int:
        """The id of its process, by the kernel's word; 0 if it is in no namespace that is seen from here."""
        return self.greet().pid

    @property
    def dpdk(self) -> str:
        """The version of its DPDK."""
        return self.greet().dpdk

    @property
    def plugin(self) -> str:
        """The version of librte_mirror in it; NoPluginError if there is none."""
        if self._plugin is None:
            self._plugin = self._find_plugin(f"control mirrors in {self}")
        return self._plugin

    @property
    def has_plugin(self) -> bool:
        try:
            return bool(self.plugin)
        except NoPluginError:
            return False

    def ports(self) -> list[RemotePort]:
        """List its ports, by id."""
        found = []
        for port_id in self._pages("ports", "/mirror/ports"):
            try:
                found.append(self.port(port_id))
            except NotFoundError:  # it has gone meanwhile
                continue
        return found

    def port_names(self) -> dict[int, str]:
        """The names of its ports, by id, as DPDK's own telemetry tells them, without librte_mirror, too."""
        doing = f"list ports in {self}"
        ids = numbers(doing, self._value(doing, "/ethdev/list", {}), 0)
        return {each: Answer(doing, self._value(doing, "/ethdev/info", str(each))).string("name") for each in ids}

    def port(self, port: str | int) -> RemotePort:
        """Find a port by its name or id."""
        return port_of(self.ask(f"describe port {port}", "/mirror/ports", {"port": str(port)}))

    def port_stats(self, port: str | int) -> RemotePortStats:
        """Read what a port's driver has counted. NoPluginError: an older library cannot tell."""
        return port_stats_of(self.ask(f"read the counters of port {port}", "/mirror/port/stats", {"port": str(port)}))

    def mirrors(self) -> list[RemoteMirror]:
        """List its mirrors, oldest first, whoever added them."""
        return [RemoteMirror(self, mirror_id) for mirror_id in self._pages("mirrors", "/mirror/list")]

    def find(self, mirror: str | int) -> RemoteMirror:
        """Find a mirror by its name or id."""
        info = info_of(self.ask(f"find mirror {mirror}", "/mirror/info", {"mirror": str(mirror)}))
        return RemoteMirror(self, info.id, str(mirror))

    @shows_keywords(SpecOptions)
    def mirror(
        self,
        source: str | int,
        *,
        to: str,
        spec: MirrorSpec | None = None,
        force: bool = False,
        **options: Unpack[SpecOptions],
    ) -> RemoteMirror:
        """Mirror the port ``source`` (a name or id). ``close()`` removes the mirror.

        ``to`` is a target, such as tap:IFACE (``dpdk-mirror add --help`` has all kinds), which is made if it does not
        exist; or port:NAME, an existing port, which requires ``force``, since others may transmit on it. Options are
        the fields of MirrorSpec and ``direction``; they override ``spec``. Without a mode in either, it is auto.

        The application itself removes the mirror after ``lease`` seconds, and when a process ends:
        ``ends_with=process_text(os.getpid())``.
        """
        if not isinstance(source, str | int) or not isinstance(to, str):
            raise TypeError("source must be a port's name or id, and to a str such as tap:m0")
        if not isinstance(spec, MirrorSpec | None):
            raise TypeError(f"spec must be a MirrorSpec, not {type(spec).__name__}")
        return self.add(Wanted(str(source), to, force, (spec or MirrorSpec(mode=Mode.AUTO)).changed(**options)))

    def add(self, wanted: Wanted, *, replaces: str | None = None) -> RemoteMirror:
        """Add a mirror. If it is refused, the one that it ``replaces`` goes on, maybe with another id."""
        asked = wanted.texts() | ({"replace": replaces} if replaces is not None else {})
        answer = self._ask_add(f"register mirror {wanted}", wanted, asked, signed=True)
        return RemoteMirror(self, answer.number("id"), answer.text("name"))

    def check(self, wanted: Wanted, *, replaces: str | None = None, without: Iterable[int] = ()) -> None:
        """Raise what ``add()`` would if the mirrors with the ids of ``without`` did not exist; change nothing."""
        asked = wanted.texts() | {"dry": "yes"} | ({"replace": replaces} if replaces is not None else {})
        if ids := ",".join(map(str, without)):
            asked["without"] = ids
        self._ask_add(f"check mirror {wanted}", wanted, asked)

    def remove_all(self) -> int:
        """Remove all mirrors but those that the application made itself; return how many."""
        return self.ask("remove all mirrors", "/mirror/remove", {"all": "yes"}).number("removed")

    def add_target(self, to: str, *, tx_queues: int = 0) -> RemoteTarget:
        """Make a target that stays until ``remove_target()``, or find it; ``stream:`` is given a path."""
        queues = {"tx_queues": str(tx_queues)} if tx_queues else {}
        return target_of(self.ask(f"make target {to}", "/mirror/target/add", {"to": to, **queues}))

    def remove_target(self, to: str, *, force: bool = False) -> None:
        """Remove a target that ``add_target()`` made and no mirror uses, or a ring without mirrors.

        A ring requires ``force``, which confirms that nobody in the application reads it any more.
        """
        asked = {"to": to, **({"force": "yes"} if force else {})}
        self.ask(f"remove target {to}", "/mirror/target/remove", asked)

    def ask(self, doing: str, command: str, parameters: Mapping[str, str]) -> Answer:
        """Send any command to the plugin. ``doing`` says in errors what was tried."""
        doing = f"{doing} in {self}"
        return Answer(doing, self._known(doing, command, parameters))

    def close(self) -> None:
        """Close the connection. Mirrors stay."""
        with self._lock:
            self._closed = True
            self._drop()

    def greet(self) -> Greeting:
        """Connect if necessary; return what the application says of itself."""
        with self._lock:
            return self._open(f"connect to {self.path}").greeting

    def hang_up(self) -> None:
        """Close the connection until the next request: an application takes 10 clients at a time."""
        with self._lock:
            self._drop()

    def near(self, port: str, others: Iterable[str] = ()) -> str:
        """A hint for whoever asked for a port that is not there, by a wrong name, perhaps; some have others."""
        near = difflib.get_close_matches(port, [*(each.name for each in self.ports()), *others])
        return f"did you mean {' or '.join(near)}? {_PORTS}" if near else _PORTS

    # Its inside.

    def _ask_add(self, doing: str, wanted: Wanted, asked: Mapping[str, str], *, signed: bool = False) -> Answer:
        try:
            self._find(f"{doing} in {self}")
            return self.ask(doing, _ADD, {**asked, **(self._signature(asked) if signed else {})})
        except NotFoundError as error:
            for port in (wanted.source, port_in(wanted.to) or wanted.to):
                if error.what.endswith(f": there is no port {port}"):
                    raise NotFoundError(error.errno, error.what, self.near(port)) from None
            raise

    def _signature(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Who adds a mirror, if the library takes that, and the request has room for it."""
        by = {"by": myself()} if self._takes_by else {}
        return by if len(f"{_ADD},{join_pairs({**asked, **by})}") <= REQUEST_MAX else {}

    def _pages(self, what: str, command: str) -> Iterator[int]:
        doing = f"list {what} in {self}"
        start = count = 0
        end = time.monotonic() + _PAGES * self.timeout_s
        while page := numbers(doing, self._known(doing, command, {"start": str(start)} if start else {}), start):
            yield from page
            start, count = page[-1] + 1, count + len(page)
            if time.monotonic() > end:
                what = f"{doing}: the answers take more than {_PAGES * self.timeout_s:g} s"
                raise BusyTimeoutError(errno.ETIMEDOUT, what, "try again")
            if count > _COUNT_MAX:
                raise ProtocolError(errno.EPROTO, f"{doing}: the answers have no end")

    def _known(self, doing: str, command: str, parameters: Mapping[str, str]) -> Any:
        """The value of the answer of a plugin that is there and speaks as expected."""
        self._find(doing)
        return self._value(doing, command, parameters)

    def _find(self, doing: str) -> None:
        if self._plugin is None:
            self._plugin = self._find_plugin(doing)

    def _find_plugin(self, doing: str) -> str:
        answer = Answer(doing, self._value(doing, "/mirror/version", {}))
        if (protocol := answer.number("protocol")) != _PROTOCOL:
            what = f"{doing}: its librte_mirror speaks protocol {protocol}, this is {_PROTOCOL}"
            raise UnsupportedError(errno.ENOTSUP, what, "use the dpdk-mirror of the same version")
        self._takes_by = answer.flag("takes_by", default=False)
        return answer.string("version")

    def _value(self, doing: str, command: str, parameters: Mapping[str, str] | str) -> Any:
        with self._lock:
            value = self._open(doing).ask(doing, command, parameters)
        if value is None:  # DPDK's answer to a command that it does not know
            lacks = (
                f"its librte_mirror has no {command}" if self._plugin else "librte_mirror is not loaded there, or inert"
            )
            hint = "" if self._plugin else f"attach it first: dpdk-mirror attach {quote(str(self))}"
            raise NoPluginError(errno.ENOTSUP, f"{doing}: {lacks}", hint)
        if (error := refusal(doing, value)) is not None:
            raise error
        return value

    def _open(self, doing: str) -> Channel:
        if self._closed:
            raise ClosedError(errno.EBADF, f"{doing}: the connection is closed")
        if self._channel is None or self._channel.closed:
            self._channel = self._connected(doing)
        return self._channel

    def _connected(self, doing: str) -> Channel:
        try:
            channel = Channel(self.path, self.timeout_s)
        except (NotFoundError, DisconnectedError) as error:
            if self._pids is None:
                raise
            what = f"{doing}: the application has ended ({error.what})"
            raise DisconnectedError(errno.ECONNRESET, what, _ENDED) from None
        pids = channel.greeting.pid, channel.greeting.said_pid
        if self._pids not in (None, pids):
            channel.close()
            what = f"{doing}: the application has ended, and process {channel.greeting.pid} has its socket now"
            raise DisconnectedError(errno.ECONNRESET, what, _ENDED)
        self._pids = pids
        return channel

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
