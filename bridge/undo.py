"""PURE: restores objects to their state before an event, if the event raised half-way.

Nearly all state is made of frozen values, so that some hundred references are all there is to copy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import is_dataclass
from typing import Any, Literal

# Whose objects hold state that changes. What stands outside, the store above all, is not put back.
ROOMS = ("bridge.core.", "bridge.central_system.", "bridge.recorder")

_Collection = list[Any] | deque[Any] | set[Any] | dict[Any, Any]


class Undo:
    """The state of all objects below `roots`, which are of ROOMS, at the time it was made."""

    def __init__(self, *roots: object) -> None:
        self._objects: list[tuple[object, dict[str, Any]]] = []
        self._collections: list[tuple[_Collection, _Collection]] = []
        seen: set[int] = set()
        waiting: list[Any] = list(roots)
        while waiting:
            found = waiting.pop()
            if id(found) in seen:
                continue
            seen.add(id(found))
            kind = _KINDS[type(found)]
            if kind == "collection":
                self._collections.append((found, found.copy()))
                waiting += _inside(found)
            else:
                attributes = found.__dict__.copy() if kind == "object" else _of_slots(found)
                self._objects.append((found, attributes))
                waiting += [value for value in attributes.values() if _KINDS[type(value)]]

    def back(self) -> None:
        """Puts every object and every collection back."""
        for found, attributes in self._objects:
            for name, value in attributes.items():
                setattr(found, name, value)
        for collection, copied in self._collections:
            collection.clear()
            if isinstance(collection, list | deque):
                collection.extend(copied)
            else:
                collection.update(copied)


Kind = Literal["collection", "object", "slots", ""]


class _Kinds(dict[type, Kind]):
    """Knows how the state of each class is copied; "": it has none of ours. Examines each class once."""

    def __missing__(self, kind: type) -> Kind:
        self[kind] = found = _kind_of(kind)
        return found


def _kind_of(kind: type) -> Kind:
    if issubclass(kind, list | deque | set | dict):
        return "collection"
    frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    if frozen or issubclass(kind, Exception) or not kind.__module__.startswith(ROOMS):
        return ""
    return "object" if kind.__dictoffset__ else "slots"


_KINDS = _Kinds()


def _inside(collection: _Collection) -> Collection[Any]:
    """Returns what it holds that can change; all of a kind: the first tells."""
    if not collection:
        return ()
    inside = collection.values() if isinstance(collection, dict) else collection
    return inside if _KINDS[type(next(iter(inside)))] else ()


def _of_slots(found: object) -> dict[str, Any]:
    names = [name for each in type(found).__mro__ for name in getattr(each, "__slots__", ())]
    return {name: getattr(found, name) for name in names if hasattr(found, name)}
