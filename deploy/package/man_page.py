"""PURE: the man page, of the same words as `--help`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from deploy.package.commands import Command, Parameter

_FILES = (
    ("/etc/evse-bridge/wallbox.toml", "Pins, drivers, mains connection, socket or cable."),
    ("/etc/evse-bridge/charge-point.toml", "Central System, identity, first values of keys."),
    ("/var/lib/evse-bridge", "Sessions, counts, and in slots/ the versions of the program."),
    ("/usr/share/doc/evse-bridge", "Safety, wiring, operation, faults."),
)
_EXITS = (
    ("0", "It succeeded."),
    ("1", "It failed; one line says why."),
    ("2", "The configuration or the use is wrong."),
    ("3", "Of why: no current flows. Of setup: it goes on after a reboot."),
)


def man_page(program: Command, version: str, time_s: int) -> str:
    """Returns it in roff."""
    return "".join(f"{line}\n" for line in _lines(program, version, datetime.fromtimestamp(time_s, UTC)))


def _lines(program: Command, version: str, day: datetime) -> Iterator[str]:
    name = program.words[0]
    yield f'.TH {name.upper()} 1 "{day:%Y-%m-%d}" "{name} {version}" "User Commands"'
    yield from (".SH NAME", f"{_text(name)} \\- {_text(_without_end(program.help))}")
    yield from (".SH SYNOPSIS", f".B {_text(name)}", "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]")
    yield from (".SH DESCRIPTION", _text(program.help))
    yield from _parameters(program.parameters)
    yield ".SH COMMANDS"
    for command in program.walk():
        if not command.commands:
            yield from (f".SS {_text(' '.join(command.words))}", _text(command.help))
            yield from _parameters(command.parameters)
    yield from _listed("FILES", _FILES)
    yield from _listed("EXIT STATUS", _EXITS)
    yield from (".SH SEE ALSO", ".BR systemctl (1),", ".BR journalctl (1)")


def _parameters(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    for each in parameters:
        value = f"\\fI{_text(each.value)}\\fR" if each.value else ""
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in each.names)
        yield from (".TP", " ".join(part for part in (names, value) if part))
        yield _text(each.help) if each.help else "\\&"


def _listed(heading: str, entries: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {heading}"
    for term, text in entries:
        yield from (".TP", f".B {_text(term)}", _text(text))


def _text(text: str) -> str:
    """Roff reads a backslash, and a dot or a quote that begins a line; it would set a hyphen for a minus."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _without_end(sentence: str) -> str:
    return sentence.removesuffix(".")
