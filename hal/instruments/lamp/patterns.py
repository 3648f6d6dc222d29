"""PURE: what the lamp shows: a name, and the seconds since it was asked for, give a colour.

docs/instruments.md has the table for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from hal.contract import SILENT_S, Status

ALONE, WITHOUT_SAFETY = "alone", "without_safety"


class Colour(NamedTuple):
    """Which of the three lights are on."""

    red: bool
    green: bool
    blue: bool


DARK = Colour(False, False, False)
RED, GREEN, BLUE = Colour(True, False, False), Colour(False, True, False), Colour(False, False, True)
YELLOW, VIOLET, WHITE = Colour(True, True, False), Colour(True, False, True), Colour(True, True, True)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of colours with their seconds, repeated; with `once`, the last of them stays."""

    steps: tuple[tuple[Colour, float], ...]
    once: bool = False

    def at(self, t_s: float) -> Colour:
        """Returns the colours `t_s` seconds, 0 or more, after it began."""
        ends_s = list(accumulate(lasts_s for _, lasts_s in self.steps))
        if self.once and t_s >= ends_s[-1]:
            return self.steps[-1][0]
        into_s = t_s % ends_s[-1]
        return next(step[0] for step, end_s in zip(self.steps, ends_s, strict=True) if into_s < end_s)


def _steady(colour: Colour) -> Pattern:
    return Pattern(((colour, 1.0),))


def _blinking(colour: Colour, on_s: float, off_s: float) -> Pattern:
    return Pattern(((colour, on_s), (DARK, off_s)))


# Colours of ready, offline, accepted, charging, reserved and faulted as a Zaptec's; the others are our own.
PATTERNS: dict[str, Pattern] = {
    "ready": _steady(GREEN),
    "offline": _blinking(GREEN, 0.3, 29.7),
    "asking": _blinking(WHITE, 0.25, 0.25),
    "accepted": _steady(BLUE),
    "charging": _blinking(BLUE, 1.2, 0.6),
    "refused": Pattern(((RED, 1.0), (DARK, 0.1)), once=True),
    "reserved": _steady(YELLOW),
    "unavailable": _blinking(VIOLET, 0.3, 2.7),
    "faulted": _steady(RED),
    ALONE: _blinking(YELLOW, 0.3, 2.7),
    WITHOUT_SAFETY: _blinking(RED, 0.3, 2.7),
    "test": Pattern(((RED, 1.0), (GREEN, 1.0), (BLUE, 1.0), (DARK, 0.1)), once=True),
}


def colour(name: str, t_s: float) -> Colour:
    """Returns the colour; a name without a pattern, of a newer bridge, shows as `alone`."""
    return PATTERNS.get(name, PATTERNS[ALONE]).at(t_s)


def pattern_name(status: Status | None, now_s: float) -> str:
    """Says what to show: first a fault that opens, then what the bridge asks; ALONE if it asks nothing."""
    if status is None or now_s - status.at_s > SILENT_S:
        return WITHOUT_SAFETY
    if any(fault.opens for fault in status.faults):
        return "faulted"
    return status.lamp or ALONE
