"""PURE: counts bad samples or bad time. Good ones take it back slowly, so that no rhythm can hide a fault.

A judgement that begins anew at each good sample never ends where good and bad ones alternate.
"""

from __future__ import annotations

from hal.core.steady import ROUNDING_S

# A good sample makes up for a quarter of a bad one: one in five may always be bad, one in three may not.
GIVES_BACK = 0.25
TWO, THREE = 2.0, 2.5  # bad samples in a row; in a rhythm with every second one good it takes two more


class Tally:
    """Counts samples. `bad` after so many bad ones, until good ones have taken all of them back."""

    def __init__(self, most: float, *, bad: bool = False) -> None:
        self.bad = bad
        self._most = most
        self._count = most if bad else 0.0

    def feed(self, wrong: bool, *, late: bool = False) -> bool:
        """Returns `bad` after this sample. A late one counts two if it is wrong, and makes up for none."""
        if wrong:
            self._count = min(self._most, self._count + (2.0 if late else 1.0))
        elif not late:
            self._count = max(0.0, self._count - GIVES_BACK)
        self.bad = self._count >= self._most or (self.bad and self._count > 0)
        return self.bad

    def forget(self) -> None:
        """Starts again without any earlier sample."""
        self.bad, self._count = False, 0.0


class BadTime:
    """Counts seconds. The time between two samples counts as the first of them was."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._bad_s = 0.0  # may exceed it a little: the good sample before a bad one takes some back
        self._before: tuple[bool, float] | None = None

    def look_away(self) -> None:
        """Counts the time until the next sample for neither: nobody knows it."""
        self._before = None

    def feed(self, wrong: bool, now_s: float) -> bool:
        """Says whether it is wrong now, and was for so long, less a quarter of the time it was right."""
        if self._before is not None:
            was_wrong, at_s = self._before
            if was_wrong or self._bad_s:
                passed_s = max(0.0, now_s - at_s)
                self._bad_s += passed_s if was_wrong else -GIVES_BACK * passed_s
                self._bad_s = min(self._for_s * (1 + GIVES_BACK), max(0.0, self._bad_s))
        self._before = wrong, now_s
        return wrong and self._bad_s >= self._for_s - ROUNDING_S
