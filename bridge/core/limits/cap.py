"""A limit that no charging profile sets: its name, and until when it holds where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

LEAST_A = 6.0  # IEC 61851-1 Annex A: there is no offer between 0 and 6 A


@dataclass(frozen=True, slots=True)
class Cap:
    """`until_s` is CLOCK_MONOTONIC: it does not rise before. None: nobody knows when it does."""

    name: str
    limit_a: float
    until_s: float | None = None


def tenth_below(amps: float) -> float:
    """Returns the greatest multiple of 0.1 A that is not above `amps`, and not below 0."""
    return max(0.0, floor(amps * 10 + 1e-6) / 10)
