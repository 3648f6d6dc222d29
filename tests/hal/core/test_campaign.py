"""The core drives the plant through random lives; an observer outside of both asserts what a box may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hal.contract import Wish
from hal.core.evse import Evse
from hal.core.faults.table import KINDS
from hal.core.rules import BoxRules
from hal.core.signals import Drive, Sense
from hal.mock.plant.plant import PlantSettings
from tests.hal.core.campaign import CORE_FAULTS, HALVES, Campaign
from tests.hal.core.world import World, cheap

ENOUGH = 6  # of each state, fault and transition, or too little was shown; `make lives` wants 100
MOST_LIVES = 1500
RULES = cheap(BoxRules(socket=True, installation_max_a=16.0))


@pytest.mark.campaign
@pytest.mark.parametrize("half", HALVES)
def test_no_life_breaks_a_promise_and_everything_was_seen(half: str) -> None:
    campaign = Campaign(seed=20, enough=ENOUGH, half=half)
    campaign.run(MOST_LIVES)
    assert not campaign.missing(), f"seen too seldom: {campaign.missing()}"


def test_every_fault_of_the_table_is_a_goal() -> None:
    assert set(CORE_FAULTS) == set(KINDS)


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
