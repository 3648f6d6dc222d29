"""PURE: what a person probably meant with a line that is not TOML. Of a secret nothing is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_KEY = r"[A-Za-z0-9_.-]+"
_SECTION = re.compile(rf"\s*\[\s*({_KEY})\s*\]")
_COMMENTED_SECTION = re.compile(rf"\s*#+\s*\[\s*({_KEY})\s*\]\s*$")
_ASSIGNED = re.compile(rf"\s*({_KEY})\s*=\s*(.*?)\s*$")
_TYPOGRAPHIC = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u2039\u203a`\u00b4]")
_STRANGE = re.compile("[\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)\s*(?:#.*)?$")
_LEADING_ZERO = re.compile(r"[+-]?0+(\d[\d.]*)\s*(?:#.*)?$")
_OPEN_POINT = re.compile(r"([+-]?\d+)\.\s*(?:#.*)?$")
_IN_THOUSANDS = re.compile(r"([+-]?\d{1,3}(?:\.\d{3}){2})\s*(?:#.*)?$")
_FOLLOWED = re.compile(r"[+-]?\d[\d.]*\s*(//|;)")
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*[A-Za-z%\u00b0\u03a9\u2126]+\s*(?:#.*)?$")
_NO_EQUALS = re.compile(rf"\s*({_KEY})\s*(?::|\s)\s*\S")
_WORD = re.compile(r"[^\W\d][\w./:@ -]*|/\S*|\d+(?:\.\d+){2,}\S*")
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}


def meant(lines: Sequence[str], number: int, *, secret: bool = False) -> str:
    """Says what to write in line `number`, from 1; empty: no idea. Of a secret it repeats nothing."""
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    return next(_guesses(lines, number, line, secret), "")


def open_quote(lines: Sequence[str]) -> int | None:
    """Returns the first line whose single quote is not closed: the reader of TOML then names the last one."""
    for number, line in enumerate(lines, start=1):
        assigned = _ASSIGNED.match(line)
        if assigned and assigned[2].startswith("'") and assigned[2].count("'") == 1:
            return number
    return None


def commented_section(lines: Sequence[str], number: int) -> str:
    """Says that the section of a key in line `number` is still a comment above it; empty: it is none."""
    for above in range(min(number, len(lines)) - 1, 0, -1):
        line = lines[above - 1]
        if _SECTION.match(line):
            return ""
        if found := _COMMENTED_SECTION.match(line):
            return f"[{found[1]}] in line {above} is still a comment: remove its #"
    return ""


def commented_key(lines: Sequence[str], section: str, key: str) -> str:
    """Says that a missing key of a section is still a comment in it; empty: it is none."""
    inside = False
    for number, line in enumerate(lines, start=1):
        if header := _SECTION.match(line):
            inside = header[1] == section
        elif inside and re.match(rf"\s*#+\s*{re.escape(key)}\s*=", line):
            return f"line {number} has it as a comment: remove the # there"
    return ""


def _guesses(lines: Sequence[str], number: int, line: str, secret: bool) -> Iterator[str]:
    code = line.partition("#")[0]
    if _TYPOGRAPHIC.search(code):
        yield 'text stands in straight quotes: "'
    if found := _STRANGE.search(line):
        yield f"it has a character that cannot be seen (U+{ord(found[0]):04X}): write the line anew"
    if code.lstrip().startswith("[") and code.count("[") != code.count("]"):
        yield "the name of a section stands in square brackets: [name]"
    yield from _twice(lines, number, line)
    if assigned := _ASSIGNED.match(line):
        yield from _of_value(assigned[1], assigned[2], secret)
    elif found := _NO_EQUALS.match(code):
        yield f"= is missing: {found[1]} = ..."


def _of_value(key: str, value: str, secret: bool) -> Iterator[str]:
    bare = value.partition("#")[0].strip()
    if not secret and bare.lower() in _BOOLEANS:
        yield f"write {key} = {_BOOLEANS[bare.lower()]}"
    if not secret:
        yield from _of_number(key, value)
    if not bare:
        yield "a value is missing, or put a # before the line"
    elif bare[0] in "\"'":
        if value.startswith('"') and "\\" in value:
            yield f"write \\\\ for a \\, or single quotes: {key} = '...'"
        if bare.count(bare[0]) % 2:
            yield f"a quote is missing: {key} = {bare[0]}...{bare[0]}"
    elif secret or _WORD.match(bare):
        yield f'text stands in quotes: {key} = "..."'


def _of_number(key: str, value: str) -> Iterator[str]:
    if found := _DECIMAL_COMMA.match(value):
        yield f"a decimal number has a point: {key} = {found[1]}.{found[2]}"
    if found := _LEADING_ZERO.match(value):
        yield f"a number begins without 0: {key} = {found[1]}"
    if found := _OPEN_POINT.match(value):
        yield f"a digit follows the point: {key} = {found[1]}.0"
    if found := _IN_THOUSANDS.match(value):
        yield f"a number has no points between its thousands: {key} = {found[1].replace('.', '')}"
    if found := _FOLLOWED.match(value):
        yield f"nothing follows a number but a comment, which begins with #: remove the {found[1]}"
    if found := _WITH_UNIT.match(value):
        yield f"a number has no unit: {key} = {found[1]}"


def _twice(lines: Sequence[str], number: int, line: str) -> Iterator[str]:
    """Looks for the key in its section, or for the section in the file, above."""
    section, assigned = _SECTION.match(line), _ASSIGNED.match(line)
    for above in range(min(number, len(lines)) - 1, 0, -1):
        other = lines[above - 1]
        if section is not None:
            header = _SECTION.match(other)
            if header is not None and header[1] == section[1]:
                yield f"[{section[1]}] is there already, in line {above}: put its keys together"
            continue
        if assigned is None or _SECTION.match(other):
            return
        found = _ASSIGNED.match(other)
        if found is not None and found[1] == assigned[1]:
            yield commented_section(lines, number) or (
                f"{assigned[1]} is there already, in line {above}: remove one of them"
            )
