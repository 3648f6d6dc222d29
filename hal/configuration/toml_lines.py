"""PURE: the line of each key in a TOML text. `tomllib` reads values but no line numbers."""

from __future__ import annotations

import re
import tomllib

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


class _Scan:
    """A cursor over the text that notes each key it passes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, int] = {}

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
        return table

    def _key(self, table: Path) -> Path:
        """Reads a dotted key; notes it and, for a.b.c, its tables a and a.b."""
        self._skip_blank()
        line = self._text.count("\n", 0, self._at) + 1
        path = table
        while True:
            self._skip_blank()
            path = (*path, _bare(self._take(_KEY_PART)))
            self._found.setdefault(path, line)
            if not self._next_is("."):
                return path

    def _assignment(self, table: Path) -> None:
        path = self._key(table)
        self._next_is("=")
        self._value(path)

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
