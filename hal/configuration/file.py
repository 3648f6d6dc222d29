"""PURE: a careful reader of TOML configuration files. It knows nothing of wallboxes or charge points.

The schema is a msgspec struct of structs; `hal.configuration.schema` says how it is written.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from hal.configuration import guess as guesses
from hal.configuration.schema import Key, Schema, Section, section_of, toml_text
from hal.configuration.toml_lines import key_lines
from hal.visible import visible

COMMENT_WIDTH = 100
MOST_BYTES = 1 << 20  # a hundred times the longest configuration that is useful
MOST_BITS = 4096  # of a number: Python writes no more than 4300 digits
DEEPEST = 32  # tables and lists in each other; ours have 3
MOST_FAULTS = 100  # of a file, that are told at once
LINE_MOST = 80  # characters of a line that is shown
SECRETS = ("password", "AuthorizationKey")  # keys whose value is shown to nobody

T = TypeVar("T", bound=msgspec.Struct)


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong in a file, as a person is shown."""

    file: str
    line: int
    key: str  # dotted; "" for the file as a whole
    value: str | None  # as written in TOML; None when there is none
    message: str

    def __str__(self) -> str:
        said = f" = {self.value}" if self.value is not None else ""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}{said}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """A file that must not be used; carries every fault found in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Report(msgspec.Struct, frozen=True):
    """The outcome of checking a file or of writing one, as one program reports it to another."""

    faults: tuple[Fault, ...] = ()
    facts: tuple[str, ...] = ()
    text: str = ""  # of the written file


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken rule between keys: the keys that it read, the one to change first."""

    keys: tuple[str, ...]
    message: str


Rule = Callable[[Any], Iterable[Broken]]  # takes the read struct


def loaded(text: str) -> dict[str, Any]:
    """Reads TOML as `tomllib`. Raises ValueError also for what nobody could write or show again: a number of
    thousands of digits, and sections within sections without end."""
    table = tomllib.loads(text)
    left: list[tuple[str, Any, int]] = [("", table, 0)]
    while left:
        name, value, depth = left.pop()
        if depth > DEEPEST:
            raise ValueError(f"{name[:LINE_MOST]} is nested more than {DEEPEST} deep")
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise ValueError(f"the number {name} has more than {MOST_BITS} bits")
        if isinstance(value, dict):
            left += [(f"{name}.{key}" if name else key, each, depth + 1) for key, each in value.items()]
        if isinstance(value, list):
            left += [(name, each, depth + 1) for each in value]
    return table


def check(text: str, schema: Schema, *, file: str, rules: Sequence[Rule] = ()) -> list[Fault]:
    """Returns every fault of the text, MOST_FAULTS at once; a syntax error stands alone."""
    return _told(_read(text, schema, file, rules)[1], file)


def parse(read: Callable[[], bytes], schema: type[T], *, file: str, rules: Sequence[Rule] = ()) -> T:
    """Returns what `read` gives, as the struct. `file` is the name that faults carry.

    Raises ConfigError with all faults, MOST_FAULTS at once; also when `read` raises OSError and when the text
    is not UTF-8.
    """
    try:
        text = read().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Fault(file, 0, "", None, unreadable(error))]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Fault(file, line, "", None, "is not UTF-8 text; save it as UTF-8")]) from None
    whole, faults = _read(text, schema, file, rules)
    if faults:
        raise ConfigError(_told(faults, file))
    return whole


def _told(faults: Sequence[Fault], file: str) -> list[Fault]:
    """Returns them, or the first of them with how many more there are."""
    told, more = list(faults[:MOST_FAULTS]), len(faults) - MOST_FAULTS
    if more > 0:
        told.append(Fault(file, 0, "", None, f"has {more} faults more: correct these first"))
    return told


def unreadable(error: OSError) -> str:
    """Says why a file cannot be read, and what to do."""
    match error:
        case FileNotFoundError():
            do = "`evse-bridge config init` writes a new one (with --mock: of a mock box)"
        case PermissionError():
            do = "use sudo, or the user of this program"
        case _:
            do = "put the right file there, or name its folder with --config-dir"
    place = f"{error.filename}: " if error.filename else ""
    return f"cannot be read: {place}{error.strerror}; {do}"


