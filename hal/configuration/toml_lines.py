"""PURE: where each key of a TOML text stands. `tomllib` reads values but no places."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

Path = tuple[str, ...]

_KEY_PART = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2}(?!"))|'  # a multi-line string may end in up to two more quotes
    r"'''.*?'''(?:'{0,2}(?!'))|\"(?:[^\"\\]|\\.)*\"|'[^']*'",
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[Path, int]:
    """Finds the line, from 1, of every table header and key. The text must be valid TOML.

    Of an array of tables, the first one with that key counts.
    """
    return _Scan(text).run()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key and its value stand, as slices of the text."""

    name: slice  # the last part of a dotted key
    value: slice


def places(text: str) -> tuple[dict[Path, Place], dict[Path, int]]:
    """Finds every key with a value, and the end of every table's own header. The text must be valid TOML."""
    scan = _Scan(text)
    scan.run()
    return scan.keys, scan.headers


class _Scan:
    """A cursor over the text that notes each key it passes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, int] = {}
        self._name = slice(0)  # of the key that was read last
        self.keys: dict[Path, Place] = {}
        self.headers: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip_blank():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)
        return self._found

    def _skip_blank(self) -> bool:
        """Goes to the next sign that is no blank, line end or comment. False at the end."""
        self._take(_BLANK)
        return self._at < len(self._text)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at sign {self._at}")
        self._at = match.end()
        return match.group()

    def _next_is(self, sign: str) -> bool:
        """Passes blanks, and the sign if it is there; says whether it is."""
        self._skip_blank()
        here = self._text.startswith(sign, self._at)
        self._at += len(sign) * here
        return here

    def _header(self) -> Path:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        table = self._key(())
        self._skip_blank()
        self._at += brackets
        self.headers[table] = self._at
        return table

    def _key(self, table: Path) -> Path:
        """Reads a dotted key; notes it and, for a.b.c, its tables a and a.b."""
        self._skip_blank()
        line = self._text.count("\n", 0, self._at) + 1
        path = table
        while True:
            self._skip_blank()
            begins = self._at
            path = (*path, _bare(self._take(_KEY_PART)))
            self._name = slice(begins, self._at)
            self._found.setdefault(path, line)
            if not self._next_is("."):
                return path

    def _assignment(self, table: Path) -> None:
        path = self._key(table)
        name = self._name
        self._next_is("=")
        self._skip_blank()
        begins = self._at
        self._value(path)
        value = self._text[begins : self._at].rstrip()
        self.keys[path] = Place(name, slice(begins, begins + len(value)))

    def _value(self, path: Path) -> None:
        self._skip_blank()
        match self._text[self._at]:
            case '"' | "'":
                self._take(_STRING)
            case "[":
                self._items("[", "]", path)
            case "{":
                self._items("{", "}", path)
            case _:
                self._take(_BARE_VALUE)

    def _items(self, opening: str, closing: str, path: Path) -> None:
        self._at += 1
        while not self._next_is(closing):
            if opening == "{":
                self._assignment(path)
            else:
                self._value(path)
            self._next_is(",")


def _bare(part: str) -> str:
    """Returns a key part without its quotes and escapes."""
    return str(next(iter(tomllib.loads(f"{part} = 0")))) if part[0] in "\"'" else part
