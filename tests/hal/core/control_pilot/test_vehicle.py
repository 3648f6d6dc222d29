"""The vehicle state behind readings: two alike, the median of four, hum of the mains, and late ticks."""

from __future__ import annotations

from math import pi, sin

import pytest

from hal.contract import Vehicle
from hal.core.control_pilot.vehicle import SteadyC2, VehicleFilter

PHASES = range(0, 360, 15)


def _after(*volts: float) -> VehicleFilter:
    vehicle = VehicleFilter()
    for tick, sample in enumerate(volts):
        vehicle.feed(sample, tick * 0.01)
    return vehicle


def test_the_first_sample_is_believed_then_two_alike_are_needed() -> None:
    assert _after(6.0).state == "C"
    assert _after(12.0, 9.0).state == "A"
    assert _after(12.0, 9.0, 6.0).state == "A"
    assert _after(12.0, 9.0, 9.0).state == "B"


def test_after_the_dark_the_first_sample_is_believed_again() -> None:
    vehicle = _after(9.0, 9.0)
    vehicle.forget()
    assert (vehicle.seen, vehicle.state) == (False, "B")
    vehicle.feed(12.0, 1.0)
    assert (vehicle.seen, vehicle.state) == (True, "A")


@pytest.mark.parametrize(("volts", "left"), [(7.39, False), (7.41, True), (4.61, False), (4.59, True)])
def test_c_ends_where_the_median_of_four_is_outside(volts: float, left: bool) -> None:
    assert (_after(6.0, 6.0, 6.0, 6.0, *[volts] * 4).state != "C") == left
    assert _after(6.0, 6.0, 6.0, 6.0, volts, volts).state == "C"


@pytest.mark.parametrize("apart", [1, 2])
def test_two_readings_far_outside_end_c_apart_too(apart: int) -> None:
    vehicle, states = _after(*[6.0] * 4), set()
    for tick, volts in enumerate([9.0, *[6.0] * apart] * 3):
        vehicle.feed(volts, tick * 0.01)
        states.add(vehicle.state)
    assert "B" in states


def test_a_late_reading_outside_c_ends_it_and_one_inside_confirms_nothing() -> None:
    vehicle = _after(6.0, 6.0)
    vehicle.feed(7.5, 0.05, late=True)
    assert vehicle.state == "B"
    vehicle.feed(6.0, 0.06, late=True)
    vehicle.feed(6.0, 0.07, late=True)
    assert vehicle.state == "B"


def _hum(centre_v: float, hum_v: float, hertz: float, phase_deg: float, at_s: float) -> float:
    return centre_v + hum_v * sin(2 * pi * hertz * at_s + phase_deg * pi / 180)


@pytest.mark.parametrize("hertz", [49.9, 50.0, 50.1, 59.9, 60.0, 60.1])
@pytest.mark.parametrize("hum_v", [0.5, 1.2, 2.0, 3.0])
@pytest.mark.parametrize(("left_v", "state"), [(8.3, "B"), (9.0, "B"), (9.6, "B"), (12.0, "A"), (3.0, "D")])
def test_a_car_that_has_left_c_is_seen_through_hum(
    hertz: float, hum_v: float, left_v: float, state: Vehicle
) -> None:
    """In 100 ms that C is over; in half a second which state it is."""
    for phase in PHASES:
        vehicle, now_s, took = VehicleFilter(), 0.0, None
        for _ in range(4):
            vehicle.feed(6.0, now_s)
            now_s += 0.01
        for tick in range(10):
            vehicle.feed(_hum(left_v, hum_v, hertz, phase, now_s), now_s)
            took = tick if vehicle.state != "C" and took is None else took
            now_s += 0.01
        assert took is not None, f"{phase} degrees"
        seen = []
        for _ in range(150):
            vehicle.feed(_hum(left_v, hum_v, hertz, phase, now_s), now_s)
            seen.append(vehicle.state)
            now_s += 0.01
        assert "C" not in seen
        if hum_v <= 1.2:
            assert set(seen[25:]) == {state}


@pytest.mark.parametrize("hertz", [49.9, 50.0, 50.1, 59.9, 60.0, 60.1])
@pytest.mark.parametrize("centre_v", [5.5, 6.0, 6.5])
def test_a_charging_car_bears_hum_of_1_2_volts(hertz: float, centre_v: float) -> None:
    """10 s at each of 24 phases: a beat of 0.1 Hz passes through all of them."""
    for phase in PHASES:
        vehicle = _after(centre_v)
        for tick in range(1000):
            vehicle.feed(_hum(centre_v, 1.2, hertz, phase, tick * 0.01), tick * 0.01)
            assert vehicle.state == "C"


def test_c2_is_steady_by_its_mean_and_by_its_newest_reading() -> None:
    steady = SteadyC2()
    for tick in range(51):
        ready = steady.feed(True, 7.2, tick * 0.01)
        assert ready == (tick >= 50)
    assert not steady.feed(True, 7.3, 0.51)
    assert steady.feed(True, 7.2, 0.52)
    assert not steady.feed(False, 7.2, 0.53)
    assert not steady.feed(True, 7.2, 0.54)


def test_c2_whose_mean_is_outside_is_not_steady() -> None:
    steady = SteadyC2()
    for tick in range(200):
        assert not steady.feed(True, 7.2 if tick % 3 == 0 else 7.4, tick * 0.01)
