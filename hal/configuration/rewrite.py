"""PURE: a configuration file made from values: checked first, then written with comments like a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hal.configuration.file import Fault, Rule, check, initial
from hal.configuration.schema import Schema, Section, section_of

Table = Mapping[str, Any]  # as tomllib reads a file: sections of keys


def rewritten(table: Table, schema: Schema, *, file: str, rules: Sequence[Rule] = ()) -> str | list[Fault]:
    """Returns the text, or every fault of the values; their lines mean nothing."""
    faults = check(plain(table), schema, file=file, rules=rules)
    if faults:
        return faults
    root = section_of(schema)
    return initial(
        schema,
        values=flat(table),
        commented=[one.name for one in root.sections if not one.required and one.name not in table],
        left_out=list(_absent(table, root)),
    )


def flat(table: Table, before: str = "") -> dict[str, Any]:
    """Returns dotted key -> value."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        path = f"{before}.{name}" if before else name
        found |= flat(value, path) if isinstance(value, Mapping) else {path: value}
    return found


def merged(under: Table, over: Table) -> dict[str, Any]:
    """Returns `under` with what `over` says; None in `over` takes a key or a section away."""
    whole = dict(under)
    for name, value in over.items():
        if value is None:
            whole.pop(name, None)
        elif isinstance(value, Mapping):
            there = whole.get(name)
            whole[name] = merged(there if isinstance(there, Mapping) else {}, value)
        else:
            whole[name] = value
    return whole


def plain(table: Table) -> str:
    """Writes it as TOML, without comments."""
    return "\n".join(_plain(table, ())) + "\n"


def _plain(table: Table, path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield f"[{'.'.join(map(_key, path))}]"
    for name, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{_key(name)} = {_value(value)}"
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _plain(value, (*path, name))


def _key(name: str) -> str:
    bare = name.isascii() and name and all(sign.isalnum() or sign in "-_" for sign in name)
    return name if bare else _text(name)


def _value(value: Any) -> str:
    match value:
        case str():
            return _text(value)
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return str(value)  # numbers and times, as TOML writes them


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _absent(table: Table, section: Section, before: str = "") -> Iterator[str]:
    """Yields the sections inside others that are not there."""
    for inner in section.sections:
        path = f"{before}.{inner.name}" if before else inner.name
        there = table.get(inner.name)
        if before and there is None and not inner.required:
            yield path
        else:
            yield from _absent(there if isinstance(there, Mapping) else {}, inner, path)
