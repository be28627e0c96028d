# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Writes what is made from the command's parser: generate.py OUTPUT...

Meson has it write shell completions and the manual page. docs/parameters.md is kept, for whoever reads it where the
sources are shown. What an output is follows from its name. The parser is that of the source tree, so nothing has to be
installed.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shtab

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from dpdk_mirror.cli import make_parser
from dpdk_mirror.cli.ends import parse_end
from dpdk_mirror.cli.plugin import SHELLS
from dpdk_mirror.spec import PARAMETERS, MirrorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dpdk_mirror.parameter import Parameter

MANUAL = "dpdk-mirror.1"
PARAMETERS_PAGE = "parameters.md"
# Where a shell looks for the completion of dpdk-mirror, it looks for these names.
_NAMES = {"dpdk-mirror": "bash", "_dpdk-mirror": "zsh", "dpdk-mirror.fish": "fish"}
# What dpdk-mirror complete is asked for, by what the help calls a word.
_ASKED = {"PID|PREFIX|NAME": "apps", "MIRROR": "mirrors", "SOURCE": "ports", "PORT": "ports", "TARGET": "targets"}
_BY_DEST = {"app": "apps", "pattern": "drivers"}

# What it says is never expanded. Bash cuts words at colons, which kinds of targets and PCI addresses have: they are put
# together for shtab's function, and what was there already is taken off its answers.
_BASH = r"""
_dpdk_mirror_ask() {
  dpdk-mirror complete "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
}
"""
_BASH_ENTRY = r"""

_dpdk_mirror() {
  local line=$COMP_LINE i whole index=0 words=()
  for i in "${!COMP_WORDS[@]}"; do
    if [[ $i -eq 0 || $line == [[:space:]]* ]]; then
      words+=("${COMP_WORDS[i]}")
    else
      words[${#words[@]}-1]+=${COMP_WORDS[i]}
    fi
    line=${line#*"${COMP_WORDS[i]}"}
    [[ $i -eq $COMP_CWORD ]] && index=$((${#words[@]} - 1))
  done
  local COMP_WORDS=("${words[@]}") COMP_CWORD=$index
  _shtab_dpdk_mirror "$@"
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
  whole=${words[index]}
  [[ $whole == *:* && $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("${COMPREPLY[@]#"${whole%"${whole##*:}"}"}")
  return 0
}
complete -o bashdefault -F _dpdk_mirror dpdk-mirror
"""
_ZSH = r"""
_dpdk_mirror_ask() {
  local found=(${(f)"$(dpdk-mirror complete $1 "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -S '' -- ${(M)found:#*:}
  compadd -- ${found:#*:}
}
"""
_COUNTS = {"?": "[{}]", "*": "[{} ...]", "+": "{} ..."}


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The sub-commands' parsers."""
    (action,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def content(name: str) -> str:
    """What belongs into a file of this name: a shell's, as the package keeps it, or the one that a system looks for."""
    if name == PARAMETERS_PAGE:
        return _parameters_page()
    return _manual() if name == MANUAL else _completion(name if name in SHELLS else _NAMES[name])


def _completion(shell: str) -> str:
    parser = make_parser()
    for each in commands(parser).values():
        for action in each._actions:
            if action.type in (Path, parse_end):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif kind := _BY_DEST.get(action.dest) or _ASKED.get(str(action.metavar)):
                action.complete = _asking(kind)  # type: ignore[attr-defined]
    script = shtab.complete(parser, shell=shell)
    # In zsh, shtab has only the first of several words completed.
    return {"bash": script + _BASH_ENTRY, "zsh": re.sub(r'"\(\*\)::?', '"*:', script), "fish": script}[shell]


def _asking(kind: str) -> dict[str, Any]:
    """For shtab: a function for each kind."""
    name = f"_dpdk_mirror_{kind}"
    function = f"{name}() {{\n  _dpdk_mirror_ask {kind}\n}}\n"
    return {
        "bash": name,
        "zsh": name,
        "fish": f"(dpdk-mirror complete {kind} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)",
        "preamble": {"bash": _BASH + function, "zsh": _ZSH + function},
    }


def _manual() -> str:
    """In man's macros. Descriptions and examples are laid out already, so they stay as they are."""
    parser = make_parser()
    lines = ['.TH DPDK\\-MIRROR 1 "" dpdk\\-mirror "User commands"', ".SH NAME"]
    lines += [_text(f"dpdk-mirror - {parser.description}".rstrip(".")), ".SH SYNOPSIS", ".B dpdk\\-mirror"]
    lines += [_text("COMMAND [options] ..."), ".SH COMMANDS"]
    for name, command in commands(parser).items():
        lines += [f".SS {_text(name)}", *_literal(_synopsis(command)), *_literal(command.description or "")]
        for action in command._actions:
            lines += _argument(command, action)
        lines += _literal(command.epilog or "")
    lines += [".SH EXIT STATUS", _text("0: done. 1: failed; one line on stderr says why. 2: wrong usage.")]
    lines += [_text('130, 143, 129: ended by Ctrl-C, SIGTERM, SIGHUP; of run, before "ready" or the second time.')]
    lines += [".SH FILES", ".TP", _text("/var/run/dpdk, /tmp/dpdk, $XDG_RUNTIME_DIR/dpdk, $RUNTIME_DIRECTORY/dpdk")]
    lines += [_text("where the sockets of applications are looked for")]
    lines += [".TP", _text("~/.config/dpdk-mirror/hosts.toml")]
    lines += [_text("hosts for --host: their name for ssh, and how dpdk-mirror is run there")]
    lines += [".SH ENVIRONMENT", ".TP", "DPDK_MIRROR_SOCKET"]
    lines += [_text("of an application that has librte_mirror: where it opens a socket of its own, for --app")]
    lines += [".TP", "DPDK_MIRROR_APP"]
    lines += [_text("the application that is meant where --app is not given: its file prefix, or the path of a socket")]
    lines += [".TP", "DPDK_MIRROR_REMOTE"]
    lines += [_text("how dpdk-mirror is run on another host, as its shell reads it: sudo -n dpdk-mirror")]
    lines += [".SH SEE ALSO", ".BR tcpdump (1),", ".BR pcap\\-filter (7),", ".BR ovs\\-vsctl (8)"]
    return "\n".join(lines) + "\n"


_PARAMETERS = """\
# Parameters of a mirror

All that can be said of a mirror. Each is an option of commands (`--split-len`; `--no-origin` for `no`), a key of files
for [`apply`](live.md#after-a-restart) and of `/mirror/add` (`split_len`), and a keyword in [Python](python.md). In C it
is a field of `struct rte_mirror_param` or `struct rte_mirror_select`, or a flag, unless only running applications have
it.

Without a mode, commands take `auto`, but `run` does so only if packets are cut. `add --with-shell` gives `ends_with`.
`capture` and `run` have `--seconds` and `--packets` of their own, at which they end.

| key | value | default | what it does | options of |
|---|---|---|---|---|
"""


def _parameters_page() -> str:
    """Every parameter, and which commands have it."""
    defaults, parsers, rows = MirrorSpec().texts(), commands(make_parser()), []
    for key, parameter in PARAMETERS.items():
        names = ", ".join(f"`{name}`" for name in (key, parameter.alias) if name)
        value = ", ".join(f"`{each}`" for each in parameter.choices) or parameter.value
        default = f"`{defaults[key]}`" if defaults.get(key) else ""
        users = ", ".join(name for name, command in parsers.items() if _takes(command, parameter))
        meaning = parameter.meaning.replace("|", r"\|")
        rows.append(f"| {names} | {value} | {default} | {meaning} | {users} |\n")
    return _PARAMETERS + "".join(rows) + "\nSee [Choose packets](selection.md) for those that choose them.\n"


def _takes(command: argparse.ArgumentParser, parameter: Parameter) -> bool:
    """Some commands have an option of that name which is their own."""
    return any(action.help == parameter.meaning.replace("%", "%%") for action in command._actions)


def _synopsis(command: argparse.ArgumentParser) -> str:
    words = [command.prog, "[options]"]
    for action in command._actions:
        if action.option_strings and action.required:
            words += [action.option_strings[0], str(action.metavar)]
        elif not action.option_strings:
            metavar = str(action.metavar)
            words.append(_COUNTS.get(str(action.nargs), "{}").format(metavar))
    return " ".join(words)


def _argument(command: argparse.ArgumentParser, action: argparse.Action) -> Iterator[str]:
    """A paragraph of its own for each but --help, and old names."""
    if "--help" in action.option_strings or action.help is argparse.SUPPRESS:
        return
    value = "" if action.nargs == 0 else str(action.metavar or "|".join(action.choices or ()))
    name = ", ".join(action.option_strings)
    yield ".TP"
    yield f"\\fB{_text(name)}\\fR {_text(value)}".strip() if name else f"\\fI{_text(value)}\\fR"
    yield _text((action.help or "") % {**vars(action), "prog": command.prog})


def _literal(text: str) -> Iterator[str]:
    """Text whose lines and blanks stay as they are."""
    if text:
        yield ".PP"
        yield ".nf"
        yield from (_text(line) for line in text.strip("\n").splitlines())
        yield ".fi"


def _text(text: str) -> str:
    """A line that is no request of man's, whatever it has."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def main(arguments: list[str]) -> int:
    for output in map(Path, arguments):
        output.write_text(content(output.name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
