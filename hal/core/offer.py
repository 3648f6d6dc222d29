"""PURE: what the pilot shows: x1, F or amps, and when it may change (IEC 61851-1 Annex A timing)."""

from __future__ import annotations

from hal.contract import Vehicle
from hal.core.held import passed
from hal.core.pilot import is_pwm
from hal.core.signals import PilotOffer

X1_LEAST_S = 3.0  # x1 between two offers: T_step_X1 of the field, the time a car has to open S2
INCREASE_AFTER_S = 5.0  # IEC 61851-1: a car has 5 s to follow a duty change
WAKE_AFTER_S = 30.0  # of x2 without C; legacy wake-up of the field
WAKE_F_S = 4.0  # IEC 61851-1 A.5.3
SETTLES_S = 0.02  # well over 2 periods of 1 kHz, after which a changed duty can be judged


class Offer:
    """The pilot's output. `shown` holds until the next step; `changed_s` is when it began."""

    def __init__(self, fault_f_s: float, now_s: float) -> None:
        self.shown: PilotOffer = "x1"
        self.changed_s = now_s
        self._fault_f_s = fault_f_s
        self._f_s = 0.0  # how long the present F lasts
        self._waking = False  # the present F is a wake-up
        self._wake_left = True  # in this offer
        self._x2_since_s = now_s

    def settled(self, now_s: float) -> bool:
        """The duty has been as it is for long enough to judge the negative half-wave."""
        return passed(self.changed_s, SETTLES_S, now_s)

    @property
    def sees_car(self) -> bool:
        """False while F hides the car. The next sample after it is ten periods and more away."""
        return self.shown != "F"

    def step(self, target_a: float | None, vehicle: Vehicle, *, faulted: bool, now_s: float) -> None:
        """`target_a` None: nothing to offer. `faulted`: a fault opens the contactor in C2 at this tick."""
        if faulted and self._fault_f_s > 0:
            self._show_f(self._fault_f_s, now_s, waking=False)
        elif self.shown == "F":
            if passed(self.changed_s, self._f_s, now_s) or (self._waking and target_a is None):
                self._show("x1", now_s)
        elif target_a is None:
            self._wake_left = True
            self._show("x1", now_s)
        elif self.shown == "x1":
            if passed(self.changed_s, X1_LEAST_S, now_s):
                self._x2_since_s = now_s
                self._show(target_a, now_s)
        else:
            self._keep_up(self.shown, target_a, vehicle, now_s)

    def _keep_up(self, shown_a: float, target_a: float, vehicle: Vehicle, now_s: float) -> None:
        self._wake_left = self._wake_left and vehicle != "C"
        if self._wake_left and passed(self._x2_since_s, WAKE_AFTER_S, now_s):
            self._wake_left = False
            self._show_f(WAKE_F_S, now_s, waking=True)
        elif target_a < shown_a or passed(self.changed_s, INCREASE_AFTER_S, now_s):
            self._show(target_a, now_s)

    def _show_f(self, for_s: float, now_s: float, *, waking: bool) -> None:
        self._f_s, self._waking = for_s, waking
        self._show("F", now_s)

    def _show(self, what: PilotOffer, now_s: float) -> None:
        if what != self.shown:
            self.shown, self.changed_s = what, now_s


def offered_a(shown: PilotOffer) -> float:
    """Amps a car may draw at this pilot."""
    return float(shown) if is_pwm(shown) else 0.0
