"""What the house draws without the box, whatever the moments of the two meters, the wires and the car."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.limits.caps import wires
from bridge.core.limits.house_load import WAITS_S, HouseLoad, HouseLoads, Wires
from hal.contract import House, HouseReading, Phases, Reading

RST: Wires = (0, 1, 2)
VOLTS: Phases = (230.0, 230.0, 230.0)


def own(at_s: float, amps: Phases) -> Reading:
    return Reading(at_s=at_s, energy_wh=0, power_w=230.0 * sum(amps), current_a=amps, voltage_v=VOLTS)


def house(at_s: float, amps: Phases) -> HouseReading:
    return HouseReading(at_s=at_s, current_a=amps, voltage_v=VOLTS, power_w=230.0 * sum(amps))


def found(loads: HouseLoads, now_s: float, hangs: Wires = RST) -> list[HouseLoad]:
    return list(loads.step(hangs, now_s))


def test_a_load_waits_for_the_next_reading_of_the_box() -> None:
    loads = HouseLoads()
    loads.feed(own(1.0, (10.0, 10.0, 10.0)), house(1.4, (15.0, 14.0, 13.0)))
    assert found(loads, 1.5) == []
    loads.feed(own(2.0, (10.0, 10.0, 10.0)), None)
    assert found(loads, 2.1) == [HouseLoad(1.4, (5.0, 4.0, 3.0), 2760.0)]
    assert found(loads, 9.0) == [], "each once"


def test_it_waits_no_longer_than_a_second_and_a_half() -> None:
    loads = HouseLoads()
    loads.feed(own(1.0, (10.0, 10.0, 10.0)), house(1.4, (15.0, 15.0, 15.0)))
    assert found(loads, 1.4 + WAITS_S - 0.01) == []
    assert [load.load_a for load in found(loads, 1.4 + WAITS_S)] == [(5.0, 5.0, 5.0)]


def test_without_a_reading_of_the_box_all_is_the_house_s() -> None:
    loads = HouseLoads()
    loads.feed(own(1.0, (10.0, 10.0, 10.0)), None)
    loads.feed(None, house(4.1, (15.0, 15.0, 15.0)))
    assert [load.load_a for load in found(loads, 9.0)] == [(15.0, 15.0, 15.0)]


@pytest.mark.parametrize(("before_a", "after_a"), [(0.0, 16.0), (16.0, 0.0)])
def test_a_car_that_moved_meanwhile_is_not_the_house(before_a: float, after_a: float) -> None:
    loads = HouseLoads()
    loads.feed(own(1.0, (before_a,) * 3), house(1.5, (21.0, 21.0, 21.0)))
    loads.feed(own(2.0, (after_a,) * 3), None)
    assert [load.load_a for load in found(loads, 2.0)] == [(5.0, 5.0, 5.0)]


def test_what_flows_to_the_grid_is_a_load_below_zero() -> None:
    loads = HouseLoads()
    loads.feed(own(1.0, (6.0, 6.0, 6.0)), house(1.0, (-2.0, 1.0, 4.0)))
    assert found(loads, 1.0) == [HouseLoad(1.0, (-8.0, -5.0, -2.0), -3450.0)]


def test_readings_that_come_twice_or_late_count_once() -> None:
    loads = HouseLoads()
    for _ in range(2):
        loads.feed(own(1.0, (0.0, 0.0, 0.0)), house(1.0, (1.0, 1.0, 1.0)))
    assert len(found(loads, 1.0)) == 1
    loads.feed(own(0.5, (9.0, 9.0, 9.0)), house(0.5, (9.0, 9.0, 9.0)))
    assert found(loads, 5.0) == []


@pytest.mark.parametrize(
    ("rotation", "phases", "box_phase", "hangs"),
    [
        ("RST", 3, 1, (0, 1, 2)),
        ("STR", 3, 1, (1, 2, 0)),
        ("TSR", 3, 1, (2, 1, 0)),
        ("Unknown", 3, 1, (0, 1, 2)),
        ("NotApplicable", 1, 1, (0,)),
        ("NotApplicable", 1, 3, (2,)),
    ],
)
def test_how_the_box_hangs_in_the_house(
    rotation: str, phases: int, box_phase: Literal[1, 3], hangs: Wires
) -> None:
    assert wires(rotation, House(25.0, 6.0, phases=3, box_phase=box_phase), phases) == hangs


amps = st.floats(0.0, 63.0)


@given(load_a=st.tuples(amps, amps, amps), box_a=st.tuples(amps, amps, amps), hangs=st.permutations(RST))
def test_whatever_the_wires_what_the_box_draws_is_taken_from_the_phase_that_feeds_it(
    load_a: Phases, box_a: Phases, hangs: list[int]
) -> None:
    main = list(load_a)
    for phase, drawn_a in zip(hangs, box_a, strict=True):
        main[phase] += drawn_a
    loads = HouseLoads()
    loads.feed(own(1.0, box_a), house(1.0, (main[0], main[1], main[2])))
    (load,) = found(loads, 1.0, tuple(hangs))
    assert load.load_a == pytest.approx(load_a, abs=1e-9)
    assert load.load_w == pytest.approx(230.0 * sum(load_a), abs=1e-6)
