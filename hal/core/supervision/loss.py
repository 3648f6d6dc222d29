"""PURE: when a device that measures without pause is lost, and when it is well again.

Judged once for all programs, by the age of its values and never by what anybody says of it: a meter that is
silent and a `hal.instruments` that has died or hangs look the same here, and neither is overlooked.
"""

from __future__ import annotations

from hal.core.steady import Steady, passed

LOST_RECOVER_S = 10.0  # of fresh values in a row end it
START_GRACE_S = 30.0  # `hal.instruments` may take so long until it speaks for the first time


class Loss:
    """Is lost without a fresh value, until fresh values have come for LOST_RECOVER_S."""

    def __init__(self, now_s: float) -> None:
        """Begins without a value: that is no loss yet, but nothing can rest on one either."""
        self.since_s: float | None = now_s  # None: it is well
        self._first_by_s = now_s + START_GRACE_S
        self._measured = False
        self._well = Steady(LOST_RECOVER_S)

    def expect_by(self, first_by_s: float) -> None:
        """Shortens the wait for the first value of all; never makes it longer."""
        self._first_by_s = min(self._first_by_s, first_by_s)

    def feed(self, fresh: bool, now_s: float) -> None:
        """Looks at every tick. The first value of all is believed at once."""
        well = self._well.feed(fresh, now_s) or (fresh and not self._measured)
        self._measured = self._measured or fresh
        if well:
            self.since_s = None
        elif not fresh and self.since_s is None:
            self.since_s = now_s

    def lost(self, now_s: float) -> bool:
        """Says whether it is lost; one that has never measured is missed after a while."""
        return self.since_s is not None and (self._measured or passed(self._first_by_s, 0.0, now_s))
