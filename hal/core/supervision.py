"""PURE: judges the plant: contactor, pilot, cable, current, temperature, residual current, the loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from hal.contract import Vehicle
from hal.core.contactor import Contactor
from hal.core.held import Held, passed
from hal.core.lock import Lock
from hal.core.offer import INCREASE_AFTER_S, Offer, offered_a
from hal.core.pilot import LEAST_A, LOW_FROM_V, LOW_TO_V, TOO_HIGH_V, is_pwm
from hal.core.plug import Plug
from hal.core.rules import BoxRules
from hal.core.signals import Sense

BLIND_S = 0.1  # contactor and mirror contact travel and bounce
AGREES_WITHIN_S = 0.25  # after that; controllers of the field judge 200 ms to 1 s after the command
WELD_A, WELD_AFTER_S = 0.5, 3.0  # current that flows this long after the contactor should be open
PILOT_FAULT_S = 0.1  # longer than any passing of the peak-hold through a band
STATE_FAULT_S = 0.5  # field practice: E only after 500 ms
OVER_SHARE, OVER_A, OVER_S = 1.1, 0.5, 7.0  # field practice: +10 % and +0.5 A for 7 s
FRESH_S = 3.0  # an older reading is none
COOLER_K = 5.0  # after a stop the contacts must be this much below stop_at_c


@dataclass(frozen=True, slots=True)
class Scene:
    """What the judges look at."""

    sense: Sense
    vehicle: Vehicle
    offer: Offer
    contactor: Contactor
    plug: Plug
    lock: Lock | None


class Supervision:
    """Finds the causes of faults. It decides nothing about the contactor."""

    def __init__(self, rules: BoxRules) -> None:
        self._rules = rules
        self._disagrees = Held(AGREES_WITHIN_S)
        self._low_wrong = Held(PILOT_FAULT_S)
        self._too_high = Held(PILOT_FAULT_S)
        self._in_d = Held(STATE_FAULT_S)
        self._in_e = Held(STATE_FAULT_S)
        self._implausible = Held(STATE_FAULT_S)
        self._over_current = OverCurrent()

    def causes(self, scene: Scene, now_s: float) -> set[str]:
        """The ids of all faults whose cause is there at this tick."""
        return {
            *self._contactor(scene, now_s),
            *self._pilot(scene, now_s),
            *self._cable(scene, now_s),
            *self._rest(scene, now_s),
        }

    def _contactor(self, scene: Scene, now_s: float) -> Iterator[str]:
        contactor, sense = scene.contactor, scene.sense
        blind = not passed(contactor.switched_s, BLIND_S, now_s)
        if self._disagrees.take(sense.mirror_closed != contactor.commanded and not blind, now_s):
            yield "did_not_close" if contactor.commanded else "welded"
        if not contactor.commanded and _flows(sense, contactor.switched_s + WELD_AFTER_S):
            yield "welded"

    def _pilot(self, scene: Scene, now_s: float) -> Iterator[str]:
        sense, vehicle = scene.sense, scene.vehicle
        judged = is_pwm(scene.offer.shown) and scene.offer.settled(now_s) and vehicle in ("B", "C", "D")
        if self._low_wrong.take(judged and not low_side_right(sense), now_s):
            yield "diode_missing"
        if self._too_high.take(sense.cp_high_v > TOO_HIGH_V, now_s):
            yield "pilot_out_of_range"
        if self._in_d.take(vehicle == "D", now_s):
            yield "ventilation"
        if self._in_e.take(vehicle == "E", now_s):
            yield "pilot_short"

    def _cable(self, scene: Scene, now_s: float) -> Iterator[str]:
        if self._implausible.take(scene.plug.implausible, now_s):
            yield "proximity_implausible"
        if scene.lock is not None and scene.lock.failure is not None:
            yield scene.lock.failure

    def _rest(self, scene: Scene, now_s: float) -> Iterator[str]:
        sense, rules = scene.sense, self._rules
        if self._over_current.take(sense, scene.offer, now_s):
            yield "over_current"
        if sense.contacts_c is not None and sense.contacts_c >= rules.derate_from_c:
            yield "over_temperature"
        if sense.rcm_healthy is False:
            yield "rcm_trip"
        if scene.contactor.commanded and sense.late_s > rules.late_limit_s:
            yield "loop_late"


def low_side_right(sense: Sense) -> bool:
    """The negative half-wave of x2 as only a diode leaves it."""
    return LOW_FROM_V <= sense.cp_low_v <= LOW_TO_V


def _flows(sense: Sense, after_s: float) -> bool:
    """A reading taken at or after `after_s` shows current."""
    if sense.current_a is None or sense.reading_at_s is None:
        return False
    return sense.reading_at_s >= after_s and max(sense.current_a) > WELD_A


class OverCurrent:
    """More than the pilot allows, by the times of the readings. A car has 5 s to follow a reduction."""

    def __init__(self) -> None:
        self._over = Held(OVER_S)
        self._past: deque[tuple[float, float]] = deque()  # (until when it still counts, amps)
        self._offered_a = 0.0

    def take(self, sense: Sense, offer: Offer, now_s: float) -> bool:
        """True once it has been so for OVER_S; a reading older than FRESH_S is none."""
        allowed_a = self._allowed_a(offered_a(offer.shown), now_s)
        if sense.current_a is None or sense.reading_at_s is None or now_s - sense.reading_at_s > FRESH_S:
            return self._over.take(False, now_s)
        limit_a = allowed_a * OVER_SHARE + OVER_A
        return self._over.take(max(sense.current_a) > limit_a, sense.reading_at_s)

    def _allowed_a(self, offered: float, now_s: float) -> float:
        """The highest offer of the last 5 s."""
        if offered != self._offered_a:
            self._past.append((now_s + INCREASE_AFTER_S, self._offered_a))
            self._offered_a = offered
        while self._past and now_s >= self._past[0][0]:
            self._past.popleft()
        return max([offered, *(amps for _, amps in self._past)])


class Thermal:
    """The limit by the temperature of the contacts. Without a fresh value the last limit holds."""

    def __init__(self, rules: BoxRules) -> None:
        self._rules = rules
        self._stopped = False
        self.limit_a: float | None = None

    def take(self, contacts_c: float | None) -> float | None:
        """Amps: the installation's up to derate_from_c, in a line down to 6 A at stop_at_c, from there 0."""
        if contacts_c is None:
            return self.limit_a
        rules = self._rules
        self._stopped = contacts_c >= rules.stop_at_c - (COOLER_K if self._stopped else 0.0)
        share = (rules.stop_at_c - contacts_c) / (rules.stop_at_c - rules.derate_from_c)
        falling_a = LEAST_A + (rules.installation_max_a - LEAST_A) * min(1.0, share)
        self.limit_a = 0.0 if self._stopped else falling_a
        return self.limit_a
