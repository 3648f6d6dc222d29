"""PURE: regular disturbance: samples of an input that are bad by a pattern, as of hum or a loose wire."""

from __future__ import annotations

from dataclasses import dataclass

from hal.mock.plant.names import unknown

SLOT_S = 0.010  # of each digit: a tick of the safety loop while the contactor is closed
MOST_DIGITS = 1000

INPUTS = {
    "mirror": "the mirror contact reads the opposite",
    "lock_feedback": "the lock's feedback reads the opposite",
    "rcm": "the residual current monitor reads tripped",
    "stop": "the stop button reads pressed",
    "pp": "the proximity pilot reads no plug",
    "pilot": "the high side reads as in state A",
    "pilot_b": "the high side reads as in state B",
    "diode": "the low side reads as with a shorted diode",
}


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A disturbance of one input: `pattern` repeats from `since_s` on; 1 is a bad sample."""

    pattern: str
    since_s: float

    def is_bad(self, now_s: float) -> bool:
        """Says whether it is bad; the first digit is that of the first slot to end."""
        slot = int(max(0.0, (now_s - self.since_s) / SLOT_S - 0.5))
        return self.pattern[slot % len(self.pattern)] == "1"


def disturbance(name: str, pattern: str, now_s: float) -> Disturbance | None:
    """Makes one; None: a pattern without a 1 ends what was. Raises ValueError for no input or pattern."""
    if name not in INPUTS:
        raise ValueError(unknown("input", name, INPUTS))
    if not 1 <= len(pattern) <= MOST_DIGITS or set(pattern) - {"0", "1"}:
        raise ValueError(
            f"pattern {pattern[:40]!r} of {name} must be 1 to {MOST_DIGITS} digits 0 or 1, one for each"
            f" {1000 * SLOT_S:g} ms: 10 makes every other sample bad, 0 ends it"
        )
    return Disturbance(pattern, now_s) if "1" in pattern else None
