"""A meter that is wired the other way round, wholly or on one phase, or that does not count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import Reading
from hal.instruments.meter.direction import Direction

VOLTS = (230.0, 230.0, 230.0)
STEPS_WH = (1, 10, 100)


def reading(at_s: float, amps: float, *, factor: float = 1.0, energy_wh: int = 1000) -> Reading:
    power_w = 3 * 230.0 * amps * factor
    return Reading(at_s=at_s, energy_wh=energy_wh, power_w=power_w, current_a=(amps,) * 3, voltage_v=VOLTS)


def charge(
    amps: float, *, factor: float, counts: bool, step_wh: int, from_s: float = 0.0
) -> Iterator[Reading]:
    """A reading each second, without end; the register in its steps."""
    at_s = from_s
    while True:
        flowed_wh = 3 * 230.0 * amps * factor * (at_s - from_s) / 3600 if counts else 0.0
        yield reading(at_s, amps, factor=factor, energy_wh=1000 + int(flowed_wh // step_wh) * step_wh)
        at_s += 1.0


def noticed_after_s(
    direction: Direction, readings: Iterator[Reading], within_s: float, *, closed: bool = True
) -> float | None:
    """When there is a verdict; None: none within that time."""
    direction.contactor_closed = closed
    for second, each in enumerate(readings):
        if direction.feed(each):
            return float(second)
        if second >= within_s:
            return None
    raise AssertionError


@given(amps=st.floats(1.0, 32.0), step_wh=st.sampled_from(STEPS_WH))
def test_negative_power_is_noticed_within_30_s(amps: float, step_wh: int) -> None:
    direction = Direction(step_wh)
    readings = charge(amps, factor=-1.0, counts=False, step_wh=step_wh)
    after_s = noticed_after_s(direction, readings, 30.0)
    assert after_s is not None
    assert "wired the other way round: let an electrician swap" in direction.verdict
    assert f"power = {-3 * 230 * amps:.0f} W" in direction.verdict


@given(amps=st.floats(6.0, 32.0), turned=st.sampled_from([1 / 3, -1 / 3, 0.001]))
def test_one_phase_turned_round_is_noticed_within_30_s(amps: float, turned: float) -> None:
    direction = Direction(10)
    assert noticed_after_s(direction, charge(amps, factor=turned, counts=True, step_wh=10), 30.0) is not None


@pytest.mark.parametrize("step_wh", STEPS_WH)
@pytest.mark.parametrize("amps", [6.0, 16.0, 32.0])
def test_a_standing_register_is_noticed_after_three_of_its_steps(step_wh: int, amps: float) -> None:
    due_s = max(30.0, 3 * step_wh * 3600 / (3 * 230 * amps))
    direction = Direction(step_wh)
    after_s = noticed_after_s(direction, charge(amps, factor=1.0, counts=False, step_wh=step_wh), 2 * due_s)
    assert after_s is not None
    assert due_s <= after_s <= due_s + 2
    assert "the meter does not count" in direction.verdict


@given(
    amps=st.floats(1.0, 32.0), step_wh=st.sampled_from(STEPS_WH), factor=st.floats(0.6, 1.0),
    pauses=st.lists(st.integers(0, 2000), max_size=5),
)  # fmt: skip
def test_a_meter_that_counts_is_never_blamed(
    amps: float, step_wh: int, factor: float, pauses: list[int]
) -> None:
    """With pauses in which nothing flows, whenever they come."""
    direction = Direction(step_wh)
    readings = charge(amps, factor=factor, counts=True, step_wh=step_wh)
    for second, each in zip(range(2000), readings, strict=False):
        flows = not any(start <= second < start + 60 for start in pauses)
        shown = each if flows else reading(each.at_s, 0.0, energy_wh=each.energy_wh)
        direction.contactor_closed = flows
        assert direction.feed(shown) == ""


def test_an_open_contactor_or_a_waiting_car_says_nothing() -> None:
    for amps, closed in ((16.0, False), (0.9, True)):
        readings = charge(amps, factor=-1.0, counts=False, step_wh=10)
        assert noticed_after_s(Direction(10), readings, 120.0, closed=closed) is None


def test_a_verdict_outlasts_the_charge_and_ends_with_a_right_one() -> None:
    direction = Direction(10)
    assert noticed_after_s(direction, charge(16.0, factor=-1.0, counts=False, step_wh=10), 30.0) is not None
    direction.contactor_closed = False
    assert direction.feed(reading(100.0, 0.0))
    direction.contactor_closed = True
    right = charge(16.0, factor=1.0, counts=True, step_wh=10, from_s=200.0)
    verdicts = [direction.feed(next(right)) for _ in range(31)]
    assert verdicts[0]
    assert not verdicts[-1]


def test_a_register_that_moves_again_is_believed_at_once() -> None:
    direction = Direction(10)
    assert noticed_after_s(direction, charge(16.0, factor=1.0, counts=False, step_wh=10), 30.0) is not None
    assert direction.feed(reading(31.0, 16.0, energy_wh=1010)) == ""


def test_a_gap_in_the_readings_is_not_counted_as_flow() -> None:
    direction = Direction(10)
    direction.contactor_closed = True
    for at_s in (0.0, 1000.0):
        assert direction.feed(reading(at_s, 32.0)) == ""
