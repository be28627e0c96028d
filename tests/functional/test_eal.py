# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""EAL: its devices, its log, its start and its end.

It starts once per process. So what starts or ends it runs in a process of its own, as a script whose output is looked
at; the rest uses the session's.
"""

import contextlib
import errno
import logging
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from dpdk_mirror import Eal, Vdev
from dpdk_mirror._binding import lib
from dpdk_mirror.errors import (
    ConflictError,
    EalAlreadyStartedError,
    InvalidConfigError,
    MirrorError,
    NotFoundError,
    UnsupportedError,
)

LOG_LINES = 1024  # that are kept until somebody reads them


def run(script, **environment):
    """The output of a script that uses an Eal without hugepages."""
    process = subprocess.run(
        [sys.executable, "-c", f"import os, sys\nfrom dpdk_mirror import *\n{textwrap.dedent(script)}"],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment},
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (0, ""), process.stderr
    return process.stdout.splitlines()


@pytest.fixture
def plug(dpdk_eal):
    """``plug(device)`` adds one for the time of the test."""
    with contextlib.ExitStack() as devices:

        def add(device):
            port = dpdk_eal.plug(device)
            devices.callback(dpdk_eal.unplug, port)
            return port

        yield add


@pytest.fixture
def log(dpdk_eal):
    """What EAL logs during the test, as (level, message)."""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append((record.levelno, record.getMessage()))
    logger = logging.getLogger("dpdk_mirror.eal")
    dpdk_eal.drain_log()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def no_such_device(number):
    """Has EAL log one error."""
    lib.ffi_eal_unplug(b"vdev", f"none{number}".encode())


# Ports by name


def test_a_port_is_found_by_its_devices_name_with_or_without_the_driver(dpdk_eal, plug):
    port = plug(Vdev.ring("a"))
    assert port.name == "net_ring_a"
    assert dpdk_eal.port("net_ring_a") is port
    assert dpdk_eal.port("a") is port
    assert plug("net_null7") is dpdk_eal.port("7")


def test_a_short_name_that_fits_two_ports_is_refused(dpdk_eal, plug):
    plug(Vdev.ring("twice"))
    plug(Vdev.null("twice"))
    with pytest.raises(InvalidConfigError, match="net_ring_twice or net_null_twice"):
        dpdk_eal.port("twice")


def test_an_unknown_port_is_refused_with_the_nearest_names(dpdk_eal, plug):
    plug(Vdev.ring("source"))
    with pytest.raises(NotFoundError, match=r"open port sorce: there is no such port \[ENODEV\]; did you mean source"):
        dpdk_eal.port("sorce")


# Devices that come and go


def test_a_device_can_come_and_go_any_number_of_times(dpdk_eal, dpdk_pool, dpdk_frames):
    frames = dpdk_frames(3)
    for _ in range(20):
        port = dpdk_eal.plug("net_ring_again").start(dpdk_pool)
        port.send(frames)
        assert port.receive() == frames
        dpdk_eal.unplug(port)
        assert port.closed
        with pytest.raises(NotFoundError):
            dpdk_eal.port("again")


def test_a_device_whose_port_was_closed_can_be_plugged_again(dpdk_eal, plug):
    dpdk_eal.plug("net_ring_b").close()
    port = plug("net_ring_b")
    assert not port.closed


def test_a_device_whose_port_was_closed_can_be_unplugged(dpdk_eal):
    port = dpdk_eal.plug("net_ring_b")
    port.close()
    dpdk_eal.unplug(port)
    with pytest.raises(NotFoundError, match="no port of a device"):
        dpdk_eal.unplug(port)


def test_two_devices_of_one_name_are_refused_and_the_first_goes_on(dpdk_pool, plug, dpdk_eal, dpdk_frames):
    port = plug("net_ring_c").start(dpdk_pool)
    with pytest.raises(ConflictError, match="there is a device of that name"):
        dpdk_eal.plug(Vdev.ring("c"))
    port.send(dpdk_frames(1))
    assert port.receive() == dpdk_frames(1)


@pytest.mark.dpdk_pmd("net_failsafe", "net_null")
def test_a_driver_of_a_device_that_takes_others_with_it(dpdk_eal):
    """net_failsafe brings its own sub-device; both go."""
    port = dpdk_eal.plug("net_failsafe0,dev(net_null_sub)")
    assert port.driver == "net_failsafe"
    dpdk_eal.unplug(port)
    with pytest.raises(NotFoundError):
        dpdk_eal.port("net_failsafe0")


@pytest.mark.parametrize(
    ("device", "kind", "message"),
    [
        ("net_rnig0", NotFoundError, r"look for the driver of net_rnig0: .* \[ENODEV\]; did you mean net_ring"),
        ("net_ring0,nodeactoin=x", InvalidConfigError, "net_ring takes no 'nodeactoin' .* did you mean nodeaction"),
        ("net_pcap0,rx_pcap=/none.pcap", MirrorError, "DPDK says .*No such file or directory"),
        ("net_tap0,iface=too_long_for_a_name", MirrorError, "DPDK says .*invalid remote interface name"),
        ("net_vhost0", MirrorError, r"its driver refuses it without a word \[EIO\]; net_vhost takes iface="),
        ("net_ring_18_bytes_", InvalidConfigError, "the name of a net_ring device may have 17 bytes"),
        pytest.param(
            "crypto_null0",
            UnsupportedError,
            "the device has no Ethernet port",
            marks=pytest.mark.dpdk_pmd("crypto_null"),
        ),
        ("0000:03:00.0", UnsupportedError, r"EAL was started without it .*; name it in Eal\(devices"),
    ],
)
def test_a_device_that_cannot_be_is_refused_with_one_sentence(dpdk_eal, device, kind, message):
    for _ in range(2):  # nothing is left of the first try
        with pytest.raises(kind, match=message) as refused:
            dpdk_eal.plug(device)
        assert "\n" not in str(refused.value)


def test_the_longest_name_of_a_ring_is_taken(plug):
    """And the limit is DPDK's: without the check, the driver refuses one byte more."""
    rc = lib.ffi_eal_plug(b"vdev", b"net_ring_18_bytes_", b"")
    assert rc == -errno.EIO
    assert plug("net_ring_17_bytes").name == "net_ring_17_bytes"


