"""PURE: the safety core of the box: one `Sense` and one `Wish` in, one `Drive` out, for each tick.

Three predicates decide about the contactor, and one line in `step` joins them:

- `_withheld_by`: the conditions of *may close* that do not hold; it may close when there are none;
- `_must_open_now`: the reasons to open at this tick; one is enough;
- `_stops_offering`: x1 at once; the contactor waits for the car to leave C, 6 s at most.

Whoever passes `Sense` and `Wish` need not be trusted: a wish can only ask, and it ends by itself.
"""

from __future__ import annotations

from math import floor
from typing import Literal

from hal.contract import WISH_LIFE_RESTART_S, EvseView, Wish
from hal.core.contactor.history import Contactor
from hal.core.contactor.trip import Trip
from hal.core.control_pilot.hum import Hum
from hal.core.control_pilot.levels import LEAST_A, high_side_v, low_side_v
from hal.core.control_pilot.low_side import LowSide
from hal.core.control_pilot.offer import C1_LEAVES_S, Offer
from hal.core.control_pilot.vehicle import SteadyC2, VehicleFilter
from hal.core.control_pilot.visit import Visit
from hal.core.faults.ledger import FaultLedger
from hal.core.persistent_state import PersistentState
from hal.core.plug.lock import Lock, Move, wanted
from hal.core.plug.proximity_pilot import Plug
from hal.core.rules import BoxRules
from hal.core.self_tests.pilot import TEST_F_S, PilotTest
from hal.core.self_tests.rcm import RcmScene, RcmTest
from hal.core.self_tests.watchdog_line import WatchdogLine
from hal.core.signals import Drive, Sense
from hal.core.steady import passed
from hal.core.supervision.not_closing import NotClosing
from hal.core.supervision.restarts import Restarts
from hal.core.supervision.stop_button import StopButton
from hal.core.supervision.supervision import Scene, Supervision
from hal.core.supervision.thermal import Thermal
from hal.core.view import Parts, view_of

SIMPLIFIED_PILOT_A = 10.0  # IEC 61851-1 A.2.3: a car that goes from A to C without B

# An opening reason that was no fault before becomes one: the box opened because of it.
_FAULT_OF = {"plug_lost": "plug_lost", "lock_lost": "lock_opened", "rating_lost": "rating_lost"}
X1_AFTER_S = 0.2  # from an opening to the x1 of its pause: the low side is judged until then
_FIRST_START = PersistentState()


