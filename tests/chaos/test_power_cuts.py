"""Some of `make power-cuts`: nothing is lost, nothing is billed twice, wherever the power goes."""

from __future__ import annotations

import pytest

from tests.chaos.power_cuts import WRITES, each_write, lives
from tests.chaos.pure_life import PureLife
from tests.chaos.store import WHENS, Armed
from tests.scenarios.script import Mode


@pytest.mark.parametrize("seed", range(4))
def test_lives_full_of_power_cuts(seed: int) -> None:
    told = dict(lives(5, 50 + seed))
    assert {name: one.faults for name, one in told.items() if one.faults} == {}
    assert sum(one.cuts for one in told.values()) >= 5


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("number", range(1, WRITES, 8))
def test_power_cut_at_a_write(number: int, when: str) -> None:
    armed = Armed(number, "before" if when == "before" else "after")
    told = PureLife(9, first_cut=armed).live(cuts=1)
    assert told.faults == ()
    assert told.cuts >= 1


@pytest.mark.parametrize("mode", ["cloud", "native"])
def test_without_cuts_repeated_messages_are_the_answers_destroyed(mode: Mode) -> None:
    told = PureLife(4, mode).live(cuts=0, sessions=8)
    verdict = told.verdict
    assert told.faults == ()
    assert verdict.repeated_starts + verdict.repeated_stops == told.answers_destroyed > 0


@pytest.mark.parametrize("seed", range(4))
def test_the_clock_jumps_at_any_phase(seed: int) -> None:
    """By an hour or ten years, both ways, with a power cut now and then."""
    told = PureLife(seed, clock_jumps=True).live(cuts=seed % 2, sessions=4)
    assert told.faults == ()
    assert any(line.startswith("clock") for line in told.story)


def test_the_same_seed_gives_the_same_life() -> None:
    assert [told for _, told in each_write(3, 1)] == [told for _, told in each_write(3, 1)]