def _read(text: str, schema: type[T], file: str, rules: Sequence[Rule]) -> tuple[T, list[Fault]]:
    """Returns the struct, with examples in place of what is wrong, and every fault."""
    section = section_of(schema)
    try:
        table = loaded(text)
        lines = key_lines(text)
    except (ValueError, RecursionError) as error:
        return msgspec.convert(_Checked(file, {}, 1).section({}, section, ()), schema), [
            _syntax(file, text, error)
        ]
    checked = _Checked(file, lines, text.rstrip("\n").count("\n") + 1, text.split("\n"))
    whole = msgspec.convert(checked.section(table, section, ()), schema)
    for rule in rules:
        for broken in rule(whole):
            checked.complain(broken, table)
    return whole, sorted(checked.faults, key=lambda fault: fault.line)


def _syntax(file: str, text: str, error: ValueError | RecursionError) -> Fault:
    if isinstance(error, RecursionError):
        return Fault(file, 0, "", None, "is nested too deeply")
    said = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", said)
    if place is None:
        return Fault(file, 0, "", None, f"is not TOML: {visible(said)}")
    lines = text.split("\n")
    line = int(place[1] or guesses.open_quote(lines) or text.count("\n") + 1)
    message = f"is not TOML: {said.replace(place[0], '')}{_shown(text, lines, line)}"
    guess = guesses.meant(lines, line, secret=_may_hold_secret(lines, line))
    return Fault(file, line, "", None, f"{message}; {guess}" if guess else message)


def _shown(text: str, lines: Sequence[str], number: int) -> str:
    """Shows the line itself, unless it may hold a secret, or the end of one over many lines."""
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    many = '"""' in text or "'''" in text
    return (
        f": {visible(line, LINE_MOST)}" if line and not _may_hold_secret(lines, number) and not many else ""
    )


def _may_hold_secret(lines: Sequence[str], number: int) -> bool:
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return any(word.lower() in line.lower() for word in SECRETS) or _is_secret(_first_word(line))


def _first_word(line: str) -> str:
    return next(iter(re.findall(r"[\w-]+", line)), "")


def _is_secret(name: str) -> bool:
    """Is True also when the name is misspelt."""
    return bool(get_close_matches(name, SECRETS, cutoff=0.8))


