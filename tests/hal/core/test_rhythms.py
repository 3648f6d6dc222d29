"""No rhythm of bad samples keeps the contactor closed, and no single one in ten opens it.

All 8,190 of up to 12 samples, at each phase, through the counters that judge; through whole boxes a seeded
sample here, and all with `make rhythms`.
"""

from __future__ import annotations

from random import Random

import pytest

from hal.core.control_pilot.low_side import LowSide
from hal.core.control_pilot.vehicle import VehicleFilter
from hal.core.tally import THREE, TWO, BadTime, Tally
from tests.hal.core.rhythm import INPUTS, beginnings, phases, rhythms, ticks_to, tried_on, within

SAMPLE = 150  # of each input
HOUR_TICKS = 360_000


def test_there_are_8190_rhythms() -> None:
    assert sum(1 for _ in rhythms()) == 8190


@pytest.mark.parametrize(("most", "half", "third"), [(TWO, 9, 11), (THREE, 9, 12)])
def test_the_longest_time_of_a_tally(most: float, half: int, third: int) -> None:
    """As docs/faults.md says it."""
    longest = {10: 0, 50: 0}
    for rhythm in rhythms():
        limit = within(rhythm)
        for phase in phases(rhythm) if limit is not None else ():
            took = ticks_to(phase, Tally(most).feed, limit or 0)
            assert took is not None, phase
            longest[limit or 0] = max(longest[limit or 0], took)
    assert longest == {10: half, 50: third}


@pytest.mark.parametrize(("in_c_v", "volts"), [(6.0, 9.0), (5.5, 8.3), (6.5, 3.3)])
def test_no_rhythm_hides_a_car_that_has_left_c(volts: float, in_c_v: float) -> None:
    for rhythm in rhythms():
        limit = within(rhythm)
        for phase in phases(rhythm) if limit is not None else ():
            vehicle = VehicleFilter()
            for tick in range(5):
                vehicle.feed(in_c_v, tick * 0.01)

            def left(bad: bool, vehicle: VehicleFilter = vehicle) -> bool:
                vehicle.feed(volts if bad else in_c_v, 1.0)
                return vehicle.state != "C"

            assert ticks_to(phase, left, limit or 0) is not None, phase


@pytest.mark.parametrize("volts", [-9.5, -5.6])
def test_no_rhythm_hides_a_missing_diode(volts: float) -> None:
    for rhythm in rhythms():
        limit = within(rhythm)
        for phase in phases(rhythm) if limit is not None else ():
            low_side = LowSide()

            def lost(bad: bool, low_side: LowSide = low_side) -> bool:
                low_side.feed(volts if bad else -11.9, 1.0)
                return low_side.lost

            assert ticks_to(phase, lost, limit or 0) is not None, phase


@pytest.mark.parametrize("name", INPUTS)
def test_a_whole_box_opens_in_any_rhythm(name: str) -> None:
    found = tried_on(name, Random(f"rhythms of {name}").sample(beginnings(), SAMPLE))
    assert found.tried > SAMPLE / 2
    assert found.too_late == []


@pytest.mark.parametrize("name", INPUTS)
def test_one_bad_sample_in_ten_opens_nothing(name: str) -> None:
    """For half a minute: after ten samples each counter stands where it stood, so an hour is as long."""
    bench = INPUTS[name].charged()
    for tick in range(3_000):
        assert not INPUTS[name].tick(bench, bad=tick % 10 == 0), f"{name}: after {tick} samples"
    assert bench.faults == []


@pytest.mark.parametrize("most", [TWO, THREE])
def test_one_bad_sample_in_ten_at_any_place_opens_nothing_in_an_hour(most: float) -> None:
    random, tally, bad_at = Random(10), Tally(most), 0
    for tick in range(HOUR_TICKS):
        if tick % 10 == 0:
            bad_at = tick + random.randrange(5)  # two are six apart at least
        assert not tally.feed(tick == bad_at)


def test_a_late_bad_sample_counts_for_two_and_a_late_good_one_for_none() -> None:
    assert Tally(TWO).feed(True, late=True)
    tally = Tally(TWO)
    tally.feed(True)
    for _ in range(100):
        tally.feed(False, late=True)
    assert tally.feed(True)


def test_bad_time_adds_up_over_gaps_and_is_taken_back_slowly() -> None:
    bad_time, now_s = BadTime(1.0), 0.0
    for tick in range(400):
        now_s = tick * 0.01
        if bad_time.feed(tick % 2 == 0, now_s):
            break
    assert now_s == pytest.approx(2.68, abs=0.03)
    right = BadTime(1.0)
    assert not any(right.feed(tick % 5 == 0, tick * 0.01) for tick in range(10_000))
