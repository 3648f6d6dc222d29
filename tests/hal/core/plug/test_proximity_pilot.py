"""The cable: what its resistor means, when it is there, and when its rating is latched."""

from __future__ import annotations

import pytest

from hal.core.plug.proximity_pilot import Plug, cable_rating_a
from tests.hal.core.bench import NO_PLUG_OHM, QUICK, Bench


def _plug(*ohms: float, closed: bool = False) -> Plug:
    """Each value for 0.3 s."""
    plug, tick = Plug(None), 0
    for ohm in ohms:
        for _ in range(30):
            plug.feed(ohm, tick * 0.01, closed=closed)
            tick += 1
    return plug


def test_a_rating_is_latched_after_200_to_300_ms_of_one_value() -> None:
    plug = Plug(None)
    for tick in range(60):
        plug.feed(220.0, tick * 0.01, closed=False)
        assert (plug.rating_a == 32.0) == (plug.rating_a is not None)
        if plug.rating_a is not None:
            break
    assert 0.2 <= tick * 0.01 <= 0.3


def test_a_plug_on_its_way_in_is_not_rated_by_what_it_touches() -> None:
    plug, tick = Plug(None), 0
    for ohm, ticks in ((100.0, 15), (220.0, 15), (680.0, 19), (1500.0, 40)):
        for _ in range(ticks):
            plug.feed(ohm, tick * 0.01, closed=False)
            tick += 1
            assert plug.rating_a in (None, 13.0)
    assert plug.rating_a == 13.0


def test_it_is_latched_before_x2() -> None:
    bench = Bench(QUICK).run(5.0).plug_in()
    took_s = bench.until(lambda b: b.pilot() == 16.0, 1.0)
    assert took_s >= 0.2


def test_the_rating_is_latched_and_never_rises_in_a_plug_in() -> None:
    assert _plug(NO_PLUG_OHM, 680).rating_a == 20
    assert _plug(680, 220).rating_a == 20
    assert _plug(680, 1500).rating_a == 13
    assert _plug(680, NO_PLUG_OHM, 220).rating_a == 32


def test_an_implausible_plug_has_no_rating_until_it_was_out() -> None:
    plug = _plug(220, 10, 220)
    assert plug.rating_a is None
    assert plug.implausible
    assert plug.present
    assert _plug(10, NO_PLUG_OHM, 220).rating_a == 32


@pytest.mark.parametrize("late", [True])
def test_a_late_sample_latches_nothing(late: bool) -> None:
    plug = Plug(None)
    for tick in range(100):
        plug.feed(220.0, tick * 0.01, closed=False, late=late)
    assert plug.rating_a is None


def test_what_comes_late_does_not_rate() -> None:
    plug = Plug(None)
    for tick in range(12):
        plug.feed(220.0, tick * 0.01, closed=False)
    assert plug.present
    plug.feed(220.0, 0.40, closed=False, late=True)
    assert plug.rating_a is None
    plug.feed(220.0, 0.41, closed=False)
    assert plug.rating_a == 32.0


@pytest.mark.parametrize(
    ("ohm", "rating"),
    [
        (1e6, None),
        (2461, None),
        (2460, 13),
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
