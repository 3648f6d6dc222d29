"""PURE but for reading the `ocpp` package's OCPP 1.6 schema files: is a payload what its action demands?

Each schema is compiled at its first use. The compiled check of every day only says yes or no (half the
memory and start-up of one with details); a refused payload is looked at again by a second one that lists
every fault, of which the most severe is reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from fastjsonschema import JsonSchemaException, JsonSchemaValuesException
from fastjsonschema import compile as compiled

Payload = dict[str, Any]
FaultCode = Literal[
    "FormationViolation",
    "ProtocolError",
    "TypeConstraintViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",  # spelled so in OCPP-J 1.6 4.2.3
]

_SCHEMAS = files("ocpp") / "v16" / "schemas"
_RESPONSE = "Response"
# JSON schema rule -> OCPP-J 1.6 4.2.3, the most severe first.
_CODES: dict[str, FaultCode] = {
    "additionalProperties": "FormationViolation",
    "required": "ProtocolError",
    "type": "TypeConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
}
_SEVERITY = list(_CODES)


@dataclass(frozen=True, slots=True)
class Fault:
    """The most severe thing wrong with a payload, in the words of OCPP-J 1.6 4.2.3."""

    code: FaultCode
    text: str


@cache
def known_actions() -> frozenset[str]:
    """Lists every action of OCPP 1.6 and of its security extension, of both sides."""
    names = (entry.name.removesuffix(".json") for entry in _SCHEMAS.iterdir() if entry.name.endswith(".json"))
    return frozenset(name for name in names if not name.endswith(_RESPONSE))


def request_fault(action: str, payload: Payload) -> Fault | None:
    """Checks a request; None: sound. `action` must be known. Formats (date-time, uri) are not looked at."""
    return _fault(action, payload)


def response_fault(action: str, payload: Payload) -> Fault | None:
    """Checks an answer to `action`, which must be known; None: sound. Formats are not looked at."""
    return _fault(action + _RESPONSE, payload)


@dataclass(frozen=True, slots=True)
class Needed:
    """The properties of an answer that OCPP 1.6 defines, and the names of the ignored ones."""

    payload: Payload
    unknown: tuple[str, ...]
    null: tuple[str, ...]


def needed(action: str, payload: Payload) -> Needed:
    """Returns the answer to `action`, which must be known, without unknown properties and without null."""
    unknown: list[str] = []
    null: list[str] = []

    def read(fields: _Fields, given: Payload, place: str) -> Payload:
        kept = {}
        for name, value in given.items():
            if name not in fields:
                unknown.append(place + name)
            elif value is None:
                null.append(place + name)
            else:
                kept[name] = (
                    read(fields[name], value, f"{place}{name}.") if isinstance(value, dict) else value
                )
        return kept

    return Needed(read(_fields(action + _RESPONSE), payload, ""), tuple(unknown), tuple(null))


_Fields = dict[str, Any]  # each property with its own


@cache
def _fields(name: str) -> _Fields:
    def of(schema: dict[str, Any]) -> _Fields:
        return {name: of(each) for name, each in schema.get("properties", {}).items()}

    return of(_schema(name))


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8-sig"))
    return schema


def _fault(name: str, payload: Payload) -> Fault | None:
    try:
        _is_sound(name)(payload)
    except JsonSchemaException:
        return _most_severe(name, payload)
    except ArithmeticError:  # `limit` beyond the range of a double
        return Fault("PropertyConstraintViolation", f"{name}: a number is out of range")
    if not _is_text(payload):
        return Fault("PropertyConstraintViolation", f"{name}: half a character (a lone surrogate) in a text")
    return None


def _is_text(payload: Payload) -> bool:
    """Says whether everything in it can be written as UTF-8, in the store or to a log."""
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _most_severe(name: str, payload: Payload) -> Fault:
    try:
        _lists_faults(name)(payload)
    except JsonSchemaValuesException as faults:
        worst = min(faults.errors, key=lambda fault: _SEVERITY.index(str(fault.rule)))
        return Fault(_CODES[str(worst.rule)], worst.message.replace("data", name, 1))
    except ArithmeticError:
        return Fault("PropertyConstraintViolation", f"{name}: a number is out of range")
    raise AssertionError(f"{name}: refused without a fault")


@cache
def _is_sound(name: str) -> Callable[[Payload], object]:
    return _compiled(name, detailed=False)


@lru_cache(maxsize=8)  # bad payloads are rare; whoever sends them shall not fill the memory
def _lists_faults(name: str) -> Callable[[Payload], object]:
    return _compiled(name, detailed=True)


def _compiled(name: str, *, detailed: bool) -> Callable[[Payload], object]:
    schema = _schema(name)
    # Draft 4 for all: in draft 6, which the security extension names, 1.0 would be an integer.
    schema["$schema"] = "http://json-schema.org/draft-04/schema#"
    check: Callable[[Payload], object] = compiled(
        schema, use_default=False, use_formats=False, detailed_exceptions=detailed, fast_fail=not detailed
    )
    return check
