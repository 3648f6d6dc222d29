"""PURE: restores objects to their state before an event, if the event raised half-way.

Nearly all state is made of frozen values, so that some hundred references are all there is to copy.
"""

from __future__ import annotations

from collections import deque
from dataclasses import is_dataclass
from typing import Any

# Whose objects hold state that changes. What stands outside, the store above all, is not put back.
ROOMS = ("bridge.core.", "bridge.central_system.", "bridge.recorder")

_Collection = list[Any] | deque[Any] | set[Any] | dict[Any, Any]


class Undo:
    """The state of all objects below `roots` at the time it was made."""

    def __init__(self, *roots: object) -> None:
        self._objects: list[tuple[object, dict[str, Any]]] = []
        self._collections: list[tuple[_Collection, _Collection]] = []
        seen: set[int] = set()
        waiting: list[object] = list(roots)
        while waiting:
            found = waiting.pop()
            if id(found) not in seen:
                seen.add(id(found))
                self._note(found, waiting)

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

    def _note(self, found: object, waiting: list[object]) -> None:
        if isinstance(found, list | deque | set | dict):
            self._collections.append((found, found.copy()))
            if not found:
                return
            inside = found.values() if isinstance(found, dict) else found
            if _MUTABLE[type(next(iter(inside)))]:  # all of a kind: the first tells
                waiting.extend(inside)
            return
        attributes = _attributes(found)
        self._objects.append((found, attributes))
        waiting.extend([value for value in attributes.values() if _MUTABLE[type(value)]])


class _Kinds(dict[type, bool]):
    """Knows which classes hold state of ours that can change; examines each class once."""

    def __missing__(self, kind: type) -> bool:
        ours = kind.__module__.startswith(ROOMS)
        frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        changes = ours and not (frozen or issubclass(kind, Exception))
        self[kind] = changes or issubclass(kind, list | deque | set | dict)
        return self[kind]


_MUTABLE = _Kinds()


def _attributes(found: object) -> dict[str, Any]:
    """Copies them; an object has them in a dictionary or in slots."""
    if hasattr(found, "__dict__"):
        return found.__dict__.copy()
    names = [name for each in type(found).__mro__ for name in getattr(each, "__slots__", ())]
    return {name: getattr(found, name) for name in names if hasattr(found, name)}
