# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors in this process."""

from __future__ import annotations

import errno
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ._binding import drain_log, ffi, lib
from .closeable import Numbered, finalize
from .cstructs import pointer, select_struct
from .errors import InvalidConfigError, error_for
from .info import MirrorInfo, MirrorState, kinds_of
from .keywords import check_keywords, shows_keywords
from .parameter import takes_keywords
from .spec import COUNTERS, ELSEWHERE, PARAMETERS, CommonOptions, MirrorSpec, MirrorStats, nested

if TYPE_CHECKING:
    from typing import Unpack

    from .ethdev import Port
    from .mempool import Mempool

__all__ = ["Mirror", "MirrorHooks", "MirrorInfo", "MirrorOptions", "MirrorState"]


class MirrorOptions(CommonOptions, total=False):
    """MirrorSpec's fields but those for captures, and what only lives inside one process, as keywords."""

    hooks: MirrorHooks | None
    pool: Mempool | None


@takes_keywords(nested("Mirror({})") | {name: f"give Mirror({name}=...)" for name in MirrorOptions.__annotations__})
@dataclass(frozen=True, slots=True)
class MirrorHooks:
    """Hazardous: your own C code and memory in the data path, as addresses (int) or cffi or ctypes pointers.

    ``offload`` is an ``rte_mirror_offload_fn``, or "symbol@library.so", which loads the library for good. It is called
    with ``ctx`` for the packets that pass ``select``, on the thread that polls the source. ``lock`` is an
    ``rte_spinlock_t`` held while packets are taken and sent. All must stay valid until the mirror is closed. None may
    be Python: no Python runs per packet.
    """

    offload: Any = None
    ctx: Any = None
    lock: Any = None


def _whose(key: str) -> str:
    return "captures that a running application writes" if PARAMETERS[key].of_target else "running applications"


_ELSEWHERE = {
    **ELSEWHERE,
    **{each.name: f"give hooks=MirrorHooks({each.name}=...)" for each in fields(MirrorHooks)},
    **{
        key: f"for {_whose(key)}: give Application.mirror({key}=...)"
        for key, parameter in PARAMETERS.items()
        if parameter.live
    },
}
_STAYS = dict.fromkeys(("source", "target"), "does not change while the mirror exists: close it, and make another")


@dataclass(frozen=True, slots=True)
class _Parameters:
    """All that C is told of a mirror, beside its ports. Alive as long as C may use it."""

    spec: MirrorSpec
    hooks: MirrorHooks
    pool: Mempool | None

    def changed(self, given: MirrorOptions) -> _Parameters:
        """The same but for the options, which are those of Mirror()."""
        options: dict[str, Any] = {**given}
        hooks, pool = options.pop("hooks", self.hooks), options.pop("pool", self.pool)
        if not isinstance(hooks, MirrorHooks | None):
            raise TypeError(f"hooks must be MirrorHooks, not {type(hooks).__name__}")
        if pool is not None and not hasattr(pool, "c"):
            raise TypeError(f"pool must be a Mempool, not {type(pool).__name__}")
        return _Parameters(self.spec.changed(**options), hooks or MirrorHooks(), pool)


