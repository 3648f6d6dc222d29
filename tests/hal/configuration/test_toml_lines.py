"""Where each key of a TOML text stands."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration.toml_lines import key_lines

TEXT = '''\
# a comment with [brackets] and key = 1
top = 1

[table] # after a header
plain = "a # no comment"
"quoted key" = 2
'literal' = 3
dotted.inner.deep = 4
several = """
inner = 5
""\\" [no.header]
"""
raw = \'\'\'
fake = 1\'\'\'
list = [
  1, # one
  { x = 1, y = [2] },
  "]",
]
inline = { a = 1, b.c = 2 }

[table.sub]
date = 2025-01-01T00:00:00Z
[[array]]
one = 1
[[array]]
one = 2
two = -0.5e3
'''


def test_each_key_is_found_on_its_line() -> None:
    assert key_lines(TEXT) == {
        ("top",): 2,
        ("table",): 4,
        ("table", "plain"): 5,
        ("table", "quoted key"): 6,
        ("table", "literal"): 7,
        ("table", "dotted"): 8,
        ("table", "dotted", "inner"): 8,
        ("table", "dotted", "inner", "deep"): 8,
        ("table", "several"): 9,
        ("table", "raw"): 13,
        ("table", "list"): 15,
        ("table", "list", "x"): 17,
        ("table", "list", "y"): 17,
        ("table", "inline"): 20,
        ("table", "inline", "a"): 20,
        ("table", "inline", "b"): 20,
        ("table", "inline", "b", "c"): 20,
        ("table", "sub"): 22,
        ("table", "sub", "date"): 23,
        ("array",): 24,
        ("array", "one"): 25,
        ("array", "two"): 28,
    }


@pytest.mark.parametrize(
    "text", ["a = 1\r\nb = 2\r\n", "a = ''''quoted''''\nb = 2", 'a = """"two quotes"""""\nb = 2', "a=1\nb=2"]
)
def test_line_ends_and_quotes_beside_quotes(text: str) -> None:
    tomllib.loads(text)
    assert key_lines(text) == {("a",): 1, ("b",): 2}


def test_an_escaped_key_is_told_as_it_reads() -> None:
    assert key_lines('"caf\\u00e9" = 1') == {("café",): 1}


def quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


values = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=12),
    st.lists(st.integers(), max_size=3),
)
names = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=6)


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4), st.data())
def test_what_was_written_on_a_line_is_found_there(
    tables: dict[str, dict[str, Any]], draws: st.DataObject
) -> None:
    """Tables, keys and values of any text, with blank and comment lines in between."""
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for table, keys in tables.items():
        lines += draws.draw(st.lists(st.sampled_from(["", "# [x]", " # y = 1"]), max_size=2))
        lines.append(f" [ {quoted(table)} ]")
        expected[table,] = len(lines)
        for name, value in keys.items():
            lines.append(f"\t{quoted(name)} = {quoted(value)} # {table!a}")
            expected[table, name] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert key_lines(text) == expected
