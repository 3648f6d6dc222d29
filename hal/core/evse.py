"""PURE: the reflexes of the box: one `Sense` and one `Wish` in, one `Drive` out, a tick at a time.

Three predicates decide about the contactor, and one line in `step` joins them:

- `_withheld_by`: the conditions of *may close* that do not hold; it may close when there are none;
- `_must_open_now`: the reasons to open at this tick; one is enough;
- `_stops_offering`: x1 at once; the contactor waits for the car to leave C, 6 s at most.

Whoever passes `Sense` and `Wish` need not be trusted: a wish can only ask, and it ends by itself.
"""

from __future__ import annotations

from math import floor
from typing import Literal

from hal.contract import WISH_LIFE_RESTART_S, Wish
from hal.core.contactor import Contactor
from hal.core.held import Held, passed
from hal.core.kept import Kept
from hal.core.ledger import FaultLedger
from hal.core.lock import Lock, Move, wanted
from hal.core.offer import C1_LEAVES_S, Offer
from hal.core.pilot import LEAST_A, VehicleFilter, is_pwm
from hal.core.plug import Plug
from hal.core.restarts import Restarts
from hal.core.rules import BoxRules
from hal.core.self_tests import TEST_F_S, PilotTest, RcmScene, RcmTest
from hal.core.signals import Drive, Sense
from hal.core.stop_button import StopButton
from hal.core.supervision import Scene, Supervision, low_side_right
from hal.core.thermal import Thermal
from hal.core.trip import Trip
from hal.core.view import EvseView, Parts, view_of
from hal.core.watchdog_line import WatchdogLine

C2_STABLE_S = 0.5  # closing wants more certainty than opening; inside the 3 s of IEC 61851-1 Table A.6 seq. 4
SIMPLIFIED_PILOT_A = 10.0  # IEC 61851-1 A.2.3: a car that goes from A to C without B

# An opening reason that was no fault before becomes one: the box opened because of it.
_FAULT_OF = {"plug_lost": "plug_lost", "lock_lost": "lock_opened", "rating_lost": "rating_lost"}
_NOTHING_KEPT = Kept()