@dataclass(slots=True)
class _Checked:
    """One pass over a document: notes each fault and returns the document with its defaults."""

    file: str
    lines: Mapping[tuple[str, ...], int]
    last_line: int
    text: Sequence[str] = ()  # line by line
    faults: list[Fault] = field(default_factory=list)

    def section(self, table: Mapping[str, Any], section: Section, path: tuple[str, ...]) -> dict[str, Any]:
        if section.free is not None:
            return self._free(table, section.free, path)
        self._unknown(table, section, path)
        whole: dict[str, Any] = {}
        for key in section.keys:
            if key.name in table or key.required:
                whole[key.name] = self._value(table, key, (*path, key.name))
        for inner in section.sections:
            if inner.name in table or inner.required:
                whole[inner.name] = self._inner(table, inner, (*path, inner.name))
        return whole

    def _value(self, table: Mapping[str, Any], key: Key, path: tuple[str, ...]) -> Any:
        if key.name not in table:
            hint = guesses.commented_key(self.text, ".".join(path[:-1]), key.name)
            self._note(path, None, f"is missing; {hint or f'must be {_with_text(key)}'}")
            return key.example
        value = table[key.name]
        if _fits(value, key):
            return value
        self._note(path, value, f"must be {_with_text(key)}{_unquoted(value, key)}")
        return key.example if key.required else key.default

    def _free(self, table: Mapping[str, Any], key: Key, path: tuple[str, ...]) -> dict[str, Any]:
        fitting = {name: value for name, value in table.items() if _fits(value, key)}
        for name in table.keys() - fitting.keys():
            self._note((*path, name), table[name], f"must be {key.allowed}")
        return fitting

    def _inner(self, table: Mapping[str, Any], inner: Section, path: tuple[str, ...]) -> dict[str, Any]:
        given = table.get(inner.name)
        if isinstance(given, dict):
            return self.section(given, inner, path)
        if given is None:
            needs = ", ".join(key.name for key in inner.keys if key.required)
            self._note(path, None, f"this section is missing; it needs {needs}")
        else:
            self._note(path, given, f"must be a section: [{'.'.join(path)}]")
        return _Checked(self.file, {}, 1).section({}, inner, path)

    def _unknown(self, table: Mapping[str, Any], section: Section, path: tuple[str, ...]) -> None:
        known = [key.name for key in section.keys] + [inner.name for inner in section.sections]
        for name, value in table.items():
            if name not in known and len(self.faults) >= MOST_FAULTS:
                self._note((*path, name), None, "is not known")  # is counted, not told
            elif name not in known:
                near = get_close_matches(name, known, n=1)
                kind = "section" if isinstance(value, dict) else "key"
                known_here = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                hint = guesses.commented_section(self.text, self._line((*path, name))) or known_here
                self._note((*path, name), None if kind == "section" else value, f"is no known {kind}; {hint}")

    def _note(self, path: tuple[str, ...], value: Any, message: str) -> None:
        said = toml_text(value) if value is not None else None
        if isinstance(value, float):
            said = repr(value)  # 3.0 where 3 is allowed must not read as 3
        if path and said is not None and _is_secret(path[-1]):
            said = "(not shown)"
        self.faults.append(Fault(self.file, self._line(path), ".".join(path), said, message))

    def _line(self, path: tuple[str, ...]) -> int:
        """Returns the line of the key, else of the nearest section around it, else the file's end."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines[path] if path else self.last_line

    def complain(self, broken: Broken, table: Mapping[str, Any]) -> None:
        """Notes what a rule says, unless a key it looked at is already at fault."""
        at_fault = {fault.key for fault in self.faults}
        if any(key == bad or key.startswith(f"{bad}.") for key in broken.keys for bad in at_fault):
            return
        path = tuple(broken.keys[0].split("."))
        value: Any = table
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        self._note(path, value if not isinstance(value, dict) else None, broken.message)


def _with_text(key: Key) -> str:
    return f"{key.allowed} ({key.text})" if key.text else key.allowed


def _unquoted(value: Any, key: Key) -> str:
    """Says that the value fits without its quotes; empty: it does not."""
    if not isinstance(value, str):
        return ""
    try:
        bare = tomllib.loads(f"bare = {value}")
    except (ValueError, RecursionError):
        return ""
    return "; remove the quotes" if set(bare) == {"bare"} and _fits(bare["bare"], key) else ""


def _fits(value: Any, key: Key) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        msgspec.convert(value, key.type)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def initial(
    schema: Schema,
    *,
    values: Mapping[str, Any] | None = None,
    commented: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> str:
    """Writes a new, commented file. Defaults are commented out, so that a later default takes effect.

    `values` (dotted key -> value) are written as they are; sections in `commented` are shown commented out,
    those in `left_out` (dotted) not at all.
    """
    root = section_of(schema)
    lines = [*_comment(root.text)]
    for section in root.sections:
        off = "#" if section.name in commented else ""
        lines += _written(section, section.name, values or {}, off, left_out)
    return "\n".join(lines) + "\n"


def _written(
    section: Section, name: str, values: Mapping[str, Any], off: str, left_out: Sequence[str]
) -> Iterator[str]:
    if section.keys or section.free:
        yield from ("", *_comment(section.text), f"{off}[{name}]")
    for key in section.keys:
        path = f"{name}.{key.name}"
        value = values.get(path, key.example if key.default is None else key.default)
        active = not off and (key.required or path in values)
        yield from _comment(f"{key.text}. Allowed: {key.allowed}")
        yield f"{'' if active else '#'}{key.name} = {json.dumps(value, ensure_ascii=False)}"
    if section.free:
        yield from _free_lines(values, f"{name}.")
    for below in section.sections:
        if f"{name}.{below.name}" not in left_out:
            yield from _written(below, f"{name}.{below.name}", values, off, left_out)


def _free_lines(values: Mapping[str, Any], below: str) -> Iterator[str]:
    for path, value in values.items():
        if path.startswith(below):
            name = json.dumps(path.removeprefix(below), ensure_ascii=False)
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _comment(text: str) -> list[str]:
    wrapped = (textwrap.wrap(line, COMMENT_WIDTH) for line in text.splitlines())
    return [f"# {line}" for lines in wrapped for line in lines]
