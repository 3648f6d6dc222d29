"""PURE: the stop button: normally closed, so a cut wire reads as pressed."""

from __future__ import annotations

from hal.core.rules import BoxRules
from hal.core.steady import passed
from hal.core.tally import TWO, BadTime, Tally

SHOWN_S = 1.0  # a short press is seen in at least one of the statuses of each second
STUCK_S = 10.0  # nobody holds a button so long: its wire is broken


class StopButton:
    """Reads the button. `pressed` is for a button of kind stop: it ends the charge and is no fault."""

    def __init__(self, rules: BoxRules) -> None:
        self.pressed = False
        self._emergency = rules.stop_kind == "emergency"
        self._twice = Tally(TWO)
        self._stuck = BadTime(STUCK_S)
        self._seen_s = float("-inf")

    def feed(self, opened: bool | None, now_s: float, *, late: bool = False) -> set[str]:
        """Returns the ids of the faults whose cause is there. `opened`: the input; None: a box without."""
        opened = self._twice.feed(opened is True, late=late)
        stuck = self._stuck.feed(opened, now_s)
        if self._emergency:
            return {"emergency_stop"} if opened else set()
        if opened:
            self._seen_s = now_s
        self.pressed = not passed(self._seen_s, SHOWN_S, now_s)
        return {"stop_circuit"} if stuck else set()
