"""PURE: what is in the socket: the proximity pilot, debounced, and the cable's rating, latched at plug-in."""

from __future__ import annotations

from typing import Literal

from hal.core.pilot import cable_rating_a

_Seen = float | Literal["implausible"] | None


class Plug:
    """The cable. A fixed one is there and rated from the start; call `take` for a socket only."""

    def __init__(self, fixed_rating_a: float | None) -> None:
        self.present = fixed_rating_a is not None
        self.rating_a = fixed_rating_a
        self.implausible = False
        self._before: _Seen = None

    def take(self, ohm: float, *, closed: bool) -> None:
        """One sample; two alike count. The latched rating never rises until the plug was out.

        `closed`: while the contactor is closed a plug that is no longer seen leaves the rating alone, so that
        a lost plug and a lost rating stay two findings.
        """
        seen = cable_rating_a(ohm)
        before, self._before = self._before, seen
        if seen != before:
            return
        self.present = seen is not None
        self.implausible = seen == "implausible" or (self.implausible and self.present)
        if self.implausible or (seen is None and not closed):
            self.rating_a = None
        elif isinstance(seen, float):
            self.rating_a = min(seen, self.rating_a or seen)
