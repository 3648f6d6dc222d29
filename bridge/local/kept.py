"""PURE: keeps one value for a time, so that however many ask it is made seldom."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class KeptFor(Generic[T]):
    """One value, `for_s` long."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._kept: tuple[float, T] | None = None

    def get(self, now_s: float) -> T | None:
        """Returns the value while it is young enough; None: make another one."""
        if self._kept is None or now_s - self._kept[0] >= self._for_s:
            return None
        return self._kept[1]

    def put(self, value: T, now_s: float) -> T:
        """Keeps this one from now on, and returns it."""
        self._kept = now_s, value
        return value
