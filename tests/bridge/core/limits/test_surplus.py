"""Charging from the sun: when it begins and ends, what it gives, and that it never switches too often."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.limits.house_load import HouseLoad
from bridge.core.limits.surplus import (
    MEAN_S,
    QUIET_S,
    STOP_AFTER_S,
    Surplus,
)
from bridge.core.setup import SurplusSetup

THREE, ONE = 3 * 230.0, 230.0  # watts of an ampere


class Sunny:
    """A house with a roof, each second."""

    def __init__(self, phase_w_a: float = THREE, grid_w: float = 0.0, *, charges: bool = False) -> None:
        self.setup = SurplusSetup(min_on_s=600.0, min_off_s=300.0, grid_w=grid_w)
        self.surplus = Surplus(self.setup)
        self.phase_w_a = phase_w_a
        self.charges = charges
        self.now_s = 1000.0

    def during(self, seconds: int, surplus_w: float | None) -> list[float]:
        """The limit at the end of each second; None: the house meter is quiet."""
        limits = []
        for _ in range(seconds):
            self.now_s += 1.0
            if surplus_w is not None:
                self.surplus.feed(HouseLoad(self.now_s, (0.0, 0.0, 0.0), -surplus_w))
            self.surplus.observe(self.phase_w_a, charges=self.charges, now_s=self.now_s)
            limits.append(self.surplus.cap().limit_a)
        return limits


def test_it_begins_when_there_was_enough_for_a_minute() -> None:
    sunny = Sunny()
    assert set(sunny.during(100, 4000.0)) == {0.0}, "6 A on three phases are 4140 W"
    limits = sunny.during(80, 5600.0)
    first = next(second for second, limit_a in enumerate(limits) if limit_a)
    assert 60 <= first <= 60 + MEAN_S
    assert limits[-1] == 8.0


def test_one_phase_needs_1400_w() -> None:
    assert Sunny(ONE).during(100, 1400.0)[-1] == 6.0
    assert Sunny(ONE).during(100, 1370.0)[-1] == 0.0


@pytest.mark.parametrize(("grid_w", "limit_a"), [(0.0, 8.0), (700.0, 9.0), (-700.0, 7.0)])
def test_what_may_come_from_the_grid_is_added(grid_w: float, limit_a: float) -> None:
    assert Sunny(grid_w=grid_w).during(100, 5600.0)[-1] == limit_a


def test_behind_clouds_it_goes_on_at_6_a_and_ends_after_10_minutes_of_charging_and_3_of_clouds() -> None:
    sunny = Sunny()
    sunny.during(90, 9000.0)
    assert sunny.surplus.cap().limit_a == 13.0
    limits = sunny.during(800, 0.0)
    assert limits[15] == 6.0
    ended = next(second for second, limit_a in enumerate(limits) if limit_a == 0.0)
    assert 550 <= ended <= 590, "600 s after it began"
    sunny = Sunny()
    sunny.during(900, 9000.0)
    ended = next(second for second, limit_a in enumerate(sunny.during(400, 0.0)) if limit_a == 0.0)
    assert STOP_AFTER_S <= ended <= STOP_AFTER_S + MEAN_S + 1


def test_it_rests_for_5_minutes_and_says_until_when() -> None:
    sunny = Sunny(charges=True)
    sunny.during(900, 0.0)
    cap = sunny.surplus.cap()
    assert (cap.name, cap.limit_a) == ("solar surplus", 0.0)
    sunny.during(20, 9000.0)
    until_s = sunny.surplus.cap().until_s
    assert until_s is not None
    limits = sunny.during(400, 9000.0)
    resumed_s = sunny.now_s - 400 + next(second for second, limit_a in enumerate(limits) if limit_a)
    assert resumed_s == pytest.approx(until_s, abs=2.0)


def test_a_quiet_house_meter_is_no_sun() -> None:
    sunny = Sunny()
    sunny.during(900, 9000.0)
    limits = sunny.during(300, None)
    assert limits[int(QUIET_S) - 1] == 13.0
    assert limits[int(QUIET_S) + 1] == 6.0
    assert limits[-1] == 0.0


def test_a_charge_that_runs_at_the_start_of_the_program_goes_on() -> None:
    assert set(Sunny(charges=True).during(300, 0.0)) == {6.0}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.sampled_from([0.0, 4000.0, 4200.0, 12_000.0])), max_size=12)
)
def test_however_the_sun_shines_it_keeps_its_times(weather: list[tuple[int, float]]) -> None:
    sunny = Sunny()
    limits = [limit_a for seconds, watts in weather for limit_a in sunny.during(seconds, watts)]
    assert all(limit_a == 0.0 or limit_a >= 6.0 for limit_a in limits)
    turns = [second for second, (one, other) in enumerate(pairwise(limits)) if bool(one) is not bool(other)]
    for number, (began, ended) in enumerate(pairwise(turns)):
        least_s = sunny.setup.min_off_s if number % 2 else sunny.setup.min_on_s
        assert ended - began >= least_s
