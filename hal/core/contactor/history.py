"""PURE: the history of the contactor: commands, mirror contact, closings, and what is counted of them."""

from __future__ import annotations

from collections import deque

from hal.core.persistent_state import PersistentState
from hal.core.rules import BoxRules
from hal.core.steady import passed


class Contactor:
    """Records the contactor's history and decides nothing. `switched_s` is the last change of the command (at
    first the start)."""

    def __init__(self, rules: BoxRules, now_s: float, stored: PersistentState) -> None:
        self._rules = rules
        self.commanded = False
        self.switched_s = now_s
        self.mirror_closed = False
        self.mirror_changed_s = now_s
        self.closings = stored.closings  # in the life of the box, as the next
        self.openings_under_load = stored.openings_under_load
        self.last_open_ms: float | None = None
        self._recent: deque[float] = deque()
        self._opening = False  # commanded open, the mirror contact has not followed yet

    def see(self, mirror_closed: bool, now_s: float) -> None:
        """Notes the mirror contact at this tick."""
        if self._opening and not mirror_closed:
            self.last_open_ms, self._opening = (now_s - self.switched_s) * 1000, False
        if mirror_closed != self.mirror_closed:
            self.mirror_closed, self.mirror_changed_s = mirror_closed, now_s

    def command(self, closed: bool, now_s: float, *, under_load: bool) -> None:
        """Notes the command from this tick on; `under_load`: the car is still in C."""
        if closed == self.commanded:
            return
        self.commanded, self.switched_s, self._opening = closed, now_s, not closed
        if closed:
            self.closings += 1
            self._recent.append(now_s)
        elif under_load:
            self.openings_under_load += 1

    def exhausted(self, now_s: float) -> bool:
        """Says whether it was closed as often as it may be in a while."""
        while self._recent and passed(self._recent[0], self._rules.closings_window_s, now_s):
            self._recent.popleft()
        return len(self._recent) >= self._rules.max_closings
