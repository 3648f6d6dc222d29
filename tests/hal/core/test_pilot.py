"""Bands, duty and plugs, against the tables of IEC 61851-1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import Vehicle
from hal.core.pilot import VehicleFilter, amps_of_duty, band, cable_rating_a, duty
from hal.core.plug import Plug


@pytest.mark.parametrize(
    ("volts", "outside_c", "in_c"),
    [
        (12.0, "A", "A"),
        (10.51, "A", "A"),
        (10.5, "B", "B"),
        (9.0, "B", "B"),
        (7.51, "B", "B"),
        (7.4, "B", "C"),
        (7.21, "B", "C"),
        (7.2, "C", "C"),
        (6.0, "C", "C"),
        (4.81, "C", "C"),
        (4.8, "D", "C"),
        (4.51, "D", "C"),
        (4.5, "D", "D"),
        (3.0, "D", "D"),
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


@pytest.mark.parametrize(
    ("ohm", "rating"),
    [
        (1e6, None),
        (2201, None),
        (2200, 13),
        (1500, 13),
        (1000, 13),
        (999, 20),
        (680, 20),
        (330, 20),
        (329, 32),
        (220, 32),
        (150, 32),
        (149, 63),
        (100, 63),
        (75, 63),
        (74.9, "implausible"),
        (0, "implausible"),
    ],
)
def test_plugs(ohm: float, rating: float | str | None) -> None:
    assert cable_rating_a(ohm) == rating


def _after(*volts: float) -> VehicleFilter:
    vehicle = VehicleFilter()
    for sample in volts:
        vehicle.take(sample)
    return vehicle


def test_the_first_sample_is_believed_then_two_alike_are_needed() -> None:
    assert _after(6.0).state == "C"
    assert _after(12.0, 9.0).state == "A"
    assert _after(12.0, 9.0, 6.0).state == "A"
    assert _after(12.0, 9.0, 9.0).state == "B"


def test_a_peak_that_decays_through_b_is_a_jump_from_a_to_c() -> None:
    assert _after(12.0, 9.0, 6.0, 6.0).without_b
    assert not _after(12.0, 9.0, 9.0, 6.0, 6.0).without_b
    assert not _after(6.0, 6.0).without_b


def _plug(*ohms: float, closed: bool = False) -> Plug:
    plug = Plug(None)
    for ohm in ohms:
        plug.take(ohm, closed=closed)
    return plug


def test_the_rating_is_latched_and_never_rises_in_a_plug_in() -> None:
    assert _plug(220, 1500, 220).rating_a is None
    assert _plug(1e6, 680, 680).rating_a == 20
    assert _plug(680, 680, 220, 220).rating_a == 20
    assert _plug(680, 680, 1500, 1500).rating_a == 13
    assert _plug(680, 680, 1e6, 1e6, 220, 220).rating_a == 32


def test_an_implausible_plug_has_no_rating_until_it_was_out() -> None:
    plug = _plug(220, 220, 10, 10, 220, 220)
    assert plug.rating_a is None
    assert plug.implausible
    assert plug.present
    assert _plug(10, 10, 1e6, 1e6, 220, 220).rating_a == 32