# The log


def test_eals_log_goes_to_the_logger_at_its_level(dpdk_eal, log):
    no_such_device(1)
    assert log == [], "until somebody drains it"
    dpdk_eal.drain_log()
    assert log == [(logging.ERROR, "EAL: Cannot find plugged device (none1)")]


def test_a_call_that_fails_drains_the_log(dpdk_eal, log):
    with pytest.raises(MirrorError):
        dpdk_eal.plug("net_vhost0")
    assert (logging.ERROR, "EAL: Driver cannot attach the device (net_vhost0)") in log


def test_what_was_logged_before_is_no_reason_of_a_call_that_fails(dpdk_eal, dpdk_pool, log):
    """Some drivers complain though nothing is wrong, as net_tap does while its port starts."""
    port = dpdk_eal.plug("net_null_calm")
    no_such_device(1)
    port.start(dpdk_pool)
    with pytest.raises(UnsupportedError, match=r"^reset port net_null_calm: [^:]* \[ENOTSUP\]$"):
        port.reset()
    dpdk_eal.unplug(port)
    assert log == [(logging.ERROR, "EAL: Cannot find plugged device (none1)")]


def test_the_log_keeps_the_newest_lines_and_tells_how_many_are_lost(dpdk_eal, log):
    for number in range(LOG_LINES + 100):
        no_such_device(number)
    dpdk_eal.drain_log()
    assert log[0] == (logging.WARNING, "100 lines of DPDK's log are lost: nobody read it in time")
    assert [message for _, message in log[1:]] == [
        f"EAL: Cannot find plugged device (none{number})" for number in range(100, LOG_LINES + 100)
    ]
    log.clear()
    no_such_device(1)
    dpdk_eal.drain_log()
    assert len(log) == 1, "the loss is told once"


def test_a_long_line_comes_whole(dpdk_eal, log):
    name = "x" * 700
    lib.ffi_eal_unplug(b"vdev", name.encode())
    dpdk_eal.drain_log()
    assert log == [(logging.ERROR, f"EAL: Cannot find plugged device ({name})")]


def test_nothing_that_eal_prints_at_its_start_goes_to_stdout_or_stderr():
    """A start that fails for want of address space: of that, DPDK 22.11 tells stderr itself."""
    lines = run("""
        import logging, resource
        logging.basicConfig(stream=sys.stdout, level=logging.ERROR, format="log: %(message)s")
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        try:
            Eal(hugepages=False, memory_mb=2048)
        except EalError as error:
            print(type(error).__name__, error)
        try:
            Eal(hugepages=False)
            print("started")
        except EalAlreadyStartedError as error:
            print(error)
    """)
    log = [line for line in lines if line.startswith("log: EAL: ")]
    first, second = (line for line in lines if line not in log)
    assert first.startswith("EalError start EAL with --lcores")
    assert "-m 2048" in first
    refused = "start EAL: that failed in this process before, and DPDK tries once [EALREADY]"
    assert second in (refused, "started"), "which depends on the release"
    assert "log: EAL: Cannot init memory" in log
    assert run("Eal(hugepages=False).close()") == []


