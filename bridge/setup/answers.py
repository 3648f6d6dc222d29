"""The answers of `setup --answers box.toml`: read, and every fault named with its line and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bridge.folders import MisuseError
from bridge.setup.draft import CHARGE_POINT, FILES, NONE, PARTS, WALLBOX, Draft
from hal import durable
from hal.configuration.file import LINE_MOST, MOST_BYTES, Fault, check, loaded
from hal.configuration.rewrite import Table, plain
from hal.configuration.toml_lines import key_lines
from hal.visible import visible


class Conduct(msgspec.Struct, frozen=True):
    """What setup may do without a person."""

    boot_files: Annotated[bool, Meta(description="change config.txt and cmdline.txt")] = True
    reboot: Annotated[bool, Meta(description="reboot when these were changed")] = True
    leave_mock: Annotated[bool, Meta(description="make a mock box a real one")] = False
    find_meter: Annotated[bool, Meta(description="search for the energy meter")] = False
    test_central_system: Annotated[bool, Meta(description="try to connect; without an answer: fail")] = False
    start: Annotated[bool, Meta(description="start the box now, and at every boot")] = True
    doctor: Annotated[bool, Meta(description="examine the box at the end")] = True


class _Whole(msgspec.Struct, frozen=True):
    """The one section of setup itself."""

    setup: Conduct = Conduct()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a file."""

    conduct: Conduct
    tables: dict[str, Table]
    lines: Mapping[tuple[str, ...], int]
    name: str

    def given(self, draft: Draft) -> Draft:
        """Returns the draft with these answers."""
        return draft.over(self.tables)

    def faults(self, draft: Draft) -> Iterator[Fault]:
        """Yields what is wrong with the files that would be written, by the keys of the answers."""
        for name in FILES:
            for fault in draft.report(name).faults:
                yield self._own(name, fault)

    def _own(self, name: str, fault: Fault) -> Fault:
        path = (name, *fault.key.split("."))
        while path and path not in self.lines:
            path = path[:-1]
        return Fault(self.name, self.lines.get(path, 0), f"{name}.{fault.key}", fault.value, fault.message)


def read(path: Path) -> Answers:
    """Reads the file, and knows its own section. Raises MisuseError with every fault of that section."""
    try:
        text = durable.read(path, MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise MisuseError(
            f"{path}: {error.strerror}; name a file of answers, as docs/setup.md shows"
        ) from None
    except UnicodeDecodeError:
        raise MisuseError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    return of_text(text, path.name)


def of_text(text: str, name: str) -> Answers:
    """Reads a text. Raises MisuseError."""
    table = _table(text, name)
    lines = key_lines(text)
    faults = list(_sections(table, lines, name))
    own = table.get("setup", {})
    if isinstance(own, dict):
        for fault in check(plain({"setup": own}), _Whole, file=name):
            line = lines.get(tuple(fault.key.split(".")), 0)
            faults.append(Fault(name, line, fault.key, fault.value, fault.message))
    if faults:
        raise MisuseError("\n".join(map(str, faults)))
    conduct = msgspec.convert(own, Conduct)
    return Answers(conduct, {one: table[one] for one in FILES if one in table}, lines, name)


def _table(text: str, name: str) -> dict[str, Any]:
    try:
        return loaded(text)
    except (ValueError, RecursionError):
        syntax = check(text, _Whole, file=name)
        raise MisuseError("\n".join(map(str, syntax))) from None


def _sections(table: Table, lines: Mapping[tuple[str, ...], int], name: str) -> Iterator[Fault]:
    known = ("setup", WALLBOX, CHARGE_POINT)
    for section, value in table.items():
        line = lines.get((section,), 0)
        if section not in known:
            yield Fault(name, line, visible(section), None, f"is not known; known here: {', '.join(known)}")
        elif not isinstance(value, dict):
            yield Fault(
                name, line, section, visible(str(value), LINE_MOST), f"must be sections: [{section}.NAME]"
            )
        elif section != "setup":
            yield from _tables(section, value, lines, name)


def _tables(file: str, table: Table, lines: Mapping[tuple[str, ...], int], name: str) -> Iterator[Fault]:
    for section, value in table.items():
        if not isinstance(value, dict) and not (section in PARTS and value == NONE):
            line = lines.get((file, section), 0)
            allowed = f"must be a section: [{file}.{section}]"
            if section in PARTS and file == WALLBOX:
                allowed += f', or "{NONE}" for a box without it'
            yield Fault(name, line, visible(f"{file}.{section}"), visible(str(value), LINE_MOST), allowed)
