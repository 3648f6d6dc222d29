"""PURE: the schema of a configuration file as data, taken from a msgspec struct of structs.

A struct is a section, its docstring the section's comment; a field is a key, and in
`Annotated[type, Meta(ge=, le=, title=, description=, examples=[...])]` stand its bounds, what is allowed
where its type and bounds do not say it, its comment and, where it has no default, what a new file says. A
`dict` field is a section with free names; what is `X | None = None` may be left out.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import inspect as types

Schema = type[msgspec.Struct]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str
    type: Any  # with its bounds, for msgspec.convert
    allowed: str  # "6 to 32"
    text: str
    required: bool
    default: Any
    example: Any  # what a new file says of a key without a default


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file. `free` is the type of the values of a table with free names."""

    name: str
    text: str
    required: bool
    keys: tuple[Key, ...] = ()
    sections: tuple[Section, ...] = ()
    free: Key | None = None


def section_of(schema: Schema, name: str = "", *, required: bool = True) -> Section:
    """Returns the schema as data."""
    keys, sections = [], []
    hints = get_type_hints(schema, include_extras=True)
    described = types.type_info(schema)
    assert isinstance(described, types.StructType)
    for entry in described.fields:
        kind, text, example = _unwrapped(entry.type)
        if isinstance(kind, types.StructType):
            sections.append(section_of(kind.cls, entry.name, required=entry.required))
        elif isinstance(kind, types.DictType):
            allowed = _allowed(kind.value_type)
            free = Key("", _free_type(hints[entry.name]), allowed, "", False, None, None)
            sections.append(Section(entry.name, text, required=False, free=free))
        else:
            default = None if entry.required else entry.default
            key = Key(
                entry.name,
                hints[entry.name],
                _title(entry.type) or _allowed(kind),
                text,
                entry.required,
                default,
                example,
            )
            keys.append(key)
    return Section(name, inspect.cleandoc(schema.__doc__ or ""), required, tuple(keys), tuple(sections))


def _unwrapped(kind: types.Type) -> tuple[types.Type, str, Any]:
    """Returns the type without its description and `| None`; description; example."""
    text, example = "", None
    if isinstance(kind, types.Metadata):
        extra = kind.extra_json_schema or {}
        text, example = extra.get("description", ""), next(iter(extra.get("examples", ())), None)
        kind = kind.type
    if isinstance(kind, types.UnionType):
        rest = [one for one in kind.types if not isinstance(one, types.NoneType)]
        kind = rest[0] if len(rest) == 1 else types.UnionType(tuple(rest))
    return kind, text, example


def _title(kind: types.Type) -> str:
    """Returns what the schema itself says is allowed; empty: type and bounds say it."""
    extra = kind.extra_json_schema if isinstance(kind, types.Metadata) else None
    title: str = (extra or {}).get("title", "")
    return title


def _free_type(hint: Any) -> Any:
    """Returns the value type of `Annotated[dict[str, X], ...]` or `dict[str, X]`."""
    return get_args(getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint)[1]


def _allowed(kind: types.Type) -> str:
    """Says what a value must be."""
    match kind:
        case types.FloatType():
            return _bounds("a number", kind.ge, kind.le)
        case types.IntType():
            return f"a whole number{_bounds('', kind.ge, kind.le, before=', ')}"
        case types.StrType():
            return f"text in quotes{_length(kind.min_length, kind.max_length)}"
        case types.LiteralType():
            return _either([toml_text(value) for value in kind.values])
        case types.BoolType():
            return "true or false"
        case types.UnionType():
            return _either([_allowed(one) for one in kind.types])
        case types.VarTupleType():
            return f"a list in square brackets, each {_allowed(kind.item_type)}"
        case _:
            raise TypeError(f"a configuration key cannot be a {kind}")


def _bounds(unbounded: str, low: float | None, high: float | None, *, before: str = "") -> str:
    match low, high:
        case None, None:
            return unbounded
        case _, None:
            return f"{before}at least {toml_text(low)}"
        case None, _:
            return f"{before}at most {toml_text(high)}"
        case _:
            return f"{before}{toml_text(low)} to {toml_text(high)}"


def _length(low: int | None, high: int | None) -> str:
    if (low, high) == (1, None):
        return ", not empty"
    bounds = _bounds("", low, high, before=", ")
    return f"{bounds} characters" if bounds else ""


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def toml_text(value: Any) -> str:
    """Writes a value as TOML does, short enough for a message."""
    match value:
        case bool() | str():
            said = json.dumps(value, ensure_ascii=False)
        case float() if math.isfinite(value) and value == int(value):
            said = f"{value:.0f}" if abs(value) < 1e15 else repr(value)
        case dict():
            said = "{...}"
        case list():
            said = "[...]"
        case _:
            said = str(value)
    return said if len(said) <= 60 else f"{said[:56]} ..."
