"""The core drives the plant through random lives; an observer outside of both asserts what a box may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal.contract import Wish
from hal.core.evse import Evse
from hal.core.faults import KINDS
from hal.core.rules import BoxRules
from hal.core.signals import Drive, Sense
from hal.mock.fault_names import FAULTS
from hal.mock.plant import PlantSettings
from tests.hal.core.campaign import CORE_FAULTS, HALVES, Campaign
from tests.hal.core.life import CABLES, Life
from tests.hal.core.world import Asked, World, cheap

ENOUGH = 100  # of each state, fault and transition, or the campaign has shown too little
MOST_LIVES = 5000
RULES = cheap(BoxRules(socket=True, installation_max_a=16.0))


@pytest.mark.parametrize("half", HALVES)
def test_no_life_breaks_a_promise_and_everything_was_seen(half: str) -> None:
    campaign = Campaign(seed=20, enough=ENOUGH, half=half)
    campaign.run(MOST_LIVES)
    assert not campaign.missing(), f"seen too seldom: {campaign.missing()}"


def test_every_fault_of_the_table_is_a_goal() -> None:
    assert set(CORE_FAULTS) == set(KINDS)


Step = tuple[str, Callable[[Life], None]]


def _faults() -> st.SearchStrategy[Step]:
    name = st.sampled_from(sorted(FAULTS))
    return name.map(lambda n: (f"fault {n}", lambda life: life.fault(n))) | name.map(
        lambda n: (f"clear {n}", lambda life: life.clear(n))
    )


def _asks() -> st.SearchStrategy[Step]:
    asked = st.builds(
        Asked,
        limit_a=st.one_of(st.floats(0, 40), st.sampled_from([0.0, 6.0, 16.0, 32.0])),
        cable=st.sampled_from(CABLES),
        life_s=st.sampled_from([0.3, 2.0, 15.0, 1000.0]),
        clears=st.booleans(),
    )
    return asked.map(lambda a: (f"ask {a}", lambda life: life.ask(a)))


def _late(late_s: float) -> Step:
    def act(life: Life) -> None:
        life.world.late_s = late_s

    return f"late {late_s}", act


STEPS = st.one_of(
    _faults(),
    _asks(),
    st.floats(0.0, 0.5).map(_late),
    st.sampled_from(
        [
            ("plug in", Life.plug_in),
            ("charge", Life.charge),
            ("plug out", Life.plug_out),
            ("tear out", Life.tear_out),
            ("nobody asks", lambda life: life.ask(None)),
            ("pause", lambda life: life.world.plant.pause()),
            ("ready", lambda life: life.world.plant.ready()),
            ("stop", lambda life: life.world.evse.stop()),
        ]
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 1000),
    socket=st.booleans(),
    steps=st.lists(st.tuples(STEPS, st.floats(0.0, 4.0)), min_size=1, max_size=10),
)
def test_any_schedule_keeps_the_promises(seed: int, socket: bool, steps: list[tuple[Step, float]]) -> None:
    life = Life(Random(seed), socket=socket)
    for (_, act), wait_s in steps:
        act(life)
        life.wait(wait_s, wait_s)


class Worse:
    """The core with one promise taken away."""

    def __init__(self, spoil: Callable[[Drive, Sense], Drive]) -> None:
        self._evse, self._spoil = Evse(RULES, 0.0), spoil

    def step(self, sense: Sense, wish: Wish | None, now_s: float) -> Drive:
        """Spoiled."""
        return self._spoil(self._evse.step(sense, wish, now_s), sense)


class KeepsClosed:
    """Never opens once closed."""

    def __init__(self) -> None:
        self._closed = False

    def __call__(self, drive: Drive, _: Sense) -> Drive:
        self._closed = self._closed or drive.close_contactor
        return replace(drive, close_contactor=self._closed)


def _closes(drive: Drive, _: Sense) -> Drive:
    return replace(drive, close_contactor=True)


def _closes_in_c(drive: Drive, sense: Sense) -> Drive:
    return replace(drive, close_contactor=4.5 < sense.cp_high_v < 7.5)


def _offers_more(drive: Drive, _: Sense) -> Drive:
    return replace(drive, pilot=20.0 if drive.pilot == 16.0 else drive.pilot)


def _offers_always(drive: Drive, _: Sense) -> Drive:
    return replace(drive, pilot=16.0)


def _shows_f(drive: Drive, _: Sense) -> Drive:
    return replace(drive, pilot="F", close_contactor=False)


def _unlocks_while_closed(drive: Drive, sense: Sense) -> Drive:
    return replace(drive, lock_motor="unlock" if sense.mirror_closed else drive.lock_motor)


@pytest.mark.parametrize(
    ("spoil", "breach"),
    [
        (_closes, "closed without: car in C2"),
        (_closes_in_c, "closed without: car in C2"),
        (KeepsClosed(), "car not in C"),
        (_offers_more, "19.9+8 A offered"),
        (_offers_always, "x2 after|x2 without|A offered"),
        (_shows_f, "F for"),
        (_unlocks_while_closed, "unlocking"),
    ],
)
def test_the_observer_can_go_red(spoil: Callable[[Drive, Sense], Drive], breach: str) -> None:
    world = World(RULES, PlantSettings(), Worse(spoil))

    def live() -> None:
        world.run(1.0)
        world.plant.plug_in()
        world.run(8.0)
        world.plant.pause()
        world.run(3.0)

    with pytest.raises(AssertionError, match=breach):
        live()
