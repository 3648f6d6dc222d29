"""PURE: judges the plant: contactor, pilot, cable, current, residual current, the instruments, the loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from hal.contract import FRESH_S, Vehicle
from hal.core.contactor.history import Contactor
from hal.core.control_pilot.levels import LOW_FROM_V, TOO_HIGH_V
from hal.core.control_pilot.low_side import MEDIAN_OF, PILOT_FAULT_S, LowSide
from hal.core.control_pilot.offer import Offer
from hal.core.plug.lock import Lock
from hal.core.plug.proximity_pilot import Plug
from hal.core.rules import BoxRules
from hal.core.signals import Sense
from hal.core.steady import passed
from hal.core.supervision.loss import Loss
from hal.core.supervision.over_current import OverCurrent
from hal.core.tally import THREE, TWO, BadTime, Tally

BLIND_S = 0.1  # contactor and mirror contact travel and bounce
AGREES_WITHIN_S = 0.25  # after that; controllers of the field judge 200 ms to 1 s after the command
WELD_A, WELD_AFTER_S = 0.5, 3.0  # current that flows this long after the contactor should be open
STATE_FAULT_S = 0.5  # field practice: E only after 500 ms
X1_DECAYS_S, X1_LOW_V = 0.2, -3.0  # 10 time constants of the peak-hold circuit
READER_GRACE_S = 3.0  # a card reader is lost after so long: opening a port takes a moment, at a start too
CP_OLD_S = 0.05  # half of the 100 ms of IEC 61851-1 Table A.6 sequence 8.1; the rest is the contactor's


@dataclass(frozen=True, slots=True)
class Scene:
    """What the supervision reads at one tick."""

    sense: Sense
    vehicle: Vehicle
    offer: Offer
    contactor: Contactor
    plug: Plug
    lock: Lock | None
    low_side: LowSide
    late: bool
    rcm_testing: bool = False


class Supervision:
    """Finds the causes of faults. It decides nothing about the contactor."""

    def __init__(self, rules: BoxRules, now_s: float) -> None:
        self._rules = rules
        self._disagrees = BadTime(AGREES_WITHIN_S)
        self._agreed = False  # the mirror contact has followed this closing
        self._follows = Tally(TWO)
        self._dropped = Tally(THREE)
        self._unread = Tally(THREE)
        self._low_stays = BadTime(PILOT_FAULT_S)
        self._highs: deque[float] = deque(maxlen=MEDIAN_OF)
        self._lows: deque[float] = deque(maxlen=MEDIAN_OF)
        self._out_of_range = BadTime(PILOT_FAULT_S)
        self._in_d = BadTime(STATE_FAULT_S)
        self._in_e = BadTime(STATE_FAULT_S)
        self._implausible = BadTime(STATE_FAULT_S)
        self._residual = Tally(THREE)
        self._over_current = OverCurrent()
        self._no_reader = BadTime(READER_GRACE_S)
        self._reader_lost = False
        self._meter = Loss(now_s)

    def causes(self, scene: Scene, now_s: float) -> set[str]:
        """Returns the ids of all faults whose cause is there at this tick."""
        return {
            *self._contactor(scene, now_s),
            *self._pilot(scene, now_s),
            *scene.low_side.causes(),
            *self._state(scene, now_s),
            *self._cable(scene, now_s),
            *self._current(scene, now_s),
            *self._instruments(scene.sense, now_s),
            *self._itself(scene),
        }

    def _contactor(self, scene: Scene, now_s: float) -> Iterator[str]:
        contactor, sense = scene.contactor, scene.sense
        blind = not passed(contactor.switched_s, BLIND_S, now_s)
        disagrees = self._disagrees.feed(sense.mirror_closed != contactor.commanded and not blind, now_s)
        follows = self._follows.feed(contactor.commanded and sense.mirror_closed and not blind)
        self._agreed = contactor.commanded and (self._agreed or follows)
        dropped = self._dropped.feed(self._agreed and not sense.mirror_closed, late=scene.late)
        if disagrees or (dropped and contactor.commanded):
            yield "did_not_close" if contactor.commanded else "welded"
        if contactor.commanded:
            return
        if _flows(sense, contactor.switched_s + WELD_AFTER_S):
            yield "welded"
        if contactor.exhausted(now_s):
            yield "contactor_cycling"

    def _pilot(self, scene: Scene, now_s: float) -> Iterator[str]:
        sense, offer = scene.sense, scene.offer
        unread = self._unread.feed(sense.cp_age_s > 0, late=scene.late)
        if not sense.cp_alive or unread or sense.cp_age_s > CP_OLD_S:
            yield "pilot_circuit"
        decayed = offer.shown == "x1" and passed(offer.changed_s, X1_DECAYS_S, now_s)
        if self._low_stays.feed(decayed and sense.cp_low_v < X1_LOW_V, now_s):
            yield "pilot_circuit"
        self._highs.append(sense.cp_high_v)
        self._lows.append(sense.cp_low_v)
        beyond = median(self._highs) > TOO_HIGH_V or median(self._lows) < LOW_FROM_V
        if self._out_of_range.feed(beyond, now_s):
            yield "pilot_out_of_range"

    def _state(self, scene: Scene, now_s: float) -> Iterator[str]:
        if self._in_d.feed(scene.vehicle == "D", now_s):
            yield "ventilation"
        if self._in_e.feed(scene.vehicle == "E", now_s):
            yield "pilot_short"

    def _cable(self, scene: Scene, now_s: float) -> Iterator[str]:
        if self._implausible.feed(scene.plug.implausible, now_s):
            yield "proximity_implausible"
        if scene.lock is not None and scene.lock.failure is not None:
            yield scene.lock.failure

    def _current(self, scene: Scene, now_s: float) -> Iterator[str]:
        if self._over_current.feed(scene.sense, scene.offer, now_s):
            yield "over_current"
        residual = scene.sense.rcm_healthy is False and not scene.rcm_testing
        if self._residual.feed(residual, late=scene.late):
            yield "rcm_trip"

    def _instruments(self, sense: Sense, now_s: float) -> Iterator[str]:
        """Yields what is wrong with meter and reader: judged here, and by no other program again.

        A reader has no values with an age: while `hal.instruments` is gone nobody knows how it is, and the
        last verdict stands. That this process is gone is seen by the meter.
        """
        if sense.instruments_speak:
            self._meter.expect_by(now_s + FRESH_S)
        read_s = sense.reading_at_s
        self._meter.feed(read_s is not None and now_s - read_s <= FRESH_S, now_s)
        if self._meter.lost(now_s):
            yield "meter_lost"
        if sense.meter_implausible:
            yield "meter_implausible"
        if sense.reader_healthy is None:
            self._no_reader.look_away()
        else:
            self._reader_lost = self._no_reader.feed(not sense.reader_healthy, now_s)
        if self._reader_lost:
            yield "reader_lost"

    def _itself(self, scene: Scene) -> Iterator[str]:
        sense = scene.sense
        if scene.contactor.commanded and sense.late_s > self._rules.late_limit_s:
            yield "loop_late"
        if sense.under_voltage:
            yield "under_voltage"
        if not sense.state_kept:
            yield "state_not_kept"


def _flows(sense: Sense, after_s: float) -> bool:
    """Says whether a reading taken at or after `after_s` shows current."""
    if sense.current_a is None or sense.reading_at_s is None:
        return False
    return sense.reading_at_s >= after_s and max(sense.current_a) > WELD_A
