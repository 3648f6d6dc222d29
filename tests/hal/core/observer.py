"""Watches box and car from outside: lines, loads, contacts, and what was asked; never the core's state.

Slow and simple on purpose, and written without the core's bands, filters and timers.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass

from hal.contract import Wish
from hal.core.rules import BoxRules
from hal.core.signals import Sense
from hal.mock.plant.plant import Outputs, Plant

OPENS_WITHIN_S = 0.100  # IEC 61851-1 Table A.6 sequence 8.1
HIGH_WITHIN_S = 0.16  # +15 V on the pilot is told in 120 ms of 10 ms ticks, a little later in others
BORNE_HUM_V = 1.2  # a car must charge under it
USUAL_TICK_S = 0.035  # of a longer one, lateness is not the core's
RHYTHM_TICKS, MOST_BAD = 60, 24  # any box has opened by then, whatever lay between the bad samples
RATINGS = {1500.0: 13.0, 680.0: 20.0, 220.0: 32.0, 100.0: 63.0}
EPS = 1e-6


@dataclass(frozen=True, slots=True)
class Tick:
    """One look of the box: `drive` is what it decided from `sense`, in force from now on."""

    now_s: float
    dt_s: float
    late_s: float
    wish: Wish | None
    sense: Sense
    drive: Outputs


def true_state(plant: Plant) -> str:
    """The vehicle state by its cause, not by volts. `high` is a pilot on a foreign voltage."""
    if "cp_short" in plant.faults:
        return "E"
    if "cp_high" in plant.faults:
        return "high"
    if not plant.plugged or "cp_open" in plant.faults:
        return "A"
    if not plant.s2_closed:
        return "B"
    return "D" if "ventilation" in plant.faults else "C"


class Clock:
    """For how long something has been so, 0 when it is not; ticks count USUAL_TICK_S at most."""

    def __init__(self) -> None:
        self.s = 0.0
        self.so = False

    def feed(self, so: bool, dt_s: float, most_s: float = USUAL_TICK_S) -> float:
        self.s = self.s + min(dt_s, most_s) if so and self.so else 0.0
        self.so = so
        return self.s


class Observer:
    """`watch` raises AssertionError at the first breach, with its time. `seen` counts states and edges."""

    def __init__(self, rules: BoxRules, plant: Plant) -> None:
        self.rules, self.plant = rules, plant
        self.seen: Counter[str] = Counter()
        self.closings: list[float] = []
        self._last = Outputs(1.0, False)
        self._state = self._state_before = "A"
        self._fell_s = 0.0
        self._duty_changed_s = 0.0
        self._x1_s = Clock()
        self._f_s = Clock()
        self._reasons: defaultdict[str, Clock] = defaultdict(Clock)
        self._samples: defaultdict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=RHYTHM_TICKS))
        self._in_c2 = Clock()
        self._left_c2_s = (
            0.0  # how long it had been so, in the tick in which the car left: a reading is older
        )
        self._volts_outside_c = 2
        self._fault_s = 0.0
        self._fault_clocks: defaultdict[str, Clock] = defaultdict(Clock)
        self._diode_seen = False
        self._rating_a: float | None = None
        self._bolt = 0.0
        self._not_offerable = Clock()
        self._test_s = Clock()
        self._here = Clock()
        self._stop_pressed = Clock()
        self._welded = Clock()
        self._tripped = False  # since the weld began that is there now
        self._start_s = 0.0
        self._starts_in_c: list[float] = []
        self._needs_person: set[str] = set()  # faults that only a person may clear

    def restarted(self, now_s: float, *, lost: bool) -> None:
        """The box has died and starts now, with the car as it is; `lost`: what it had kept is gone."""
        self._start_s = self._fault_s = now_s
        self._duty_changed_s = now_s if self._last.duty != 1.0 else self._duty_changed_s
        self._fell_s = now_s if self._last.contactor else self._fell_s
        self._last = Outputs(1.0, False)
        self.seen["restart"] += 1
        self.closings = []
        if lost:
            self._welded = Clock()  # the box has to find it again
            self._needs_person = {"lost_state"}
            self._starts_in_c = []
        if self._state == "C" == true_state(self.plant):
            self._starts_in_c = [at_s for at_s in self._starts_in_c if now_s - at_s < 600] + [now_s]
        if len(self._starts_in_c) >= self.rules.starts_for_person:
            self._needs_person.add("hal_restarting")

    def watch(self, tick: Tick) -> None:
        """After each step of the box."""
        self._count_states()
        self._remember(tick)
        self._contactor(tick)
        self._pilot(tick)
        self._lock(tick)
        self._tests(tick)
        self._last = tick.drive

    def _tests(self, tick: Tick) -> None:
        drive = tick.drive
        dark = drive.rcm_test or not drive.cp_connected
        assert not (dark and (drive.contactor or tick.sense.mirror_closed)), (
            f"{tick.now_s:.2f} s: test while closed"
        )
        if drive.rcm_test and not self._last.rcm_test:
            self.seen["RCM test"] += 1
        if self._last.cp_connected and not drive.cp_connected:
            self.seen["pilot cut"] += 1

    def _count_states(self) -> None:
        self._state_before = self._state
        if "adc_stuck" in self.plant.faults:
            return  # nobody can see the car: what a box must do is what it would with the car as it was
        state = true_state(self.plant)
        if state != self._state:
            self.seen[f"{self._state}->{state}"] += 1
            self.seen[state] += 1
        self._state = state

    # what a slow observer knows

    def _remember(self, tick: Tick) -> None:
        self._here.feed(self._state != "A", tick.dt_s)
        x2 = 0 < self._last.duty < 1
        in_c2 = x2 and self._state == "C" and self._reads_c(tick.sense.cp_high_v)
        left_now = self._state_before == "C" != self._state
        read_before = x2 and left_now and 4.5 < tick.sense.cp_high_v <= 7.5
        self._left_c2_s = self._in_c2.s if read_before else 0.0
        self._in_c2.feed(in_c2, tick.dt_s, most_s=0.020 + self.rules.late_limit_s)
        if self._state == "A":
            self._diode_seen = False
        elif x2 and -13.5 <= tick.sense.cp_low_v <= -10.5:
            self._diode_seen = True
        self._stop_pressed.feed(tick.sense.stop_pressed is True, tick.dt_s)
        self._remember_rating(tick)
        self._remember_faults(tick)
        self._remember_persons(tick)

    def _reads_c(self, volts: float) -> bool:
        """One reading outside is no car that left; under more hum than one must bear none says anything."""
        inside = 4.5 < volts <= 7.5 or self.plant.copper.hum_v > BORNE_HUM_V
        self._volts_outside_c = 0 if inside else self._volts_outside_c + 1
        return self._volts_outside_c < 2 and (inside or self._in_c2.so)

    def _remember_persons(self, tick: Tick) -> None:
        """What only a person may clear, and what a person has cleared."""
        reads_closed = tick.sense.mirror_closed and not self._last.contactor
        known = reads_closed or "welded" in self._needs_person
        self._tripped = known and (self._tripped or tick.drive.trip)
        if self._welded.feed(reads_closed, tick.dt_s) >= 0.5:
            self._needs_person.add("welded")
            assert self._tripped, f"{tick.now_s:.2f} s: welded, and the breaker was not tripped"
        if self.rules.stop_kind == "emergency" and self._stop_pressed.s > 0.1:
            self._needs_person.add("emergency_stop")
        if tick.wish is not None and tick.now_s < tick.wish.valid_until_s:
            causes = {"welded"} if reads_closed else set()
            self._needs_person -= {ref.id for ref in tick.wish.clear_faults} - causes

    def _remember_rating(self, tick: Tick) -> None:
        if not self.rules.socket:
            self._rating_a = self.rules.fixed_cable_rating_a
        elif (rating := _rating(tick.sense.pp_ohm)) is not None:
            self._rating_a = rating

    def _remember_faults(self, tick: Tick) -> None:
        """Only what any box must call a fault by now; each with far more time than it needs."""
        shorted = self.rules.socket and self.plant.plugged and "pp_short" in self.plant.faults
        causes = {
            "rcm": (self._residual(), 0.1),
            "E": (self._state == "E", 0.6),
            "high": (self._state == "high", 0.2),
            "D": (self._state == "D", 0.6),
            "pp_short": (shorted, 0.6),
        }
        for name, (there, after_s) in causes.items():
            for_s = self._fault_clocks[name].feed(there, tick.dt_s)
            if there and for_s >= after_s:
                self._fault_s = tick.now_s

    # the contactor

    def _contactor(self, tick: Tick) -> None:
        if tick.drive.contactor and not self._last.contactor:
            self._rose(tick)
        if self._last.contactor and not tick.drive.contactor:
            self._fell_s = tick.now_s
            self.seen["opening"] += 1
        self._must_be_off(tick)

    def _rose(self, tick: Tick) -> None:
        sense, rules, now_s = tick.sense, self.rules, tick.now_s
        since_fault_s = now_s - self._fault_s
        conditions = {
            "car in C2 for 500 ms": max(self._in_c2.s, self._left_c2_s) >= 0.5 - 0.021,
            "x2 now": 0 < tick.drive.duty < 1,
            "diode seen": self._diode_seen,
            "lock confirmed": not rules.socket or sense.lock_closed is True,
            "rating readable": not rules.socket or _rating(sense.pp_ohm) is not None,
            "no fault and after_fault": since_fault_s >= rules.after_fault_s - EPS,
            "start": now_s - self._start_s >= rules.after_fault_s - EPS,
            "a person": not self._needs_person,
            "no stop button": self._stop_pressed.s <= 0.05,
            "no RCM test": not (self._last.rcm_test or tick.drive.rcm_test),
            "wish": _limit(tick.wish, now_s) >= 6,
            "mirror open": not sense.mirror_closed,
            "min off": not self.closings or now_s - self._fell_s >= rules.min_off_s - EPS,
        }
        self.closings = [at_s for at_s in self.closings if now_s - at_s < rules.closings_window_s - EPS]
        self.closings.append(now_s)
        conditions["closings"] = len(self.closings) <= rules.max_closings
        broken = [name for name, holds in conditions.items() if not holds]
        assert not broken, f"{now_s:.2f} s: closed without: {', '.join(broken)}"
        self.seen["closing"] += 1

    def _must_be_off(self, tick: Tick) -> None:
        on, sense, faults = tick.drive.contactor, tick.sense, self.plant.faults
        socket, dt_s = self.rules.socket, tick.dt_s
        x1_s = self._x1_s.feed(on and tick.drive.duty == 1.0, dt_s)
        assert not (on and tick.drive.duty == 0.0), f"{tick.now_s:.2f} s: closed while F is shown"
        assert x1_s <= 6.0 + USUAL_TICK_S, f"{tick.now_s:.2f} s: closed in C1 for {x1_s:.2f} s"
        if not (on and self._last.contactor):
            self._reasons.clear()
            self._samples.clear()
            return
        self._look_for_rhythms(tick)
        limits: dict[str, tuple[bool, float]] = {
            "car not in C": (self._state != "C", OPENS_WITHIN_S),
            "no plug": (socket and _rating(sense.pp_ohm) is None, OPENS_WITHIN_S),
            "not locked": (socket and not sense.lock_closed, OPENS_WITHIN_S),
            "residual current": (self._residual(), OPENS_WITHIN_S),
            "overheated": (max(sense.contacts_c or 0.0, 0.0) >= self.rules.stop_at_c + 5, OPENS_WITHIN_S),
            "emergency": (self.rules.stop_kind == "emergency" and self._stop_pressed.so, OPENS_WITHIN_S),
            "no diode": ("diode" in faults and 0 < tick.drive.duty < 1, 0.12 + OPENS_WITHIN_S),
            "did not close": (not sense.mirror_closed, 0.35 + OPENS_WITHIN_S),
            "over-current": (self._draws_too_much(tick), 5.0 + 7.0 + 1.0 + OPENS_WITHIN_S),
        }
        for name, (there, limit_s) in limits.items():
            for_s = self._reasons[name].feed(there, dt_s)
            assert for_s <= limit_s + EPS, f"{tick.now_s:.2f} s: still closed, {name} for {for_s:.3f} s"
        assert tick.late_s <= self.rules.late_limit_s, (
            f"{tick.now_s:.2f} s: closed after a tick {tick.late_s} s late"
        )

    def _look_for_rhythms(self, tick: Tick) -> None:
        """Samples that are far from right come in no rhythm for long; as they were read."""
        sense, socket = tick.sense, self.rules.socket
        bad = {
            "the pilot is out of C": not 3.0 < sense.cp_high_v < 8.6,
            "no diode": 0 < self._last.duty < 1 and sense.cp_low_v > -8.5,
            "no plug": socket and _rating(sense.pp_ohm) is None,
            "not locked": socket and not sense.lock_closed,
            "residual current": sense.rcm_healthy is False,
            "emergency": self.rules.stop_kind == "emergency" and sense.stop_pressed is True,
            "mirror open": not sense.mirror_closed,
        }
        for name, is_bad in bad.items():
            samples = self._samples[name]
            samples.append(is_bad)
            often = len(samples) == RHYTHM_TICKS and sum(samples) >= MOST_BAD
            assert not often, f"{tick.now_s:.2f} s: still closed, {name} in {sum(samples)} of {len(samples)}"

    def _residual(self) -> bool:
        faults = self.plant.faults
        seen = "rcm" in faults and not faults & {"rcm_dead", "short_rcm"}
        return seen or "cut_rcm" in faults

    def _draws_too_much(self, tick: Tick) -> bool:
        silent = bool(self.plant.faults & {"meter_silent", "meter_frozen"})
        return not silent and max(self.plant.current_a) > _amps(tick.drive.duty) * 1.1 + 0.5 + 0.01

    # the pilot

    def _pilot(self, tick: Tick) -> None:
        shown, before, now_s = tick.drive.duty, self._last.duty, tick.now_s
        assert shown in (0.0, 1.0) or 0.1 <= shown <= 0.96, f"{now_s:.2f} s: duty {shown}"
        f_s = self._f_s.feed(shown == 0.0, tick.dt_s)
        assert f_s <= 4.0 + USUAL_TICK_S, f"{now_s:.2f} s: F for {f_s:.2f} s"
        if self._is_self_test(tick):
            self.seen["pilot test"] += 1
        elif 0 < shown < 1:
            offered_a, most_a = _amps(shown), self._most_a(tick)
            assert offered_a <= most_a + EPS, f"{now_s:.2f} s: {offered_a} A offered, {most_a} A allowed"
            self._offerable(tick)
        else:
            self._not_offerable.feed(False, tick.dt_s)
        if shown != before:
            self._changed(shown, before, now_s)

    def _is_self_test(self, tick: Tick) -> bool:
        """The least duty for 1.1 s with nobody there; somebody who comes is seen within 100 ms."""
        tests = tick.drive.duty == 0.1 and (self._last.duty == 1.0 or self._test_s.so) and self._wide_away()
        assert self._test_s.feed(tests, tick.dt_s) <= 1.1 + OPENS_WITHIN_S, f"{tick.now_s:.2f} s: a long test"
        assert not (tests and tick.drive.contactor), f"{tick.now_s:.2f} s: closed in a test"
        return tests

    def _wide_away(self) -> bool:
        """Nobody is there, or not for longer than it takes to be seen."""
        return self._here.s <= (HIGH_WITHIN_S if self._state == "high" else OPENS_WITHIN_S)

    def _changed(self, shown: float, before: float, now_s: float) -> None:
        held_s = now_s - self._duty_changed_s
        if before == 1.0 and shown > 0 and not self._test_s.so:
            assert held_s >= 3.0 - EPS, f"{now_s:.2f} s: x2 after {held_s:.2f} s of x1"
            self.seen["x1->x2"] += 1
        if 0 < before < shown < 1:
            assert held_s >= 5.0 - EPS, f"{now_s:.2f} s: increased after {held_s:.2f} s"
            self.seen["increase"] += 1
        if 0 < shown < before < 1:
            self.seen["reduction"] += 1
        if shown == 0.0:
            self.seen["F"] += 1
        assert not (before == 0.0 and 0 < shown < 1), f"{now_s:.2f} s: x2 straight after F"
        self._duty_changed_s = now_s

    def _offerable(self, tick: Tick) -> None:
        sense, socket = tick.sense, self.rules.socket
        sure = not socket or (sense.lock_closed is True and _rating(sense.pp_ohm) is not None)
        car = self._state in ("B", "C")
        for_s = self._not_offerable.feed(not (sure and car), tick.dt_s)
        assert for_s <= OPENS_WITHIN_S, f"{tick.now_s:.2f} s: x2 without car, lock or cable for {for_s:.3f} s"

    def _most_a(self, tick: Tick) -> float:
        limits = [_limit(tick.wish, tick.now_s), self.rules.installation_max_a, self._rating_a or 0.0]
        heat_c = tick.sense.contacts_c
        if heat_c is None:
            limits.append(6.0)
        if heat_c is not None and heat_c > self.rules.derate_from_c:
            share = (self.rules.stop_at_c - heat_c) / (self.rules.stop_at_c - self.rules.derate_from_c)
            limits.append(6 + (self.rules.installation_max_a - 6) * share if share > 0 else 0.0)
        return min(limits)

    # the lock

    def _lock(self, tick: Tick) -> None:
        bolt, drive = self.plant.bolt, tick.drive
        drawn_in = bolt < self._bolt and "lock_forced" not in self.plant.faults
        self._bolt = bolt
        assert not (drawn_in and tick.sense.mirror_closed), (
            f"{tick.now_s:.2f} s: released while it reads closed"
        )
        assert not (drive.lock_backward and (drive.contactor or tick.sense.mirror_closed)), (
            f"{tick.now_s:.2f} s: unlocking while the contactor is or reads closed"
        )
        assert not (drive.lock_forward and drive.lock_backward), f"{tick.now_s:.2f} s: lock driven both ways"
        if drive.lock_backward and not self._last.lock_backward:
            self.seen["unlocking"] += 1
            asked = tick.wish is not None and tick.wish.cable == "release"
            assert self._state != "E" or asked or self._is_fresh(), f"{tick.now_s:.2f} s: released in state E"

    def _is_fresh(self) -> bool:
        """The state has just changed: the core may not have seen it yet."""
        return self._fault_clocks["E"].s <= 0.05


def _rating(ohm: float | None) -> float | None:
    """Of a resistor that is within 10 % of its value, as a meter would read it."""
    for value, rating in RATINGS.items():
        if ohm is not None and abs(ohm - value) <= 0.1 * value:
            return rating
    return None


def _limit(wish: Wish | None, now_s: float) -> float:
    return wish.limit_a if wish is not None and now_s < wish.valid_until_s else 0.0


def _amps(fraction: float) -> float:
    """As a car reads it, without the core's arithmetic."""
    if fraction in (0.0, 1.0):
        return 0.0
    return fraction * 60 if fraction <= 0.85 else (fraction - 0.64) * 250
