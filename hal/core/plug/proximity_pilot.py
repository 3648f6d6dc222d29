"""PURE: what is in the socket: the proximity pilot, debounced, and the cable's rating, latched at plug-in
(IEC 61851-1 Annex B)."""

from __future__ import annotations

from typing import Literal

from hal.core.steady import passed
from hal.core.tally import TWO, Tally

RATED_AFTER_S = 0.25  # of one value: a plug on its way in touches before it stands

_Seen = float | Literal["implausible"] | None
_PLUGS: tuple[tuple[float, float], ...] = ((1000.0, 13.0), (330.0, 20.0), (150.0, 32.0), (75.0, 63.0))
_NO_PLUG_OHM = 2460.0


def cable_rating_a(ohm: float) -> _Seen:
    """Returns the amps of the plug with this resistor; None: no plug.

    The bounds are a maker's (Phoenix Contact, EV-CC manual, table 5-1; 13 A there ends at 2200 ohm).
    IEC 61851-1 Table B.2, at second hand, has 1100 to 2460 ohm for 13 A, no plug above 4500 ohm, and a fault
    between these.
    """
    if ohm > _NO_PLUG_OHM:
        return None
    return next((rating for least_ohm, rating in _PLUGS if ohm >= least_ohm), "implausible")


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

    def feed(self, ohm: float, now_s: float, *, closed: bool, late: bool = False) -> None:
        """Judges a sample. The latched rating never rises until the plug was out; a late one latches nothing.

        `closed`: while the contactor is closed a plug that is no longer seen leaves the rating alone, so that
        a lost plug and a lost rating stay two findings.
        """
        seen = cable_rating_a(ohm)
        self.present = not self._gone.feed(seen is None, late=late)
        self.pulled = self._empty.feed(seen is None, late=late)
        wrong = self._wrong.feed(seen == "implausible", late=late)
        self.implausible = wrong or (self.implausible and self.present)
        if self.implausible or (not self.present and not closed):
            self.rating_a = None
            self._lower.forget()
        self._stand(seen, now_s)
        if not late and isinstance(seen, float) and self.present and not self.implausible:
            self._rate(seen, now_s)

    def _stand(self, seen: _Seen, now_s: float) -> None:
        """Lets another value stand once two running samples are alike."""
        if seen == self._before != self._one[0]:
            self._one = seen, now_s
        self._before = seen

    def _rate(self, seen: float, now_s: float) -> None:
        one, since_s = self._one
        if self.rating_a is None:
            if seen == one and passed(since_s, RATED_AFTER_S, now_s):
                self.rating_a = seen
        elif self._lower.feed(seen < self.rating_a):
            self.rating_a = min(self.rating_a, seen)
            self._lower.forget()