class Evse:
    """The connector. Call `step` at every tick, with a time that never goes back; nothing else changes it."""

    def __init__(self, rules: BoxRules, now_s: float, stored: PersistentState = _FIRST_START) -> None:
        """Starts as after a fault: x1 for 3 s and no closing for `rules.after_fault_s`."""
        self._rules = rules
        self._vehicle = VehicleFilter()
        self._visit = Visit(socket=rules.socket)
        self._plug = Plug(None if rules.socket else rules.fixed_cable_rating_a)
        self._lock = Lock(rules.lock, stored.lock_moves_s) if rules.socket else None
        self._offer = Offer(rules, now_s)
        self._contactor = Contactor(rules, now_s, stored)
        self._supervision = Supervision(rules, now_s)
        self._thermal = Thermal(rules, now_s)
        self._stop_button = StopButton(rules)
        self._low_side = LowSide()
        self._hum = Hum()
        self._noisy = False  # by hum the contactor is better open
        self._not_closing = NotClosing()
        self._pilot_test = PilotTest(rules.hold_s)
        self._rcm_test = RcmTest(rules.has_rcm_test, now_s)
        self._watchdog_line = WatchdogLine(fitted=rules.has_watchdog_line, now_s=now_s)
        self._restarts = Restarts(rules, stored, now_s)
        self._trip = Trip()
        self._state_kept = True
        self._faults = FaultLedger(stored, now_s)
        if stored.lost:
            self._faults.add("lost_state", now_s)
        self._last_fault_s = now_s
        self._high_v = 0.0  # the last reading that could be judged, in volts at the pilot
        self._steady_c2 = SteadyC2()
        self._c2_stable = False
        self._late = False  # this tick, by more than its share: it confirms nothing
        self._wish: Wish | None = None  # the newest, living or not
        self._wish_ends_s = now_s
        self._wish_seq = 0
        self._spent: Wish | None = None  # what was wished when a car left: nobody asked it for the next one
        self._stopped = False
        self._limits_a: dict[str, float] = {"wish": 0.0}
        self._withheld: tuple[str, ...] = ()

    def stop(self) -> None:
        """Stops offering until the end (SIGTERM); the caller ends once the contactor is commanded open."""
        self._stopped = True

    def ask_for_test(self, of: Literal["pilot", "rcm"]) -> None:
        """Makes a self test due again: it comes when it would after an unplug, never while a car is there."""
        if of == "pilot":
            self._pilot_test.ask()
        else:
            self._rcm_test.ask()

    def step(self, sense: Sense, wish: Wish | None, now_s: float) -> Drive:
        """Decides what the lines show until the next tick. Opening waits for nothing, closing for all."""
        living = self._living(wish, now_s)
        self._look(sense, now_s)
        causes = self._judge(sense, living, now_s)
        motor = self._drive_lock(sense, living, now_s)
        rcm_test = self._test_rcm(sense, now_s)
        reasons = self._must_open_now()
        self._make_offer(living, _by_fault(reasons), now_s)
        self._withheld = self._withheld_by(sense, living, now_s)

        closed = self._contactor.commanded
        closed = (closed or not self._withheld) and not reasons and not self._c1_over(now_s)

        self._record(closed, reasons, now_s)
        return Drive(
            pilot=self._offer.shown,
            close_contactor=closed,
            lock_motor=motor,
            cp_connected=self._offer.connected,
            rcm_test=rcm_test,
            watchdog_edges=self._watchdog_line.step(
                commanded=closed, mirror_closed=sense.mirror_closed, now_s=now_s
            ),
            soon=closed or self._visit.here or self._pilot_test.runs,
            trip=self._trip.step(
                live="welded" in causes or sense.mirror_closed,
                welded=self._faults.stands("welded"),
                now_s=now_s,
            ),
        )

    # the three predicates

    def _withheld_by(self, sense: Sense, living: Wish | None, now_s: float) -> tuple[str, ...]:
        """Returns the conditions of *may close* that do not hold."""
        conditions = {
            "car_in_c2": self._c2_stable and self._offer.offers,
            "diode_seen": self._low_side.seen,  # IEC 61851-1 Table A.4 note: at least once before closing
            "lock_confirmed": self._lock_confirmed(),
            "rating_latched": self._plug.rating_a is not None,
            "no_fault": not self._faults.opens,
            "wish": self._asked_a(living) >= LEAST_A and not self._stopped,
            "stop_button": not self._stop_button.pressed,
            "mirror_open": not sense.mirror_closed,
            **self._times(now_s),
        }
        return tuple(name for name, holds in conditions.items() if not holds)

    def _times(self, now_s: float) -> dict[str, bool]:
        """Returns the conditions of *may close* that time or the box fulfils; a new offer waits for them too,
        so that a car is not asked into C2 more than 3 s before (IEC 61851-1 Table A.6 sequence 4)."""
        rules, contactor = self._rules, self._contactor
        return {
            "min_off": contactor.commanded or passed(contactor.switched_s, rules.min_off_s, now_s),
            "after_fault": passed(self._last_fault_s, rules.after_fault_s, now_s),
            "closings": not contactor.exhausted(now_s),
            "rcm_tested": not self._rcm_test.runs,
            "state_kept": self._state_kept,  # a fault that is raised now would not outlast a restart
            **dict.fromkeys(rules.lacks, False),
        }

    def _must_open_now(self) -> tuple[str, ...]:
        """Returns the reasons to open within 100 ms (IEC 61851-1 Table A.6 sequence 8.1), car in C or not."""
        reasons = {
            "car_left_c": self._vehicle.state != "C",
            "fault": self._faults.opens,
            "diode_lost": self._low_side.lost,
            "plug_lost": not self._plug.present,
            "lock_lost": not self._lock_confirmed(),
            "rating_lost": self._plug.rating_a is None,
        }
        return tuple(name for name, holds in reasons.items() if holds)

    def _stops_offering(self, living: Wish | None) -> bool:
        """Says whether nobody asks for enough, or stop is pressed: never an offer between 0 and 6 A."""
        if self._stopped or living is None or self._stop_button.pressed:
            return True
        return not min(self._limits_a.values()) >= LEAST_A

    # the parts of a tick

    def _living(self, wish: Wish | None, now_s: float) -> Wish | None:
        """Returns the wish while it lives; one that lies too far ahead is cut when it is first seen."""
        if wish is None:
            return None
        if wish != self._wish:
            self._wish = wish
            self._wish_ends_s = min(wish.valid_until_s, now_s + WISH_LIFE_RESTART_S)
        if now_s >= self._wish_ends_s:
            return None
        self._wish_seq = wish.seq
        return wish

    def _look(self, sense: Sense, now_s: float) -> None:
        """Judges vehicle state, cable and diode."""
        self._state_kept = sense.state_kept
        self._late = sense.late_s > self._rules.late_share_s
        self._look_at_pilot(sense, now_s)
        if self._rules.socket and sense.pp_ohm is not None and not sense.cp_age_s:
            self._plug.feed(sense.pp_ohm, now_s, closed=self._contactor.commanded, late=self._late)
        if self._lock is not None:
            self._lock.look(sense.lock_closed is True, late=self._late)
        vehicle, seen = self._vehicle.state, self._vehicle.seen
        self._visit.feed(vehicle, plug_pulled=self._plug.pulled, seen=seen, now_s=now_s)
        if vehicle == "A" or not seen:
            self._low_side.forget()
        if self._visit.left:
            self._spent = self._wish
            self._hum.forget()
            self._noisy = False

    def _look_at_pilot(self, sense: Sense, now_s: float) -> None:
        """Reads both half-waves without the droop; not while dark, nor where the droop is not known yet."""
        offer, was_closed = self._offer, self._contactor.commanded
        if not offer.sees_car:
            self._vehicle.forget()
        elif offer.settled(now_s) and not sense.cp_age_s:
            self._high_v = high_side_v(sense.cp_high_v, offer.shown, self._rules.hold_s)
            self._vehicle.feed(self._high_v, now_s, late=self._late)
            listens = offer.offers and not was_closed
            self._noisy = self._hum.feed(self._high_v, now_s, listens=listens)
            in_c2 = offer.offers and self._vehicle.state == "C" and not self._late
            self._c2_stable = self._steady_c2.feed(in_c2, self._high_v, now_s)
        else:
            self._c2_stable = self._c2_stable and was_closed
        judged = offer.offers and offer.settled(now_s) and not sense.cp_age_s
        if judged and self._vehicle.state in ("B", "C", "D"):
            low_v = low_side_v(sense.cp_low_v, offer.shown, self._rules.hold_s)
            self._low_side.feed(low_v, now_s, late=self._late)
        else:
            self._low_side.look_away(now_s)

    def _judge(self, sense: Sense, living: Wish | None, now_s: float) -> set[str]:
        """Judges faults, and what a person clears of them, by the causes that are there."""
        self._contactor.see(sense.mirror_closed, now_s)
        self._pilot_test.look(sense, self._offer, now_s)
        self._thermal.feed(sense.contacts_c, now_s)
        causes = self._causes(sense, living, now_s)
        # +15 V on the pilot reads as A, too, whatever is plugged in.
        unplugged = self._visit.plug_gone and not self._faults.stands("pilot_out_of_range")
        self._faults.judge(causes, unplugged=unplugged, now_s=now_s)
        if living is not None and living.clear_faults:
            self._faults.clear(living.clear_faults, causes)
        if self._faults.opens:
            self._last_fault_s = now_s
        return causes

    def _causes(self, sense: Sense, living: Wish | None, now_s: float) -> set[str]:
        vehicle, contactor = self._vehicle.state, self._contactor
        scene = Scene(
            sense, vehicle, self._offer, contactor, self._plug, self._lock, self._low_side, self._late,
            self._rcm_test.runs,
        )  # fmt: skip
        own = {
            "pilot_circuit": self._pilot_test.failed,
            "pilot_noise": self._noisy,
            "pilot_source": self._pilot_test.source_off,
            "not_closing": self._is_not_closing(living, now_s),
            "rcm_test_failed": self._rcm_test.failed,
            "watchdog_line": self._watchdog_line.failed,
            "hal_restarting": self._restarts.too_many(vehicle, now_s),
        }
        return {
            *self._supervision.causes(scene, now_s),
            *self._thermal.causes(commanded=contactor.commanded, now_s=now_s),
            *self._stop_button.feed(sense.stop_pressed, now_s, late=self._late),
            *(name for name, there in own.items() if there),
        }

    def _is_not_closing(self, living: Wish | None, now_s: float) -> bool:
        is_open = not self._contactor.commanded
        wanted = self._asked_a(living) >= LEAST_A and self._visit.here and not self._faults.opens
        return self._not_closing.feed(
            self._withheld, self._high_v, now_s,
            offered=is_open and self._offer.offers, wanted=is_open and wanted,
        )  # fmt: skip

    def _drive_lock(self, sense: Sense, living: Wish | None, now_s: float) -> Move | None:
        """Opens the lock only while the contactor is commanded open and reads open; holds it while welded."""
        if self._lock is None:
            return None
        cable = None if living is None else living.cable
        vehicle = self._vehicle.state
        if vehicle == "A" and self._visit.here:
            cable = "keep"  # for the second in which the car has not left yet, the bolt stays
        want = wanted(cable, vehicle, plug_present=self._plug.present)
        live = self._contactor.commanded or sense.mirror_closed or self._faults.stands("welded")
        if want == "unlock" and live:
            want = None
        return self._lock.step(want, plug_present=self._plug.present, now_s=now_s)

    def _test_rcm(self, sense: Sense, now_s: float) -> bool:
        contactor = self._contactor
        scene = RcmScene(
            healthy=sense.rcm_healthy is not False,
            car=self._visit.here,
            idle=not contactor.commanded and not sense.mirror_closed and not self._offer.offers,
            fault_stands=self._faults.stands("rcm_test_failed"),
        )
        return self._rcm_test.step(scene, now_s)

    def _make_offer(self, living: Wish | None, must_open: bool, now_s: float) -> None:
        """Offers the least of all limits, in B and C only, under a confirmed lock and no fault."""
        self._limits_a = self._limits(living)
        vehicle, offer = self._vehicle.state, self._offer
        looks = self._faults.awaits_unplug and not self._visit.plug_gone and not self._pilot_test.failed
        car = vehicle != "A" or self._visit.here or looks
        untestable = car or self._faults.stands("pilot_out_of_range")
        if self._pilot_test.begins(car=untestable, offer=offer, now_s=now_s):
            offer.show_f(TEST_F_S, now_s)
        elif self._pilot_test.shows_pwm:
            offer.show_test(now_s)
        else:
            sure = self._lock_confirmed() and not self._faults.opens
            target_a = None
            if vehicle in ("B", "C") and sure and not self._stops_offering(living):
                target_a = _tenth_below(min(self._limits_a.values())) if self._may_offer(now_s) else 0.0
            faulted = must_open and self._contactor.commanded and vehicle == "C" and offer.offers
            offer.step(target_a, vehicle, faulted=faulted, now_s=now_s)

    def _may_offer(self, now_s: float) -> bool:
        """Says whether the contactor could close by now, so that a car that asks waits no longer than 3 s.

        In a pause x2 stands while the car does not ask, and for a moment after the opening, until the low
        side has been judged.
        """
        contactor = self._contactor
        if contactor.commanded or all(self._times(now_s).values()):
            return True
        just_opened = not passed(contactor.switched_s, X1_AFTER_S, now_s)
        return self._offer.offers and (just_opened or self._vehicle.state != "C")

    def _limits(self, living: Wish | None) -> dict[str, float]:
        limits_a = {
            "wish": self._asked_a(living),
            "cable": self._plug.rating_a or 0.0,  # not latched: nothing is offered
            "installation": self._rules.installation_max_a,
        }
        if self._thermal.limit_a is not None:
            limits_a["temperature"] = self._thermal.limit_a
        if self._visit.without_b:
            limits_a["simplified_pilot"] = SIMPLIFIED_PILOT_A
        return limits_a

    def _asked_a(self, living: Wish | None) -> float:
        return 0.0 if living is None or living == self._spent else living.limit_a

    def _lock_confirmed(self) -> bool:
        return self._lock is None or self._lock.confirmed

    def _c1_over(self, now_s: float) -> bool:
        """Says whether the offer ended 6 s ago and the car is still in C."""
        return not self._offer.offers and passed(self._offer.changed_s, C1_LEAVES_S, now_s)

    def _record(self, closed: bool, reasons: tuple[str, ...], now_s: float) -> None:
        """Counts the decision; an opening with the car in C for want of plug, lock or rating is a fault."""
        opens = self._contactor.commanded and not closed
        by_pilot = "car_left_c" in reasons or "diode_lost" in reasons
        if opens:
            self._steady_c2.forget()
        if opens and by_pilot:
            self._hum.opened(now_s)
        self._contactor.command(closed, now_s, under_load=self._vehicle.state == "C")
        if opens and "car_left_c" not in reasons:
            for reason in reasons:
                if reason in _FAULT_OF:
                    self._faults.add(_FAULT_OF[reason], now_s)
                    self._last_fault_s = now_s

    def persistent_state(self) -> PersistentState:
        """Returns what the next process must know, as of the last step."""
        return PersistentState(
            faults=self._faults.latched(),
            occurrences=self._faults.occurrences,
            closings=self._contactor.closings,
            openings_under_load=self._contactor.openings_under_load,
            car_in_c=self._vehicle.state == "C",
            lock_moves_s=self._lock.moves_s if self._lock is not None else (),
            starts_s=self._restarts.starts_s,
        )

    def view(self) -> EvseView:
        """Returns what clients see, as of the last step."""
        parts = Parts(
            self._vehicle,
            self._visit,
            self._plug,
            self._offer,
            self._lock,
            self._contactor,
            self._stop_button,
        )
        withheld = () if self._contactor.commanded else self._withheld
        return view_of(parts, self._faults.all(), self._limits_a, withheld, self._wish_seq, self._notes())

    def _notes(self) -> tuple[str, ...]:
        """Says what was measured of a present fault: its id in words, a colon, the values, what to do."""
        tested = self._pilot_test.failed or self._pilot_test.source_off
        said = {
            self._pilot_test.words: tested,
            self._hum.words: self._faults.stands("pilot_noise"),
            self._not_closing.words: self._faults.stands("not_closing"),
        }
        return tuple(words for words, stands in said.items() if stands and words)


def _by_fault(reasons: tuple[str, ...]) -> bool:
    """Says whether a fault opens, for which F is shown; what only the pilot shows is looked at on."""
    return bool(set(reasons) - {"car_left_c", "diode_lost"})


def _tenth_below(amps: float) -> float:
    """Returns the greatest multiple of 0.1 A that is not above `amps`."""
    nearest = round(amps * 10) / 10
    return nearest if nearest <= amps else floor(amps * 10 - 0.5) / 10
