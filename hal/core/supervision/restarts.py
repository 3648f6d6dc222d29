"""PURE: starts of `hal.safety` with a car in C, counted across them."""

from __future__ import annotations

from hal.contract import Vehicle
from hal.core.persistent_state import PersistentState
from hal.core.rules import BoxRules
from hal.core.steady import passed

WINDOW_S = 600.0  # the third start within it needs a person
LOOKS_S = 1.0  # a car that waits in C is seen by then


class Restarts:
    """Counts starts: those where the car was in C at the end of the last process, or is in C now."""

    def __init__(self, rules: BoxRules, stored: PersistentState, now_s: float) -> None:
        self.starts_s = tuple(at_s for at_s in stored.starts_s if not passed(at_s, WINDOW_S, now_s))
        self._most = rules.starts_for_person
        self._started_s = now_s
        self._was_in_c = stored.car_in_c
        self._looking = True

    def too_many(self, vehicle: Vehicle, now_s: float) -> bool:
        """Returns True at the one tick at which there are too many."""
        if not self._looking:
            return False
        in_c = self._was_in_c or vehicle == "C"
        self._looking = not in_c and not passed(self._started_s, LOOKS_S, now_s)
        if not in_c:
            return False
        self.starts_s = (*self.starts_s, self._started_s)
        return len(self.starts_s) >= self._most
