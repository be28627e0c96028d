# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whether libpcap takes a filter: it is what Wireshark has, and librte_mirror."""

from __future__ import annotations

import ctypes
from contextlib import suppress

__all__ = ["why_refused"]

_NAMES = ("libpcap.so.0.8", "libpcap.so.1", "libpcap.so")
_ETHERNET, _SNAPLEN, _NO_NETMASK = 1, 262144, 0xFFFFFFFF


class _Program(ctypes.Structure):
    """C type: struct bpf_program."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


def why_refused(expression: str) -> str:
    """Libpcap's reason; "" if it takes the expression, or is not here."""
    pcap = _load()
    if pcap is None:
        return ""
    handle = ctypes.c_void_p(pcap.pcap_open_dead(_ETHERNET, _SNAPLEN))
    program = _Program()
    try:
        if pcap.pcap_compile(handle, ctypes.byref(program), expression.encode(), 1, _NO_NETMASK) == 0:
            pcap.pcap_freecode(ctypes.byref(program))
            return ""
        return str(pcap.pcap_geterr(handle).decode(errors="replace"))
    finally:
        pcap.pcap_close(handle)


def _load() -> ctypes.CDLL | None:
    for name in _NAMES:
        with suppress(OSError):
            pcap = ctypes.CDLL(name)
            pcap.pcap_open_dead.restype = ctypes.c_void_p
            pcap.pcap_geterr.restype = ctypes.c_char_p
            pcap.pcap_compile.argtypes = (
                ctypes.c_void_p, ctypes.POINTER(_Program), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32
            )  # fmt: skip
            return pcap
    return None