class Evse:
    """One connector. `step` at every tick, with a time that never goes back; nothing else changes it."""

    def __init__(self, rules: BoxRules, now_s: float, kept: Kept = _NOTHING_KEPT) -> None:
        """A start counts as a fault: x1 for 3 s and no closing for `rules.after_fault_s`."""
        self._rules = rules
        self._vehicle = VehicleFilter()
        self._plug = Plug(None if rules.socket else rules.fixed_cable_rating_a)
        self._lock = Lock(rules.lock, kept.lock_moves_s) if rules.socket else None
        self._offer = Offer(rules, now_s)
        self._contactor = Contactor(rules, now_s, kept)
        self._supervision = Supervision(rules, now_s)
        self._thermal = Thermal(rules, now_s)
        self._stop_button = StopButton(rules)
        self._pilot_test = PilotTest()
        self._rcm_test = RcmTest(rules.has_rcm_test, now_s)
        self._watchdog_line = WatchdogLine(fitted=rules.has_watchdog_line, now_s=now_s)
        self._restarts = Restarts(rules, kept, now_s)
        self._trip = Trip()
        self._state_kept = True
        self._faults = FaultLedger(kept, now_s)
        if kept.lost:
            self._faults.add("lost_state", now_s)
        self._last_fault_s = now_s
        self._in_c2 = Held(C2_STABLE_S)
        self._c2_stable = False
        self._diode_seen = False  # in this plug-in
        self._wish: Wish | None = None  # the newest, living or not
        self._wish_ends_s = now_s
        self._wish_seq = 0
        self._spent: Wish | None = None  # what was wished when a car left: nobody asked it for the next one
        self._stopped = False
        self._limits_a: dict[str, float] = {"wish": 0.0}
        self._withheld: tuple[str, ...] = ()

    def stop(self) -> None:
        """Stops offering for good (SIGTERM); the caller ends once the contactor is commanded open."""
        self._stopped = True

    def ask_for_test(self, of: Literal["pilot", "rcm"]) -> None:
        """Makes a self test due again: it comes when it would after an unplug, never while a car is there."""
        if of == "pilot":
            self._pilot_test.ask()
        else:
            self._rcm_test.ask()

    def step(self, sense: Sense, wish: Wish | None, now_s: float) -> Drive:
        """One tick: what the lines shall show until the next. Opening waits for nothing, closing for all."""
        living = self._living(wish, now_s)
        self._look(sense, now_s)
        causes = self._judge(sense, living, now_s)
        motor = self._drive_lock(sense, living, now_s)
        rcm_test = self._test_rcm(sense, now_s)
        reasons = self._must_open_now()
        self._make_offer(living, bool(reasons), now_s)
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
            trip=self._trip.step(
                live="welded" in causes or sense.mirror_closed,
                welded=self._faults.stands("welded"),
                now_s=now_s,
            ),
        )

    # the three predicates

    def _withheld_by(self, sense: Sense, living: Wish | None, now_s: float) -> tuple[str, ...]:
        """The conditions of *may close* that do not hold."""
        conditions = {
            "car_in_c2": self._c2_stable and is_pwm(self._offer.shown),
            "diode_seen": self._diode_seen,  # IEC 61851-1 Table A.4 note: at least once before closing
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
        """The conditions of *may close* that time or the box itself fulfils; a new offer waits for them too,
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
        """The reasons to open within 100 ms (IEC 61851-1 Table A.6 sequence 8.1), car in C or not."""
        reasons = {
            "car_left_c": self._vehicle.state != "C",
            "fault": self._faults.opens,
            "plug_lost": not self._plug.present,
            "lock_lost": not self._lock_confirmed(),
            "rating_lost": self._plug.rating_a is None,
        }
        return tuple(name for name, holds in reasons.items() if holds)

    def _stops_offering(self, living: Wish | None) -> bool:
        """Nobody asks, or not for enough, or somebody presses stop: never an offer between 0 and 6 A."""
        if self._stopped or living is None or self._stop_button.pressed:
            return True
        return not min(self._limits_a.values()) >= LEAST_A

    # the parts of a tick

    def _living(self, wish: Wish | None, now_s: float) -> Wish | None:
        """The wish while it lives; one that lies further ahead than any may is cut when it is first seen."""
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
        """Vehicle state, cable, diode."""
        was = self._vehicle.state
        self._state_kept = sense.state_kept
        if self._offer.sees_car:
            self._vehicle.take(sense.cp_high_v)
        if was != "A" and self._vehicle.state == "A":
            self._spent = self._wish
        vehicle, in_x2 = self._vehicle.state, is_pwm(self._offer.shown)
        if self._rules.socket and sense.pp_ohm is not None:
            self._plug.take(sense.pp_ohm, closed=self._contactor.commanded)
        in_time = sense.late_s <= self._rules.late_limit_s  # nobody has looked for longer than that
        self._c2_stable = self._in_c2.take(in_x2 and vehicle == "C" and in_time, now_s)
        judged = in_x2 and vehicle in ("B", "C") and self._offer.settled(now_s)
        self._diode_seen = vehicle != "A" and (self._diode_seen or (judged and low_side_right(sense)))

    def _judge(self, sense: Sense, living: Wish | None, now_s: float) -> set[str]:
        """Faults, and what a person clears of them; the causes that are there."""
        self._contactor.see(sense.mirror_closed, now_s)
        self._pilot_test.look(sense, self._offer, now_s)
        self._thermal.take(sense.contacts_c, now_s)
        causes = self._causes(sense, now_s)
        self._faults.judge(causes, unplugged=self._vehicle.state == "A", now_s=now_s)
        if living is not None and living.clear_faults:
            self._faults.clear(living.clear_faults, causes)
        if self._faults.opens:
            self._last_fault_s = now_s
        return causes

    def _causes(self, sense: Sense, now_s: float) -> set[str]:
        vehicle, contactor = self._vehicle.state, self._contactor
        scene = Scene(sense, vehicle, self._offer, contactor, self._plug, self._lock, self._rcm_test.runs)
        own = {
            "pilot_circuit": self._pilot_test.failed,
            "rcm_test_failed": self._rcm_test.failed,
            "watchdog_line": self._watchdog_line.failed,
            "hal_restarting": self._restarts.too_many(vehicle, now_s),
        }
        return {
            *self._supervision.causes(scene, now_s),
            *self._thermal.causes(commanded=contactor.commanded, now_s=now_s),
            *self._stop_button.take(sense.stop_pressed, now_s),
            *(name for name, there in own.items() if there),
        }

    def _drive_lock(self, sense: Sense, living: Wish | None, now_s: float) -> Move | None:
        """Never towards open unless the contactor is commanded open and reads open; held while welded."""
        if self._lock is None:
            return None
        cable = None if living is None else living.cable
        want = wanted(cable, self._vehicle.state, plug_present=self._plug.present)
        live = self._contactor.commanded or sense.mirror_closed or self._faults.stands("welded")
        if want == "unlock" and live:
            want = None
        return self._lock.step(
            want, closed=sense.lock_closed is True, plug_present=self._plug.present, now_s=now_s
        )

    def _test_rcm(self, sense: Sense, now_s: float) -> bool:
        contactor = self._contactor
        scene = RcmScene(
            healthy=sense.rcm_healthy is not False,
            vehicle=self._vehicle.state,
            idle=not contactor.commanded and not sense.mirror_closed and not is_pwm(self._offer.shown),
            fault_stands=self._faults.stands("rcm_test_failed"),
        )
        return self._rcm_test.step(scene, now_s)

    def _make_offer(self, living: Wish | None, must_open: bool, now_s: float) -> None:
        """The least of all limits, in B and C only, under a confirmed lock and no fault."""
        self._limits_a = self._limits(living)
        vehicle, shown = self._vehicle.state, self._offer.shown
        if self._pilot_test.begins(vehicle, self._offer, now_s):
            self._offer.show_f(TEST_F_S, now_s)
            return
        sure = self._lock_confirmed() and not self._faults.opens
        sure = sure and (shown != "x1" or self._may_begin(now_s))
        target_a = None
        if vehicle in ("B", "C") and sure and not self._stops_offering(living):
            target_a = _tenth_below(min(self._limits_a.values()))
        faulted = must_open and self._contactor.commanded and vehicle == "C" and is_pwm(shown)
        self._offer.step(target_a, vehicle, faulted=faulted, now_s=now_s)

    def _may_begin(self, now_s: float) -> bool:
        """x2 after x1: only when the contactor could close by now, or never opened."""
        return self._contactor.commanded or all(self._times(now_s).values())

    def _limits(self, living: Wish | None) -> dict[str, float]:
        limits_a = {
            "wish": self._asked_a(living),
            "cable": self._plug.rating_a or 0.0,  # not latched: nothing is offered
            "installation": self._rules.installation_max_a,
        }
        if self._thermal.limit_a is not None:
            limits_a["temperature"] = self._thermal.limit_a
        if self._vehicle.without_b:
            limits_a["simplified_pilot"] = SIMPLIFIED_PILOT_A
        return limits_a

    def _asked_a(self, living: Wish | None) -> float:
        return 0.0 if living is None or living == self._spent else living.limit_a

    def _lock_confirmed(self) -> bool:
        return self._lock is None or self._lock.confirmed

    def _c1_over(self, now_s: float) -> bool:
        """The offer ended 6 s ago and the car is still in C."""
        return not is_pwm(self._offer.shown) and passed(self._offer.changed_s, C1_LEAVES_S, now_s)

    def _record(self, closed: bool, reasons: tuple[str, ...], now_s: float) -> None:
        """Counts the decision; an opening with the car in C for want of plug, lock or rating is a fault."""
        opens = self._contactor.commanded and not closed
        self._contactor.command(closed, now_s, under_load=self._vehicle.state == "C")
        if opens and "car_left_c" not in reasons:
            for reason in reasons:
                if reason in _FAULT_OF:
                    self._faults.add(_FAULT_OF[reason], now_s)
                    self._last_fault_s = now_s

    def kept(self) -> Kept:
        """What the next process must know, as of the last step."""
        return Kept(
            faults=self._faults.latched(),
            occurrences=self._faults.occurrences,
            closings=self._contactor.closings,
            openings_under_load=self._contactor.openings_under_load,
            car_in_c=self._vehicle.state == "C",
            lock_moves_s=self._lock.moves_s if self._lock is not None else (),
            starts_s=self._restarts.starts_s,
        )

    def view(self) -> EvseView:
        """As of the last step."""
        parts = Parts(self._vehicle, self._plug, self._offer, self._lock, self._contactor, self._stop_button)
        withheld = () if self._contactor.commanded else self._withheld
        return view_of(parts, self._faults.all(), self._limits_a, withheld, self._wish_seq)


def _tenth_below(amps: float) -> float:
    """The greatest multiple of 0.1 A that is not above `amps`."""
    nearest = round(amps * 10) / 10
    return nearest if nearest <= amps else floor(amps * 10 - 0.5) / 10
