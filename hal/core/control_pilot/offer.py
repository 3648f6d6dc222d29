"""PURE: what the pilot shows: x1, F or amps, and when it may change (IEC 61851-1 Annex A timing)."""

from __future__ import annotations

from hal.contract import Vehicle
from hal.core.control_pilot.levels import LEAST_A, is_pwm
from hal.core.rules import BoxRules
from hal.core.signals import PilotOffer
from hal.core.steady import passed

X1_LEAST_S = 3.0  # x1 between two offers: T_step_X1 of the field, the time a car has to open S2
C1_LEAVES_S = 6.0  # IEC 61851-1 Table A.6 sequence 10.2: after that the box opens under load
INCREASE_AFTER_S = 5.0  # IEC 61851-1: a car has 5 s to follow a duty change
WAKE_AFTER_S = 30.0  # of x2 without C; legacy wake-up of the field
WAKE_F_S = 4.0  # IEC 61851-1 A.5.3
SETTLES_S = 0.02  # one tick is skipped: the low-pass of 1 ms shows the new mean, over 2 periods are gone
SMALL_STEP_A = 1.0  # moves the mean by less than 0.01 V: heat may lower the offer at every tick


class Offer:
    """The pilot's output. `shown` and `connected` hold until the next step, since `changed_s`."""

    def __init__(self, rules: BoxRules, now_s: float) -> None:
        self.shown: PilotOffer = "x1"
        self.connected = True  # False: the relay in the pilot is open, in x1
        self.changed_s = now_s
        self.testing = False  # PWM for the self test, in A: it is no offer
        self._jumped_s = now_s  # the last change that moves the readings
        self._fault_f_s = rules.fault_f_s
        self._has_relay = rules.has_cp_relay
        self._dark_s = 0.0  # how long the present F, or cut, lasts
        self._waking = False  # it is a wake-up
        self._wake_left = True  # in this offer
        self._x2_since_s = now_s

    def settled(self, now_s: float) -> bool:
        """Says whether the duty is old enough to judge both half-waves."""
        return passed(self._jumped_s, SETTLES_S, now_s)

    @property
    def offers(self) -> bool:
        """Says whether amps are offered to a car: x2."""
        return is_pwm(self.shown) and not self.testing

    @property
    def sees_car(self) -> bool:
        """Is False while F or the relay hides the car. The next sample is ten periods or more after that."""
        return self.connected and self.shown != "F"

    def show_f(self, for_s: float, now_s: float) -> None:
        """Shows F from now on, x1 after it; called in place of `step`."""
        self._go_dark(for_s, now_s, waking=False)

    def show_test(self, now_s: float) -> None:
        """Shows the least PWM there is until the next step; called in place of `step`."""
        self._show(LEAST_A, now_s)
        self.testing = True

    def step(self, target_a: float | None, vehicle: Vehicle, *, faulted: bool, now_s: float) -> None:
        """Decides what is shown. `target_a` None: no offer; 0: an offer, but not before a pause is over.

        `faulted`: a fault opens the contactor in C2 at this tick.
        """
        if faulted and self._fault_f_s > 0:
            self._go_dark(self._fault_f_s, now_s, waking=False)
        elif self.testing:
            self._show("x1", now_s)
        elif self.shown == "F" or not self.connected:
            if passed(self.changed_s, self._dark_s, now_s) or (self._waking and target_a is None):
                self._show("x1", now_s)
        elif not target_a:
            self._wake_left = self._wake_left or target_a is None
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
            self._go_dark(WAKE_F_S, now_s, waking=True)
        elif target_a < shown_a or passed(self.changed_s, INCREASE_AFTER_S, now_s):
            self._show(target_a, now_s)

    def _go_dark(self, for_s: float, now_s: float, *, waking: bool) -> None:
        self._dark_s, self._waking = for_s, waking
        cut = waking and self._has_relay
        self._show("x1" if cut else "F", now_s, connected=not cut)

    def _show(self, what: PilotOffer, now_s: float, *, connected: bool = True) -> None:
        self.testing = False
        if (what, connected) != (self.shown, self.connected):
            steps = is_pwm(what) and is_pwm(self.shown) and abs(what - self.shown) <= SMALL_STEP_A
            self._jumped_s = self._jumped_s if steps else now_s
            self.shown, self.connected, self.changed_s = what, connected, now_s


def offered_a(shown: PilotOffer) -> float:
    """Returns the amps a car may draw at this pilot."""
    return float(shown) if is_pwm(shown) else 0.0
