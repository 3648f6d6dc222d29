"""Random lives of a box: scripts that lead somewhere, disturbed at random, until enough was seen of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

from hal.mock.plant.copper import S2_OHM
from tests.hal.core.life import Life
from tests.hal.core.world import Asked


def _with_fault(name: str, least_s: float, most_s: float, again: int = 0) -> Callable[[Life], None]:
    """That fault at a random stage of a session, for a while; again while the box is still open from it."""

    def script(life: Life) -> None:
        if life.random.random() < 0.15:
            life.fault(name)
            life.wait(least_s, most_s)
            life.clear(name)
        life.charge()
        life.fault(name)
        life.wait(least_s, most_s)
        life.clear(name)
        life.wait(0.0, 0.5)
        _again(life, name, (least_s, most_s), again)

    return script


def _again(life: Life, name: str, lasts_s: tuple[float, float], times: int) -> None:
    """After each the second in which a fault that clears itself still stands."""
    for _ in range(times):
        life.wait(1.05, 1.3)
        life.fault(name)
        life.wait(*lasts_s)
        life.clear(name)


def _pause(life: Life) -> None:
    life.charge()
    life.do("pause", life.world.plant.pause)
    life.wait(2.5, 3.0)
    life.do("ready", life.world.plant.ready)
    life.wait(0.6, 1.5)


def _leave(life: Life) -> None:
    life.do("pause", life.world.plant.pause)
    life.plug_in()
    life.wait(0.1, 4.0)
    life.ask(Asked(0.0, "release"))
    life.wait(0.8, 1.0)
    life.plug_out()
    life.wait(0.2, 0.5)


def _torn_out(life: Life) -> None:
    life.charge()
    life.tear_out()
    life.wait(0.2, 0.4)


def _from_a_to_c(life: Life) -> None:
    life.fault("keeps_s2")
    life.charge()
    life.ask(Asked(life.random.choice([0.0, 8.0])))
    life.wait(0.1, 6.5)
    life.tear_out()


def _wishes(life: Life) -> None:
    life.charge()
    for _ in range(3):
        life.ask(life.any_wish())
        life.wait(0.2, 6.5)


def _nobody_asks(life: Life) -> None:
    life.ask(Asked(life_s=life.random.uniform(0.5, 3.0)))
    life.charge()
    life.ask(None)
    life.wait(2.0, 5.0)


def _term(life: Life) -> None:
    life.charge()
    life.do("stop", life.world.evse.stop)
    life.wait(1.0, 6.5)


def _asleep(life: Life) -> None:
    life.fault("asleep")
    life.plug_in()
    life.wait(38.5, 39.5)


def _late(life: Life) -> None:
    life.charge()
    life.world.late_s = life.random.uniform(0.05, 0.3)
    life.wait(0.1, 1.5)


def _hot(life: Life) -> None:
    life.charge()
    for _ in range(4):
        life.do("heat", lambda: life.heat(life.random.uniform(65.0, 80.0)))
        life.fault("hot")
        life.wait(0.5, 1.5)
        life.clear("hot")
        life.do("cool", lambda: life.heat(40.0))
        life.wait(1.1, 1.3)


def _very_hot(life: Life) -> None:
    life.charge()
    life.do("heat", lambda: life.heat(83.0))
    life.fault("hot")
    life.wait(2.0, 6.0)
    life.clear("hot")
    for hot_c in (86.0, 91.0, 90.0):
        life.do("cool", lambda: life.heat(30.0))
        life.wait(1.1, 1.3)
        life.do("heat", partial(life.heat, hot_c))
        life.wait(0.1, 0.3)


def _rcm_dead(life: Life) -> None:
    life.fault(life.random.choice(["rcm_dead", "short_rcm"]))
    life.ask(Asked(clears=True))
    life.wait(2.2, 9.0)
    life.clear("rcm_dead")
    life.clear("short_rcm")
    life.ask(Asked(clears=True))
    life.charge()


def _stop_held(life: Life) -> None:
    life.charge()
    life.fault(life.random.choice(["stop_button", "cut_stop"]))
    life.wait(10.2, 11.0)
    life.clear("stop_button")
    life.clear("cut_stop")
    life.wait(1.0, 2.5)


def _emergency(life: Life) -> None:
    life.charge()
    life.ask(Asked(clears=life.random.random() < 0.8))
    for _ in range(4):
        life.fault(life.random.choice(["stop_button", "cut_stop"]))
        life.wait(0.05, 0.5)
        life.clear("stop_button")
        life.clear("cut_stop")
        life.wait(1.0, 1.6)
    life.ask(Asked(clears=True))
    life.wait(1.0, 4.0)


def _killed_often(life: Life) -> None:
    for _ in range(life.rules.starts_for_person):
        life.charge()
        life.fault("crash")
    life.wait(0.5, 2.0)
    life.ask(Asked(clears=life.random.random() < 0.5))
    life.charge()


def _garbled(life: Life) -> None:
    life.plug_in()
    life.wait(0.0, 6.0)
    for _ in range(3):
        life.fault("state_garbled")
        life.wait(0.2, 1.2)
    life.ask(Asked(clears=True))
    life.charge()


def _welded_and_killed(life: Life) -> None:
    life.fault("weld")
    life.charge()
    life.do("pause", life.world.plant.pause)
    life.wait(0.5, 2.0)
    life.clear("weld")
    life.fault("crash")
    life.do("ready", life.world.plant.ready)
    life.wait(5.0, 6.0)


def _weld(life: Life) -> None:
    life.fault("weld")
    life.charge()
    life.do("pause", life.world.plant.pause)
    life.wait(1.0, 2.0)
    life.clear("weld")
    life.ask(Asked(clears=True))
    life.wait(1.0, 1.3)


def _jammed_open(life: Life) -> None:
    life.fault("lock_jam")
    life.plug_in()
    life.wait(1.0, 1.5)
    life.clear("lock_jam")
    life.plug_out()
    life.wait(0.2, 0.4)


def _jammed_shut(life: Life) -> None:
    life.do("pause", life.world.plant.pause)
    life.plug_in()
    life.wait(0.5, 1.0)
    life.fault("lock_jam")
    life.ask(Asked(cable="release"))
    life.wait(1.0, 1.3)
    life.clear("lock_jam")


def _does_not_close(life: Life) -> None:
    life.fault(life.random.choice(["contactor_stuck_open", "mirror_stuck"]))
    life.charge()
    life.wait(0.4, 0.8)


def _holds_without_edges(life: Life) -> None:
    life.fault("pump_bridged")
    life.charge()
    life.wait(0.4, 0.8)


def _more(life: Life) -> None:
    life.ask(Asked(6.0))
    life.charge()
    life.ask(Asked(life.random.uniform(9.0, 32.0)))
    life.wait(5.1, 5.5)


def _many_closings(life: Life) -> None:
    life.plug_in()
    for _ in range(life.rules.max_closings + 2):
        life.do("ready", life.world.plant.ready)
        life.wait(1.2, 1.6)
        life.do("pause", life.world.plant.pause)
        life.wait(0.8, 1.2)


def _short_between(life: Life, first: str, then: str) -> None:
    """From one state of the vehicle to another that no car takes alone."""
    life.charge()
    life.fault(first)
    life.wait(0.2, 0.8)
    life.fault(then)
    life.wait(0.2, 0.8)
    life.clear(first)
    life.wait(0.1, 0.3)
    life.clear(then)


def _short_in_b(life: Life) -> None:
    life.do("pause", life.world.plant.pause)
    life.plug_in()
    life.wait(0.1, 3.0)
    _again(life, "cp_short", (0.2, 0.9), 4)


def _short_in_a(life: Life) -> None:
    _again(life, "cp_short", (0.2, 0.9), 4)


def _unreadable(life: Life) -> None:
    for _ in range(3):
        life.fault("pp_short")
        life.plug_in()
        life.wait(0.4, 0.8)
        life.clear("pp_short")
        life.wait(0.0, 0.2)
        life.tear_out()
        life.wait(0.1, 0.2)


def _ventilated(life: Life) -> None:
    life.charge()
    life.fault("ventilation")
    life.wait(0.2, 0.8)
    if life.random.random() < 0.3:
        life.do("pause", life.world.plant.pause)
        life.wait(2.0, 2.5)
    else:
        life.tear_out()
    life.wait(0.1, 0.3)


def _hum(life: Life) -> None:
    """Until it is named, or for long enough."""
    life.charge()
    copper = life.world.plant.copper
    loud = replace(copper, hum_v=life.random.uniform(2.2, 3.0), hum_hz=49.9)
    life.do("hum", lambda: setattr(life.world.plant, "copper", loud))
    for _ in range(14):
        life.wait(1.0, 1.0)
        if any(name == "pilot_noise" for name, _ in life.faults):
            break
    life.do("no hum", lambda: setattr(life.world.plant, "copper", copper))
    life.tear_out()
    life.wait(0.2, 2.5)


def _source(life: Life) -> None:
    copper = life.world.plant.copper
    weak = replace(copper, source_high_v=11.0, source_low_v=-11.0)
    life.do("weak source", lambda: setattr(life.world.plant, "copper", weak))
    life.wait(2.5, 3.0)
    life.do("self test", lambda: life.world.evse.ask_for_test("pilot"))
    life.wait(2.4, 3.0)


def _odd_car(life: Life) -> None:
    """One between B and C."""
    copper = life.world.plant.copper
    at_v = life.random.uniform(7.34, 7.42)
    load_ohm = copper.series_ohm * (at_v - copper.diode_v) / (copper.source_high_v - at_v)
    beside_ohm = 1 / (1 / load_ohm - 1 / copper.load_ohm("B"))
    odd = replace(copper, s2_factor=beside_ohm / S2_OHM, hum_v=0.0)
    life.do("odd car", lambda: setattr(life.world.plant, "copper", odd))
    life.plug_in()
    life.wait(16.0, 18.0)


def _rhythm(name: str | None = None) -> Callable[[Life], None]:
    """A car, or a contact, that comes and goes in steps of a tick; the named one at every second of them."""

    def script(life: Life) -> None:
        life.charge()
        bad = name or life.random.choice(RHYTHMIC)
        drawn = [life.random.random() < 0.5 for _ in range(life.random.randint(2, 12))]
        pattern = [True, False] if name else drawn
        if name and life.world.plant.contacts_closed:
            life.world.observer.seen[f"{name} by turns"] += 1
        for tick in range(80 if name else life.random.choice([20, 80])):
            (life.world.plant.fault if pattern[tick % len(pattern)] else life.world.plant.clear)(bad)
            life.world.tick()
        life.clear(bad)
        life.wait(0.1, 1.0)

    return script


RHYTHMIC = ["cp_open", "cp_short", "pp_lost", "diode", "rcm", "cut_lock_feedback", "stop_button"]
SCRIPTS: dict[str, Callable[[Life], None]] = {
    "pause": _pause,
    "leave": _leave,
    "torn out": _torn_out,
    "from A to C": _from_a_to_c,
    "wishes": _wishes,
    "nobody asks": _nobody_asks,
    "SIGTERM": _term,
    "asleep": _asleep,
    "asleep, relay": _asleep,
    "late": _late,
    "weld": _weld,
    "jammed open": _jammed_open,
    "jammed shut": _jammed_shut,
    "does not close": _does_not_close,
    "holds without edges": _holds_without_edges,
    "more": _more,
    "many closings": _many_closings,
    "D to E": lambda life: _short_between(life, "ventilation", "cp_short"),
    "short in B": _short_in_b,
    "short in A": _short_in_a,
    "ventilated": _ventilated,
    "hum": _hum,
    "weak source": _source,
    "odd car": _odd_car,
    "rhythm": _rhythm(),
    **{f"{name} by turns": _rhythm(name) for name in RHYTHMIC},
    "diode": _with_fault("diode", 0.2, 1.0),
    "cp_short": _with_fault("cp_short", 0.05, 0.5, again=2),
    "cp_open": _with_fault("cp_open", 0.1, 1.0),
    "cp_high": _with_fault("cp_high", 0.1, 0.6, again=3),
    "ventilation": _with_fault("ventilation", 0.1, 0.5),
    "over_current": _with_fault("over_current", 8.3, 9.0),
    "contactor_stuck_open": _with_fault("contactor_stuck_open", 0.1, 0.5),
    "mirror_stuck": _with_fault("mirror_stuck", 0.1, 2.0),
    "lock_forced": _with_fault("lock_forced", 0.1, 0.5),
    "pp_lost": _with_fault("pp_lost", 0.1, 0.5),
    "pp_short": _with_fault("pp_short", 0.1, 0.9),
    "pp_short in B": _unreadable,
    "rcm": _with_fault("rcm", 0.02, 0.5),
    "hot": _hot,
    "meter_silent": _with_fault("meter_silent", 3.5, 5.0, again=2),
    "meter_frozen": _with_fault("meter_frozen", 1.0, 4.0),
    "meter_backwards": _with_fault("meter_backwards", 0.1, 1.0, again=4),
    "reader_gone": _with_fault("reader_gone", 3.1, 3.5, again=2),
    "under_voltage": _with_fault("under_voltage", 0.1, 1.0, again=4),
    "state_unwritable": _with_fault("state_unwritable", 0.1, 1.0, again=4),
    "cut_thermometer": _with_fault("cut_thermometer", 3.2, 5.0),
    "cut_mirror": _with_fault("cut_mirror", 0.1, 1.0),
    "short_mirror": _with_fault("short_mirror", 0.1, 1.0),
    "cut_rcm": _with_fault("cut_rcm", 0.02, 0.5),
    "minus_lost": _with_fault("minus_lost", 0.1, 1.5),
    "adc_stuck": _with_fault("adc_stuck", 0.3, 3.0),
    "lock_feedback": _with_fault("cut_lock_feedback", 0.1, 1.0),
    "chatter": _with_fault("chatter", 3.0, 6.0),
    "crash": _with_fault("crash", 0.1, 1.0),
    "very hot": _very_hot,
    "RCM dead": _rcm_dead,
    "stop held": _stop_held,
    "emergency": _emergency,
    "killed often": _killed_often,
    "garbled": _garbled,
    "welded and killed": _welded_and_killed,
}

# Rules without which a script leads nowhere.
FORCED: dict[str, dict[str, object]] = {
    "RCM dead": {"has_rcm_test": True},
    "holds without edges": {"has_watchdog_line": True},
    "stop held": {"stop_kind": "stop"},
    "emergency": {"stop_kind": "emergency"},
    "many closings": {"max_closings": 4},
    "killed often": {"starts_for_person": 2},
    "asleep, relay": {"has_cp_relay": True},
}

# What must be seen -> the scripts that lead there.
TRANSITIONS: dict[str, list[str]] = {
    "A->B": ["leave"],
    "B->A": ["leave"],
    "B->C": ["pause"],
    "C->B": ["pause"],
    "A->C": ["from A to C"],
    "C->A": ["torn out"],
    "C->D": ["ventilated"],
    "D->C": ["ventilation"],
    "D->A": ["ventilated"],
    "D->B": ["ventilated"],
    "C->E": ["cp_short"],
    "E->C": ["cp_short"],
    "D->E": ["D to E"],
    "B->E": ["short in B"],
    "E->B": ["short in B"],
    "A->E": ["short in A"],
    "E->A": ["short in A"],
    "C->high": ["cp_high"],
}
OTHERS: dict[str, list[str]] = {
    "A": ["leave"],
    "B": ["leave"],
    "C": ["pause"],
    "D": ["ventilated"],
    "E": ["cp_short"],
    "F": ["rcm", "asleep"],
    "pilot cut": ["asleep, relay"],
    "RCM test": ["RCM dead"],
    "restart": ["crash", "killed often", "welded and killed"],
    "closing": ["pause"],
    "opening": ["pause"],
    "unlocking": ["leave"],
    "x1->x2": ["pause"],
    "increase": ["more"],
    "reduction": ["wishes", "from A to C"],
    **{f"{name} by turns": [f"{name} by turns"] for name in RHYTHMIC},
}
CORE_FAULTS: dict[str, list[str]] = {
    "welded": ["weld"],
    "did_not_close": ["does not close"],
    "watchdog_line": ["holds without edges"],
    "diode_missing": ["diode"],
    "pilot_short": ["short in A", "short in B"],
    "pilot_out_of_range": ["cp_high"],
    "pilot_source": ["weak source"],
    "pilot_noise": ["hum"],
    "not_closing": ["odd car"],
    "ventilation": ["ventilation"],
    "proximity_implausible": ["pp_short in B"],
    "plug_lost": ["pp_lost"],
    "rating_lost": ["pp_short"],
    "lock_failed": ["jammed open"],
    "lock_opened": ["lock_forced"],
    "unlock_failed": ["jammed shut"],
    "over_current": ["over_current"],
    "over_temperature": ["hot"],
    "overheated": ["very hot"],
    "thermometer_lost": ["cut_thermometer"],
    "rcm_trip": ["rcm", "cut_rcm"],
    "rcm_test_failed": ["RCM dead"],
    "contactor_cycling": ["many closings"],
    "pilot_circuit": ["minus_lost", "adc_stuck"],
    "emergency_stop": ["emergency"],
    "stop_circuit": ["stop held"],
    "meter_lost": ["meter_silent"],
    "meter_implausible": ["meter_backwards"],
    "reader_lost": ["reader_gone"],
    "under_voltage": ["under_voltage"],
    "loop_late": ["late"],
    "hal_restarting": ["killed often"],
    "lost_state": ["garbled"],
    "state_not_kept": ["state_unwritable"],
}
HALVES = ("even", "odd")  # of the goals, so that two processes may seek them


class Campaign:
    """Lives until each goal was seen `enough` times. `seen` is the coverage."""

    def __init__(self, seed: int, enough: int, half: str | None = None) -> None:
        """`half` of the goals, sorted by name; None: all."""
        self.random = Random(seed)
        self.enough = enough
        self.seen: Counter[str] = Counter()
        self.lives = 0
        self._yields: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._spent_s: defaultdict[str, float] = defaultdict(float)
        self.goals = {**TRANSITIONS, **OTHERS}
        self.goals |= {f"fault {name}": scripts for name, scripts in CORE_FAULTS.items()}
        if half is not None:
            self.goals = dict(sorted(self.goals.items())[HALVES.index(half) :: 2])

    def missing(self) -> dict[str, int]:
        """Goals that were not seen often enough, with how often they were."""
        return {goal: self.seen[goal] for goal in self.goals if self.seen[goal] < self.enough}

    def run(self, most_lives: int) -> None:
        """Each script twice, then mostly the one that has led to most of what is missing in its time."""
        for script in [*SCRIPTS, *SCRIPTS]:
            self.live(script)
        while (missing := self.missing()) and self.lives < most_lives:
            goal = self.random.choice(sorted(missing))
            scripts = self.goals[goal] if self.random.random() < 0.2 else list(SCRIPTS)
            self.live(max(scripts, key=lambda script: self._worth(script, missing)))

    def _worth(self, script: str, missing: dict[str, int]) -> float:
        """Missing things seen for each second of simulated time."""
        seen = self._yields[script]
        return sum(seen[goal] for goal in missing) / self._spent_s[script]

    def live(self, script: str) -> None:
        """One box from its start. Raises AssertionError with the whole story."""
        self.lives += 1
        socket = script.startswith(("jammed", "pp_", "lock_")) or self.random.random() < 0.7
        life = Life(self.random, socket=socket, forced=FORCED.get(script, {}))
        try:
            if self.random.random() < 0.2:
                life.meddle()
            SCRIPTS[script](life)
            if self.random.random() < 0.3:
                life.meddle()
                life.wait(0.0, 2.0)
        except AssertionError as breach:
            story = "\n".join(life.log)
            raise AssertionError(f"life {self.lives}, {script}, {life.rules}: {breach}\n{story}") from breach
        seen = life.world.observer.seen + Counter(f"fault {name}" for name, _ in life.faults)
        self.seen += seen
        self._yields[script] += seen
        self._spent_s[script] += life.world.now_s
