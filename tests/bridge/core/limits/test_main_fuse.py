"""The main fuse is above its amps for seconds only, and by no more than the house stepped; its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.core.limits.cap import LEAST_A
from bridge.core.limits.house_load import HouseLoad
from bridge.core.limits.main_fuse import (
    MARGIN_A,
    NAME,
    PAUSE_S,
    QUIET_NAME,
    QUIET_S,
    RAISE_LEAST_A,
    RAISE_S,
    RESUME_A,
    RESUME_S,
    START_S,
    STARTING_NAME,
    MainFuse,
)
from hal.contract import House
from tests.bridge.core.limits.a_house import (
    Car,
    JumpingCar,
    Moment,
    QuickCar,
    SlowCar,
    Story,
    life,
    longest_above_s,
)

STEP_A = 20.0
MOST_S = 12.0  # above the fuse
OFFERED_WITHIN_S, FOLLOWED_WITHIN_S = 5.0, 10.0


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A house that steps by 20 A, up and down, when it likes, and never takes the whole fuse alone."""
    fuse_a = draw(st.sampled_from([25.0, 32.0, 35.0, 50.0, 63.0]))
    base_a = draw(st.floats(0.0, fuse_a - STEP_A))
    stays = draw(st.lists(st.floats(0.3, 60.0), min_size=1, max_size=6))
    loads, at_s = [(0.0, base_a)], 0.0
    for number, stay_s in enumerate(stays):
        at_s += stay_s
        loads.append((at_s, base_a if number % 2 else base_a + STEP_A))
    return Story(
        fuse_a,
        tuple(loads),
        box_a=draw(st.sampled_from([10.0, 16.0, 32.0])),
        every_s=draw(st.sampled_from([0.3, 0.7, 1.0])),
        own_from_s=draw(st.floats(0.0, 0.9)),
        house_from_s=draw(st.floats(0.0, 0.9)),
        lasts_s=at_s + 30.0,
    )


@settings(max_examples=80, deadline=None)
@example(story=Story(25.0, ((0.0, 5.0), (22.0, 25.0)), lasts_s=60.0), car=SlowCar)
@example(story=Story(63.0, ((0.0, 20.0), (7.0, 40.0)), own_from_s=0.9, house_from_s=0.0), car=SlowCar)
@given(story=stories(), car=st.sampled_from([SlowCar, JumpingCar, QuickCar]))
def test_above_the_fuse_for_12_s_at_most_and_never_by_more_than_the_step(
    story: Story, car: type[Car]
) -> None:
    moments = list(life(story, car()))
    assert longest_above_s(moments, story.fuse_a) <= MOST_S
    assert max(moment.main_a for moment in moments) <= story.fuse_a + STEP_A + 1e-6
    for moment in moments:
        assert moment.offer_a == 0.0 or 6.0 <= moment.offer_a <= story.box_a


@settings(max_examples=30, deadline=None)
@given(story=stories(), car=st.sampled_from([SlowCar, JumpingCar, QuickCar]))
def test_a_house_that_leaves_enough_pauses_nobody(story: Story, car: type[Car]) -> None:
    """However the car moves between two readings: it is never taken for the house."""
    highest_a = max(amps for _, amps in story.loads)
    story = replace(story, fuse_a=highest_a + RESUME_A + MARGIN_A)
    moments = [moment for moment in life(story, car()) if moment.at_s > 3.0]
    assert min(moment.limit_a for moment in moments) >= LEAST_A


def charging(story: Story) -> list[Moment]:
    return list(life(story, SlowCar()))


def at(moments: Sequence[Moment], at_s: float) -> Moment:
    return next(moment for moment in moments if moment.at_s >= at_s)


def test_the_offer_follows_a_step_within_5_s_and_the_current_within_10() -> None:
    moments = charging(Story(25.0, ((0.0, 5.0), (60.0, 12.0)), lasts_s=90.0))
    assert at(moments, 59.0).car_a == pytest.approx(25.0 - MARGIN_A - 5.0, abs=RAISE_LEAST_A)
    left_a = 25.0 - MARGIN_A - 12.0
    assert at(moments, 60.0 + OFFERED_WITHIN_S).offer_a == pytest.approx(left_a, abs=0.5)
    assert at(moments, 60.0 + FOLLOWED_WITHIN_S).car_a == pytest.approx(left_a, abs=0.5)


def test_what_the_car_draws_is_no_load_of_the_house() -> None:
    """The limit does not move while the car comes up by itself; a meter more or less at another moment."""
    for own_from_s in (0.0, 0.3, 0.9):
        moments = charging(Story(35.0, ((0.0, 10.0),), own_from_s=own_from_s, lasts_s=60.0))
        limits_a = [moment.limit_a for moment in moments if moment.at_s > 2.5]
        assert min(limits_a) >= 24.5 - RAISE_LEAST_A
        assert max(limits_a) == 24.5


@pytest.mark.parametrize("every_s", [0.3, 0.7, 1.0])
def test_a_limit_rises_to_the_least_of_10_s(every_s: float) -> None:
    loads = ((0.0, 15.0), (40.0, 5.0), (44.0, 12.0), (45.2, 5.0))
    moments = charging(Story(35.0, loads, every_s=every_s, lasts_s=80.0))
    assert at(moments, 54.0).limit_a < 24.0
    raised = next(moment.at_s for moment in moments if moment.limit_a == 29.5)
    assert 45.0 + RAISE_S <= raised <= 45.0 + RAISE_S + 3.0


