"""Any order of people, wishes, faults and restarts: the observer outside of the core finds no breach."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hal.contract import Cable
from hal.mock.plant.fault_names import FAULTS
from tests.hal.core.life import CABLES, Life
from tests.hal.core.world import Asked

pytestmark = pytest.mark.campaign
RHYTHMIC = ["cp_open", "cp_short", "diode", "pp_lost", "pp_short", "rcm", "cut_lock_feedback", "stop_button"]
RHYTHM_TICKS = 90
RHYTHMS = (
    st.lists(st.booleans(), min_size=2, max_size=12)
    | st.just([True, False])
    | st.just([True, False, True, False, False])
)
WAITS = st.floats(0.0, 4.0)


class AnyLife(RuleBasedStateMachine):
    """`World.tick` asks the observer at every tick; what is asserted here is said twice."""

    @initialize(seed=st.integers(0, 1000), socket=st.booleans(), rcm_test=st.booleans())
    def start(self, seed: int, socket: bool, rcm_test: bool) -> None:
        self.life = Life(Random(seed), socket=socket, forced={"has_rcm_test": rcm_test})
        self.welded = False

    @rule(name=st.sampled_from(sorted(FAULTS)), wait_s=WAITS)
    def breaks(self, name: str, wait_s: float) -> None:
        self.life.fault(name)
        self.life.wait(wait_s, wait_s)

    @rule(name=st.sampled_from(sorted(FAULTS)), wait_s=WAITS)
    def is_mended(self, name: str, wait_s: float) -> None:
        self.life.clear(name)
        self.life.wait(wait_s, wait_s)

    @rule(
        limit_a=st.one_of(st.floats(0, 40), st.sampled_from([0.0, 6.0, 16.0, 32.0])),
        cable=st.sampled_from(CABLES),
        life_s=st.sampled_from([0.3, 2.0, 15.0, 1000.0]),
        clears=st.booleans(),
        wait_s=WAITS,
    )
    def asks(self, limit_a: float, cable: Cable, life_s: float, clears: bool, wait_s: float) -> None:
        if clears:
            self.welded = False
        self.life.ask(Asked(limit_a, cable, life_s, clears))
        self.life.wait(wait_s, wait_s)

    @rule(
        name=st.sampled_from(RHYTHMIC),
        rhythm=RHYTHMS,
        ticks=st.sampled_from([3, RHYTHM_TICKS, RHYTHM_TICKS]),
        wait_s=WAITS,
    )
    def is_disturbed(self, name: str, rhythm: list[bool], ticks: int, wait_s: float) -> None:
        """In steps of a tick, of a box that is otherwise well and charges if it may."""
        plant = self.life.world.plant
        for other in sorted(plant.faults):
            self.life.clear(other)
        self.welded = False
        self.life.ask(Asked(clears=True))
        self.life.charge()
        self.life.do(f"{name} by {rhythm} for {ticks} ticks", lambda: None)
        for bad in (rhythm * ticks)[:ticks]:
            (plant.fault if bad else plant.clear)(name)
            self.life.world.tick()
        self.life.clear(name)
        self.life.wait(wait_s, wait_s)

    @rule(late_s=st.floats(0.0, 0.5), wait_s=WAITS)
    def is_late(self, late_s: float, wait_s: float) -> None:
        self.life.world.late_s = late_s
        self.life.wait(wait_s, wait_s)

    @rule(
        what=st.sampled_from("plug in,plug out,tear out,charge,pause,ready,nobody,stop".split(",")),
        wait_s=WAITS,
    )
    def does(self, what: str, wait_s: float) -> None:
        life, plant = self.life, self.life.world.plant
        acts: dict[str, Callable[[], object]] = {
            "plug in": life.plug_in,
            "plug out": life.plug_out,
            "tear out": life.tear_out,
            "charge": life.charge,
            "pause": plant.pause,
            "ready": plant.ready,
            "nobody": lambda: life.ask(None),
            "stop": life.world.evse.stop,
        }
        acts[what]()
        self.life.wait(wait_s, wait_s)

    @invariant()
    def after_a_weld_nothing_closes_until_a_person_clears_it(self) -> None:
        if not hasattr(self, "life"):
            return
        world = self.life.world
        view = world.evse.view()
        cleared = world.asked is not None and world.asked.clears
        self.welded = not cleared and (self.welded or any(fault.id == "welded" for fault in view.faults))
        assert not (self.welded and view.contactor_commanded)


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(
    max_examples=100,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a life takes minutes
)
