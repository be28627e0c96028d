# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Writes the C source of dpdk_mirror._ffi from the headers it exposes; meson runs it: build_ffi.py HEADER... OUTPUT."""

import re
import sys
from pathlib import Path

from cffi import FFI

# DPDK's own types, as far as Python holds pointers to them.
OPAQUE = """
struct rte_mbuf;
struct rte_mempool;
typedef struct { ...; } rte_spinlock_t;
struct rte_ether_addr { uint8_t addr_bytes[6]; ...; };
"""


def declarations(header: str) -> str:
    """What cffi can read of a header: no preprocessor but integer constants, nothing that is for C++ alone."""
    header = re.sub(r"#ifdef __cplusplus.*?#endif", "", header, flags=re.DOTALL)
    lines = header.replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#") or re.match(r"#define \w+ \d+", line))


def main(arguments: list[str]) -> int:
    *headers, output = map(Path, arguments)
    ffi = FFI()
    ffi.cdef(OPAQUE)
    for header in headers:
        ffi.cdef(declarations(header.read_text(encoding="utf-8")))
    ffi.set_source("dpdk_mirror._ffi", "\n".join(f'#include "{header.resolve()}"' for header in headers))
    ffi.emit_c_code(str(output))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
