# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Two virtual machines talk through a switch's net_vhost ports, and a third one hears it: what the RFC is for."""

import itertools
import random
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import pytest
from livekit.application import wait_until
from livekit.ovs import Ovs
from livekit.testpmd import Testpmd, TestpmdOptions
from livekit.vm import Frame, Vm, build_vm
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

QUEUES = 2
HELLO = b"\x88\xb5"
MACS = [bytes.fromhex("020000000001"), bytes.fromhex("020000000002")]
numbers = itertools.count()

# What a machine says: protocols, bytes, and what it leaves to its card.
PLAIN = [(IP, TCP, 1, {}), (IPv6, UDP, 1400, {})]
CHECKSUMS = [
    (ip, l4, 500 + n, {"unfinished": True}) for n, (ip, l4) in enumerate(itertools.product((IP, IPv6), (TCP, UDP)))
]
TSO = [(ip, TCP, size, {"unfinished": True, "segment": 1400}) for ip in (IP, IPv6) for size in (1500, 60000)]


def make(speaker, kind, queue):
    """A frame that no other is like, from one of the two to the other."""
    ip, l4, size, undone = kind
    number = next(numbers)
    there, back = (1, 2) if speaker == 0 else (2, 1)
    address = "10.0.0.{}" if ip is IP else "fd00::{}"
    whole = (
        Ether(src=f"02:00:00:00:00:0{there}", dst=f"02:00:00:00:00:0{back}")
        / ip(src=address.format(there), dst=address.format(back))
        / l4(sport=1024 + number // 50000, dport=1024 + number % 50000)
        / random.Random(number).randbytes(size)
    )
    return Frame(bytes(whole), queue, **undone)


def finished(data):
    """What a machine's kernel, which knows what its card has not done, takes a frame for."""
    frame = Ether(data)
    layer = frame.getlayer(TCP) or frame.getlayer(UDP)
    del layer.chksum
    return bytes(frame)


def is_hello(frame):
    return frame.data[12:14] == HELLO


def listen(vm, count):
    """The next frames that a machine hears, without those that only say that somebody is there."""
    heard = []

    def have_come():
        heard.extend(frame for frame in vm.hear() if not is_hello(frame))
        return len(heard) >= count

    wait_until(have_come, f"{count} frames heard")
    return heard


class Network:
    """A switch with two machines that talk."""

    def __init__(self, directory, program, sources, kinds):
        self.directory, self.program, self.sources, self.kinds = directory, program, sources, kinds
        self.vms = [None, None]
        self._stack = ExitStack()

    def __enter__(self):
        for number in range(2):
            self.come(number)
        self.meet()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def come(self, number):
        """A machine starts, again if it was there before."""
        vm = Vm(self.program, self.directory / f"vm{number}", f"queues={QUEUES}")
        self.vms[number] = self._stack.enter_context(vm)

    def hello(self):
        """Both say that they are there, on each of their queues; what they say."""
        said = [
            [Frame(MACS[1 - speaker] + MACS[speaker] + HELLO + bytes([queue] * 46), queue) for queue in range(QUEUES)]
            for speaker in range(2)
        ]
        for vm, frames in zip(self.vms, said, strict=True):
            vm.say(frames)
        return said

    def meet(self):
        """Each has heard that the other one is there."""
        heard = [set(), set()]

        def have_heard():
            said = self.hello()
            for vm, data in zip(self.vms, heard, strict=True):
                data.update(frame.data for frame in vm.hear())
            return all({frame.data for frame in said[1 - n]} <= heard[n] for n in range(2))

        wait_until(have_heard, "both heard")

    def say(self, speaker, rounds=1):
        """Has a machine say something of each kind on each of its queues; what it says."""
        said = [make(speaker, kind, queue) for _ in range(rounds) for kind in self.kinds for queue in range(QUEUES)]
        self.vms[speaker].say(said)
        return said

    def talk(self, rounds=1):
        """Both say something at once, and hear it; what they said, and what they heard, each by machine."""
        said = [self.say(speaker, rounds) for speaker in range(2)]
        heard = [listen(self.vms[n], len(said[1 - n])) for n in range(2)]
        heard = [[replace(frame, data=finished(frame.data)) for frame in frames] for frames in heard]
        for n in range(2):
            assert Counter(frame.data for frame in heard[n]) == Counter(frame.data for frame in said[1 - n])
        return said, heard


def open_testpmd(stack, directory, program, devargs="", arguments=()):
    vhosts = [f"net_vhost{n},iface={directory}/vm{n},queues={QUEUES},tso=1{devargs}" for n in range(2)]
    options = TestpmdOptions(vhosts, arguments=[f"--rxq={QUEUES}", f"--txq={QUEUES}", *arguments])
    testpmd = stack.enter_context(Testpmd(options))
    testpmd.start()
    return testpmd, Network(directory, program, [0, 1], PLAIN + CHECKSUMS + TSO)


def open_ovs(stack, directory, program):
    ovs = stack.enter_context(Ovs())
    for n in range(2):
        ovs.add_port(f"vm{n}", f"net_vhost_vm{n},iface={directory}/vm{n},queues={QUEUES}", n_rxq=QUEUES)
    ovs.flows(["in_port=vm0,actions=output:vm1", "in_port=vm1,actions=output:vm0"])
    # Without userspace-tso-enable, and for ports of that kind also with it, it takes no longer packets.
    return ovs, Network(directory, program, ["net_vhost_vm0", "net_vhost_vm1"], PLAIN + CHECKSUMS)


NETWORKS = {
    "testpmd": open_testpmd,
    "testpmd, checksums left to the other vm": lambda *where: open_testpmd(
        *where, ",legacy-ol-flags=1,linear-buffer=1,ext-buffer=1"
    ),
    "testpmd, checksums left to itself": lambda *where: open_testpmd(*where, arguments=["--rx-offloads=0xc"]),
    "ovs": open_ovs,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_vm(tmp_path_factory.mktemp("vm"))


@pytest.fixture(scope="module", params=NETWORKS)
def network(request, program, tmp_path_factory):
    with ExitStack() as stack:
        switch, network = NETWORKS[request.param](stack, tmp_path_factory.mktemp("network"), program)
        network.switch = switch
        with network:
            yield network


@pytest.fixture
def telemetry(network):
    with network.switch.telemetry() as telemetry:
        yield telemetry
        telemetry.call("remove", all="yes")


@pytest.fixture
def tap(network, telemetry):
    """``tap(source=..., directions=...)`` adds mirrors; ``tap.come()`` is the machine that hears them."""
    with ExitStack() as stack:

        def mirror(*mirrors):
            for number, parameters in enumerate(mirrors):
                telemetry.call("add", to=f"vhost:{network.directory}/tap", name=f"m{number}", **parameters)
            vm = mirror.come()
            wait_until(lambda: network.hello() and vm.hear(), "the third one's coming")
            return vm

        mirror.come = lambda: stack.enter_context(Vm(network.program, network.directory / "tap", *mirror.options))
        mirror.options = []
        yield mirror


def check_heard(heard, said):
    """Every frame whole, with nothing for anybody to finish, and in the order of its machine's queue."""
    assert Counter(frame.data for frame in heard) == Counter(frame.data for frame in said)
    assert not any(frame.unfinished or frame.segment for frame in heard)
    for queue, source in {(frame.queue, frame.data[6:12]) for frame in said}:
        ours = [frame.data for frame in said if (frame.queue, frame.data[6:12]) == (queue, source)]
        theirs = set(ours)
        assert [frame.data for frame in heard if frame.data in theirs] == ours


def listen_for(vm, said, heard=()):
    """All of that is heard, well; what else is, or has been."""
    wanted, heard = {frame.data for frame in said}, list(heard)
    while not wanted <= {frame.data for frame in heard}:
        heard += listen(vm, 1)
    check_heard([frame for frame in heard if frame.data in wanted], said)
    return {frame.data for frame in heard} - wanted


def test_the_tap_vm_hears_what_both_say(network, telemetry, tap):
    """Byte for byte, in every mode: checksums finished and long packets whole, whoever was to do that."""
    vm = tap(*({"source": source, "directions": "rx"} for source in network.sources))
    for name in ("m0", "m1"):
        telemetry.call("reset", mirror=name)
    for mode in ("auto", "share", "copy"):
        for name in ("m0", "m1"):
            telemetry.call("update", mirror=name, mode=mode)
        (ours, theirs), _ = network.talk(2)
        check_heard(listen(vm, len(ours + theirs)), ours + theirs)
    for name in ("m0", "m1"):
        stats = telemetry.call("stats", mirror=name)
        assert stats["seen"] == stats["packets"]


# Where both ends of a port show whole frames.
in_two_networks = pytest.mark.parametrize(
    "network", ["testpmd, checksums left to the other vm", "ovs"], indirect=True, scope="module"
)


@in_two_networks
@pytest.mark.parametrize(
    ("choice", "speakers"),
    [
        ({"directions": "rx"}, [0]),
        ({"directions": "tx"}, [1]),
        ({"directions": "both"}, [0, 1]),
        ({"directions": "both", "mac": "src=02:00:00:00:00:01"}, [0]),
        ({"directions": "both", "mac": "dst=02:00:00:00:00:01"}, [1]),
    ],
)
def test_of_one_port_the_tap_vm_hears_what_was_chosen(network, tap, choice, speakers):
    """Egress, ingress, or what one machine says, by its MAC address."""
    vm = tap({"source": network.sources[0], **choice})
    said, heard = network.talk()
    # In the order in which they passed the port, which is the switch's for those that go out.
    passed = [said[0], heard[0]]
    chosen = [frame for speaker in speakers for frame in passed[speaker]]
    check_heard(listen(vm, len(chosen)), chosen)


@in_two_networks
def test_a_vm_dies_and_comes_back(network, tap):
    """The other one talks on, and is heard; then both are, again."""
    vm = tap(*({"source": source, "directions": "rx"} for source in network.sources))
    for _ in range(2):
        last = {frame.data for frame in network.say(1)}
        network.vms[1].end(signal.SIGKILL)
        for _ in range(3):
            assert listen_for(vm, network.say(0)) <= last
        network.come(1)
        network.meet()
        (ours, theirs), _ = network.talk()
        check_heard(listen(vm, len(ours + theirs)), ours + theirs)


class Chat(threading.Thread):
    """Both talk all the time."""

    def __init__(self, network):
        super().__init__()
        self._network, self._is_over, self.said = network, threading.Event(), []

    def run(self):
        while not self._is_over.is_set():
            said, _ = self._network.talk()
            self.said.append({frame.data for frame in said[0] + said[1]})

    def wait_for(self, rounds):
        """They say and hear so much more."""
        wanted = len(self.said) + rounds
        wait_until(lambda: len(self.said) >= wanted or not self.is_alive(), "talking")
        assert self.is_alive()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self.join()


@in_two_networks
def test_the_tap_vm_dies_and_comes_back(network, telemetry, tap):
    """Those who talk lose nothing, and wait for nobody; what is heard again is whole."""
    vm = tap({"source": network.sources[0], "directions": "both"})
    with Chat(network) as chat:
        for _ in range(2):
            chat.wait_for(2)
            assert listen(vm, 1)
            vm.end(signal.SIGKILL)
            telemetry.call("reset", mirror="m0")
            chat.wait_for(2)
            wait_until(lambda: telemetry.call("stats", mirror="m0")["full"] > 0, "packets that nobody hears")
            vm = tap.come()
            heard = listen(vm, 1)
    said, heard_there = network.talk()
    passed = said[0] + heard_there[0]
    assert listen_for(vm, passed, heard) <= set().union(*chat.said)


@in_two_networks
def test_a_tap_vm_with_short_buffers_hears_what_fits(network, telemetry, tap):
    """What does not counts as full, and takes nothing with it."""
    tap.options = ["mrg_rxbuf=0"]
    vm = tap({"source": network.sources[0], "directions": "rx"})
    telemetry.call("reset", mirror="m0")
    for _ in range(2):
        (said, _), _ = network.talk()
        fits = [frame for frame in said if len(frame.data) < 2000]
        check_heard(listen(vm, len(fits)), fits)
    lost = 2 * QUEUES * sum(size > 2000 for *_, size, _ in network.kinds)
    wait_until(lambda: telemetry.call("stats", mirror="m0")["full"] == lost, "all counted")
