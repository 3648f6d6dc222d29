"""PURE: a configuration file of an older version becomes one of this version; every other byte of it stays.

A file says nothing of its version. A key that is gone does: who finds `Renamed.key` has a file of before
`since`, and for that file the defaults of that time count.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from hal.configuration.file import ConfigError, Fault, Rule, loaded, parse, unreadable
from hal.configuration.schema import toml_text
from hal.configuration.toml_lines import Path, key_lines, places

T = TypeVar("T", bound=msgspec.Struct)

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A key that is gone: another key of its section, with another value, is in its place."""

    since: str  # the first version without it
    key: str  # dotted: section and key
    name: str  # of the key in its place
    values: Mapping[Any, Any]  # old value -> new one
    person: str  # what to do about a value that is not among them


@dataclass(frozen=True, slots=True)
class NewDefault:
    """A default that became another: a file of before, which leaves the key out, means the former."""

    since: str
    key: str
    former: Any


Step = Renamed | NewDefault  # a table of them is in the order of `since`


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """A file, what it must fulfil, and what older versions said otherwise."""

    read: Callable[[], bytes]
    schema: type[T]
    file: str  # the name that faults carry
    rules: Sequence[Rule] = ()
    steps: Sequence[Step] = ()

    def load(self) -> T:
        """Reads it as a struct. Raises ConfigError with all faults, and what to do about each."""
        try:
            return parse(self.read, self.schema, file=self.file, rules=self.rules)
        except ConfigError as error:
            raise explained(error, self.steps) from None

    def migrated(self) -> str | None:
        """Returns the text for this version; None: nothing in it is of an older one.

        Raises ConfigError for a file that cannot be read, for what only a person can decide, and with all
        faults of the new text.
        """
        try:
            content = self.read()
        except OSError as error:
            raise ConfigError([Fault(self.file, 0, "", None, unreadable(error))]) from None
        text = migrated(content, self.steps, file=self.file)
        if text is not None:
            parse(text.encode, self.schema, file=self.file, rules=self.rules)
        return text


def migrated(content: bytes, steps: Sequence[Step], *, file: str) -> str | None:
    """Returns the text for this version; None: nothing in it is of an older one, or it is no TOML at all.

    Raises ConfigError for what only a person can decide.
    """
    try:
        text = content.decode()
        loaded(text.removeprefix(_BOM))
    except (ValueError, RecursionError):  # also what is not UTF-8: `check` names it
        return None
    mark = _BOM if text.startswith(_BOM) else ""
    after = _migrated(text.removeprefix(_BOM), steps, file)
    return None if mark + after == text else mark + after


def _migrated(text: str, steps: Sequence[Step], file: str) -> str:
    older = False
    for step in steps:
        path = tuple(step.key.split("."))
        there = _value(tomllib.loads(text), path)
        if isinstance(step, Renamed) and there is not None:
            text, older = _renamed(text, step, path, file), True
        elif isinstance(step, NewDefault) and older and there is None:
            text = _added(text, step, path, file)
    return text


def explained(error: ConfigError, steps: Sequence[Step]) -> ConfigError:
    """Returns it with what to do about each key that is of an older version."""
    gone = {step.key: step for step in steps if isinstance(step, Renamed)}
    return ConfigError([_explained(fault, gone.get(fault.key)) for fault in error.faults])


def _explained(fault: Fault, step: Renamed | None) -> Fault:
    if step is None:
        return fault
    do = step.person
    if fault.value in [toml_text(value) for value in step.values]:
        do = "`sudo evse-bridge config migrate` changes it, and keeps the file before"
    return _fault(fault.file, fault.line, step, fault.value, do)


def _renamed(text: str, step: Renamed, path: Path, file: str) -> str:
    table, place = tomllib.loads(text), places(text)[0].get(path)
    there = _value(table, path)
    fitting = [new for old, new in step.values.items() if type(old) is type(there) and old == there]
    do = step.person
    if _value(table, (*path[:-1], step.name)) is not None:
        do = f"{step.name} is there too; remove the line of {path[-1]}"
    elif fitting and place is not None:
        value = json.dumps(fitting[0], ensure_ascii=False)
        return "".join(
            (
                text[: place.name.start],
                step.name,
                text[place.name.stop : place.value.start],
                value,
                text[place.value.stop :],
            )
        )
    raise ConfigError([_fault(file, key_lines(text)[path], step, toml_text(there), do)])


def _fault(file: str, line: int, step: Renamed, value: str | None, do: str) -> Fault:
    return Fault(file, line, step.key, value, f"is of a version before {step.since}, now {step.name}; {do}")


def _added(text: str, step: NewDefault, path: Path, file: str) -> str:
    """Writes the former default below the header of its section, or in a section at the end."""
    ending = "\r\n" if "\r\n" in text else "\n"
    line = f"{path[-1]} = {json.dumps(step.former)} # the default before {step.since}{ending}"
    header = places(text)[1].get(path[:-1])
    if header is not None:
        head, newline, rest = text[header:].partition("\n")
        return f"{text[:header]}{head}{newline or ending}{line}{rest}"
    if path[:-1] in key_lines(text):
        do = f"is missing; this file is of a version before {step.since}: write {line.strip()}"
        raise ConfigError([Fault(file, key_lines(text)[path[:-1]], step.key, None, do)])
    separator = "" if text.endswith("\n") else ending
    return f"{text}{separator}{ending}[{'.'.join(path[:-1])}]{ending}{line}"


def _value(table: Any, path: Path) -> Any:
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    return table