def test_what_dpdk_says_before_it_aborts_goes_to_stderr_too():
    """Nobody can read its log afterwards."""
    script = """
        import ctypes, re
        with Eal(hugepages=False):
            library = re.search(r"/.*/librte_eal\\.so\\S*", open("/proc/self/maps").read())[0]
            getattr(ctypes.CDLL(library), "__rte_panic")(b"somewhere", b"%s", b"the reason\\n")
    """
    process = subprocess.run(
        [sys.executable, "-c", f"from dpdk_mirror import Eal\n{textwrap.dedent(script)}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == -signal.SIGABRT
    assert "PANIC in somewhere" in process.stderr
    assert "the reason" in process.stderr


# Start


def test_one_process_has_one_eal(dpdk_eal):
    with pytest.raises(EalAlreadyStartedError, match=r"it is running \[EALREADY\]; there is one Eal per process"):
        Eal(hugepages=False)
    assert not dpdk_eal.closed


def test_after_its_end_eal_is_not_started_again():
    lines = run("""
        Eal(hugepages=False).close()
        try:
            Eal(hugepages=False)
        except EalAlreadyStartedError as error:
            print(error)
    """)
    sentence = "start EAL: this process has had it, and DPDK cannot be started again [EALREADY]"
    assert lines == [f"{sentence}; keep one Eal open, or start another process"]


def test_what_is_refused_before_the_start_leaves_eal_to_be_started():
    """The last try succeeds: none of the others reached EAL."""
    lines = run("""
        tries = [
            dict(workers=-1), dict(workers=1000), dict(memory_mb=1 << 23), dict(vdevs=["net_rnig0"]),
            dict(vdevs=["net_tap0,ifaces=x"]), dict(vdevs=["net_ring0", "net_ring0"]), dict(devices=["ffff:1f:1f.7"]),
        ]
        for options in tries:
            try:
                Eal(hugepages=False, **options)
            except MirrorError as error:
                print(type(error).__name__)
        Eal(hugepages=False).close()
    """)
    assert lines == [
        "InvalidConfigError",
        "InvalidConfigError",
        "OutOfMemoryError",
        "NotFoundError",
        "InvalidConfigError",
        "ConflictError",
        "NotFoundError",
    ]


def test_a_device_that_fails_at_the_start_ends_eal():
    lines = run("""
        try:
            Eal(hugepages=False, vdevs=["net_ring0", "net_vhost0"])
        except MirrorError as error:
            print(error)
        try:
            Eal(hugepages=False)
        except EalAlreadyStartedError:
            print("too late")
    """)
    assert lines[0].startswith("plug net_vhost0: ")
    assert lines[1:] == ["too late"]


def test_a_workers_number_is_free_of_the_number_of_cpus():
    lines = run("""
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        with Eal(hugepages=False, workers=5) as eal:
            print(*eal.workers)
    """)
    assert lines == ["1 2 3 4 5"]


def test_the_affinity_of_the_caller_its_threads_and_its_children_is_as_before():
    lines = run("""
        import subprocess, threading
        def show():
            print(sorted(os.sched_getaffinity(0)))
        os.sched_setaffinity(0, range(os.cpu_count()))  # whatever this session's own EAL has done
        show()
        with Eal(hugepages=False, workers=2):
            show()
            thread = threading.Thread(target=show)
            thread.start()
            thread.join()
            sys.stdout.flush()
            subprocess.run([sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"])
        show()
    """)
    assert len(lines) == 5
    assert len(set(lines)) == 1


def test_signals_reach_the_application_and_not_eals_threads():
    lines = run("""
        with Eal(hugepages=False, workers=2):
            for task in os.listdir("/proc/self/task"):
                status = dict(line.split(":", 1) for line in open(f"/proc/self/task/{task}/status"))
                blocked = int(status["SigBlk"], 16)
                print(int(task) == os.getpid(), [bool(blocked >> signal - 1 & 1) for signal in (2, 15, 10)])
    """)
    assert sorted(set(lines)) == ["False [True, True, True]", "True [False, False, False]"]
    assert len(lines) >= 4


@pytest.mark.parametrize(
    ("buffers", "data_room", "pools"), [(100_000, 2048, 1), (100_000, 2048, 50), (30_000, 9216, 1)]
)
def test_the_pools_that_were_announced_fit(buffers, data_room, pools):
    lines = run(f"""
        with Eal(hugepages=False, buffers={buffers}, data_room={data_room}) as eal:
            pools = [eal.mempool(f"p{{i}}", size={buffers // pools}, data_room={data_room}) for i in range({pools})]
            print(sum(pool.available for pool in pools))
    """)
    assert lines == [str(buffers)]


# Folders


@pytest.mark.skipif(os.geteuid() != 0, reason="to be somebody else takes root")
@pytest.mark.parametrize("hugepages", [None, False])
def test_an_ordinary_user_needs_no_folder_of_anybody_elses(tmp_path, hugepages):
    """Neither that of hugepages, which is root's, nor that of sockets, which the first user may have to himself."""
    lines = run(
        f"""
        import codecs, ctypes
        Vdev.ring("a").check(), codecs.lookup("ascii")  # what is imported late: root's Python may be root's alone
        os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
        ctypes.CDLL(None).prctl(4, 1)  # its own files in /proc, as a program has them that was started so
        with Eal(hugepages={hugepages}, buffers=1023, targets=0, telemetry=True) as eal:
            print(*os.listdir(eal.runtime_directory))
            port = eal.plug("net_ring_a").start(eal.mempool("p", size=1023))
            print(port.send([bytes(60)]), port.receive() == [bytes(60)])
        """,
        XDG_RUNTIME_DIR=str(tmp_path),
    )
    assert lines == ["dpdk_telemetry.v2", "1 True"]


def test_once_started_eal_has_nothing_in_the_temporary_folder(tmp_path):
    """So nothing is left there by a process that is killed."""
    script = """
        eal = Eal(hugepages=False, vdevs=["net_ring0"])
        print(os.environ.get("RUNTIME_DIRECTORY"), os.listdir(os.environ["TMPDIR"]))
    """
    assert run(script, TMPDIR=str(tmp_path)) == ["None []"]


def test_telemetry_is_there_when_it_is_asked_for(tmp_path):
    """A folder of the session's own is used as it is."""
    lines = run(
        """
        with Eal(hugepages=False, telemetry=True) as eal:
            print(eal.runtime_directory)
            print(*os.listdir(eal.runtime_directory))
        """,
        RUNTIME_DIRECTORY=str(tmp_path),
    )
    assert lines == [str(tmp_path / "dpdk/rte"), "dpdk_telemetry.v2"]


# End


def test_the_end_closes_ports_and_pools_whatever_their_order():
    lines = run("""
        with Eal(hugepages=False, vdevs=["net_ring0", "net_ring1"]) as eal:
            first, second = eal.port("0"), eal.port("1")
            pool = eal.mempool("pool")
            with Mirror(first.start(pool), second.start(pool)) as mirror:
                first.send([bytes(60)] * 5)
                first.receive()
                eal.close()
                eal.close()
        print(first.closed, second.closed, pool.closed, eal.closed)
        for use in (lambda: eal.port("0"), lambda: eal.plug("net_ring2"), lambda: eal.mempool("p"), lambda: eal.workers,
                    lambda: eal.unplug(first), lambda: first.send([bytes(60)]), lambda: pool.available):
            try:
                use()
            except ClosedError as error:
                print(error.errno)
    """)
    assert lines == ["True True True True", *[str(errno.EBADF)] * 7]


def test_a_pool_with_buffers_in_use_goes_with_eal_and_a_warning():
    lines = run("""
        import gc, logging
        logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
        with Eal(hugepages=False) as eal:
            pool = eal.mempool("leaky", size=63)
            Mempool.in_use = property(lambda pool: 5)
        print(pool.closed)
        del pool
        gc.collect()  # and nobody reads the memory that was the pool's
    """)
    assert lines == ["dpdk_mirror WARNING close mempool leaky: 5 of its buffers are in use [EBUSY]", "True"]


def test_a_process_may_end_without_closing_anything():
    lines = run("""
        eal = Eal(hugepages=False, vdevs=["net_ring0", "net_ring1", "net_null0"], workers=2)
        pool = eal.mempool("pool")
        source, sink, target = (eal.port(name).start(pool) for name in ("net_ring0", "net_ring1", "net_null0"))
        mirror = Mirror(source, target)
        forwarder = Forwarder(source, sink)
        forwarder.start()
        print(forwarder.stats().workers)
    """)
    assert lines == ["1"]


def test_a_forked_child_that_ends_leaves_the_parents_eal_alone(tmp_path):
    lines = run(
        """
        with Eal(hugepages=False, vdevs=["net_ring0"], telemetry=True) as eal:
            child = os.fork()
            if child == 0:
                sys.exit(0)
            os.waitpid(child, 0)
            port = eal.port("0").start(eal.mempool("pool"))
            port.send([bytes(60)])
            print(len(port.receive()), os.path.exists(eal.runtime_directory))
        """,
        RUNTIME_DIRECTORY=str(tmp_path),
        PYTHONWARNINGS="ignore::DeprecationWarning",
    )
    assert lines == ["1 True"]


def test_c_code_prints_as_ever_once_eal_is_there():
    """EAL's own printing is caught at its start alone."""
    lines = run("""
        import ctypes
        with Eal(hugepages=False):
            ctypes.CDLL(None).puts(b"as ever")
            ctypes.CDLL(None).fflush(None)
    """)
    assert lines == ["as ever"]
