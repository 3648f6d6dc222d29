"""PURE: the proof of the watchdog line, at a closing now and then.

The coil is driven without the line's edges: a circuit that works holds nothing, so the mirror contact must
stay open. If it closes, a hang would leave the contactor closed.
"""

from __future__ import annotations

from hal.core.steady import passed
from hal.core.tally import TWO, Tally

# A contactor pulls in within 40 ms (budget of the 100 ms); the closing is that much later, inside the 3 s of
# IEC 61851-1 Table A.6 sequence 4, and before did_not_close judges (0.35 s).
PROOF_S = 0.15
REST_S = 1.0  # open before: a charge pump holds for 0.1 s after its last edge
EVERY_S = 24 * 3600.0  # as the residual current monitor


class WatchdogLine:
    """Tests the line at the first closing after a start, then at the first of each day, and after each
    failure."""

    def __init__(self, *, fitted: bool, now_s: float) -> None:
        self.failed = False  # it closed without edges; until the contactor is commanded open
        self._fitted = fitted
        self._proven_s: float | None = None
        self._began_s: float | None = None  # of the proof that runs
        self._holds = Tally(TWO)  # the mirror contact, in the proof that runs
        self._commanded = False
        self._opened_s = now_s

    def step(self, *, commanded: bool, mirror_closed: bool, now_s: float) -> bool:
        """Says whether the line has edges until the next tick. `mirror_closed`: as of the command before."""
        if not commanded:
            if self._commanded:
                self._opened_s = now_s
            self.failed, self._began_s = False, None
        elif not self._commanded and self._due(now_s):
            self._began_s = now_s
            self._holds.forget()
        elif self._began_s is not None:
            self._judge(self._began_s, mirror_closed, now_s)
        self._commanded = commanded
        return self._began_s is None

    def _due(self, now_s: float) -> bool:
        proven = self._proven_s is not None and not passed(self._proven_s, EVERY_S, now_s)
        return self._fitted and not proven and passed(self._opened_s, REST_S, now_s)

    def _judge(self, began_s: float, mirror_closed: bool, now_s: float) -> None:
        if self._holds.feed(mirror_closed):
            self.failed, self._began_s, self._proven_s = True, None, None
        elif passed(began_s, PROOF_S, now_s):
            self._began_s, self._proven_s = None, now_s
