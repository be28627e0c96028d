# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Parameters as text: ``key=value,...`` in printable ASCII, which passes any command line, socket and log."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, NoReturn

from .errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["escape", "join_pairs", "refuse", "split_pairs", "unescape"]

# Plain values need no quotes. Others have them, and \xHH, the only escape, for each byte of UTF-8 that is a quote,
# a backslash or no printable ASCII: little to parse for a reader in C.
_PLAIN = r"[A-Za-z0-9_.:/+-]+"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*"'
_PAIR = re.compile(rf"(\w+)=({_PLAIN}|{_QUOTED})(,(?=.)|$)", re.ASCII | re.DOTALL)


def join_pairs(texts: Mapping[str, str]) -> str:
    """``key=value,...``, with quotes where they are needed; what split_pairs() reads back.

    Bytes that are not UTF-8, as file names may have, are those that os.fsdecode() has made surrogates of.
    """
    return ",".join(f"{key}={_quote(text)}" for key, text in texts.items())


def split_pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            refuse(f"{text[position:]!r}: not key=value,...")
        if match[1] in pairs:
            refuse(f"{match[1]}: given twice")
        pairs[match[1]] = _unquote(match[2])
        position = match.end()
    return pairs


def escape(text: str) -> str:
    r"""The text with ``\xHH`` for each byte of UTF-8 that is a quote, a backslash or no printable ASCII."""
    try:
        data = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        refuse(f"{text!r}: not to be written in UTF-8")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}" for byte in data)


def unescape(text: str) -> str:
    """What escape() was given."""
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), text.encode())
    return raw.decode(errors="surrogateescape")


def refuse(reason: str, hint: str = "") -> NoReturn:
    raise InvalidConfigError(errno.EINVAL, f"mirror parameter {reason}", hint)


def _quote(text: str) -> str:
    return text if re.fullmatch(_PLAIN, text) else f'"{escape(text)}"'


def _unquote(value: str) -> str:
    return unescape(value[1:-1]) if value.startswith('"') else value
