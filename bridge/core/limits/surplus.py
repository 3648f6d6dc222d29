"""Solar surplus: the car gets what the house would feed into the grid, for whole stretches of time.

Charging begins when there has been enough for START_AFTER_S, and goes on for `min_on_s` at least, at 6 A if
need be; it ends when there has been too little for STOP_AFTER_S, and rests for `min_off_s` at least.
"""

from __future__ import annotations

from collections import deque
from math import floor

from bridge.core.limits.cap import LEAST_A, Cap
from bridge.core.limits.house_load import HouseLoad
from bridge.core.setup import SurplusSetup

NAME = "solar surplus"
START_AFTER_S = 60.0  # a gap between two clouds is none
STOP_AFTER_S = 180.0  # nor is a cloud the end of the day
MEAN_S = 10.0  # the car follows the mean of so long
QUIET_S = 5.0  # without a load for so long there is no surplus


class Surplus:
    """Call `observe` at every step. It begins as it finds the contactor: a restart ends no charge."""

    def __init__(self, setup: SurplusSetup) -> None:
        self._setup = setup
        self._loads: deque[HouseLoad] = deque()  # of MEAN_S
        self._begun = False
        self._on = False
        self._switched_s = float("-inf")
        self._differs_s: float | None = None  # since when there is enough while off, too little while on
        self._limit_a = 0.0

    def feed(self, load: HouseLoad) -> None:
        """Takes a load of the house without the box."""
        self._loads.append(load)
        while load.at_s - self._loads[0].at_s > MEAN_S:
            self._loads.popleft()

    def observe(self, phase_w_a: float, *, charges: bool, now_s: float) -> None:
        """Decides. `phase_w_a`: the watts that one ampere on each phase of the car makes."""
        if not self._begun:
            self._begun, self._on = True, charges
            self._switched_s = now_s if charges else self._switched_s
        amps = self._available_w(now_s) / phase_w_a
        if (amps >= LEAST_A) is self._on:
            self._differs_s = None
        elif self._differs_s is None:
            self._differs_s = now_s
        if self._differs_s is not None and now_s >= self._switches_s(self._differs_s):
            self._on, self._switched_s, self._differs_s = not self._on, now_s, None
        self._limit_a = max(LEAST_A, float(floor(amps))) if self._on else 0.0

    def cap(self) -> Cap:
        """Returns the limit; a pause ends at the earliest when it was long enough."""
        if self._on:
            return Cap(NAME, self._limit_a)
        rests_s = self._switched_s + self._setup.min_off_s
        ends_s = rests_s if self._differs_s is None else self._switches_s(self._differs_s)
        return Cap(NAME, 0.0, ends_s if ends_s > float("-inf") else None)

    def _switches_s(self, differs_s: float) -> float:
        setup = self._setup
        least_s, after_s = (setup.min_on_s, STOP_AFTER_S) if self._on else (setup.min_off_s, START_AFTER_S)
        return max(self._switched_s + least_s, differs_s + after_s)

    def _available_w(self, now_s: float) -> float:
        """Returns the mean that house and roof leave; none while the house meter is quiet."""
        if not self._loads or now_s - self._loads[-1].at_s > QUIET_S:
            return 0.0
        mean_w = sum(load.load_w for load in self._loads) / len(self._loads)
        return self._setup.grid_w - mean_w
