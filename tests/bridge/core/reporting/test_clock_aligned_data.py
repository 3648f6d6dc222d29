"""OCPP 1.6 9.1.5: the same instants of UTC everywhere, whatever happens between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.reporting.clock_aligned_data import DAY_S, LATE_S, ClockAligned, instant_before

MIDNIGHT = datetime(2026, 4, 17, tzinfo=UTC)
INTERVALS = st.sampled_from([seconds for seconds in range(1, DAY_S + 1) if DAY_S % seconds == 0])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2098, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
STEPS = st.lists(st.floats(0.01, 4000.0), max_size=30)


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def instants(aligned: ClockAligned, interval_s: int, seconds: list[float]) -> list[datetime]:
    found = [aligned.due(interval_s, at(each)) for each in seconds]
    return [instant for instant in found if instant is not None]


@given(INTERVALS, MOMENTS)
def test_an_instant_is_a_multiple_of_the_interval_from_midnight(interval_s: int, utc: datetime) -> None:
    instant = instant_before(utc, interval_s)
    midnight = instant.replace(hour=0, minute=0, second=0)
    assert (instant - midnight).total_seconds() % interval_s == 0
    assert instant.microsecond == 0
    assert timedelta(0) <= utc - instant < timedelta(seconds=interval_s)


@given(INTERVALS, MOMENTS, STEPS)
def test_each_instant_once_in_order_and_in_time(interval_s: int, begin: datetime, steps: list[float]) -> None:
    """Against the plain words of the rule, in a life that sleeps now and then."""
    aligned, utc = ClockAligned(), begin
    assert aligned.due(interval_s, utc) is None  # nobody watched before
    for step_s in steps:
        former, utc = utc, utc + timedelta(seconds=step_s)
        last = instant_before(utc, interval_s)
        expected = last if last > former and utc - last <= timedelta(seconds=LATE_S) else None
        assert aligned.due(interval_s, utc) == expected


@given(INTERVALS, MOMENTS, st.integers(0, 3 * DAY_S))
def test_a_restart_moves_no_instant(interval_s: int, begin: datetime, later_s: int) -> None:
    after = begin + timedelta(seconds=later_s)
    first, second = ClockAligned(), ClockAligned()
    for aligned, start in ((first, begin), (second, after)):
        aligned.due(interval_s, start)
    following = instant_before(after, interval_s) + timedelta(seconds=interval_s, milliseconds=250)
    first.due(interval_s, after)
    assert first.due(interval_s, following) == second.due(interval_s, following) != None  # noqa: E711


def test_quarters_of_an_hour() -> None:
    every_quarter_s = [tick / 4 for tick in range(1, 4 * 3700)]
    found = instants(ClockAligned(), 900, [100.0, *[100 + each for each in every_quarter_s]])
    assert found == [at(900), at(1800), at(2700), at(3600)]


def test_a_changed_interval_counts_from_its_own_next_instant() -> None:
    aligned = ClockAligned()
    assert instants(aligned, 900, [1.0, 899.0]) == []
    assert instants(aligned, 60, [899.5, 900.5, 959.9, 960.0]) == [at(900), at(960)]


def test_off_and_on_again() -> None:
    aligned = ClockAligned()
    assert instants(aligned, 60, [59.0, 60.0]) == [at(60)]
    assert instants(aligned, 0, [120.0, 180.0]) == []
    assert instants(aligned, 60, [180.5, 240.0]) == [at(240)]


def test_a_clock_set_back_repeats_nothing_at_once_and_then_goes_on() -> None:
    aligned = ClockAligned()
    assert instants(aligned, 60, [3599.0, 3600.0, 100.0, 119.0, 120.0]) == [at(3600), at(120)]


@pytest.mark.parametrize("year", [1970, 1971, 1999])
def test_without_a_known_time_there_is_no_instant(year: int) -> None:
    aligned = ClockAligned()
    for second in range(0, 121, 30):
        assert aligned.due(60, datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)) is None
    assert instants(aligned, 60, [59.0, 60.0]) == [at(60)]
