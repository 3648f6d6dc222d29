"""PURE: what is in the socket: the proximity pilot, debounced, and the cable's rating, latched at plug-in."""

from __future__ import annotations

from typing import Literal

from hal.core.held import passed
from hal.core.pilot import cable_rating_a
from hal.core.tally import TWO, Tally

RATED_AFTER_S = 0.25  # of one value: a plug on its way in touches before it stands

_Seen = float | Literal["implausible"] | None


class Plug:
    """The cable. A fixed one is there and rated from the start; call `take` for a socket only."""

    def __init__(self, fixed_rating_a: float | None) -> None:
        self.present = fixed_rating_a is not None
        self.rating_a = fixed_rating_a
        self.implausible = False
        self.pulled = False  # two samples of this process said so: a start has not looked yet
        self._gone = Tally(TWO, bad=True)
        self._empty = Tally(TWO)
        self._wrong = Tally(TWO)
        self._lower = Tally(TWO)
        self._before: _Seen = None
        self._one: tuple[_Seen, float] = None, 0.0  # the value that stands, and since when

    def take(self, ohm: float, now_s: float, *, closed: bool, late: bool = False) -> None:
        """One sample. The latched rating never rises until the plug was out; a late one latches nothing.

        `closed`: while the contactor is closed a plug that is no longer seen leaves the rating alone, so that
        a lost plug and a lost rating stay two findings.
        """
        seen = cable_rating_a(ohm)
        self.present = not self._gone.take(seen is None, late=late)
        self.pulled = self._empty.take(seen is None, late=late)
        wrong = self._wrong.take(seen == "implausible", late=late)
        self.implausible = wrong or (self.implausible and self.present)
        if self.implausible or (not self.present and not closed):
            self.rating_a = None
            self._lower.forget()
        self._stand(seen, now_s)
        if not late and isinstance(seen, float) and self.present and not self.implausible:
            self._rate(seen, now_s)

    def _stand(self, seen: _Seen, now_s: float) -> None:
        """Two running samples alike make another value the one that stands."""
        if seen == self._before != self._one[0]:
            self._one = seen, now_s
        self._before = seen

    def _rate(self, seen: float, now_s: float) -> None:
        one, since_s = self._one
        if self.rating_a is None:
            if seen == one and passed(since_s, RATED_AFTER_S, now_s):
                self.rating_a = seen
        elif self._lower.take(seen < self.rating_a):
            self.rating_a = min(self.rating_a, seen)
            self._lower.forget()
