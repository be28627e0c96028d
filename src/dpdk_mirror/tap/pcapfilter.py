# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Whether libpcap takes a filter for what is in a capture: Wireshark has it, tcpdump and librte_mirror."""

from __future__ import annotations

import ctypes
import struct
from contextlib import suppress

__all__ = ["why_refused"]

_NAMES = ("libpcap.so.0.8", "libpcap.so.1", "libpcap.so")
_NO_NETMASK = 0xFFFFFFFF
_CAPTURE = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
"""An empty one, of Ethernet. What is open for nothing takes words that only a kernel's interface has an answer to."""


class _Program(ctypes.Structure):
    """C type: struct bpf_program."""

    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


def why_refused(expression: str) -> str:
    """Libpcap's reason; "" if it takes the expression, or is not here."""
    pcap = _load()
    handle = ctypes.c_void_p(_open(pcap)) if pcap is not None else None
    if pcap is None or not handle:
        return ""
    program = _Program()
    text = expression.encode(errors="surrogateescape")
    try:
        if pcap.pcap_compile(handle, ctypes.byref(program), text, 1, _NO_NETMASK) == 0:
            pcap.pcap_freecode(ctypes.byref(program))
            return ""
        return str(pcap.pcap_geterr(handle).decode(errors="replace"))
    finally:
        pcap.pcap_close(handle)


def _open(pcap: ctypes.CDLL) -> int | None:
    """C type: pcap_t *. It has the file, which it closes."""
    libc = ctypes.CDLL(None)
    libc.fmemopen.restype = pcap.pcap_fopen_offline.restype = ctypes.c_void_p
    file = libc.fmemopen(_CAPTURE, ctypes.c_size_t(len(_CAPTURE)), b"rb")
    why = ctypes.create_string_buffer(256)
    return pcap.pcap_fopen_offline(ctypes.c_void_p(file), why) if file else None


def _load() -> ctypes.CDLL | None:
    for name in _NAMES:
        with suppress(OSError):
            pcap = ctypes.CDLL(name)
            pcap.pcap_geterr.restype = ctypes.c_char_p
            pcap.pcap_compile.argtypes = (
                ctypes.c_void_p, ctypes.POINTER(_Program), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32
            )  # fmt: skip
            return pcap
    return None
