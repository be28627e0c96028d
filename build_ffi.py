# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Writes the C source of an extension, dpdk_mirror._ffi as _ffi.c, from the headers that it exposes.

meson runs it: build_ffi.py HEADER... OUTPUT.
"""

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
    texts = [declarations(header.read_text(encoding="utf-8")) for header in headers]
    ffi = FFI()
    if any("rte_" in text for text in texts):
        ffi.cdef(OPAQUE)
    for text in texts:
        ffi.cdef(text)
    ffi.set_source(f"dpdk_mirror.{output.stem}", "\n".join(f'#include "{header.resolve()}"' for header in headers))
    ffi.emit_c_code(str(output))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
