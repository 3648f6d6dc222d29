"""PURE: how often a password or a code may be tried: by one place, and by all together. Time is an argument.

Memory is bounded: so many places are known, and the one that has been quiet longest gives way; what all
together may do is counted apart, so that a place that is forgotten gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

OF_ONE = 5  # at once; then one more each
ONE_EACH_S = 30.0
OF_ALL = 20
ALL_EACH_S = 6.0
MOST_PLACES = 256
MOST_TRUSTED = 16  # places that have logged in: strangers cannot use up their turns


@dataclass(slots=True)
class _Turns:
    """So many turns are left, at that time."""

    left: float
    at_s: float

    def wait_s(self, now_s: float, most: int, each_s: float) -> float:
        """Adds what has come since, and says how long until there is one; 0: now."""
        self.left = min(most, self.left + max(0.0, now_s - self.at_s) / each_s)
        self.at_s = now_s
        return 0.0 if self.left >= 1.0 else (1.0 - self.left) * each_s


class Attempts:
    """Counts who tries a password or a code, and how often."""

    def __init__(self) -> None:
        self._all = _Turns(OF_ALL, 0.0)
        self._places: dict[str, _Turns] = {}  # the quietest first
        self._trusted: dict[str, None] = {}  # the oldest first

    def begin(self, place: str, now_s: float) -> float:
        """Takes a turn, and returns 0; else says in how many seconds there is one."""
        turns = self._places.pop(place, None) or _Turns(OF_ONE, now_s)
        self._places[place] = turns
        if len(self._places) > MOST_PLACES:
            del self._places[next(iter(self._places))]
        wait_s = turns.wait_s(now_s, OF_ONE, ONE_EACH_S)
        trusted = place in self._trusted
        if not trusted:
            wait_s = max(wait_s, self._all.wait_s(now_s, OF_ALL, ALL_EACH_S))
        if wait_s > 0.0:
            return wait_s
        turns.left -= 1.0
        if not trusted:
            self._all.left -= 1.0
        return 0.0

    def succeeded(self, place: str) -> None:
        """Gives the place its turns back: who knows the password is no stranger."""
        self._places.pop(place, None)
        self._trusted.pop(place, None)
        self._trusted[place] = None
        if len(self._trusted) > MOST_TRUSTED:
            del self._trusted[next(iter(self._trusted))]
