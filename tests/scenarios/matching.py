"""PURE: does a payload hold what a scenario demands?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(wanted: Any, given: Any, where: str = "") -> Iterator[str]:
    """What is given must be equal; fields of an object that are not given may be anything.

    `null` demands that the field is absent. Lists match element by element and have the same length.
    """
    match wanted:
        case dict():
            yield from _of_object(wanted, given, where)
        case list():
            yield from _of_list(wanted, given, where)
        case _ if wanted != given or isinstance(wanted, bool) != isinstance(given, bool):
            yield f"{where or 'payload'} is {given!r}, must be {wanted!r}"


def _of_object(wanted: dict[str, Any], given: Any, where: str) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{where or 'payload'} is {given!r}, must be an object"
        return
    for name, value in wanted.items():
        path = f"{where}.{name}" if where else name
        if value is None:
            if name in given:
                yield f"{path} is {given[name]!r}, must be absent"
        elif name not in given:
            yield f"{path} is missing, must be {value!r}"
        else:
            yield from differences(value, given[name], path)


def _of_list(wanted: list[Any], given: Any, where: str) -> Iterator[str]:
    if not isinstance(given, list) or len(given) != len(wanted):
        length = len(given) if isinstance(given, list) else given
        yield f"{where} has {length!r} elements, must have {len(wanted)}"
        return
    for index, (one, other) in enumerate(zip(wanted, given, strict=True)):
        yield from differences(one, other, f"{where}[{index}]")
