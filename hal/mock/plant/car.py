"""PURE: the simulated car: battery, S2, how it follows the pilot, and how it may misbehave."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from hal.core.control_pilot.levels import amps_of_duty
from hal.mock.plant.copper import CarState

NOTICES_S = 0.5  # from a changed duty until the car acts on it
UP_A_PER_S = 10.0  # with NOTICES_S: 32 A are reached inside the 5 s a car has to follow
DOWN_A_PER_S = 30.0  # with NOTICES_S: S2 opens inside the 3 s a car has after x1
WAKES_AFTER_S = 3.0  # of a dead or negative pilot; IEC 61851-1 A.5.3 shows 4 s of it
TAPER_FROM_PCT = 80.0
CHATTER_S = 1.0


@dataclass(frozen=True, slots=True)
class CarSettings:
    """The settings of the car's charger and battery."""

    phases: Literal[1, 3]
    max_a: float
    battery_wh: float
    state_of_charge_pct: float


class Car:
    """One car at the box. `faults` are the plant's, those of the car among them."""

    def __init__(self, settings: CarSettings, faults: Set[str]) -> None:
        self.settings = settings
        self.s2_closed = False
        self.current_a = 0.0  # in each phase it uses
        self.state_of_charge_pct = settings.state_of_charge_pct
        self.paused = False
        self._faults = faults
        self._offer_a = 0.0  # the offer it acts on
        self._differs_s = 0.0  # for how long the pilot has said something else
        self._dead_s = 0.0
        self._woken = False
        self._here_s = 0.0

    def arrive(self) -> None:
        """Arrives with an empty stomach: charge as in the settings, nothing noticed yet."""
        self.state_of_charge_pct = self.settings.state_of_charge_pct
        self.s2_closed = "keeps_s2" in self._faults
        self._offer_a = self._differs_s = self._dead_s = self._here_s = 0.0
        self._woken = False

    def leave(self) -> None:
        """Leaves the socket: nothing flows."""
        self.s2_closed = False
        self.current_a = 0.0

    @property
    def state(self) -> CarState:
        """Returns what it shows the pilot."""
        if not self.s2_closed:
            return "B"
        return "D" if "ventilation" in self._faults else "C"

    def step(self, duty: float, *, energised: bool, dt_s: float) -> None:
        """Follows `duty` as it arrives at the car; `energised`: the mains stand at its inlet."""
        self._here_s += dt_s
        self._notice(amps_of_duty(duty), dt_s)
        self._sleep_or_wake(duty, dt_s)
        willing = self._willing()
        self._draw(self._target_a() if willing else 0.0, energised=energised, dt_s=dt_s)
        self.s2_closed = willing or self.current_a > 0 or "keeps_s2" in self._faults

    def charge(self, energy_wh: float) -> None:
        """Adds energy to the battery, up to full."""
        charged_pct = self.state_of_charge_pct + 100 * energy_wh / self.settings.battery_wh
        self.state_of_charge_pct = min(100.0, charged_pct)

    def _notice(self, said_a: float, dt_s: float) -> None:
        self._differs_s = self._differs_s + dt_s if said_a != self._offer_a else 0.0
        if self._differs_s >= NOTICES_S:
            self._offer_a, self._differs_s = said_a, 0.0

    def _sleep_or_wake(self, duty: float, dt_s: float) -> None:
        self._dead_s = self._dead_s + dt_s if duty == 0 else 0.0
        self._woken = self._woken or self._dead_s >= WAKES_AFTER_S

    def _willing(self) -> bool:
        tired = "chatter" in self._faults and int(self._here_s / CHATTER_S) % 2 == 1
        awake = (self._woken or "asleep" not in self._faults) and not tired
        return awake and not self.paused and self._offer_a > 0 and self.state_of_charge_pct < 100

    def _target_a(self) -> float:
        if "over_current" in self._faults:
            return self._offer_a * 1.3 + 2
        left = (100 - self.state_of_charge_pct) / (100 - TAPER_FROM_PCT)
        return min(self._offer_a, self.settings.max_a, self.settings.max_a * max(0.1, left))

    def _draw(self, target_a: float, *, energised: bool, dt_s: float) -> None:
        if not energised or not self.s2_closed:
            self.current_a = 0.0
        elif target_a >= self.current_a:
            self.current_a = min(target_a, self.current_a + UP_A_PER_S * dt_s)
        else:
            self.current_a = max(target_a, self.current_a - DOWN_A_PER_S * dt_s)
