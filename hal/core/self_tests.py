"""PURE: what the box tests of itself: can the pilot say F and x1, does the RCM notice a fault current?"""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Vehicle
from hal.core.held import Held, passed
from hal.core.offer import Offer
from hal.core.pilot import LOW_FROM_V, LOW_TO_V, TOO_HIGH_V
from hal.core.signals import Sense

IN_A_S = 0.5  # no car for so long, before F hides a new one
TEST_F_S = 0.3  # peak-hold circuits decay within 5 to 20 ms; a car is hidden no longer than by a fault
JUDGED_AFTER_S = 0.2  # of F, and of x1
NOTHING_V = 1.5  # what a decayed half-wave may still show
X1_LEAST_V = 11.0  # IEC 61851-1: state A is +12 V +- 1 V
X1_WRONG_S = 0.1  # a car that is just coming is seen in B long before: then there is no verdict
PILOT_AGAIN_S = 10.0  # after a failure

RCM_TEST_S = 0.25  # modules of the field: 30 ms to 1.2 s
RCM_DROPS_S = 2.0  # from the beginning; they take 0.74 to 1.4 s
RCM_RETURNS_S = 5.0  # from the beginning; they take 3 s
RCM_EVERY_S = 24 * 3600.0


class PilotTest:
    """At the start and after each unplug: F must read -12 V, x1 +12 V. Only in A; a car postpones it."""

    def __init__(self) -> None:
        self.failed = False  # the last one
        self._due = True
        self._running = False
        self._f_right = False
        self._wrong = Held(X1_WRONG_S)
        self._in_a = Held(IN_A_S)
        self._failed_s = 0.0

    def ask(self) -> None:
        """Once more, as soon as it may be."""
        self._due = True

    def begins(self, vehicle: Vehicle, offer: Offer, now_s: float) -> bool:
        """True at the tick at which F must begin, for TEST_F_S."""
        if vehicle != "A":
            self._due, self._running = True, False
        again = self.failed and not self._running and passed(self._failed_s, PILOT_AGAIN_S, now_s)
        idle = self._in_a.take(vehicle == "A" and offer.shown == "x1", now_s)
        if not idle or self._running or not (self._due or again):
            return False
        self._due, self._running, self._f_right = False, True, False
        return True

    def look(self, sense: Sense, offer: Offer, now_s: float) -> None:
        """The channels at this tick, with what has been shown until now."""
        if not self._running or not passed(offer.changed_s, JUDGED_AFTER_S, now_s):
            return
        x1_right = X1_LEAST_V <= sense.cp_high_v <= TOO_HIGH_V and sense.cp_low_v >= -NOTHING_V
        stays_wrong = self._wrong.take(offer.shown != "F" and not x1_right, now_s)
        if offer.shown == "F":
            self._f_right = sense.cp_high_v <= NOTHING_V and LOW_FROM_V <= sense.cp_low_v <= LOW_TO_V
        elif x1_right or stays_wrong:
            self.failed, self._running = not (self._f_right and x1_right), False
            self._failed_s = now_s


@dataclass(frozen=True, slots=True)
class RcmScene:
    """What the test of the residual current monitor depends on."""

    healthy: bool
    vehicle: Vehicle
    idle: bool  # the contactor is and reads open, and nothing is offered
    fault_stands: bool  # rcm_test_failed


class RcmTest:
    """At the start, after each unplug, every 24 h: its output must drop and come back."""

    def __init__(self, has_test: bool, now_s: float) -> None:
        self.failed = False  # at this tick
        self._has_test = has_test
        self._due = has_test
        self._began_s: float | None = None
        self._dropped = self._void = False
        self._last_s = now_s
        self._failed_before = False
        self._car = False

    def ask(self) -> None:
        """Once more, as soon as it may be; nothing without a test input."""
        self._due = self._has_test

    @property
    def runs(self) -> bool:
        """What the monitor says now is the test's answer."""
        return self._began_s is not None

    def step(self, scene: RcmScene, now_s: float) -> bool:
        """The level of the test input until the next tick."""
        self.failed = False
        self._fall_due(scene, now_s)
        began_s = self._began_s
        if began_s is None:
            if not self._due or not scene.idle or not scene.healthy:
                return False
            began_s = self._began_s = now_s
            self._due = self._dropped = self._void = False
        self._void = self._void or not scene.idle
        self._judge(scene.healthy, began_s, now_s)
        return self.runs and scene.idle and not passed(began_s, RCM_TEST_S, now_s)

    def _fall_due(self, scene: RcmScene, now_s: float) -> None:
        left = self._car and scene.vehicle == "A"
        cleared = self._failed_before and not scene.fault_stands
        if self._has_test and (left or cleared or passed(self._last_s, RCM_EVERY_S, now_s)):
            self._due, self._last_s, self._failed_before = True, now_s, False
        self._car = scene.vehicle != "A"

    def _judge(self, healthy: bool, began_s: float, now_s: float) -> None:
        if not healthy:
            self._dropped = True
        back = healthy and self._dropped
        late = passed(began_s, RCM_RETURNS_S if self._dropped else RCM_DROPS_S, now_s)
        if back or late:
            self._due = self._void
            self.failed = self._failed_before = not back and not self._void
            self._began_s, self._last_s = None, now_s
