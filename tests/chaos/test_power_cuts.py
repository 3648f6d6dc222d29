"""Some of `make power-cuts`: nothing is lost, nothing is billed twice, wherever the power goes."""

from __future__ import annotations

import pytest

from bridge.core.rows import Change, Remembered, StartConfirmed, TransactionStarted, TransactionStopped
from bridge.core.setup import ORDERLY
from tests.campaigns import many, part
from tests.chaos.box_life import life
from tests.chaos.power_cuts import MODES, WRITES, each_write, lives, real
from tests.chaos.pure_life import PureLife
from tests.chaos.store import WHENS, Armed, CutStore, PowerCut, When
from tests.scenarios.pure import PureWorld
from tests.scenarios.script import Mode, Scenario

pytestmark = pytest.mark.campaign
KINDS = (TransactionStarted, StartConfirmed, TransactionStopped)


@pytest.mark.part
@pytest.mark.parametrize("seed", range(many(1, 2)))
def test_lives_full_of_power_cuts(seed: int) -> None:
    told = dict(lives(5, 50 + seed))
    assert {name: one.faults for name, one in told.items() if one.faults} == {}
    assert sum(one.cuts for one in told.values()) >= 5


@pytest.mark.part
@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("number", part(range(1, WRITES, 16), 3, 1))
def test_power_cut_at_a_write(number: int, when: When) -> None:
    told = PureLife(9, first_cut=Armed(number, when)).live(cuts=1)
    assert told.faults == ()
    assert told.cuts >= 1


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("kind", KINDS)
def test_power_cut_at_what_is_billed(kind: type[Change], when: When) -> None:
    told = PureLife(7, MODES[WHENS.index(when)], Armed(1, when, kind)).live(cuts=1)
    assert told.faults == ()
    assert told.tally[f"power cut {when} the write of {kind.__name__}"]


async def test_power_cuts_of_the_real_programs() -> None:
    lived = await life("some of make power-cuts", real(2))
    assert lived.faults == ()
    assert len(lived.done) == 2


def test_the_mark_of_an_orderly_end_is_taken_back_before_all_else() -> None:
    """Energy flows meanwhile, by the last wish: a cut after the new bridge's first deed is PowerLoss."""
    store = CutStore()
    world = PureWorld(Scenario("orderly", "", (), offline=True), "native", store)
    world.do("bridge is told to end", "")
    wish = world.wish
    store.armed = Armed(1, "before")
    with pytest.raises(PowerCut) as cut:
        world.do("bridge starts", "")
    assert Remembered(ORDERLY, None) in cut.value.changes
    assert world.wish is wish
    assert world.next_arrival(0.0) is not None  # it has begun to run
    world.close()


@pytest.mark.parametrize("mode", ["cloud", "native"])
def test_without_cuts_repeated_messages_are_the_answers_destroyed(mode: Mode) -> None:
    told = PureLife(5, mode).live(cuts=0, sessions=8)
    verdict = told.verdict
    assert told.faults == ()
    assert verdict.repeated_starts + verdict.repeated_stops == told.answers_destroyed > 0


@pytest.mark.part
@pytest.mark.parametrize("seed", range(many(2, 4)))
def test_the_clock_jumps_at_any_phase(seed: int) -> None:
    """By an hour or ten years, both ways, with a power cut now and then."""
    told = PureLife(seed, clock_jumps=True).live(cuts=seed % 2, sessions=4)
    assert told.faults == ()
    assert any(" clock " in line for line in told.story)


def test_the_same_seed_gives_the_same_life() -> None:
    assert [told for _, told in each_write(3, 1)] == [told for _, told in each_write(3, 1)]
