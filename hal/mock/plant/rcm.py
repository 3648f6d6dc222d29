"""PURE: the residual current monitor: an output that is active while all is well, and a test input."""

from __future__ import annotations

LEAST_TEST_S = 0.030  # modules of the field take 30 ms to 1.2 s; shorter is no test
TRIPS_AFTER_S, RETURNS_AFTER_S = 0.740, 3.0  # from the beginning of the test, as one of them does


class ResidualCurrentMonitor:
    """The monitor. `healthy` is its output; the plant makes the fault current."""

    def __init__(self) -> None:
        self.healthy = True
        self._pressed_s = 0.0
        self._since_s: float | None = None  # of the test that runs

    def step(self, test: bool, dt_s: float) -> None:
        """Follows the test input as it is."""
        self._pressed_s = self._pressed_s + dt_s if test else 0.0
        if self._since_s is not None:
            self._since_s += dt_s
        elif self._pressed_s >= LEAST_TEST_S:
            self._since_s = self._pressed_s
        if self._since_s is not None and self._since_s >= RETURNS_AFTER_S:
            self._since_s = None
        self.healthy = self._since_s is None or self._since_s < TRIPS_AFTER_S
