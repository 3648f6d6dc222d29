"""Bands and duty, against the tables of IEC 61851-1."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import Vehicle
from hal.core.control_pilot.levels import (
    amps_of_duty,
    band,
    duty,
    high_side_v,
    low_side_v,
)
from hal.core.signals import PilotOffer


@pytest.mark.parametrize(
    ("volts", "outside_c", "in_c"),
    [
        (12.0, "A", "A"),
        (10.51, "A", "A"),
        (10.5, "B", "B"),
        (9.0, "B", "B"),
        (7.41, "B", "B"),
        (7.4, "B", "C"),
        (7.26, "B", "C"),
        (7.25, "C", "C"),
        (6.0, "C", "C"),
        (4.75, "C", "C"),
        (4.74, "D", "C"),
        (4.61, "D", "C"),
        (4.6, "D", "D"),
        (3.0, "D", "D"),
        (1.51, "D", "D"),
        (1.5, "E", "E"),
        (0.0, "E", "E"),
    ],
)
def test_bands_touch_and_only_entering_c_has_hysteresis(
    volts: float, outside_c: Vehicle, in_c: Vehicle
) -> None:
    assert band(volts, in_c=False) == outside_c
    assert band(volts, in_c=True) == in_c


@pytest.mark.parametrize(
    ("amps", "expected"),
    [
        (6, 0.1),
        (10, 0.166666),
        (13, 0.216666),
        (16, 0.266666),
        (20, 0.333333),
        (32, 0.533333),
        (51, 0.85),
        (52, 0.85),
        (52.5, 0.85),
        (63, 0.892),
        (80, 0.96),
    ],
)
def test_duty(amps: float, expected: float) -> None:
    assert duty(amps) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("hold_s", [0.018, 0.020, 0.022])
@pytest.mark.parametrize("amps", [6.0, 16.0, 32.0, 80.0])
def test_volts_are_those_before_the_hold_drooped(amps: float, hold_s: float) -> None:
    """Against the mean of the sawtooth, summed point by point."""
    steps, on = 10_000, duty(amps)
    gap_high, gap_low = (1 - on) * 0.001, on * 0.001
    mean_high = on + (1 - on) * sum(exp(-gap_high * n / steps / hold_s) for n in range(steps)) / steps
    mean_low = 1 - on + on * sum(exp(-gap_low * n / steps / hold_s) for n in range(steps)) / steps
    assert high_side_v(9.0 * mean_high, amps, hold_s) == pytest.approx(9.0, abs=0.01)
    assert low_side_v(-12.0 * mean_low, amps, hold_s) == pytest.approx(-12.0, abs=0.01)


def test_at_6_a_two_percent_are_added_on_top_and_a_hundredth_of_that_below() -> None:
    assert high_side_v(8.82, 6.0, 0.020) == pytest.approx(9.002, abs=0.001)
    assert low_side_v(-12.0, 6.0, 0.020) == pytest.approx(-12.003, abs=0.001)


@pytest.mark.parametrize("shown", ["x1", "F"])
def test_steady_pilots_do_not_droop(shown: PilotOffer) -> None:
    assert high_side_v(9.0, shown, 0.020) == 9.0
    assert low_side_v(-12.0, shown, 0.020) == -12.0


@pytest.mark.parametrize("amps", [-1.0, 0.0, 3.0, 5.99, 80.1, float("nan"), float("inf")])
def test_no_duty_outside_6_to_80_a(amps: float) -> None:
    with pytest.raises(ValueError, match="must be 6 to 80 A"):
        duty(amps)


@given(st.floats(min_value=6.0, max_value=80.0))
def test_the_car_never_reads_more_than_the_offer(amps: float) -> None:
    fraction = duty(amps)
    assert 0.1 <= fraction <= 0.96
    assert amps_of_duty(fraction) <= amps
    assert amps - amps_of_duty(fraction) <= (1.5 if 51 < amps <= 52.51 else 0.001)
    assert fraction * 1_000_000 == pytest.approx(round(fraction * 1_000_000), abs=1e-6)


@pytest.mark.parametrize(
    ("fraction", "amps"),
    [
        (0.0, 0),
        (0.05, 0),
        (0.079, 0),
        (0.08, 6),
        (0.0999, 6),
        (0.1, 6),
        (0.25, 15),
        (0.85, 51),
        (0.9, 65),
        (0.96, 80),
        (0.97, 80),
        (0.975, 0),
        (1.0, 0),
    ],
)
def test_what_a_car_reads(fraction: float, amps: float) -> None:
    assert amps_of_duty(fraction) == pytest.approx(amps)