@pytest.mark.parametrize("every_s", [0.3, 0.7, 1.0])
def test_less_than_6_a_pause_for_2_minutes_at_least_and_until_there_was_enough_for_60_s(
    every_s: float,
) -> None:
    loads = ((0.0, 5.0), (30.0, 22.0), (45.0, 5.0), (140.0, 22.0), (142.0, 5.0))
    moments = charging(Story(25.0, loads, every_s=every_s, lasts_s=260.0))
    paused = next(moment.at_s for moment in moments if moment.limit_a == 0.0 and moment.at_s > 5)
    assert 30.0 <= paused <= 34.0
    assert at(moments, 100.0).until_s == pytest.approx(paused + PAUSE_S, abs=1.5)
    resumed = next(moment.at_s for moment in moments if moment.limit_a > 0 and moment.at_s > paused)
    assert 142.0 + RESUME_S <= resumed <= 142.0 + RESUME_S + 3.0


def test_a_house_at_the_edge_closes_the_contactor_no_more_often_than_each_2_minutes() -> None:
    """It leaves 5 A and 8 A by turns, each for 65 s."""
    loads = tuple((65.0 * turn, 19.5 if turn % 2 else 16.0) for turn in range(16))
    moments = charging(Story(25.0, loads, lasts_s=1000.0))
    starts = [now.at_s for before, now in pairwise(moments) if before.offer_a == 0.0 and now.offer_a > 0.0]
    assert 1 <= len(starts) <= 1000 / PAUSE_S
    assert all(later - earlier >= PAUSE_S for earlier, later in pairwise(starts))


def test_the_worst_phase_counts_and_only_of_those_that_feed_the_box() -> None:
    house = House(25.0, 6.0, phases=3)
    load = HouseLoad(1.0, (3.0, 10.0, 22.0), 0.0)
    for hangs, limit_a in {(0, 1, 2): 0.0, (1,): 14.5, (0,): 21.5}.items():
        fuse = MainFuse(0.0)
        fuse.feed(load, house, hangs)
        assert fuse.cap(house, 1.0).limit_a == limit_a


def test_exactly_6_a_are_enough_to_go_on_and_7_to_begin() -> None:
    house, fuse = House(25.0, 6.0, phases=3), MainFuse(0.0)
    assert limit_after(fuse, house, 18.5) == 0.0
    fuse = MainFuse(0.0)
    assert limit_after(fuse, house, 17.5) == 7.0
    assert limit_after(fuse, house, 18.5, at_s=2.0) == 6.0
    assert limit_after(fuse, house, 18.6, at_s=3.0) == 6.0
    assert limit_after(fuse, house, 18.6, at_s=4.0) == 0.0


def test_one_reading_under_6_a_is_no_pause() -> None:
    house, fuse = House(25.0, 6.0, phases=3), MainFuse(0.0)
    loads_a = (5.0, 20.0, 5.0, 20.0, 20.0)
    limits_a = [limit_after(fuse, house, load_a, at_s=1.0 + at) for at, load_a in enumerate(loads_a)]
    assert limits_a == [19.5, 6.0, 6.0, 6.0, 0.0]


def limit_after(fuse: MainFuse, house: House, load_a: float, at_s: float = 1.0) -> float:
    fuse.feed(HouseLoad(at_s, (load_a, load_a, load_a), 0.0), house, (0, 1, 2))
    return fuse.cap(house, at_s).limit_a


@pytest.mark.parametrize(("when_quiet_a", "limit_a"), [(6.0, 6.0), (0.0, 0.0), (8.0, 8.0), (32.0, 32.0)])
def test_a_quiet_meter_leaves_what_the_owner_said_and_never_more_than_before(
    when_quiet_a: float, limit_a: float
) -> None:
    story = Story(25.0, ((0.0, 5.0),), quiet=((30.0, 90.0),), when_quiet_a=when_quiet_a, lasts_s=88.0)
    moments = charging(story)
    before_a = at(moments, 30.0 + 2.0).limit_a
    assert before_a == pytest.approx(19.5, abs=RAISE_LEAST_A)
    assert at(moments, 30.0 + QUIET_S + 1.0).limit_a == min(limit_a, before_a)
    assert moments[-1].limit_a == min(limit_a, before_a)


def test_a_meter_that_comes_back_is_believed_after_10_s() -> None:
    moments = charging(Story(25.0, ((0.0, 5.0),), quiet=((30.0, 90.0),), lasts_s=120.0))
    assert at(moments, 95.0).limit_a == 6.0
    assert moments[-1].limit_a == pytest.approx(19.5, abs=0.5)


def test_a_meter_that_falls_quiet_in_a_pause_ends_no_pause() -> None:
    story = Story(25.0, ((0.0, 22.0), (40.0, 5.0)), quiet=((20.0, 900.0),), lasts_s=400.0)
    assert {moment.offer_a for moment in charging(story)} == {0.0}


def test_before_the_first_reading_nothing_begins_and_what_runs_goes_on_at_little() -> None:
    house, fuse = House(25.0, 6.0, phases=3), MainFuse(100.0)
    cap = fuse.cap(house, 101.0)
    assert (cap.name, cap.limit_a, cap.until_s) == (STARTING_NAME, 0.0, 100.0 + START_S)
    fuse.observe(house, charges=True, now_s=101.0)
    cap = fuse.cap(house, 101.0)
    assert (cap.name, cap.limit_a) == (QUIET_NAME, 6.0)
    fuse.observe(house, charges=False, now_s=160.0)
    cap = fuse.cap(house, 160.0)
    assert (cap.name, cap.limit_a) == (QUIET_NAME, 6.0)
    assert limit_after(fuse, house, 5.0, at_s=161.0) == 19.5
    assert fuse.cap(house, 161.0).name == NAME
