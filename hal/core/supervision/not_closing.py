"""PURE: a box that does not close although it is asked: after a while it says why."""

from __future__ import annotations

from hal.core.control_pilot.levels import C_BEGINS_FROM_V, C_BEGINS_TO_V
from hal.core.control_pilot.vehicle import SURELY_C_FROM_V
from hal.core.tally import BadTime

ASKED_S = 10.0  # of x2 with a car that asks: far beyond the 3 s of IEC 61851-1 Table A.6 sequence 4
UNREADY_S = 60.0  # of a wish and a car: beyond all tries of a lock, and the pause after a fault
ASKS_BELOW_V = 7.6  # no car in B reads so little
# What nobody else tells: the others are a wish's, a fault's or a time's.
_UNREADY = frozenset({"lock_confirmed", "rating_latched", "mirror_open"})


class NotClosing:
    """Measures how long a box does not close although it is asked. `words` name the missing conditions."""

    def __init__(self) -> None:
        self.words = ""
        self._asked = BadTime(ASKED_S)
        self._unready = BadTime(UNREADY_S)

    def feed(
        self, withheld: tuple[str, ...], high_v: float, now_s: float, *, offered: bool, wanted: bool
    ) -> bool:
        """Judges a tick. `offered`: x2, contactor open; `wanted`: a wish of 6 A lives, and a car is there."""
        asks = offered and SURELY_C_FROM_V < high_v < ASKS_BELOW_V
        asked = self._asked.feed(asks, now_s)
        unready = self._unready.feed(wanted and bool(_UNREADY & set(withheld)), now_s)
        if not asked and not unready:
            return False
        between = asks and not C_BEGINS_FROM_V <= high_v <= C_BEGINS_TO_V
        why = [
            f"the pilot reads {high_v:.2f} V ({C_BEGINS_FROM_V:g} to {C_BEGINS_TO_V:g} V is state C)"
        ] * between
        self.words = f"not closing: {', '.join([*why, *withheld])}"
        return True
