"""The trip output: a few short pulses for one weld."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.core.contactor.trip import PAUSE_S, PULSE_S, TRIES, Trip
from tests.hal.core.bench import Bench

TICK_S = 0.01


def pulses(trip: Trip, live: list[bool], *, from_s: float = 100.0) -> list[tuple[bool, float]]:
    """The output as levels and how long each was there; a tick an item of `live`."""
    levels = [trip.step(live=now, welded=True, now_s=from_s + tick * TICK_S) for tick, now in enumerate(live)]
    return [(level, sum(TICK_S for _ in those)) for level, those in groupby(levels)]


def test_three_pulses_of_a_second_and_no_more() -> None:
    seen = pulses(Trip(), [True] * 6000)
    assert [level for level, _ in seen] == [True, False] * TRIES
    assert [took_s for level, took_s in seen if level] == pytest.approx([PULSE_S] * TRIES)
    assert [took_s for level, took_s in seen[:-1] if not level] == pytest.approx([PAUSE_S] * (TRIES - 1))


def test_the_pulse_is_what_shunt_trips_are_made_for() -> None:
    """Their data sheets give 0.1 s to act, and seconds for what they bear."""
    assert 0.2 <= PULSE_S <= 1.0
    assert PAUSE_S >= PULSE_S
    assert TRIES == 3


def test_a_contact_that_opens_ends_the_pulse_at_once() -> None:
    (first, took_s), (then, _) = pulses(Trip(), [True] * 10 + [False] * 500)
    assert (first, then) == (True, False)
    assert took_s == pytest.approx(0.1)
    assert [level for level, _ in pulses(Trip(), [False] * 500)] == [False]


def test_a_weld_that_a_person_cleared_gives_a_new_series() -> None:
    trip = Trip()
    pulses(trip, [True] * 6000)
    assert not trip.step(live=True, welded=True, now_s=1000.0)
    assert not trip.step(live=True, welded=False, now_s=1001.0)
    assert trip.step(live=True, welded=True, now_s=1002.0)


@given(live=st.lists(st.booleans(), max_size=2000))
def test_whatever_the_contact_does_the_coil_is_never_on_for_longer(live: list[bool]) -> None:
    on = [(level, took_s) for level, took_s in pulses(Trip(), live) if level]
    assert all(took_s <= PULSE_S + TICK_S for _, took_s in on)
    assert sum(took_s for _, took_s in on) <= TRIES * (PULSE_S + TICK_S)


def test_a_welded_box_pulses_its_output() -> None:
    bench = Bench().charging()
    bench.mirror_follows = False
    bench.car = "B"
    bench.until(lambda b: b.drive.trip, 1.0)
    tripping = [bench.tick().trip for _ in range(2000)]
    assert [level for level, _ in groupby([True, *tripping])] == [True, False] * TRIES
    assert "welded" in bench.faults