class Mirror(Numbered):
    """Mirror the packets of ``source`` to ``target``, until ``close()``.

    Options are the fields of MirrorSpec but those for captures, which override ``spec``; ``direction``, another name
    of ``directions``; ``hooks``, MirrorHooks; and ``pool``, a Mempool for packets that are copied or cut, instead of
    the library's own.
    """

    shares_queues = True  # the library allots a target's queues to its mirrors

    @shows_keywords(MirrorOptions)
    def __init__(
        self, source: Port, target: Port, *, spec: MirrorSpec | None = None, **options: Unpack[MirrorOptions]
    ) -> None:
        check_keywords(options, MirrorOptions.__annotations__, _ELSEWHERE)
        for role, port in (("source", source), ("target", target)):
            if not hasattr(port, "tx_queues"):
                raise TypeError(f"{role} must be a Port, not {type(port).__name__}")
        if not isinstance(spec, MirrorSpec | None):
            raise TypeError(f"spec must be a MirrorSpec, not {type(spec).__name__}")
        self.source, self.target = source, target
        parameters = _Parameters(spec or MirrorSpec(), MirrorHooks(), None).changed(options)
        self._held = [parameters]  # what C may use; what holds is last
        self._added = ffi.new("uint32_t *")  # 0: not yet
        self._finalizer = finalize(self, _remove, self._added, self._held)
        source.attach(self)
        try:
            target.attach(self, self._queues())
            self._use(parameters)
            self._id = self._add()
        except BaseException:
            self._finalizer()
            self._let_go()
            raise
        source.eal.adopt(self)

    def __repr__(self) -> str:
        return f"<Mirror {self}{', closed' if self._id is None else ''}>"

    def __str__(self) -> str:
        return f"mirror {self.source.label} -> {self.target.label} ({self.spec.directions})"

    @property
    def spec(self) -> MirrorSpec:
        """The parameters it was given; info() has what it does."""
        return self._held[-1].spec

    def stats(self) -> MirrorStats:
        """Read the counters."""
        stats = ffi.new("struct rte_mirror_stats *")
        self._check(lib.rte_mirror_stats_get(self.id, stats), "read the counters of")
        return MirrorStats(**{name: getattr(stats, name) for name in COUNTERS})

    def info(self) -> MirrorInfo:
        """Describe the mirror as it is now."""
        info = ffi.new("struct rte_mirror_info *")
        self._check(lib.rte_mirror_info_get(self.id, info), "describe")
        return MirrorInfo(**{name: _from_c(info, name, kind) for name, kind in kinds_of(MirrorInfo).items()})

    def reset(self) -> None:
        """Reset the counters to 0."""
        self._check(lib.rte_mirror_stats_reset(self.id), "reset the counters of")

    def pause(self) -> None:
        """Pause the mirror until ``resume()``. When it returns, no thread is inside the mirror.

        The target may be used, stopped and set up anew meanwhile. Pausing a paused mirror does nothing.
        """
        with self._own_lock:
            self._check(lib.rte_mirror_pause(self.id), "pause")
            self._give_back_queues()

    def resume(self) -> None:
        """Resume after ``pause()``. When a new mirror would be refused, so is this, and the mirror stays paused."""
        with self._own_lock:
            mirror_id = self.id
            self.target.attach(self, self._queues())
            rc = lib.rte_mirror_resume(mirror_id)
            if rc < 0:
                self._give_back_queues()
            self._check(rc, "resume")

    @shows_keywords(MirrorOptions)
    def update(self, **options: Unpack[MirrorOptions]) -> None:
        """Change options; those that are not given stay.

        Every queue changes over between two bursts: no packet is missed or mirrored twice, and counters go on. When
        the new options are refused, nothing changes. After BusyTimeoutError the new options hold, but a thread may
        still be using the old hooks and pool: call again.
        """
        check_keywords(options, MirrorOptions.__annotations__, _ELSEWHERE | _STAYS)
        with self._own_lock:
            mirror_id, before = self.id, list(self._held)
            after = before[-1].changed(options)
            self._use(*before, after)
            # Of what nobody has closed the latest ends first: the mirror shall end before a pool that it has got now.
            earlier, self._finalizer = self._finalizer, finalize(self, _remove, self._added, self._held)
            earlier.detach()
            rc = -errno.EINVAL
            try:
                param, _kept = self._param(after)
                rc = lib.rte_mirror_update(mirror_id, param)
            finally:
                if rc != -errno.ETIMEDOUT:
                    self._use(*([after] if rc == 0 else before))
            self._check(rc, "update")

    def close(self) -> None:
        """Remove the mirror. When it returns, no thread is inside the mirror. A second call does nothing.

        After BusyTimeoutError the mirror gets no more packets but still exists: call again.
        """
        with self._own_lock:
            if self._id is None:
                return
            rc = lib.rte_mirror_remove(self._id)
            if rc != -errno.ENOENT:  # somebody else has removed it already
                self._check(rc, "remove")
            self._finalizer.detach()
            self._id = None
            self._let_go()

    # Its inside.

    def _add(self) -> int:
        param, _kept = self._param(self._held[-1])
        self._check(lib.rte_mirror_add(self.source.id, param, self._added), "register")
        return int(self._added[0])

    def _param(self, parameters: _Parameters) -> tuple[Any, list[Any]]:
        """C type: struct rte_mirror_param *; and what it points to, which is to be kept as long."""
        spec, hooks, pool = parameters.spec, parameters.hooks, parameters.pool
        if spec.name is not None and "\0" in spec.name:
            raise InvalidConfigError(errno.EINVAL, f"register {self}: name has a control character")
        name = ffi.NULL if spec.name is None else ffi.new("char[]", spec.name.encode())
        param = ffi.new("struct rte_mirror_param *")
        param.target_port, param.name = self.target.id, name
        for key, parameter in PARAMETERS.items():
            value = getattr(spec, key, None)
            if parameter.live:
                self._check_not_live(key, value)
            elif isinstance(value, bool):
                param.flags |= _flag(key) if value else 0
            elif isinstance(value, int):
                setattr(param, key, int(value))
        param.pool = ffi.NULL if pool is None else pool.c
        param.offload = pointer("rte_mirror_offload_fn", hooks.offload)
        param.ctx = pointer("void *", hooks.ctx)
        param.lock = pointer("rte_spinlock_t *", hooks.lock)
        param.select, kept = select_struct(spec.select)
        return param, [name, *kept]

    def _check_not_live(self, key: str, value: object) -> None:
        if value != getattr(MirrorSpec(), key):
            what = f"register {self}: {key} is for {_whose(key)}"
            raise InvalidConfigError(errno.EINVAL, what, "leave it out")

    def _check(self, rc: int, doing: str) -> None:
        if rc < 0:
            reason = ffi.string(lib.rte_mirror_last_error()).decode(errors="replace")
            drain_log()  # has the reason, too
            raise error_for(-rc, f"{doing} {self}: {reason}")

    def _queues(self) -> list[tuple[str, int]]:
        """The target's queues that are the mirror's."""
        first, count = self.spec.target_queue, self.spec.nb_target_queues
        return [("tx", queue) for queue in range(first, first + count if count else self.target.tx_queues)]

    def _give_back_queues(self) -> None:
        self.target.detach(self)
        self.target.attach(self)

    def _use(self, *parameters: _Parameters) -> None:
        """Notes what C may use from now on: its pools are not to be closed."""
        before, self._held[:] = list(self._held), parameters
        pools = [each.pool for each in parameters if each.pool is not None]
        for pool in pools:
            pool.users[self] = str(self)
        for each in before:
            if each.pool is not None and each.pool not in pools:
                each.pool.users.pop(self, None)

    def _let_go(self) -> None:
        self._use(_Parameters(self.spec, MirrorHooks(), None))
        self.source.detach(self)
        self.target.detach(self)


def _flag(key: str) -> int:
    return int(getattr(lib, f"RTE_MIRROR_F_{key.upper()}"))


def _from_c(info: Any, name: str, kind: type) -> Any:
    """A field of C's struct as one of that type."""
    if name == "origin":
        return bool(info.flags & _flag(name))
    value = getattr(info, name)
    return ffi.string(value).decode() if kind is str else kind(value)


def _remove(added: Any, _held: object) -> None:
    """Removes a mirror that nobody has closed, whose memory is held until then."""
    if added[0]:
        lib.rte_mirror_remove(added[0])
