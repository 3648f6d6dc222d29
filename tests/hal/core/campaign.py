"""Random lives of a box: scripts that lead somewhere, disturbed at random, until enough was seen of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.hal.core.life import Life
from tests.hal.core.world import Asked


def _with_fault(name: str, least_s: float, most_s: float) -> Callable[[Life], None]:
    """That fault at a random stage of a session, for a while."""

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

    return script


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


def _more(life: Life) -> None:
    life.ask(Asked(6.0))
    life.charge()
    life.ask(Asked(life.random.uniform(9.0, 32.0)))
    life.wait(5.1, 5.5)


def _many_closings(life: Life) -> None:
    life.plug_in()
    for _ in range(13):
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
    life.fault("cp_short")
    life.wait(0.2, 0.9)
    life.clear("cp_short")
    life.wait(0.1, 1.2)


def _short_in_a(life: Life) -> None:
    life.fault("cp_short")
    life.wait(0.2, 0.9)
    life.clear("cp_short")


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


SCRIPTS: dict[str, Callable[[Life], None]] = {
    "pause": _pause,
    "leave": _leave,
    "torn out": _torn_out,
    "from A to C": _from_a_to_c,
    "wishes": _wishes,
    "nobody asks": _nobody_asks,
    "SIGTERM": _term,
    "asleep": _asleep,
    "late": _late,
    "weld": _weld,
    "jammed open": _jammed_open,
    "jammed shut": _jammed_shut,
    "does not close": _does_not_close,
    "more": _more,
    "many closings": _many_closings,
    "D to E": lambda life: _short_between(life, "ventilation", "cp_short"),
    "short in B": _short_in_b,
    "short in A": _short_in_a,
    "ventilated": _ventilated,
    "diode": _with_fault("diode", 0.2, 1.0),
    "cp_short": _with_fault("cp_short", 0.05, 0.5),
    "cp_open": _with_fault("cp_open", 0.1, 1.0),
    "cp_high": _with_fault("cp_high", 0.1, 0.6),
    "ventilation": _with_fault("ventilation", 0.1, 0.5),
    "over_current": _with_fault("over_current", 8.3, 9.0),
    "contactor_stuck_open": _with_fault("contactor_stuck_open", 0.1, 0.5),
    "mirror_stuck": _with_fault("mirror_stuck", 0.1, 2.0),
    "lock_forced": _with_fault("lock_forced", 0.1, 0.5),
    "pp_lost": _with_fault("pp_lost", 0.1, 0.5),
    "pp_short": _with_fault("pp_short", 0.1, 0.9),
    "rcm": _with_fault("rcm", 0.02, 0.5),
    "hot": _with_fault("hot", 9.5, 17.0),
    "meter_silent": _with_fault("meter_silent", 1.0, 4.0),
    "meter_frozen": _with_fault("meter_frozen", 1.0, 4.0),
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
    "closing": ["pause"],
    "opening": ["pause"],
    "unlocking": ["leave"],
    "x1->x2": ["pause"],
    "increase": ["more"],
    "reduction": ["wishes", "from A to C"],
}
CORE_FAULTS: dict[str, list[str]] = {
    "welded": ["weld"],
    "did_not_close": ["does not close"],
    "diode_missing": ["diode"],
    "pilot_short": ["short in A"],
    "pilot_out_of_range": ["cp_high"],
    "ventilation": ["ventilation"],
    "proximity_implausible": ["pp_short"],
    "plug_lost": ["pp_lost"],
    "rating_lost": ["pp_short"],
    "lock_failed": ["jammed open"],
    "lock_opened": ["lock_forced"],
    "unlock_failed": ["jammed shut"],
    "over_current": ["over_current"],
    "over_temperature": ["hot"],
    "rcm_trip": ["rcm"],
    "loop_late": ["late"],
}


class Campaign:
    """Lives until each goal was seen `enough` times. `seen` is the coverage."""

    def __init__(self, seed: int, enough: int) -> None:
        self.random = Random(seed)
        self.enough = enough
        self.seen: Counter[str] = Counter()
        self.lives = 0
        self.goals = {**TRANSITIONS, **OTHERS}
        self.goals |= {f"fault {name}": scripts for name, scripts in CORE_FAULTS.items()}

    def missing(self) -> dict[str, int]:
        """Goals that were not seen often enough, with how often they were."""
        return {goal: self.seen[goal] for goal in self.goals if self.seen[goal] < self.enough}

    def run(self, most_lives: int) -> None:
        """First each script twice, then what leads to a missing goal."""
        for script in [*SCRIPTS, *SCRIPTS]:
            self.live(script)
        while (missing := self.missing()) and self.lives < most_lives:
            goal = self.random.choice(sorted(missing))
            self.live(self.random.choice(self.goals[goal]))

    def live(self, script: str) -> None:
        """One box from its start. Raises AssertionError with the whole story."""
        self.lives += 1
        socket = script.startswith(("jammed", "pp_", "lock_")) or self.random.random() < 0.7
        life = Life(self.random, socket=socket)
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
        self.seen.update(life.world.observer.seen)
        self.seen.update(f"fault {name}" for name, _ in life.faults)
