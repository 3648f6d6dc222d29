"""The owner's own limit. It outlasts a restart of the program; like any other it only lowers the offer."""

from __future__ import annotations

import math

from bridge.core.decisions import Decisions
from bridge.core.limits.cap import Cap, tenth_below
from bridge.core.rows import Remembered
from bridge.core.setup import OWNER_LIMIT

NAME = "owner"
MOST_A = 80.0  # IEC 61851-1 Table A.8: no pilot offers more


class OwnerLimit:
    """Holds the limit, in tenths of an ampere."""

    def __init__(self, stored: str | None, decisions: Decisions) -> None:
        """`stored`: what is remembered, which `amps_of` reads."""
        self._decisions = decisions
        self._limit_a = amps_of(stored) if stored is not None else None

    def set(self, limit_a: float | None) -> None:
        """Puts another limit in force, at once; None removes it. Raises ValueError for one that is none."""
        amps = None if limit_a is None else _checked(limit_a)
        if amps == self._limit_a:
            return
        self._limit_a = amps
        self._decisions.changes.append(Remembered(OWNER_LIMIT, None if amps is None else f"{amps:g}"))
        self._decisions.notes.append("the owner's limit: " + ("none" if amps is None else f"{amps:g} A"))

    def cap(self) -> Cap | None:
        """Returns the limit; None: the owner has set none."""
        return None if self._limit_a is None else Cap(NAME, self._limit_a)


def amps_of(text: str) -> float:
    """Reads the text that is remembered. Raises ValueError for what is no such limit."""
    return _checked(float(text))


def _checked(limit_a: float) -> float:
    if not (math.isfinite(limit_a) and 0.0 <= limit_a <= MOST_A):
        raise ValueError(f"{limit_a:g} A: must be 0 to {MOST_A:g} A")
    return tenth_below(limit_a)
