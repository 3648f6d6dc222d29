"""PURE: the self test of the residual current monitor: does it notice a fault current?"""

from __future__ import annotations

from dataclasses import dataclass

from hal.core.steady import passed

RCM_TEST_S = 0.25  # modules of the field: 30 ms to 1.2 s
RCM_DROPS_S = 2.0  # from the beginning; they take 0.74 to 1.4 s
RCM_RETURNS_S = 5.0  # from the beginning; they take 3 s
RCM_EVERY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class RcmScene:
    """What the test of the residual current monitor depends on."""

    healthy: bool
    car: bool
    idle: bool  # the contactor is and reads open, and nothing is offered
    fault_stands: bool  # rcm_test_failed


class RcmTest:
    """Tests the monitor at the start, after each unplug, every 24 h: its output must drop and come back."""

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
        """Asks for one more test, as soon as it may be; does nothing without a test input."""
        self._due = self._has_test

    @property
    def runs(self) -> bool:
        """Says whether what the monitor says now is the test's answer."""
        return self._began_s is not None

    def step(self, scene: RcmScene, now_s: float) -> bool:
        """Returns the level of the test input until the next tick."""
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
        left = self._car and not scene.car
        cleared = self._failed_before and not scene.fault_stands
        if self._has_test and (left or cleared or passed(self._last_s, RCM_EVERY_S, now_s)):
            self._due, self._last_s, self._failed_before = True, now_s, False
        self._car = scene.car

    def _judge(self, healthy: bool, began_s: float, now_s: float) -> None:
        if not healthy:
            self._dropped = True
        back = healthy and self._dropped
        late = passed(began_s, RCM_RETURNS_S if self._dropped else RCM_DROPS_S, now_s)
        if back or late:
            self._due = self._void
            self.failed = self._failed_before = not back and not self._void
            self._began_s, self._last_s = None, now_s
